"""Routes about meetings."""

from datetime import date
from typing import Annotated

from fastapi import Path, Query, Request

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
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.core import errors as core
from services.governance.core.codes import BodyReference
from services.governance.edge import Lead, OrganisationFilter
from services.governance.meetings import attendance, commands, errors, queries
from services.governance.meetings.agenda import show_item, show_meeting
from services.governance.meetings.views import ItemView, MeetingSummary, MeetingView
from services.governance.proposals.errors import NotAsked, ProposalNotFound

router = commands_router(tags=["Meetings"])

MeetingPath = Annotated[
    commands.MeetingRef, Path(description="Its reference.", examples=["14Y-governing-body-2019-03-28"])
]
ItemPath = Annotated[commands.ItemRef, Path(description="The id that `POST /meetings/{meeting}/items` returned.")]
_RIGHTS = (NotYoursToDecide, RoleMissing)
_SITTING = (errors.MeetingOver, errors.MeetingNotCalled, errors.NotYetDue)
_WHOSE = ("the body's organisation", "the body that took it over")


@router.get("/meetings", summary="List meetings", responses=problems())
async def list_meetings(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
    body: Annotated[BodyReference | None, Query(description="Of one body only.")] = None,
) -> Page[MeetingSummary]:
    """List meetings in the order of their days, with their state as at the day."""
    filters = queries.MeetingFilter(body=body, organisation=organisation)
    after = _after(paging.key(str, str))
    found = await queries.list_meetings(rows, filters, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch)
    views = [MeetingSummary.model_validate(row) for row in found]
    return page(views, key=lambda view: (view.held_on.isoformat(), view.meeting), request=request)


def _after(key: tuple[str, str] | None) -> tuple[date, str] | None:
    if key is None:
        return None
    try:
        return date.fromisoformat(key[0]), key[1]
    except ValueError as error:
        raise UnreadableCursor("after: use the link `next` of the page before") from error


