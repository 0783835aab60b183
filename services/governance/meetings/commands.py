"""Plans, calls, cancels and holds meetings, and puts items on their agendas."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StrictBool, model_validator
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import ANY_CASE, Folded
from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.events.governance import MeetingCalled
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from libs.common.temporal.days import LATEST, WrittenDay, WrittenInstant
from services.governance.bodies.joint import get_named_body_to_change
from services.governance.core import queries as reads
from services.governance.core.actions import action_refusals
from services.governance.core.acts import WithWords, new_act, paper_refusals
from services.governance.core.codes import Action, BodyReference, Command, Document, Note, Title
from services.governance.core.errors import BodyNotFound, BodyNotStanding, ReasonNotListed, refuse
from services.governance.core.members import organisations_of
from services.governance.core.models import Act, Body, body_time
from services.governance.core.terms import TermsOfReference
from services.governance.lifetimes.standing import days_of, not_standing
from services.governance.meetings import queries
from services.governance.meetings.errors import (
    ItemNotFound,
    MeetingExists,
    MeetingNotCalled,
    MeetingNotFound,
    MeetingOver,
    NotALaterMeeting,
    NoticeTooShort,
    NotYetDue,
    PrivateWithoutReason,
    VotesOpen,
)
from services.governance.meetings.models import Meeting, MeetingItem, MeetingState, MeetingStep, Milestone, Stage
from services.governance.meetings.rules import clear_days, listed_reasons, notice_for
from services.governance.proposals.errors import NotAsked
from services.governance.proposals.queries import get_proposal

APPROVE_MINUTES = "minutes.approve"
"""The action of an item about minutes, of the rule pack `actions`."""
MOST_ITEMS = 200
"""The items of an agenda at most."""

_fold = Folded(
    f"{ANY_CASE}(-[A-Za-z0-9]+)+-[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}",
    "a meeting is written as 14Y-governing-body-2019-03-28",
    lambda text: f"{text.partition('-')[0].upper()}-{text.partition('-')[2].lower()}",
)
MeetingRef = Annotated[str, Field(max_length=160), _fold]
ItemRef = Annotated[
    str, Field(pattern=r"^IT-[A-Za-z0-9-]{1,40}$", examples=["IT-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])
]
ProposalRef = Annotated[
    str, Field(pattern=r"^PR-[A-Za-z0-9-]{1,40}$", examples=["PR-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])
]
PackCode = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]


class PlanMeeting(Command):
    """A meeting of a body on a day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"body": "14Y-governing-body", "held_on": "2019-03-28", "starts_at": "2019-03-28T14:00:00Z"}]
        }
    )

    body: BodyReference
    held_on: WrittenDay
    starts_at: WrittenInstant
    in_public: Annotated[StrictBool | None, Field(description="Left out: as the terms of reference say.")] = None
    note: Note = None
    document: Document = None

    @model_validator(mode="after")
    def _starts_on_its_day(self) -> Self:
        if day_of(self.starts_at) != self.held_on:
            raise ValueError("starts_at: a meeting begins on the day on which it is held")
        return self


class CallMeeting(Command):
    """The notice of a meeting. `short_notice` is why it cannot wait for the clear days that the law asks for."""

    given_on: WrittenDay
    short_notice: Annotated[PackCode | None, Field(examples=["urgent-business"])] = None
    note: Note = None
    document: Document = None


class CancelMeeting(Command):
    """The meeting does not take place."""

    reason: Annotated[PackCode, Field(examples=["postponed"])]
    note: Note = None
    document: Document = None


class AddItem(Command):
    """An item of an agenda: a proposal, the minutes of an earlier meeting, or another matter."""

    title: Title
    proposal: ProposalRef | None = None
    minutes_of: Annotated[MeetingRef | None, Field(description="The meeting whose minutes are to be approved.")] = None
    action: Annotated[
        Action | None, Field(description="By whose majority it is decided; a proposal names its own.")
    ] = None
    stage: Annotated[Stage | None, Field(description="What is done about a supplier there.")] = None
    private: Annotated[StrictBool, Field(description="Whether the public is excluded.")] = False
    private_reason: Annotated[PackCode | None, Field(examples=["commercial"])] = None
    note: Note = None
    document: Document = None

    @model_validator(mode="after")
    def _is_about_one_thing(self) -> Self:
        if self.proposal is not None and self.minutes_of is not None:
            raise ValueError("minutes_of: an item is about a proposal or about minutes")
        if self.minutes_of is not None and self.action is not None:
            raise ValueError(f"action: minutes are approved as {APPROVE_MINUTES}")
        if self.private_reason is not None and not self.private:
            raise ValueError("private_reason: the item is in public")
        return self


