"""Routes about mergers of CCGs and of ICBs: agreed, prepared, put off, given up, taking effect."""

from datetime import date
from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import StringConstraints

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Read,
    Rows,
    StatedAt,
    Today,
    Write,
    allowed,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, Role
from libs.common.temporal.days import WrittenDay
from services.registry.core.codes import CODE, Day
from services.registry.core.errors import CodeTaken
from services.registry.edge import EDIT_REFUSALS
from services.registry.mergers import commands, queries
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
from services.registry.mergers.models import Merger, MergerStatus
from services.registry.mergers.previews import MergerPreview, preview
from services.registry.mergers.readiness import get_readiness
from services.registry.mergers.views import (
    MergerInFullView,
    MergerListedView,
    MergerPreviewView,
    MergerView,
    PlanView,
    ReadinessView,
)

router = commands_router(tags=["Mergers"])

Reference = Annotated[
    str,
    Path(
        pattern=r"^M-[A-Z0-9]{1,12}(-\d{1,3})?$",
        description="the reference that the agreement gave",
        examples=["M-14Y"],
    ),
]
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
    status: Annotated[MergerStatus | None, Query(description="only those that had come so far")] = None,
    code: Annotated[str | None, Query(description="a predecessor or the successor", pattern=CODE)] = None,
    effective_from: Annotated[WrittenDay | None, Query(description="only on or after this day")] = None,
    effective_to: Annotated[WrittenDay | None, Query(description="only on or before this day")] = None,
    overdue: Annotated[bool | None, Query(description="only those whose day came without effect, or others")] = None,
) -> Page[MergerListedView]:
    """Mergers by status, organisation and day, as known at an instant, in the order of their days."""
    after = _place(paging.key(str, str))
    filters = queries.MergerFilters(status, code, effective_from, effective_to, overdue)
    found = await queries.list_mergers(rows, filters, today=today, as_known=as_known, after=after, limit=paging.fetch)
    return page(
        [MergerListedView.model_validate(one) for one in found],
        key=lambda one: (one.effective_on, one.reference),
        request=request,
    )


@router.get(
    "/mergers/{reference}",
    response_model=MergerInFullView,
    summary="A merger and everything that was said of it",
    responses=problems(MergerNotFound),
)
async def get_merger(
    reference: Reference, rows: Rows, _: By, response: Response, as_known: AsKnown, today: Today
) -> MergerInFullView:
    """A merger as known at an instant: each day that was planned for it and when that was said, what it has and lacks.

    One whose day has come without effect is overdue, and `missing` says for want of what.
    """
    merger, said = await queries.get_merger(rows, reference, as_known=as_known, today=today)
    ready = await get_readiness(rows, reference, as_at=None, as_known=as_known, today=today)
    etag(response, merger.version)
    shown = MergerListedView.model_validate(merger).model_dump()
    needs = ReadinessView.model_validate(ready)
    return MergerInFullView(
        **shown,
        plans=[PlanView.model_validate(one) for one in said],
        missing=needs.missing,
        conditions=needs.conditions,
        schemes=needs.schemes,
    )


@router.get("/merger-previews", response_model=MergerPreviewView, summary="What a merger would touch")
async def preview_merger(
    session: Read,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    predecessors: Annotated[
        list[Annotated[str, StringConstraints(pattern=CODE)]],
        Query(alias="predecessor", min_length=1, max_length=50, description="who would be dissolved, each once"),
    ],
    effective_on: Annotated[Day, Query(description="the successor's first day")],
    successor: Annotated[str | None, Query(pattern=CODE, description="the code that is thought of")] = None,
) -> MergerPreview:
    """Practices and people, areas, local authorities and parents crossed, schemes needed, and what stands against it.

    It is told from what the registry holds, as at a day, as known at an instant; what is not held is null.
    """
    return await preview(session, predecessors, successor, effective_on, as_at=as_at, as_known=as_known)


