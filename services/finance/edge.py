"""Codes and financial years in paths and queries."""

from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import AfterValidator, Field

from libs.common import codes
from services.finance.core.years import FinancialYear


def _named(text: str) -> str:
    return str(FinancialYear.parse(text))


_Code = Annotated[codes.Code, Field(description="ODS code.", examples=["06H"])]
_Year = Annotated[str, AfterValidator(_named), Field(description="1 April to 31 March.", examples=["2013-14"])]

Code = Annotated[_Code, Path()]
"""The organisation in the path."""
OneCode = Annotated[_Code | None, Query()]
"""The organisation that a list is filtered by."""


async def _of_path(year: Annotated[_Year, Path()]) -> FinancialYear:
    return FinancialYear.parse(year)


async def _of_query(year: Annotated[_Year | None, Query()] = None) -> FinancialYear | None:
    return FinancialYear.parse(year) if year else None


Year = Annotated[FinancialYear, Depends(_of_path)]
"""The financial year in the path; 422 with the reason where it is none."""
OneYear = Annotated[FinancialYear | None, Depends(_of_query)]
"""The financial year that a list is filtered by."""
