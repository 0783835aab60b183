"""Routes about how a project is procured: through a partnership or beside it."""

from typing import Annotated

from fastapi import Query, Request, Response

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.contracts.core.codes import OdsCode, Reference
from services.contracts.core.errors import NoRuleInForce
from services.contracts.edge import Lead
from services.contracts.partnerships import commands, errors, queries
from services.contracts.partnerships.views import RouteComparisonView

router = commands_router(tags=["Procurements"])


@router.get("/route-comparisons", summary="List comparisons of routes", responses=problems())
async def list_route_comparisons(
    request: Request,
    rows: Rows,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: Annotated[OdsCode | None, Query(description="Only those of this body.")] = None,
) -> Page[RouteComparisonView]:
    """List by reference the comparisons that your organisations decided by the day; a national body reads all."""
    found = await queries.list_comparisons(
        rows,
        organisation,
        by=by,
        as_at=as_at,
        as_known=as_known,
        after=paging.key(str),
        limit=paging.fetch,
    )
    return page(found, key=lambda view: view.reference, request=request)


@router.get(
    "/route-comparisons/{reference}",
    summary="Read a comparison of routes",
    responses=problems(errors.ComparisonNotFound),
)
async def get_route_comparison(
    reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> RouteComparisonView:
    """Return the quotes, the reasons, and by how much the partnership is better than the best alternative."""
    return await queries.get_comparison(rows, reference, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/route-comparisons",
    status_code=201,
    summary="Choose a project's route",
    responses=problems(
        errors.NoBetterThan,
        errors.RouteNotQuoted,
        errors.ComparisonExists,
        NoRuleInForce,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("organisation")
async def compare_routes(
    command: commands.CompareRoutes,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> RouteComparisonView:
    """Record the quotes and the route that was chosen: the partnership's only where it is better than every other.

    `dry_run=true` compares without recording.
    """
    await commands.compare_routes(session, command, by=by, today=today, stated_at=stated_at)
    response.headers["Location"] = f"route-comparisons/{command.reference}"
    day = max(today, command.decided_on)
    return await queries.get_comparison(await raw(session), command.reference, by=by, as_at=day, as_known=None)