@router.post(
    "/mergers",
    status_code=201,
    response_model=MergerView,
    summary="Agree a merger",
    responses=problems(MergerNotAllowed, MergerNotReady, SchemeNotAllowed, SchemeMadeAlready, CodeTaken),
)
async def merge_commissioners(
    command: commands.MergeCommissioners,
    session: Write,
    by: NHSEngland,
    today: Today,
    stated_at: StatedAt,
    response: Response,
) -> Merger:
    """Agree that two or more CCGs, or ICBs, are dissolved on a day and another is established (s.14G, s.14Z25).

    A day to come: the successor stands as proposed, and the merger is carried out on the day, if both transfer schemes
    (or nil returns) of every predecessor are there by then. A day that is past, or today: it is carried out at once,
    and is refused without them. A refusal lists every reason.
    """
    merger = await commands.merge_commissioners(session, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/redating",
    response_model=MergerView,
    summary="Put a merger on another day",
    responses=problems(MergerNotFound, MergerNotOpen, EffectiveDateUnchanged, MergerNotAllowed, *EDIT_REFUSALS),
)
async def redate_merger(
    reference: Reference,
    command: commands.RedateMerger,
    session: Write,
    by: NHSEngland,
    today: Today,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> Merger:
    """Let an agreed merger take effect on another day, which is not past. What was planned before stays visible.

    One that is overdue needs this once it has all that it lacked: it never takes effect on a day that has gone.
    """
    merger = await commands.get_merger_to_change(session, reference)
    stale(merger.version, expected)
    await commands.redate_merger(session, merger, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/withdrawal",
    response_model=MergerView,
    summary="Give a merger up",
    responses=problems(MergerNotFound, MergerNotOpen, *EDIT_REFUSALS),
)
async def withdraw_merger(
    reference: Reference,
    session: Write,
    by: NHSEngland,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> Merger:
    """Withdraw an agreed merger. Its predecessors go on, and its successor's code stays proposed."""
    merger = await commands.get_merger_to_change(session, reference)
    stale(merger.version, expected)
    await commands.withdraw_merger(session, merger, by=by, stated_at=stated_at)
    etag(response, merger.version)
    return merger


def _place(after: tuple[str, ...] | None) -> tuple[date, str] | None:
    """Return the day and reference after which a page begins. Raises UnreadableCursor."""
    if after is None:
        return None
    day, reference = after
    try:
        return date.fromisoformat(day), reference
    except ValueError as error:
        raise UnreadableCursor("after: use the link that the page before gave") from error


Preparing = Annotated[Caller, allowed(Role.NHS_ENGLAND, Role.GOVERNANCE_LEAD)]
"""NHS England makes the schemes; whoever keeps a commissioner's governance says so, and gives evidence."""


@router.get(
    "/mergers/{reference}/readiness",
    response_model=ReadinessView,
    summary="What a merger lacks before it can take effect",
    responses=problems(MergerNotFound),
)
async def get_merger_readiness(
    reference: Reference, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown, today: Today
) -> ReadinessView:
    """Day-one readiness, from facts: conditions met and schemes made by a day, as known at an instant."""
    ready = await get_readiness(rows, reference, as_at=as_at, as_known=as_known, today=today)
    return ReadinessView.model_validate(ready)


@router.post(
    "/mergers/{reference}/schemes",
    status_code=201,
    response_model=MergerView,
    summary="Make a transfer scheme, or give a nil return",
    responses=problems(MergerNotFound, MergerNotOpen, SchemeNotAllowed, SchemeMadeAlready),
)
async def make_scheme(
    reference: Reference,
    command: commands.NewScheme,
    session: Write,
    by: Preparing,
    today: Today,
    stated_at: StatedAt,
    response: Response,
) -> Merger:
    """Record that a property or a staff transfer scheme was made (NHS Act 2006 s.14I, s.14Z28), or that none is needed.

    They are two schemes, and every predecessor needs both, or nil returns, by the merger's day.
    """
    merger = await commands.get_merger_to_change(session, reference)
    await commands.make_scheme(session, merger, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/conditions/{number}/evidence",
    status_code=201,
    response_model=MergerView,
    summary="Evidence that a condition is met",
    responses=problems(MergerNotFound, NoSuchCondition, MergerNotOpen, ConditionMetAlready, SchemeNotAllowed),
)
async def meet_condition(
    reference: Reference,
    number: Annotated[int, Path(ge=1, le=1000, description="the condition, counted from 1 as it was set")],
    command: commands.MeetCondition,
    session: Write,
    by: Preparing,
    today: Today,
    stated_at: StatedAt,
    response: Response,
) -> Merger:
    """Record on which day a condition of the approval was met, and by what that shows."""
    merger = await commands.get_merger_to_change(session, reference)
    await commands.meet_condition(session, merger, number, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/establishment",
    response_model=MergerView,
    summary="Establish the successor now",
    responses=problems(MergerNotFound, MergerNotOpen, WrongEffectiveDate, MergerNotReady),
)
async def establish_successor(
    reference: Reference, session: Write, by: NHSEngland, today: Today, stated_at: StatedAt, response: Response
) -> Merger:
    """Carry a merger out on its day, as due work does by itself. Refused with all that is missing, or came too late."""
    merger = await commands.get_merger_to_change(session, reference)
    await commands.establish_successor(session, merger, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger
