"""Routes about mergers of CCGs and of ICBs: agree, prepare, redate, withdraw, carry out."""

from datetime import date
from typing import Annotated

from fastapi import Path, Query, Request, Response

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    allowed,
    binds,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, Role
from libs.common.temporal.days import WrittenDay
from services.registry.core.codes import Code
from services.registry.core.errors import CodeTaken, TermUnknown
from services.registry.core.kinds import MergerStatus
from services.registry.edge import EDIT_REFUSALS, MergerInPath, Preparing, Seeing
from services.registry.mergers import commands, queries, readiness
from services.registry.mergers.conditions import MeetCondition
from services.registry.mergers.errors import (
    ConditionMetAlready,
    EffectiveDateUnchanged,
    MergerNotAllowed,
    MergerNotFound,
    MergerNotOpen,
    MergerNotReady,
    NoSuchCondition,
    SchemeMadeAlready,
    SchemeNotAllowed,
    WrongEffectiveDate,
)
from services.registry.mergers.models import Merger
from services.registry.mergers.views import (
    MergerInFullView,
    MergerListedView,
    MergerView,
    ReadinessView,
)

router = commands_router(tags=["Mergers"])

NHSEngland = Annotated[Caller, allowed(Role.NHS_ENGLAND)]


@router.get(
    "/mergers", response_model=Page[MergerListedView], summary="Find mergers", responses=problems(UnreadableCursor)
)
async def list_mergers(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    today: Today,
    status: Annotated[MergerStatus | None, Query(description="only those with this status")] = None,
    code: Annotated[Code | None, Query(description="a predecessor or the successor")] = None,
    effective_from: Annotated[WrittenDay | None, Query(description="only on or after this day")] = None,
    effective_to: Annotated[WrittenDay | None, Query(description="only on or before this day")] = None,
    overdue: Annotated[
        bool | None, Query(description="true: only those whose day has come without effect; false: only others")
    ] = None,
) -> Page[MergerListedView]:
    """List mergers by status, organisation and day, as known at an instant, ordered by day."""
    after = _cursor(paging.key(str, str))
    filters = queries.MergerFilter(status, code, effective_from, effective_to, overdue)
    found = await queries.list_mergers(rows, filters, today=today, as_known=as_known, after=after, limit=paging.fetch)
    return page(found, key=lambda one: (one.effective_on, one.reference), request=request)


