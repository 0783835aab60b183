"""Routes about budgets, their lines, virements and ceilings."""

from functools import partial
from typing import Annotated

from fastapi import Path, Query, Request, Response, status

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Read,
    StatedAt,
    Today,
    UnreadableVersion,
    Write,
    allowed,
    binds,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from libs.common.temporal.days import WrittenDay
from services.finance.allowances.errors import OrganisationNotKnown, OrganisationNotOpen
from services.finance.budgets import commands, errors, queries, reductions
from services.finance.budgets.views import BudgetView, LineDetailView, LineView
from services.finance.core.sight import sight_of
from services.finance.decisions.errors import BY_DECISION
from services.finance.edge import Code, Year

router = commands_router(tags=["Budgets"])

Lead = Annotated[Caller, allowed(Role.FINANCE_LEAD)]
LineName = Annotated[str, Path(pattern=r"^[Bb][Ll]-[0-9]{1,9}$", description="The line, as `BL-1`.", examples=["BL-1"])]
OnDay = Annotated[
    WrittenDay | None, Query(alias="as_at", description="What holds on this day. Default: in the whole year.")
]
_OF_A_LINE = (
    *BY_DECISION,
    RoleMissing,
    NotYoursToDecide,
    errors.BudgetLineNotFound,
    errors.StatedOutOfOrder,
    errors.LineWouldBeNegative,
    errors.DayOutsideYear,
)


@router.get("/organisations/{code}/budgets/{year}", summary="Read a budget", responses=problems(errors.BudgetNotFound))
async def get_budget(
    code: Code, year: Year, session: Read, by: By, as_known: AsKnown, as_at: OnDay = None
) -> BudgetView:
    """Return the sums of a body's budget, its ceiling, its localities, and administration that was only renamed.

    It is read by who acts for the body or its successor, and by a national body.
    """
    rows = await raw(session)
    return await queries.get_budget(rows, code, year, sight=await sight_of(rows, by), as_at=as_at, as_known=as_known)


@router.get("/organisations/{code}/budgets/{year}/lines", summary="List the lines of a budget", responses=problems())
async def list_budget_lines(
    request: Request,
    code: Code,
    year: Year,
    session: Read,
    by: By,
    paging: Paging,
    as_known: AsKnown,
    as_at: OnDay = None,
) -> Page[LineView]:
    """List the lines of a body's budget with what they have."""
    rows = await raw(session)
    [after] = paging.key(int) or (0,)
    found = await queries.list_lines(
        rows,
        code,
        year,
        sight=await sight_of(rows, by),
        as_at=as_at,
        as_known=as_known,
        after=after,
        limit=paging.fetch,
    )
    return page(found, key=lambda view: (int(view.line[3:]),), request=request)


@router.get(
    "/organisations/{code}/budgets/{year}/lines/{line}",
    summary="Read a line of a budget",
    responses=problems(errors.BudgetLineNotFound),
)
async def get_budget_line(
    code: Code,
    year: Year,
    line: LineName,
    response: Response,
    session: Read,
    by: By,
    as_known: AsKnown,
    as_at: OnDay = None,
) -> LineDetailView:
    """Return a line with every entry: what it rose or fell by, from which day, since when that is known, and why."""
    rows = await raw(session)
    found = await queries.get_line(
        rows, code, year, int(line[3:]), sight=await sight_of(rows, by), as_at=as_at, as_known=as_known
    )
    etag(response, found.version)
    return found


