"""Rows and schemes as tables of CSV, read in pages so that none is in memory as a whole."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from libs.common.http.csv_text import Cell
from services.finance.estates.sheets import BACKLOG, OF_SCHEMES
from services.finance.estates.views import SchemeView, WorkbookRowView

Item = TypeVar("Item")
_PAGE = 1_000

ROWS_HEADER = (
    *("sheet", "line", "verdict", "organisation", "name", "site", "site_name", "scheme"),
    *(f"{name}_pence" for name in (*BACKLOG, *OF_SCHEMES)),
    "finding",
)
SCHEMES_HEADER = (
    *("organisation", "name", "site", "site_name", "scheme", "financial_year"),
    *(f"{name}_pence" for name in OF_SCHEMES),
    *("finding", "workbook", "line"),
)


async def pages(
    read: Callable[[Any, int], Awaitable[list[Item]]],
    first: Any,
    key: Callable[[Item], Any],
    cells: Callable[[Item], Sequence[Cell]],
) -> AsyncIterator[Iterable[Sequence[Cell]]]:
    """Yield the rows of a list, a page at a time: `read` takes the key of the last one and how many."""
    after = first
    while found := await read(after, _PAGE):
        yield [cells(one) for one in found]
        after = key(found[-1])


def row_cells(one: WorkbookRowView) -> Sequence[Cell]:
    """Return a row of a workbook, with the figures of its own sheet."""
    figures = {figure.name: figure.pence for figure in one.figures}
    return (
        *(one.sheet, one.line, one.verdict, one.organisation, one.name, one.site, one.site_name, one.scheme),
        *(figures.get(name) for name in (*BACKLOG, *OF_SCHEMES)),
        one.finding,
    )


def scheme_cells(one: SchemeView) -> Sequence[Cell]:
    """Return a PFI scheme as a row."""
    return (
        *(one.organisation, one.name, one.site, one.site_name, one.scheme, one.financial_year),
        *(one.financing_pence, one.lifecycle_pence, one.debt_pence, one.contingent_rent_pence),
        *(one.declared_saving_pence, one.finding, one.workbook, one.line),
    )
