"""Routes about meetings that were held, and their minutes."""

from typing import Annotated

from fastapi import Path

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from libs.common.temporal.days import LATEST
from services.governance.core import errors as core
from services.governance.edge import Lead
from services.governance.meetings import errors, queries
from services.governance.meetings.agenda import show_meeting
from services.governance.meetings.commands import MeetingRef, get_meeting_to_change
from services.governance.meetings.views import MeetingView, MinutesView
from services.governance.minutes import commands

router = commands_router(tags=["Meetings"])

MeetingPath = Annotated[MeetingRef, Path(description="Its reference.", examples=["14Y-governing-body-2019-03-28"])]
_RIGHTS = (NotYoursToDecide, RoleMissing)
_SITTING = (errors.MeetingOver, errors.MeetingNotCalled, errors.NotYetDue)
_WHOSE = ("the body's organisation", "the body that took it over")


@router.post(
    "/meetings/{meeting}/held",
    status_code=201,
    summary="State that a meeting was held",
    responses=problems(errors.MeetingNotFound, *_SITTING, errors.VotesOpen, core.TermsNotFound, *_RIGHTS),
)
@binds(*_WHOSE)
async def hold_meeting(
    meeting: MeetingPath, command: commands.HoldMeeting, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> MeetingView:
    """State that a meeting is over. Publishes `MeetingHeld` with the items that had a quorum and those without."""
    found = await get_meeting_to_change(session, meeting, by=by, today=today)
    await commands.hold_meeting(session, found, command, by=by, today=today, stated_at=stated_at)
    return await show_meeting(await raw(session), meeting, by=by, as_at=today, as_known=None)


@router.get(
    "/meetings/{meeting}/minutes", summary="List the versions of minutes", responses=problems(errors.MeetingNotFound)
)
async def list_minutes(meeting: MeetingPath, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown) -> list[MinutesView]:
    """Return every version by the day, with its digest, by which item of a later meeting it was approved, and by which
    answer of `can` that meeting might.
    """
    await queries.get_meeting(rows, meeting, as_at=as_at, as_known=as_known)
    found = await queries.list_minutes(rows, meeting, as_at=as_at, as_known=as_known)
    return [MinutesView.model_validate(dict(row)) for row in found]


@router.post(
    "/meetings/{meeting}/minutes",
    status_code=201,
    summary="Record minutes",
    responses=problems(errors.MeetingNotFound, errors.MinutesMissing, errors.MinutesApproved, *_RIGHTS),
)
@binds(*_WHOSE)
async def record_minutes(
    meeting: MeetingPath, command: commands.RecordMinutes, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> MinutesView:
    """Record a draft by its digest, or a correction as a further version. A later meeting approves it."""
    found = await get_meeting_to_change(session, meeting, by=by, today=today)
    await commands.record_minutes(session, found, command, by=by, today=today, stated_at=stated_at)
    rows = await queries.list_minutes(await raw(session), meeting, as_at=LATEST, as_known=None)
    return MinutesView.model_validate(dict(rows[-1]))
