"""Holds meetings and keeps their minutes: a draft until a later meeting approves it, corrected by a further version."""

from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StrictInt
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.events.governance import MeetingHeld
from libs.common.identity import Caller
from libs.common.messaging import outbox
from services.governance.core.codes import Command, Document, Note
from services.governance.core.errors import refuse
from services.governance.meetings import queries
from services.governance.meetings.commands import ToChange, acts, sitting_refusals
from services.governance.meetings.errors import MinutesApproved, MinutesMissing, VotesOpen
from services.governance.meetings.models import (
    ItemOutcome,
    ItemResult,
    Meeting,
    MeetingState,
    MeetingStep,
    Milestone,
    Minutes,
)
from services.governance.meetings.rules import first_without_quorum


class HoldMeeting(Command):
    """The meeting took place, and is over."""

    note: Note = None
    document: Document = None


class RecordMinutes(Command):
    """A version of the minutes: its digest, and in `document` where it lies."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sha256": "0" * 64, "document": "Minutes of 28 March 2019, draft"}]}
    )

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="Of the document's bytes.")]
    corrects: Annotated[
        StrictInt | None, Field(ge=1, le=1000, description="Of approved minutes, the version that this one corrects.")
    ] = None
    note: Note = None
    document: Document = None


async def hold_meeting(
    session: AsyncSession, found: ToChange, command: HoldMeeting, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State that a locked meeting was held. Items that were put to it without a quorum are listed as inquorate.

    Raises MeetingOver, MeetingNotCalled, NotYetDue, VotesOpen.
    """
    meeting = found.meeting
    connection = await raw(session)
    refusals = sitting_refusals(found, today)
    inquorate: list[ItemResult] = []
    items = await queries.list_items(connection, meeting.reference, as_known=None)
    for item in items:
        if item["put_at"] is None or item["outcome"] is not None:
            continue
        room = await queries.room_at(connection, item, as_known=None)
        casts = queries.casts_of(await queries.list_votes(connection, item["item"], as_known=None))
        instants = sorted({cast.cast_at for cast in casts}) or [item["put_at"]]
        if first_without_quorum(room, instants):
            message = f"item {item['number']} was put to the vote and has no result"
            refusals.append(VotesOpen(message, reasons=[Reason(message, "items")]))
        inquorate.append(
            ItemResult(item_id=item["id"], outcome=ItemOutcome.INQUORATE, closed_at=instants[-1], stated_at=stated_at)
        )
    refuse(refusals)
    step = MeetingStep(meeting_id=meeting.id, step=Milestone.HELD, effective_on=meeting.held_on, stated_at=stated_at)
    given = acts(found, command, "meeting held", by=by, stated_at=stated_at)
    session.add_all([*inquorate, step, *given])
    await session.flush()
    await _publish(session, found, meeting, "draft", stated_at)


async def record_minutes(
    session: AsyncSession, found: ToChange, command: RecordMinutes, *, by: Caller, today: date, stated_at: datetime
) -> Minutes:
    """Record a version of a locked meeting's minutes. Raises MinutesMissing before it was held, MinutesApproved."""
    meeting = found.meeting
    versions = await queries.list_minutes(await raw(session), meeting.reference, as_known=None)
    latest = versions[-1] if versions else None
    refusals: list[Conflict] = []
    if found.state not in {MeetingState.HELD, MeetingState.MINUTES_DRAFT, MeetingState.APPROVED}:
        refusals.append(MinutesMissing(f"{meeting.reference} was not stated as held"))
    if found.state is MeetingState.APPROVED and latest is not None and command.corrects != latest["version"]:
        message = f"version {latest['version']} is approved: name it in corrects"
        refusals.append(MinutesApproved(message, reasons=[Reason(message, "corrects")]))
    refuse(refusals)
    minutes = Minutes(
        meeting_id=meeting.id,
        version=latest["version"] + 1 if latest is not None else 1,
        sha256=command.sha256,
        drafted_on=max(today, meeting.held_on),
        stated_at=stated_at,
    )
    given = acts(found, command, "minutes recorded", on=minutes.drafted_on, by=by, stated_at=stated_at)
    session.add_all([minutes, *given])
    await session.flush()
    return minutes


async def approve_minutes(session: AsyncSession, found: ToChange, meeting_id: int, *, stated_at: datetime) -> int:
    """Approve the latest version of an earlier meeting's minutes; return its id. The body is locked.

    Raises MinutesMissing, MinutesApproved.
    """
    meeting = (await session.scalars(select(Meeting).where(Meeting.id == meeting_id))).one()
    latest = await session.scalar(
        select(Minutes).where(Minutes.meeting_id == meeting_id).order_by(Minutes.version.desc()).limit(1)
    )
    if latest is None:
        raise MinutesMissing(f"no minutes of {meeting.reference} are recorded")
    if await session.scalar(select(ItemResult.item_id).where(ItemResult.approves == latest.id)):
        raise MinutesApproved(f"version {latest.version} of the minutes of {meeting.reference} is approved")
    await _publish(session, found, meeting, "approved", stated_at)
    return latest.id


async def _publish(session: AsyncSession, found: ToChange, meeting: Meeting, minutes: str, stated_at: datetime) -> None:
    items = await queries.list_items(await raw(session), meeting.reference, as_known=None)
    of: dict[bool, list[str]] = {True: [], False: []}
    for item in items:
        if item["outcome"] is not None:
            of[item["outcome"] != ItemOutcome.INQUORATE].append(item["item"])
    await outbox.add(
        session,
        MeetingHeld(
            meeting=meeting.reference,
            body=found.body.reference,
            organisations=found.organisations,
            quorate_items=tuple(of[True]),
            inquorate_items=tuple(of[False]),
            minutes=minutes,
            effective_on=meeting.held_on,
            stated_at=stated_at,
        ),
    )
