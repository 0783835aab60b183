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
from libs.common.temporal.days import LATEST
from services.governance.core.chains import Actor, Question
from services.governance.core.codes import Command, Document, Note
from services.governance.core.errors import refuse
from services.governance.decision_rights.permits import permit, unshown
from services.governance.meetings import queries
from services.governance.meetings.commands import ToChange, acts, sitting_refusals
from services.governance.meetings.errors import MinutesApproved, MinutesMissing, VotesOpen
from services.governance.meetings.models import (
    ItemOutcome,
    ItemResult,
    Meeting,
    MeetingItem,
    MeetingState,
    MeetingStep,
    Milestone,
    Minutes,
    Motion,
)
from services.governance.meetings.rules import tally


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
    put = [item for item in items if item["put_at"] is not None and item["outcome"] is None]
    rooms = await queries.rooms_at(connection, put, as_known=None)
    votes = await queries.list_votes(connection, *(item["item"] for item in put), as_known=None)
    for item in put:
        casts = queries.casts_of([vote for vote in votes if vote["item"] == item["item"]])
        counted = tally(rooms[item["item"]], casts, put_at=item["put_at"], action=item["action"])
        if counted.quorum:
            message = f"item {item['number']} was put to the vote and has no result"
            refusals.append(VotesOpen(message, reasons=[Reason(message, "items")]))
        inquorate.append(
            ItemResult(
                item_id=item["id"],
                outcome=ItemOutcome.INQUORATE,
                closed_at=counted.at,
                stated_at=stated_at,
                void=list(counted.void),
            )
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
    versions = await queries.list_minutes(await raw(session), meeting.reference, as_at=LATEST, as_known=None)
    approved = [one["version"] for one in versions if one["approved_on"] is not None]
    refusals: list[Conflict] = []
    if found.state not in {MeetingState.HELD, MeetingState.MINUTES_DRAFT, MeetingState.APPROVED}:
        refusals.append(MinutesMissing(f"{meeting.reference} was not stated as held"))
    if approved and command.corrects != approved[-1]:
        message = f"version {approved[-1]} is approved: name it in corrects"
        refusals.append(MinutesApproved(message, reasons=[Reason(message, "corrects")]))
    if not approved and command.corrects is not None:
        message = f"no version of the minutes of {meeting.reference} is approved: a draft corrects none"
        refusals.append(MinutesMissing(message, reasons=[Reason(message, "corrects")]))
    refuse(refusals)
    minutes = Minutes(
        meeting_id=meeting.id,
        version=len(versions) + 1,
        sha256=command.sha256,
        drafted_on=max(today, meeting.held_on),
        stated_at=stated_at,
    )
    given = acts(found, command, "minutes recorded", on=minutes.drafted_on, by=by, stated_at=stated_at)
    session.add_all([minutes, *given])
    await session.flush()
    return minutes


async def approve_minutes(
    session: AsyncSession,
    found: ToChange,
    item: MeetingItem,
    *,
    met: frozenset[str],
    document: str | None,
    by: Caller,
    stated_at: datetime,
) -> int:
    """Approve the version of an earlier meeting's minutes that a locked item was put to the vote with; return its id.

    A version that was recorded after the motion was put is not what was voted on. `met` are conditions of the body's
    right that `document` shows to be met. Raises MinutesMissing, MinutesApproved, and what `permit` raises.
    """
    meeting = await session.get_one(Meeting, item.minutes_of)
    motion = await session.get_one(Motion, item.id)
    voted_on = await session.scalar(
        select(Minutes)
        .where(Minutes.meeting_id == meeting.id, Minutes.stated_at <= motion.stated_at)
        .order_by(Minutes.version.desc())
        .limit(1)
    )
    if voted_on is None:
        raise MinutesMissing(f"no minutes of {meeting.reference} were recorded when item {item.number} was put")
    if await session.scalar(select(ItemResult.item_id).where(ItemResult.approves == voted_on.id)):
        raise MinutesApproved(f"version {voted_on.version} of the minutes of {meeting.reference} is approved")
    refuse(unshown(met, document))
    await permit(
        session,
        Actor(body=found.body.reference),
        found.organisations,
        Question(action=item.action, met=met),
        on=found.meeting.held_on,
        stated_at=stated_at,
        act=item.reference,
        by=by,
    )
    await _publish(session, found, meeting, "approved", stated_at)
    return voted_on.id


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
