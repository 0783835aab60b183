"""Routes about which commissioner covers which practices and areas."""

from typing import Annotated

from fastapi import Path, Query, Request

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Page,
    Paging,
    Rows,
    StatedAt,
    Write,
    allowed,
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, Role
from services.registry.core.errors import NoChange, OrganisationNotFound
from services.registry.core.queries import get_organisation
from services.registry.cover import commands, queries
from services.registry.cover.errors import CoverBroken
from services.registry.cover.rules import Sort, law_on
from services.registry.cover.views import (
    CoveredPage,
    CoverFinding,
    CoverStatedView,
    CoverSubject,
    CoverView,
    FindingsPage,
)
from services.registry.edge import CodeInPath

router = commands_router(tags=["Cover"])

Decider = Annotated[Caller, allowed(Role.NHS_ENGLAND, Role.REGISTRAR)]


@router.get(
    "/covers",
    response_model=Page[CoverView],
    summary="List commissioners with the size of their cover",
    responses=problems(UnreadableCursor),
)
async def list_covers(
    request: Request, rows: Rows, _: By, paging: Paging, as_at: AsAt, as_known: AsKnown
) -> Page[CoverView]:
    """List every open commissioner on a day with the number of its practices and areas, ordered by code.

    What a predecessor covered counts for its successor. Areas are known from April 2021.
    """
    [after] = paging.key(str) or (None,)
    found = await queries.list_covers(rows, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch)
    return page(found, key=lambda one: one.code, request=request)


@router.get(
    "/covers/findings",
    response_model=FindingsPage,
    summary="List what is not covered exactly once",
    responses=problems(UnreadableCursor),
)
async def list_cover_findings(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    about: Annotated[CoverSubject | None, Query(description="only practices, or only areas")] = None,
    finding: Annotated[
        CoverFinding | None, Query(description="only those in no commissioner, in several, or unknown")
    ] = None,
) -> FindingsPage:
    """List every practice and area in no commissioner or in several on a day, as imports left them."""
    found = await queries.list_findings(rows, about, finding, as_at=as_at, as_known=as_known)
    after = paging.key(str, str)
    rest = [one for one in found if after is None or (one.about, one.code) > after]
    shown = page(rest[: paging.fetch], key=lambda one: (one.about, one.code), request=request)
    law = law_on(as_at)
    return FindingsPage(
        items=shown.items,
        next=shown.next,
        as_at=as_at,
        as_known=as_known,
        rule_pack=law.id if law else None,
        practices=sum(one.about == "practice" for one in found),
        areas=sum(one.about == "area" for one in found),
    )


@router.get(
    "/covers/{code}/{sort}",
    response_model=CoveredPage,
    summary="List what a commissioner covers",
    responses=problems(OrganisationNotFound, UnreadableCursor),
)
async def list_covered(
    code: CodeInPath,
    sort: Annotated[Sort, Path(description="its practices, or its areas", examples=["practices"])],
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
) -> CoveredPage:
    """List the open practices, or the areas, that a commissioner covers on a day, ordered by code."""
    await get_organisation(rows, code, as_at=as_at, as_known=as_known)
    [after] = paging.key(str) or (None,)
    found = await queries.list_covered(
        rows, code, sort, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch
    )
    shown = page(found or [], key=lambda one: one.code, request=request)
    return CoveredPage(items=shown.items, next=shown.next, known=found is not None)


@router.post(
    "/covers",
    status_code=201,
    response_model=CoverStatedView,
    summary="State what commissioners cover",
    responses=problems(CoverBroken, NoChange),
)
@binds("commissioners.code")
async def state_cover(
    command: commands.StateCover, session: Write, by: Decider, stated_at: StatedAt
) -> CoverStatedView:
    """State exactly which practices and areas some commissioners cover from a day (NHS Act 2006 s.14E, s.14F).

    The lists are complete: to move a practice from one CCG to another, list both CCGs. The command is refused if any
    practice or area would be in no commissioner or in two, on that day or later; the refusal names each.
    """
    return await commands.state_cover(session, command, by=by, stated_at=stated_at)
