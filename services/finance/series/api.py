"""Routes about the two series, and the bridge between them."""

from typing import Annotated

from fastapi import Query, Request

from libs.common.database.connection import raw
from libs.common.http.dependencies import AsKnown, By, Page, Paging, Read, Today, page, problems, questions_router
from libs.common.temporal.days import WrittenDay
from services.finance.core.sight import sight_of
from services.finance.core.years import FinancialYear
from services.finance.edge import FromYear, OfOne, OfYear, OneCode, PricesOfYear, ToYear
from services.finance.series import queries
from services.finance.series.errors import NoDeflator, SeriesNotFound
from services.finance.series.views import BridgeView, SeriesRowView

router = questions_router(tags=["Series"])

Boundaries = Annotated[
    WrittenDay | None, Query(description="The day whose bodies the management series is of. Default: today.")
]
MeasureOf = Annotated[
    queries.Measure, Query(description="spend: expenditure less income; net_assets: postings to them; population.")
]
Planned = Annotated[
    bool,
    Query(
        description="Follow mergers too that are agreed for a day, and were neither carried out nor withdrawn. None "
        "releases figures before its day: those count of whose bodies you read every one."
    ),
]
Basis = Annotated[
    str, Query(pattern="^[a-zA-Z_]{1,40}$", description="How people are counted.", examples=["registered"])
]


@router.get("/series", summary="List figures through the years", responses=problems())
async def list_series(
    request: Request,
    session: Read,
    by: By,
    paging: Paging,
    today: Today,
    as_known: AsKnown,
    from_year: FromYear,
    to_year: ToYear,
    measure: MeasureOf = "spend",
    series: Annotated[queries.Series, Query(description="statutory: never restated.")] = "statutory",
    boundaries_on: Boundaries = None,
    basis: Basis = "registered",
    planned: Planned = False,
    organisation: OneCode = None,
) -> Page[SeriesRowView]:
    """List the figures of your organisations and their predecessors, by body, year and account.

    Statutory: each body's own, as its accounts were closed. Management: the same figures, as known, on the boundaries
    of a day; all of them together are the same in both. With `planned`, those boundaries follow agreed mergers too.
    """
    rows = await raw(session)
    found = await queries.list_series(
        rows,
        organisation,
        sight=await sight_of(rows, by),
        today=today,
        measure=measure,
        series=series,
        years=(from_year, to_year),
        boundaries=boundaries_on or today,
        basis=basis.lower(),
        planned=planned,
        as_known=as_known,
        after=paging.key(str, int, str),
        limit=paging.fetch,
    )
    return page(found, key=_key, request=request)


def _key(row: SeriesRowView) -> tuple[str, int, str]:
    return row.organisation, FinancialYear.parse(row.financial_year).start, row.account


@router.get(
    "/bridges",
    summary="Lead from the statutory to the management figure",
    responses=problems(NoDeflator, SeriesNotFound),
)
async def get_bridge(
    organisation: OfOne,
    year: OfYear,
    session: Read,
    by: By,
    today: Today,
    as_known: AsKnown,
    prices_of: PricesOfYear,
    measure: MeasureOf = "spend",
    boundaries_on: Boundaries = None,
    basis: Basis = "registered",
    planned: Planned = False,
) -> BridgeView:
    """Return every line that leads from one figure to the other: they sum to the difference, to the penny.

    Mergers and boundary changes with their shares, accounts that were mapped anew after a close, and the price base.
    Beside it the gain on absorption of the mergers of the year.
    """
    rows = await raw(session)
    sight = await sight_of(rows, by)
    if not sight.sees(organisation):
        raise SeriesNotFound(f"{organisation}: you read no series of it")
    return await queries.get_bridge(
        rows,
        organisation,
        year,
        sight=sight,
        today=today,
        measure=measure,
        boundaries=boundaries_on or today,
        prices=prices_of,
        basis=basis.lower(),
        planned=planned,
        as_known=as_known,
    )