@router.post(
    "/organisations/{code}/budgets/{year}/lines",
    status_code=status.HTTP_201_CREATED,
    summary="Set lines of a budget",
    responses=problems(
        *_OF_A_LINE,
        OrganisationNotKnown,
        OrganisationNotOpen,
        errors.BudgetLineExists,
        errors.CeilingExceeded,
        errors.CareModelUnknown,
        errors.ExcludedFromCareModel,
    ),
)
@binds("{code}")
async def set_budget_lines(
    code: Code,
    year: Year,
    command: commands.SetLines,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> list[LineDetailView]:
    """Set new lines, all or none. Administration, that of localities included, stays within the ceiling.

    An amount is given for the year, or for a whole year and a first day: its part is by days then.
    """
    lines = await commands.set_lines(session, command, code=code, year=year, by=by, today=today, stated_at=stated_at)
    rows = await raw(session)
    sight = await sight_of(rows, by)
    return [await queries.get_line(rows, code, year, line.id, sight=sight) for line in lines]


@router.put(
    "/organisations/{code}/budgets/{year}/lines/{line}",
    summary="Correct what a line was set to",
    responses=problems(*_OF_A_LINE, errors.CeilingExceeded, StaleVersion, PreconditionMissing, UnreadableVersion),
)
@binds("{code}")
async def correct_budget_line(
    code: Code,
    year: Year,
    line: LineName,
    command: commands.CorrectLine,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    version_read: IfMatch,
) -> LineDetailView:
    """Set a line to another amount: an entry of the difference is posted, and what was known stays known.

    The amount is the line's own, before virements and reductions and beside what mergers moved to it.
    """
    number = int(line[3:])
    await commands.correct_line(
        session,
        command,
        code=code,
        year=year,
        line=number,
        by=by,
        today=today,
        stated_at=stated_at,
        expect=partial(stale, expected=version_read),
    )
    return await _shown(session, code, year, number, by, response)


@router.post(
    "/organisations/{code}/budgets/{year}/lines/{line}/reductions",
    status_code=status.HTTP_201_CREATED,
    summary="Reduce a line",
    responses=problems(*_OF_A_LINE, errors.InitiativeUnknown),
)
@binds("{code}")
async def reduce_budget_line(
    code: Code,
    year: Year,
    line: LineName,
    command: reductions.ReduceLine,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> LineDetailView:
    """Take an amount off a line. A saving that was stated before is realised by a reduction of its line alone."""
    number = int(line[3:])
    await reductions.reduce_line(
        session, command, code=code, year=year, line=number, by=by, today=today, stated_at=stated_at
    )
    return await _shown(session, code, year, number, by, response)


@router.post(
    "/organisations/{code}/budgets/{year}/lines/{line}/restorations",
    status_code=status.HTTP_201_CREATED,
    summary="Take a reduction back",
    responses=problems(*_OF_A_LINE, errors.ReductionNotFound, errors.MoreThanReduced, errors.CeilingExceeded),
)
@binds("{code}")
async def restore_budget_line(
    code: Code,
    year: Year,
    line: LineName,
    command: reductions.RestoreLine,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> LineDetailView:
    """Give a line back what a reduction took, on the line itself or on the one that a merger made of it.

    What the reduction had realised of savings is reversed.
    """
    number = int(line[3:])
    await reductions.restore_line(
        session, command, code=code, year=year, line=number, by=by, today=today, stated_at=stated_at
    )
    return await _shown(session, code, year, number, by, response)


@router.put(
    "/organisations/{code}/budgets/{year}/ceiling",
    summary="State the saving required of an allowance",
    responses=problems(RoleMissing, NotYoursToDecide, OrganisationNotKnown, errors.BudgetNotFound),
)
@binds("{code}")
async def state_budget_ceiling(
    code: Code,
    year: Year,
    command: commands.StateCeiling,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> BudgetView:
    """State which part of its allowance a body has to save, and what it spent before a head.

    Lines of administration stay within what is left. A later statement takes the place of this one.
    """
    await commands.state_ceiling(session, command, code=code, year=year, by=by, today=today, stated_at=stated_at)
    rows = await raw(session)
    return await queries.get_budget(
        rows, code, year, sight=await sight_of(rows, by), as_at=None, as_known=None, lines_needed=False
    )


async def _shown(session: Write, code: str, year: Year, line: int, by: Caller, response: Response) -> LineDetailView:
    rows = await raw(session)
    found = await queries.get_line(rows, code, year, line, sight=await sight_of(rows, by))
    etag(response, found.version)
    return found