@dataclass(frozen=True, slots=True)
class ToChange:
    """A locked meeting with its locked body, and how far it has come by what is known now."""

    meeting: Meeting
    body: Body
    state: MeetingState
    organisations: tuple[str, ...]
    """Whose body meets: one organisation, or the members of a joint body."""


async def get_meeting_to_change(session: AsyncSession, reference: str, *, by: Caller, today: date) -> ToChange:
    """Lock a meeting's body, then the meeting. Raises MeetingNotFound, RoleMissing, NotYoursToDecide."""
    try:
        body = await get_named_body_to_change(session, reference[: -len("-2019-03-28")], by=by, today=today)
    except BodyNotFound as missing:
        raise MeetingNotFound(f"there is no meeting {reference}") from missing
    wanted = select(Meeting).where(Meeting.reference == reference).with_for_update()
    meeting = await session.scalar(wanted, execution_options={"populate_existing": True})
    if meeting is None:
        raise MeetingNotFound(f"there is no meeting {reference}")
    connection = await raw(session)
    row = await queries.get_meeting(connection, reference, as_at=LATEST, as_known=None)
    organisations = await organisations_of(connection, body.reference, on=meeting.held_on, as_known=None)
    return ToChange(meeting, body, MeetingState(row["state"]), organisations)


async def get_item_to_change(
    session: AsyncSession, reference: str, *, by: Caller, today: date
) -> tuple[ToChange, MeetingItem]:
    """Lock an item after its meeting. Raises ItemNotFound, RoleMissing, NotYoursToDecide."""
    row = await queries.get_item(await raw(session), reference, as_known=None)
    found = await get_meeting_to_change(session, row["meeting"], by=by, today=today)
    wanted = select(MeetingItem).where(MeetingItem.reference == reference).with_for_update()
    item = await session.scalar(wanted, execution_options={"populate_existing": True})
    if item is None:
        raise ItemNotFound(f"there is no item {reference}")
    return found, item


def acts(
    found: ToChange,
    command: WithWords,
    operation: str,
    *,
    by: Caller,
    stated_at: datetime,
    subject: str = "",
    on: date | None = None,
) -> list[Act]:
    """Return the act of each organisation whose body meets, with its private words."""
    about = subject or found.meeting.reference
    return [
        new_act(
            *(command, operation, about, on or found.meeting.held_on),
            organisation=organisation,
            by=by,
            stated_at=stated_at,
        )
        for organisation in found.organisations
    ]


def over_refusals(found: ToChange) -> list[Conflict]:
    """Return why nothing more is put to a meeting: it was held or cancelled."""
    if not queries.is_over(found.state):
        return []
    return [MeetingOver(f"{found.meeting.reference} is {found.state.value.replace('_', ' ')}")]


def sitting_refusals(found: ToChange, today: date) -> list[Conflict]:
    """Return why a meeting does not act now: it is over, was not called, or its day has not come."""
    refusals = over_refusals(found)
    meeting = found.meeting
    if found.state is MeetingState.PLANNED:
        refusals.append(MeetingNotCalled(f"no notice of {meeting.reference} was given"))
    if today < meeting.held_on:
        refusals.append(NotYetDue(f"{meeting.reference} is on {meeting.held_on.isoformat()}"))
    return refusals


async def plan_meeting(
    session: AsyncSession, command: PlanMeeting, *, by: Caller, today: date, stated_at: datetime
) -> Meeting:
    """Plan a meeting. Raises BodyNotFound, BodyNotStanding, MeetingExists."""
    body = await get_named_body_to_change(session, command.body, by=by, today=today)
    connection = await raw(session)
    reference = f"{body.reference}-{command.held_on.isoformat()}"
    refusals: list[Conflict] = await not_standing(
        *(connection, body_time, body.id, days_of(command.held_on, command.held_on)),
        refusal=BodyNotStanding,
        named=body.reference,
        field="held_on",
    )
    if await session.scalar(select(Meeting.id).where(Meeting.reference == reference)):
        message = f"{reference} is planned already"
        refusals.append(MeetingExists(message, reasons=[Reason(message, "held_on")]))
    refuse(refusals)
    terms = await _terms(session, body, command.held_on)
    as_the_terms_say = terms is not None and terms.in_public
    meeting = Meeting(
        reference=reference,
        body_id=body.id,
        held_on=command.held_on,
        starts_at=command.starts_at,
        in_public=as_the_terms_say if command.in_public is None else command.in_public,
        stated_at=stated_at,
    )
    session.add(meeting)
    await session.flush()
    found = await get_meeting_to_change(session, reference, by=by, today=today)
    session.add_all(acts(found, command, "meeting planned", on=command.held_on, by=by, stated_at=stated_at))
    return meeting


