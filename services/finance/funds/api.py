"""Routes of funds."""

from typing import Annotated

from fastapi import Request

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Page,
    Paging,
    Read,
    StatedAt,
    Today,
    Write,
    allowed,
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.finance.cases.errors import CaseUnknown
from services.finance.core.codes import Reference
from services.finance.core.sight import sight_of
from services.finance.decisions.errors import BY_DECISION
from services.finance.edge import OneCode
from services.finance.funds import commands, draws, errors, queries
from services.finance.funds.views import DrawView, FundView
from services.finance.parties.errors import PartyUnknown

router = commands_router(tags=["Funds"])

Lead = Annotated[Caller, allowed(Role.FINANCE_LEAD)]


@router.get("/funds", summary="List funds", responses=problems(UnreadableCursor))
async def list_funds(
    request: Request,
    session: Read,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OneCode = None,
) -> Page[FundView]:
    """List the funds that you hold, pool or have a line of, by reference; of `organisation` those that it holds."""
    rows = await raw(session)
    [after] = paging.key(str) or [""]
    found = await queries.list_funds(
        rows,
        sight=await sight_of(rows, by),
        holder=organisation,
        as_at=as_at,
        as_known=as_known,
        after=after,
        limit=paging.fetch,
    )
    return page(found, key=lambda view: view.fund, request=request)


@router.post(
    "/funds",
    status_code=201,
    summary="Open a fund",
    responses=problems(RoleMissing, NotYoursToDecide, errors.FundReferenceTaken, PartyUnknown, errors.AskCountedTwice),
)
@binds("organisation")
async def open_fund(
    command: commands.OpenFund, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> FundView:
    """Open a fund, and allocate to its lines: by organisation, year and purpose, recurrent or not.

    A scheme stands under one line of an organisation, so that no ask is counted twice.
    """
    await commands.open_fund(session, command, by=by, today=today, stated_at=stated_at)
    rows = await raw(session)
    return await queries.get_fund(rows, command.reference, sight=await sight_of(rows, by), as_at=today)


@router.get("/funds/{reference}", summary="Read a fund", responses=problems(errors.FundNotFound))
async def get_fund(reference: Reference, session: Read, by: By, as_at: AsAt, as_known: AsKnown) -> FundView:
    """Return what a fund has and gave, line by line, and who pools it. Who has a line of it reads that line alone."""
    rows = await raw(session)
    return await queries.get_fund(rows, reference, sight=await sight_of(rows, by), as_at=as_at, as_known=as_known)


@router.post(
    "/funds/{reference}/allocations",
    status_code=201,
    summary="Allocate more to a fund",
    responses=problems(
        RoleMissing,
        NotYoursToDecide,
        errors.FundNotFound,
        errors.FundLineDiffers,
        PartyUnknown,
        errors.AskCountedTwice,
    ),
)
@binds("the fund's holder")
async def allocate_more(
    reference: Reference,
    command: commands.AllocateMore,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> FundView:
    """Allocate more money to lines of a fund, or to new ones. A line stays what it is for."""
    await commands.allocate_more(session, reference, command, by=by, today=today, stated_at=stated_at)
    rows = await raw(session)
    return await queries.get_fund(rows, reference, sight=await sight_of(rows, by), as_at=today)


@router.get(
    "/funds/{reference}/draws",
    summary="List the draws of a fund",
    responses=problems(errors.FundNotFound, UnreadableCursor),
)
async def list_draws(
    reference: Reference, request: Request, session: Read, by: By, paging: Paging, as_at: AsAt, as_known: AsKnown
) -> Page[DrawView]:
    """List what was drawn by the day, and what was taken back of it."""
    rows = await raw(session)
    [after] = paging.key(str) or [""]
    found = await queries.list_draws(
        rows,
        reference,
        sight=await sight_of(rows, by),
        as_at=as_at,
        as_known=as_known,
        after=after,
        limit=paging.fetch,
    )
    return page(found, key=lambda view: view.draw, request=request)


@router.post(
    "/funds/{reference}/draws",
    status_code=201,
    summary="Draw from a fund",
    responses=problems(
        RoleMissing,
        NotYoursToDecide,
        errors.FundNotFound,
        errors.FundLineUnknown,
        errors.DrawBeyondFund,
        errors.DrawOutsideYear,
        errors.RecurrentFromNonRecurrent,
        CaseUnknown,
        errors.CaseNotAppraisable,
        errors.AskCountedTwice,
        errors.BudgetLineUnknown,
        errors.SavingBeyondLine,
        *BY_DECISION,
        errors.PoolHasEnded,
    ),
)
@binds("the line's organisation")
async def draw_fund(
    reference: Reference,
    command: draws.DrawFund,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> FundView:
    """Draw from a line for a case, within what is left of it on that day and every later one.

    Non-recurrent money pays for no recurrent cost of the case, unless recurrent savings of named budget lines cover it.
    """
    await draws.draw_fund(session, reference, command, by=by, today=today, stated_at=stated_at)
    rows = await raw(session)
    return await queries.get_fund(rows, reference, sight=await sight_of(rows, by), as_at=command.drawn_on or today)


@router.post(
    "/funds/{reference}/draws/{draw}/reversal",
    status_code=201,
    summary="Take a draw back",
    responses=problems(RoleMissing, NotYoursToDecide, errors.FundNotFound, errors.DrawNotFound, errors.DrawTakenBack),
)
@binds("the line's organisation")
async def take_draw_back(
    reference: Reference, draw: Reference, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> FundView:
    """Take a draw back by an entry: the line has the money again from today on; both stay on record."""
    await draws.take_back(session, reference, draw, by=by, today=today, stated_at=stated_at)
    rows = await raw(session)
    return await queries.get_fund(rows, reference, sight=await sight_of(rows, by), as_at=today)