@router.get(
    "/mergers/{reference}",
    response_model=MergerInFullView,
    summary="Get a merger with all its plans",
    responses=problems(MergerNotFound),
)
async def get_merger(
    reference: MergerInPath, rows: Rows, sight: Seeing, response: Response, as_known: AsKnown, today: Today
) -> MergerInFullView:
    """Return a merger as known at an instant, with each planned day, what is ready and what is missing.

    The words of its conditions and of their evidence, and who stated what, are null for others than its parties.
    A merger whose day has come without effect is overdue, and `missing` lists what it lacks.
    """
    merger = await queries.get_merger(rows, reference, sight=sight, as_known=as_known, today=today)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers",
    status_code=201,
    response_model=MergerView,
    summary="Agree a merger",
    responses=problems(MergerNotAllowed, MergerNotReady, SchemeNotAllowed, SchemeMadeAlready, CodeTaken),
)
@binds("predecessors", "parts.code", "successor")
async def merge_commissioners(
    command: commands.MergeCommissioners,
    session: Write,
    by: NHSEngland,
    today: Today,
    stated_at: StatedAt,
    response: Response,
) -> Merger:
    """Agree that two or more CCGs, or ICBs, are dissolved on a day and another is established (s.14G, s.14Z25).

    Parts of bodies that continue can pass to it on the same day, by a share, or by lists of what passes.
    For a future day the successor is proposed, and the merger is carried out on the day if every predecessor has both
    transfer schemes (or nil returns) by then. For today or a past day it is carried out at once, and refused without
    them. A refusal lists every reason.
    """
    merger = await commands.merge_commissioners(session, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/redating",
    response_model=MergerView,
    summary="Redate a merger",
    responses=problems(MergerNotFound, MergerNotOpen, EffectiveDateUnchanged, MergerNotAllowed, *EDIT_REFUSALS),
)
@binds("the merger's predecessors", "its successor")
async def redate_merger(
    reference: MergerInPath,
    command: commands.RedateMerger,
    session: Write,
    by: NHSEngland,
    today: Today,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> Merger:
    """Move an agreed merger to another day, which is not past. The earlier plans stay visible.

    An overdue merger needs this once it is ready: it never takes effect on a past day.
    """
    merger = await commands.get_merger_to_change(session, reference, by=by)
    stale(merger.version, expected)
    await commands.redate_merger(session, merger, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/withdrawal",
    response_model=MergerView,
    summary="Withdraw a merger",
    responses=problems(MergerNotFound, MergerNotOpen, *EDIT_REFUSALS),
)
@binds("the merger's predecessors", "its successor")
async def withdraw_merger(
    reference: MergerInPath,
    session: Write,
    by: NHSEngland,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> Merger:
    """Withdraw an agreed merger. Its predecessors continue, and its successor's code stays proposed."""
    merger = await commands.get_merger_to_change(session, reference, by=by)
    stale(merger.version, expected)
    await commands.withdraw_merger(session, merger, by=by, stated_at=stated_at)
    etag(response, merger.version)
    return merger


def _cursor(after: tuple[str, ...] | None) -> tuple[date, str] | None:
    """Read the cursor: day and reference. Raises UnreadableCursor."""
    if after is None:
        return None
    day, reference = after
    try:
        return date.fromisoformat(day), reference
    except ValueError as error:
        raise UnreadableCursor("after: use the link `next` of the page before") from error


@router.get(
    "/mergers/{reference}/readiness",
    response_model=ReadinessView,
    summary="Get the readiness of a merger",
    responses=problems(MergerNotFound),
)
async def get_merger_readiness(
    reference: MergerInPath, rows: Rows, sight: Seeing, as_at: AsAt, as_known: AsKnown, today: Today
) -> ReadinessView:
    """Return the conditions met and the schemes made by a day, as known at an instant, and what is missing.

    Words, and who stated what, are null for others than its parties.
    """
    return await queries.get_readiness(rows, reference, sight=sight, as_at=as_at, as_known=as_known, today=today)


@router.post(
    "/mergers/{reference}/schemes",
    status_code=201,
    response_model=MergerView,
    summary="Record a transfer scheme or a nil return",
    responses=problems(MergerNotFound, MergerNotOpen, SchemeNotAllowed, SchemeMadeAlready),
)
@binds("predecessors", "all of the merger's predecessors where none is named")
async def make_scheme(
    reference: MergerInPath,
    command: commands.NewScheme,
    session: Write,
    by: Preparing,
    today: Today,
    stated_at: StatedAt,
    response: Response,
) -> Merger:
    """Record a property or a staff transfer scheme (NHS Act 2006 s.14I, s.14Z28), or that none is needed.

    Every predecessor needs both schemes, or nil returns, by the merger's day.
    """
    merger = await commands.get_merger_to_change(
        session, reference, by=by, binds=lambda stated: command.predecessors or stated.predecessors
    )
    await readiness.make_scheme(session, merger, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/conditions/{number}/evidence",
    status_code=201,
    response_model=MergerView,
    summary="Record evidence that a condition is met",
    responses=problems(
        MergerNotFound, NoSuchCondition, MergerNotOpen, ConditionMetAlready, SchemeNotAllowed, TermUnknown
    ),
)
@binds("the merger's predecessors")
async def meet_condition(
    reference: MergerInPath,
    number: Annotated[int, Path(ge=1, le=1000, description="the number of the condition in the approval, from 1")],
    command: MeetCondition,
    session: Write,
    by: Preparing,
    today: Today,
    stated_at: StatedAt,
    response: Response,
) -> Merger:
    """Record the day on which a condition of the approval was met, with the evidence."""
    merger = await commands.get_merger_to_change(session, reference, by=by, binds=lambda stated: stated.predecessors)
    await readiness.meet_condition(session, merger, number, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/establishment",
    response_model=MergerView,
    summary="Establish the successor now",
    responses=problems(MergerNotFound, MergerNotOpen, WrongEffectiveDate, MergerNotReady),
)
@binds("the merger's predecessors", "its successor")
async def establish_successor(
    reference: MergerInPath, session: Write, by: NHSEngland, today: Today, stated_at: StatedAt, response: Response
) -> Merger:
    """Carry a merger out on its day, as due work does automatically. A refusal lists all that is missing or late."""
    merger = await commands.get_merger_to_change(session, reference, by=by)
    await commands.establish_successor(session, merger, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger
