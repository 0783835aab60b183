"""Backlog by organisation and footprint as tables of CSV."""

from collections.abc import AsyncIterator, Iterable, Sequence

from libs.common.http.csv_text import Cell
from services.finance.backlogs.views import BacklogView, FootprintsBacklogView
from services.finance.estates.sheets import BACKLOG
from services.finance.estates.views import BacklogAmountsView

_AMOUNTS = (*(f"{name}_pence" for name in BACKLOG), "total_pence")
BACKLOG_HEADER = (
    *("organisation", "name", "financial_year", "sites", "sites_without_figure", *_AMOUNTS),
    *("footprints", "successors", "workbook"),
)
FOOTPRINTS_HEADER = ("financial_year", "footprint", "name", "rank", "organisations", *_AMOUNTS, "key")


def backlog_cells(one: BacklogView) -> Sequence[Cell]:
    """Return an organisation's backlog as a row."""
    return (
        *(one.organisation, one.name, one.financial_year, one.sites, one.sites_without_figure),
        *_amounts(one.backlog),
        *(" ".join(one.footprints), " ".join(one.successors), one.workbook),
    )


async def footprint_pages(found: FootprintsBacklogView) -> AsyncIterator[Iterable[Sequence[Cell]]]:
    """Yield a row for each footprint, and one for what is unassigned: together they are the year's."""
    year = found.financial_year
    rows: list[Sequence[Cell]] = [
        (year, one.footprint, one.name, one.rank, one.organisations, *_amounts(one.backlog), found.key)
        for one in found.footprints
    ]
    left = len(found.unassigned_organisations)
    yield [*rows, (year, "unassigned", None, None, left, *_amounts(found.unassigned), found.key)]


def _amounts(one: BacklogAmountsView) -> tuple[int, ...]:
    return one.high_pence, one.significant_pence, one.moderate_pence, one.low_pence, one.total_pence