async def call_meeting(
    session: AsyncSession, found: ToChange, command: CallMeeting, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Give notice of a locked meeting. Raises MeetingOver, NoticeTooShort, NotYetDue, DocumentMissing."""
    meeting = found.meeting
    refusals: list[Conflict] = over_refusals(found)
    if found.state is MeetingState.CALLED:
        refusals.append(MeetingExists(f"{meeting.reference} was called already"))
    refusals += paper_refusals(
        command.given_on, field="given_on", document=command.document, today=today, stated_at=stated_at
    )
    if command.given_on > today:
        message = f"given_on {command.given_on.isoformat()} lies after today"
        refusals.append(NotYetDue(message, reasons=[Reason(message, "given_on")]))
    short = listed_reasons("meeting-notice", meeting.held_on, key="short_notice")
    if command.short_notice is not None and command.short_notice not in short:
        message = f"{command.short_notice} is no reason for short notice; the reasons are: {', '.join(short) or 'none'}"
        refusals.append(NoticeTooShort(message, reasons=[Reason(message, "short_notice")]))
    terms = await _terms(session, found.body, meeting.held_on)
    notice = notice_for(meeting.held_on, terms, in_public=meeting.in_public, short=command.short_notice is not None)
    if command.given_on > (last := notice.last_day(meeting.held_on)):
        message = f"notice of {meeting.reference} is in time up to {last.isoformat()}: {notice.because}"
        refusals.append(NoticeTooShort(message, reasons=[Reason(message, "given_on")]))
    refuse(refusals)
    step = MeetingStep(
        meeting_id=meeting.id,
        step=Milestone.CALLED,
        effective_on=command.given_on,
        stated_at=stated_at,
        reason=command.short_notice or "",
        clear_days=clear_days(command.given_on, meeting.held_on),
        pack=notice.pack,
    )
    given = acts(found, command, "meeting called", on=command.given_on, by=by, stated_at=stated_at)
    session.add_all([step, *given])
    await session.flush()
    await _publish_call(session, found, command.given_on, stated_at)


async def cancel_meeting(
    session: AsyncSession, found: ToChange, command: CancelMeeting, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State that a meeting does not take place. Raises MeetingOver, VotesOpen, ReasonNotListed."""
    refusals = [*over_refusals(found), *await _put_refusals(session, found)]
    listed = listed_reasons("meeting-cancellations", today)
    if command.reason not in listed:
        message = f"{command.reason} is no reason on {today.isoformat()}; the reasons are: {', '.join(listed)}"
        refusals.append(ReasonNotListed(message, reasons=[Reason(message, "reason")]))
    refuse(refusals)
    step = MeetingStep(
        meeting_id=found.meeting.id,
        step=Milestone.CANCELLED,
        effective_on=today,
        stated_at=stated_at,
        reason=command.reason,
    )
    session.add_all([step, *acts(found, command, "meeting cancelled", on=today, by=by, stated_at=stated_at)])


async def _put_refusals(session: AsyncSession, found: ToChange) -> list[Conflict]:
    """Return why a meeting took place: items that were put to the vote at it."""
    items = await queries.list_items(await raw(session), found.meeting.reference, as_known=None)
    messages = [f"item {item['number']} was put to the vote" for item in items if item["put_at"] is not None]
    return [VotesOpen(message, reasons=[Reason(message, "items")]) for message in messages]


async def add_item(
    session: AsyncSession,
    found: ToChange,
    command: AddItem,
    *,
    by: Caller,
    stated_at: datetime,
    urgent_action: int | None = None,
) -> MeetingItem:
    """Put an item on a locked meeting's agenda.

    Raises MeetingOver, PrivateWithoutReason, ActionNotListed, NotAsked, NotALaterMeeting, ProposalNotFound.
    """
    meeting = found.meeting
    refusals: list[Conflict] = [*over_refusals(found), *_private_refusals(command, meeting.held_on)]
    if command.action is not None:
        refusals += action_refusals(command.action, meeting.held_on, field="action")
    minutes_of, not_later = await _earlier_meeting(session, found, command)
    refusals += await _not_asked(session, found, command)
    number, full = await _next_number(session, meeting)
    refuse([*refusals, *not_later, *full])
    item = MeetingItem(
        reference=f"IT-{uuid.uuid4()}",
        meeting_id=meeting.id,
        number=number,
        title=command.title,
        stated_at=stated_at,
        private_reason=command.private_reason or "",
        proposal=command.proposal or "",
        action=command.action or (APPROVE_MINUTES if minutes_of is not None else ""),
        stage=command.stage or "",
        minutes_of=minutes_of,
        urgent_action_id=urgent_action,
    )
    given = acts(found, command, "item added", subject=item.reference, by=by, stated_at=stated_at)
    session.add_all([item, *given])
    await session.flush()
    await _call_again(session, found, item, stated_at)
    return item


async def _next_number(session: AsyncSession, meeting: Meeting) -> tuple[int, Sequence[Conflict]]:
    """Return the number of a further item, and the refusal of one too many."""
    last = await session.scalar(select(func.max(MeetingItem.number)).where(MeetingItem.meeting_id == meeting.id))
    full = [MeetingOver(f"{meeting.reference} has {MOST_ITEMS} items already")] if (last or 0) >= MOST_ITEMS else []
    return (last or 0) + 1, full


async def _call_again(session: AsyncSession, found: ToChange, item: MeetingItem, stated_at: datetime) -> None:
    """Publish the call again where an item in private came onto the agenda after it."""
    meeting = found.meeting
    if found.state is MeetingState.CALLED and item.private_reason:
        called = await session.scalar(
            select(MeetingStep.effective_on).where(
                MeetingStep.meeting_id == meeting.id, MeetingStep.step == Milestone.CALLED
            )
        )
        await _publish_call(session, found, called or meeting.held_on, stated_at)


async def _not_asked(session: AsyncSession, found: ToChange, command: AddItem) -> list[Conflict]:
    """Return the refusal of a proposal that the body is not asked about. Raises ProposalNotFound."""
    if command.proposal is None:
        return []
    proposal = await get_proposal(await raw(session), command.proposal, as_at=found.meeting.held_on)
    if found.body.reference in proposal.binding:
        return []
    message = f"{command.proposal} does not ask for a decision of {found.body.reference}"
    return [NotAsked(message, reasons=[Reason(message, "proposal")])]


def _private_refusals(command: AddItem, day: date) -> list[Conflict]:
    listed = listed_reasons("private-items", day)
    if not command.private or command.private_reason in listed:
        return []
    message = f"an item is in private for one of these reasons: {', '.join(listed) or 'none on that day'}"
    return [PrivateWithoutReason(message, reasons=[Reason(message, "private_reason")])]


async def _earlier_meeting(
    session: AsyncSession, found: ToChange, command: AddItem
) -> tuple[int | None, Sequence[Conflict]]:
    """Return the meeting whose minutes an item is about; the refusal where it is not an earlier one of the body."""
    if command.minutes_of is None:
        return None, ()
    earlier = await session.scalar(select(Meeting).where(Meeting.reference == command.minutes_of))
    if earlier is None or earlier.body_id != found.body.id or earlier.held_on >= found.meeting.held_on:
        message = f"{command.minutes_of} is no earlier meeting of {found.body.reference}"
        return None, [NotALaterMeeting(message, reasons=[Reason(message, "minutes_of")])]
    return earlier.id, ()


async def _terms(session: AsyncSession, body: Body, day: date) -> TermsOfReference | None:
    row = await reads.find_terms(await raw(session), body.reference, as_at=day, as_known=None)
    return None if row is None else TermsOfReference.model_validate_json(row["terms"])


async def _publish_call(session: AsyncSession, found: ToChange, on: date, stated_at: datetime) -> None:
    reasons = await session.scalars(
        select(MeetingItem.private_reason).where(
            MeetingItem.meeting_id == found.meeting.id, MeetingItem.private_reason != ""
        )
    )
    await outbox.add(
        session,
        MeetingCalled(
            meeting=found.meeting.reference,
            body=found.body.reference,
            organisations=found.organisations,
            held_on=found.meeting.held_on,
            in_public=found.meeting.in_public,
            private_reasons=tuple(sorted(set(reasons))),
            effective_on=on,
            stated_at=stated_at,
        ),
    )
