"""Codes and financial years in paths and queries."""

from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import Field

from libs.common import codes
from services.finance.core.codes import Year as YearText
from services.finance.core.years import FinancialYear

_Code = Annotated[codes.Code, Field(description="ODS code.", examples=["06H"])]

Code = Annotated[_Code, Path()]
"""The organisation in the path."""
OneCode = Annotated[_Code | None, Query()]
"""The organisation that a list is filtered by."""

OfOne = Annotated[_Code, Query()]
"""The organisation that a query is about."""
SeveralCodes = Annotated[list[_Code], Query(min_length=1, max_length=250)]
"""The organisations that a query is about."""

SupplierCode = Annotated[codes.Code, Field(description="The supplier's code.", examples=["0CX"]), Path()]
"""The supplier in the path."""
PlannedExits = Annotated[
    list[Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,12}:[0-9]{1,8}$")]],
    Query(
        min_length=1,
        max_length=20,
        description="A customer that leaves, and what its replacement costs it a head and year in pence: `10H:800`.",
        examples=[["10H:800"]],
    ),
]


def replacements_in(exits: list[str]) -> dict[str, int]:
    """Return what the replacement of each customer that leaves costs it a head and year, in pence."""
    return {customer.upper(): int(pence) for customer, pence in (one.split(":") for one in exits)}


async def _of_path(year: Annotated[YearText, Path()]) -> FinancialYear:
    return FinancialYear.parse(year)


async def _of_query(year: Annotated[YearText | None, Query()] = None) -> FinancialYear | None:
    return FinancialYear.parse(year) if year else None


async def _of_required_query(year: Annotated[YearText, Query()]) -> FinancialYear:
    return FinancialYear.parse(year)


async def _first(from_year: Annotated[YearText, Query()]) -> FinancialYear:
    return FinancialYear.parse(from_year)


async def _last(to_year: Annotated[YearText, Query()]) -> FinancialYear:
    return FinancialYear.parse(to_year)


async def _of_prices(prices_of: Annotated[YearText | None, Query()] = None) -> FinancialYear | None:
    return FinancialYear.parse(prices_of) if prices_of else None


Year = Annotated[FinancialYear, Depends(_of_path)]
"""The financial year in the path; 422 with the reason where it is none."""
OneYear = Annotated[FinancialYear | None, Depends(_of_query)]
"""The financial year that a list is filtered by."""
OfYear = Annotated[FinancialYear, Depends(_of_required_query)]
"""The financial year that a query is about."""
FromYear = Annotated[FinancialYear, Depends(_first)]
"""The first financial year of a series."""
ToYear = Annotated[FinancialYear, Depends(_last)]
"""The last financial year of a series."""
PricesOfYear = Annotated[FinancialYear | None, Depends(_of_prices)]
"""The financial year in whose prices figures are shown."""