@router.get("/meetings/{meeting}", summary="Read a meeting", responses=problems(errors.MeetingNotFound))
async def get_meeting(meeting: MeetingPath, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> MeetingView:
    """Return a meeting with its agenda, and who comes or was there.

    The title of a private item is for governance leads of the organisation, members and deputies: no one excluded.
    """
    return await show_meeting(rows, meeting, by=by, as_at=as_at, as_known=as_known)


@router.get("/items/{item}", summary="Read an item with its votes", responses=problems(errors.ItemNotFound))
async def get_item(item: ItemPath, rows: Rows, by: By, as_known: AsKnown) -> ItemView:
    """Return an item with who is recused, what was put to the vote, how each seat voted, and what came of it."""
    return await show_item(rows, item, by=by, as_known=as_known)


@router.post(
    "/meetings",
    status_code=201,
    summary="Plan a meeting",
    responses=problems(core.BodyNotFound, core.BodyNotStanding, errors.MeetingExists, *_RIGHTS),
)
@binds(*_WHOSE)
async def plan_meeting(
    command: commands.PlanMeeting, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> MeetingView:
    """Plan a meeting of a body. It is called by giving notice."""
    made = await commands.plan_meeting(session, command, by=by, today=today, stated_at=stated_at)
    return await show_meeting(await raw(session), made.reference, by=by, as_at=today, as_known=None)


@router.post(
    "/meetings/{meeting}/notice",
    status_code=201,
    summary="Call a meeting",
    responses=problems(
        errors.MeetingNotFound,
        errors.MeetingExists,
        errors.MeetingOver,
        errors.NoticeTooShort,
        errors.NotYetDue,
        core.DocumentMissing,
        *_RIGHTS,
    ),
)
@binds(*_WHOSE)
async def call_meeting(
    meeting: MeetingPath, command: commands.CallMeeting, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> MeetingView:
    """Give notice of a meeting, by the clear days of its terms of reference or of the law. Publishes `MeetingCalled`.

    A meeting in public needs three clear days unless a listed reason is given; the terms may ask for more.
    """
    found = await commands.get_meeting_to_change(session, meeting, by=by, today=today)
    await commands.call_meeting(session, found, command, by=by, today=today, stated_at=stated_at)
    return await show_meeting(await raw(session), meeting, by=by, as_at=today, as_known=None)


@router.post(
    "/meetings/{meeting}/cancellation",
    status_code=201,
    summary="Cancel a meeting",
    responses=problems(errors.MeetingNotFound, errors.MeetingOver, errors.VotesOpen, core.ReasonNotListed, *_RIGHTS),
)
@binds(*_WHOSE)
async def cancel_meeting(
    meeting: MeetingPath, command: commands.CancelMeeting, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> MeetingView:
    """State that a meeting does not take place, for a listed reason. One at which an item was put to the vote did."""
    found = await commands.get_meeting_to_change(session, meeting, by=by, today=today)
    await commands.cancel_meeting(session, found, command, by=by, today=today, stated_at=stated_at)
    await session.flush()
    return await show_meeting(await raw(session), meeting, by=by, as_at=today, as_known=None)


@router.post(
    "/meetings/{meeting}/items",
    status_code=201,
    summary="Put an item on the agenda",
    responses=problems(
        errors.MeetingNotFound,
        errors.MeetingOver,
        errors.PrivateWithoutReason,
        errors.NotALaterMeeting,
        core.ActionNotListed,
        ProposalNotFound,
        NotAsked,
        *_RIGHTS,
    ),
)
@binds(*_WHOSE)
async def add_item(
    meeting: MeetingPath, command: commands.AddItem, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ItemView:
    """Put a proposal, the minutes of an earlier meeting, or another matter on the agenda.

    An item in private names its reason, and `MeetingCalled` is published again where the meeting was called.
    """
    found = await commands.get_meeting_to_change(session, meeting, by=by, today=today)
    item = await commands.add_item(session, found, command, by=by, stated_at=stated_at)
    return await show_item(await raw(session), item.reference, by=by, as_known=None)


@router.put(
    "/meetings/{meeting}/attendance",
    summary="State who comes, and who was there",
    responses=problems(
        errors.MeetingNotFound, *_SITTING, errors.NotPresent, errors.ItemClosed, core.PersonNotFound, *_RIGHTS
    ),
)
@binds(*_WHOSE)
async def state_attendance(
    meeting: MeetingPath,
    command: attendance.StateAttendance,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> MeetingView:
    """State of persons whether they come, and from the day on from when to when they were there.

    A deputy names the post for which they sit, and was named for it before. What was stated of others stays.
    """
    found = await commands.get_meeting_to_change(session, meeting, by=by, today=today)
    await attendance.state_attendance(session, found, command, by=by, today=today, stated_at=stated_at)
    await session.flush()
    return await show_meeting(await raw(session), meeting, by=by, as_at=today, as_known=None)


@router.post(
    "/items/{item}/recusals",
    status_code=201,
    summary="Decide what a person with an interest does at an item",
    responses=problems(
        errors.ItemNotFound,
        *_SITTING,
        errors.ItemClosed,
        errors.NotPresiding,
        errors.RecusalTooLax,
        core.PersonNotFound,
        core.TermsNotFound,
        *_RIGHTS,
    ),
)
@binds(*_WHOSE)
async def decide_recusal(
    item: ItemPath, command: attendance.DecideRecusal, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ItemView:
    """State what the chair decided; on the chair's own interest, whoever presides then.

    Less than the rule pack asks for needs a note. Whoever does more than note the interest neither votes nor counts.
    """
    found, row = await commands.get_item_to_change(session, item, by=by, today=today)
    await attendance.decide_recusal(session, found, row, command, by=by, today=today, stated_at=stated_at)
    await session.flush()
    return await show_item(await raw(session), item, by=by, as_known=None)
