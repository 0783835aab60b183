"""States who comes to a meeting and who was there from when to when, and who is recused from an item."""

from datetime import date, datetime, timedelta
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StrictBool, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from libs.common.temporal.days import WrittenInstant
from services.governance.core.codes import Command, Document, Note, PersonId, Reference, RoleSlug
from services.governance.core.errors import PersonNotFound, refuse
from services.governance.core.models import Person
from services.governance.interests.rules import Action
from services.governance.meetings import queries
from services.governance.meetings.commands import ToChange, acts, over_refusals, sitting_refusals
from services.governance.meetings.errors import ItemClosed, NotPresent, NotPresiding, NotYetDue, RecusalTooLax
from services.governance.meetings.models import Attendance, MeetingItem, Recusal
from services.governance.meetings.rules import Attended, Room, deputies_refusals

_A_DAY = timedelta(days=1)


class Interval(Command):
    """From when to when a person was there; without `departed`, to the end."""

    arrived: WrittenInstant
    departed: WrittenInstant | None = None

    @model_validator(mode="after")
    def _arrives_first(self) -> Self:
        if self.departed is not None and self.departed <= self.arrived:
            raise ValueError("departed lies before arrived")
        return self


class AttendanceOf(Command):
    """Whether a person comes, and when they were there; a deputy names the post, an attendee their role."""

    person: PersonId
    coming: StrictBool = True
    seat: Annotated[Reference | None, Field(description="The post for which a deputy sits.")] = None
    role: Annotated[RoleSlug | None, Field(description="Of someone in attendance, who counts for no quorum.")] = None
    intervals: Annotated[tuple[Interval, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _is_there_at_one_time_once(self) -> Self:
        for before, after in zip(self.intervals, self.intervals[1:], strict=False):
            if before.departed is None or after.arrived < before.departed:
                raise ValueError("intervals: each one begins after the one before has ended")
        if self.intervals and not self.coming:
            raise ValueError("coming: who was there came")
        return self

    @property
    def attended(self) -> Attended:
        """The attendance as the rules take it."""
        return Attended(self.person, tuple((one.arrived, one.departed) for one in self.intervals), self.seat or "")


class StateAttendance(Command):
    """The attendance of persons at a meeting, whole, instead of what was stated of each of them before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "attendance": [
                        {
                            "person": "P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11",
                            "intervals": [{"arrived": "2019-03-28T14:00:00Z"}],
                        }
                    ]
                }
            ]
        }
    )

    attendance: Annotated[tuple[AttendanceOf, ...], Field(min_length=1, max_length=200)]
    note: Note = None
    document: Document = None

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len({one.person for one in self.attendance}) != len(self.attendance):
            raise ValueError("attendance: a person is named once")
        return self


class DecideRecusal(Command):
    """What a person does at an item, as whoever presides decided; `note` says why less than asked for is enough."""

    person: PersonId
    action: Action
    decided_by: PersonId
    decided_at: WrittenInstant
    note: Note = None
    document: Document = None


async def state_attendance(
    session: AsyncSession, found: ToChange, command: StateAttendance, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State the attendance of persons at a locked meeting.

    Raises MeetingOver, MeetingNotCalled, NotYetDue, PersonNotFound, NotPresent, ItemClosed.
    """
    meeting = found.meeting
    refusals = await _attendance_refusals(session, found, command, today)
    refuse(refusals)
    session.add_all(
        Attendance(
            meeting_id=meeting.id,
            person_id=one.person,
            coming=one.coming,
            stated_at=stated_at,
            seat=one.seat or "",
            role=one.role or "",
            arrived=[interval.arrived for interval in one.intervals],
            departed=[interval.departed for interval in one.intervals],
        )
        for one in command.attendance
    )
    session.add_all(acts(found, command, "attendance stated", by=by, stated_at=stated_at))


async def _attendance_refusals(
    session: AsyncSession, found: ToChange, command: StateAttendance, today: date
) -> list[Conflict]:
    meeting = found.meeting
    were_there = any(one.intervals for one in command.attendance)
    refusals = sitting_refusals(found, today) if were_there else over_refusals(found)
    instants = [
        instant
        for one in command.attendance
        for interval in one.intervals
        for instant in (interval.arrived, interval.departed)
        if instant is not None
    ]
    refusals += instants_refusals(found, instants, field="attendance")
    await know_persons(session, [one.person for one in command.attendance], field="attendance")
    connection = await raw(session)
    before = queries.attended_of(await queries.list_attendance(connection, meeting.reference, as_known=None))
    after = {one.person: one for one in before} | {one.person: one.attended for one in command.attendance}
    places = await queries.places_of(connection, found.body.reference, on=meeting.held_on, as_known=None)
    refusals += [
        NotPresent(message, reasons=[Reason(message, "attendance")])
        for message in deputies_refusals(after.values(), places)
    ]
    refusals += await _closed_refusals(session, found, before, command)
    return refusals


def instants_refusals(found: ToChange, instants: list[datetime], *, field: str) -> list[Conflict]:
    """Return the refusals of instants that lie neither on the meeting's day nor on the night after it."""
    day = found.meeting.held_on
    outside = [instant for instant in instants if not day <= day_of(instant) <= day + _A_DAY]
    messages = [f"{instant.isoformat()} lies not on the day of {found.meeting.reference}" for instant in outside]
    return [NotYetDue(message, reasons=[Reason(message, field)]) for message in messages]


async def know_persons(session: AsyncSession, persons: list[str], *, field: str) -> None:
    """Raise PersonNotFound, with each id that no one has."""
    known = set(await session.scalars(select(Person.id).where(Person.id.in_(persons))))
    messages = [f"there is no person {person}" for person in persons if person not in known]
    refuse([PersonNotFound(message, reasons=[Reason(message, field)]) for message in messages])


async def _closed_refusals(
    session: AsyncSession, found: ToChange, before: list[Attended], command: StateAttendance
) -> list[Conflict]:
    """Return why attendance cannot change: someone would, or would no longer, have been there at a vote with a result.

    What an item came to was counted of those who were there.
    """
    connection = await raw(session)
    items = await queries.list_items(connection, found.meeting.reference, as_known=None)
    closed = {one["item"]: one for one in items if one["outcome"] is not None and one["put_at"] is not None}
    votes = await queries.list_votes(connection, *closed, as_known=None)
    instants = {(item["number"], item["put_at"]) for item in closed.values()}
    instants |= {(closed[vote["item"]]["number"], vote["cast_at"]) for vote in votes}
    earlier = {one.person: one for one in before}
    return [
        ItemClosed(message, reasons=[Reason(message, "attendance")])
        for number, instant in sorted(instants)
        for one in command.attendance
        if _would_change(earlier.get(one.person, Attended(one.person, ())), one.attended, instant)
        for message in (f"{one.person}: item {number} was voted on at {instant.isoformat()}",)
    ]


def _would_change(was: Attended, now: Attended, instant: datetime) -> bool:
    """Whether a person was there at an instant and would not be, or the reverse, or in another seat."""
    there = was.is_there(instant), now.is_there(instant)
    return any(there) and (there[0], was.seat) != (there[1], now.seat)


async def decide_recusal(
    session: AsyncSession,
    found: ToChange,
    item: MeetingItem,
    command: DecideRecusal,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """State what whoever presides decided on a person's interest in a locked item; on their own, who presides then.

    Raises MeetingOver, NotYetDue, ItemClosed, NotPresiding, RecusalTooLax, PersonNotFound.
    """
    await know_persons(session, [command.person, command.decided_by], field="person")
    connection = await raw(session)
    row = await queries.get_item(connection, item.reference, as_known=None)
    room = await queries.room_at(connection, row, as_known=None)
    conflict = (await queries.conflicts_at(connection, row, [command.person], None)).get(command.person)
    refusals = sitting_refusals(found, today)
    refusals += instants_refusals(found, [command.decided_at], field="decided_at")
    refusals += closed_refusals(row)
    refusals += presiding_refusals(room, command.decided_by, command.decided_at, beside=command.person)
    if conflict and command.action.strictness < conflict.action.strictness and command.note is None:
        message = f"{command.person}: {conflict.pack} asks for {conflict.action}; name in note why less is enough"
        refusals.append(RecusalTooLax(message, reasons=[Reason(message, "action")]))
    refuse(refusals)
    session.add_all(
        [
            Recusal(
                item_id=item.id,
                person_id=command.person,
                action=command.action,
                required=conflict.action if conflict else "",
                decided_by=command.decided_by,
                decided_at=command.decided_at,
                stated_at=stated_at,
            ),
            *acts(found, command, "recusal decided", subject=item.reference, by=by, stated_at=stated_at),
        ]
    )


def closed_refusals(item: queries.Row) -> list[Conflict]:
    """Return the refusal of an item that has a result."""
    if item["outcome"] is None:
        return []
    return [ItemClosed(f"item {item['number']} of {item['meeting']} is {item['outcome']}")]


def presiding_refusals(
    room: Room, person: str, at: datetime, *, beside: str = "", field: str = "decided_by"
) -> list[Conflict]:
    """Return why a person does not preside at an instant: another one does, or the meeting could not elect them.

    `beside` is whose own interest is decided on, who does not preside then.
    """
    first = room.presider(at, beside={beside})
    if first == person or (first is None and person != beside and room.may_be_elected(person, at)):
        return []
    message = f"{person} does not preside at {at.isoformat()}: " + (
        f"{first} does" if first else "no one of the terms' order is there, and the meeting elects who has a vote"
    )
    return [NotPresiding(message, reasons=[Reason(message, field)])]
