"""Appoints persons to posts, one holder a day, and ends appointments."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Self

import asyncpg
from pydantic import ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.events import Event
from libs.common.events.governance import AppointmentEnded, AppointmentMade, PostFellVacant
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.joint import get_seat_to_change
from services.governance.bodies.organisations import organisation_refusals
from services.governance.bodies.posts import organisation_for
from services.governance.core.acts import new_act, paper_refusals, reason_title
from services.governance.core.catalogue import TERM_ENDED, reasons_on
from services.governance.core.codes import AppointmentEnding, Command, Document, Note, PersonId, Reference
from services.governance.core.errors import (
    AppointmentNotFound,
    AppointmentVoid,
    EndsBeforeItBegins,
    PostHeld,
    PostNotStanding,
    refuse,
)
from services.governance.core.models import Appointment, Facet, Post, post_time
from services.governance.lifetimes.standing import (
    Piece,
    days_of,
    days_standing,
    pieces_from,
    spelt,
    stands_throughout,
    state,
)
from services.governance.people.commands import get_person


class MakeAppointment(Command):
    """An appointment to a post from `first_day`, up to and including `last_day` for a term."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "post": "07X/accountable-officer",
                    "person": "P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11",
                    "first_day": "2017-04-01",
                    "document": "Governing body, 23 March 2017, item 4",
                }
            ]
        }
    )

    post: Annotated[Reference, Field(examples=["14Y/accountable-officer"])]
    person: PersonId
    first_day: WrittenDay
    last_day: WrittenDay | None = None
    note: Note = None
    document: Document = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("last_day lies before first_day")
        return self


class EndAppointment(Command):
    """The holder's last day in the post, which may be in the future, and the reason."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"last_day": "2019-06-30", "reason": "retired", "document": "Governing body, 20 June 2019, item 2"}
            ]
        }
    )

    last_day: WrittenDay
    reason: AppointmentEnding
    note: Note = None
    document: Document = None


async def make_appointment(
    session: AsyncSession, command: MakeAppointment, *, by: Caller, today: date, stated_at: datetime
) -> Appointment:
    """Appoint a person. Raises PostNotFound, PersonNotFound, OrganisationNotOpen, PostNotStanding, PostHeld."""
    post = await get_seat_to_change(session, command.post, by=by, today=today)
    person = await get_person(session, command.person)
    days = days_of(command.first_day, command.last_day)
    connection = await raw(session)
    organisation = await organisation_for(session, post)
    refusals = await organisation_refusals(connection, organisation, command.first_day, command.last_day, today=today)
    refusals += paper_refusals(
        days.start, field="first_day", document=command.document, today=today, stated_at=stated_at
    )
    refuse(refusals + await _refusals(session, post, days))

    appointment = Appointment(id=f"A-{uuid.uuid4()}", post_id=post.id, person_id=person.id)
    session.add(appointment)
    act = (command, "appointment made", appointment.id, days.start)
    session.add(new_act(*act, organisation=organisation, by=by, stated_at=stated_at))
    await session.flush()
    held = NewStatement(post.id, Facet.HOLDER, appointment.id, days, stated_at)
    [held] = await state(connection, post_time, [held], by=by.subject)
    made = AppointmentMade(
        post=post.reference,
        organisation=organisation,
        title=post.title,
        person=person.id,
        effective_on=days.start,
        stated_at=held.stated_at,
    )
    term_ends = reasons_on(command.last_day or today, subject="appointment-endings").get(TERM_ENDED, "Term ended")
    over = await _over(session, post, appointment, days.end, reason=term_ends, by=by, stated_at=held.stated_at)
    await outbox.add_all(session, [made, *over])
    return appointment


async def end_appointment(
    session: AsyncSession,
    appointment: Appointment,
    command: EndAppointment,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> Appointment:
    """Set the last day of a locked appointment, earlier or later than the one it had, or another reason for that.

    Raises ReasonNotListed, AppointmentVoid, EndsBeforeItBegins, DocumentMissing, PostHeld, PostNotStanding.
    """
    reason = reason_title(command.reason, command.last_day, subject="appointment-endings")
    post = await session.get_one(Post, appointment.post_id)
    connection = await raw(session)
    held = await _days_held(session, appointment)
    end = command.last_day + timedelta(days=1)
    if end <= held.start:
        message = f"{command.last_day.isoformat()} lies before {held.start.isoformat()}, the first day"
        raise EndsBeforeItBegins(message, reasons=[Reason(message, "last_day")])
    if end == held.end and await _left_because(connection, post, end) in {reason, None}:
        return appointment
    days = Days(min(end, held.end), max(end, held.end))
    refusals = paper_refusals(days.start, field="last_day", document=command.document, today=today, stated_at=stated_at)
    if end > held.end:
        refusals += await _refusals(session, post, days, field="last_day")
    refuse(refusals)
    known_from = stated_at
    if end != held.end:
        holder = appointment.id if end > held.end else None
        change = NewStatement(post.id, Facet.HOLDER, holder, days, stated_at)
        [change] = await state(connection, post_time, [change], by=by.subject)
        known_from = change.stated_at
    appointment.version += 1
    organisation = await organisation_for(session, post)
    act = (command, "appointment ended", appointment.id, end)
    session.add(new_act(*act, organisation=organisation, by=by, stated_at=stated_at, reason=command.reason))
    over = await _over(session, post, appointment, end, reason=reason, by=by, stated_at=known_from)
    await outbox.add_all(session, over)
    return appointment


async def get_appointment_to_change(
    session: AsyncSession, appointment_id: str, *, by: Caller, today: date
) -> Appointment:
    """Lock an appointment, after its body. Raises AppointmentNotFound, RoleMissing, NotYoursToDecide."""
    appointment = await session.get(Appointment, appointment_id)
    if appointment is None:
        raise AppointmentNotFound(f"there is no appointment {appointment_id}")
    post = await session.get_one(Post, appointment.post_id)
    await get_seat_to_change(session, post.reference, by=by, today=today)
    await session.refresh(appointment, with_for_update=True)
    return appointment


async def _over(
    session: AsyncSession,
    post: Post,
    appointment: Appointment,
    end: date,
    *,
    reason: str,
    by: Caller,
    stated_at: datetime,
) -> list[Event]:
    """State why the post is vacant after the appointment; return the events to publish."""
    if end == LAST_DAY:
        return []
    connection = await raw(session)
    ahead = await pieces_from(connection, post_time, Facet.HOLDER, [post.id], end)
    # Each holder's end has a reason of its own: this one counts up to the end of whoever holds the post next.
    until = ahead[0].days.end if ahead else LAST_DAY
    why = NewStatement(post.id, Facet.BECAUSE, reason, Days(end, until), stated_at)
    await state(connection, post_time, [why], by=by.subject)
    about = {"post": post.reference, "organisation": await organisation_for(session, post), "reason": reason}
    when = {"effective_on": end, "stated_at": stated_at}
    told: list[Event] = [AppointmentEnded.model_validate({**about, **when, "person": appointment.person_id})]
    day = Days(end, end + timedelta(days=1))
    if not _overlapping(ahead, day) and await stands_throughout(connection, post_time, post.id, day):
        told.append(PostFellVacant.model_validate({**about, **when, "title": post.title}))
    return told


async def _refusals(session: AsyncSession, post: Post, days: Days, *, field: str = "") -> list[Conflict]:
    """Return the reasons why no other person can hold a post on these days, which a request names by one field.

    Left out: by `first_day`, and the post by `post`.
    """
    connection = await raw(session)
    refusals: list[Conflict] = []
    if not await stands_throughout(connection, post_time, post.id, days):
        stands = await days_standing(connection, post_time, post.id)
        message = f"{post.reference} does not exist on every day {spelt(days)}, but {stands}"
        refusals.append(PostNotStanding(message, reasons=[Reason(message, field or "first_day")]))
    pieces = await pieces_from(connection, post_time, Facet.HOLDER, [post.id], FIRST_DAY)
    for piece in _overlapping(pieces, days):
        message = f"{post.reference} is held {spelt(piece.days)} by {piece.value}"
        refusals.append(PostHeld(message, reasons=[Reason(message, field or "post")]))
    return refusals


async def _left_because(connection: asyncpg.Connection, post: Post, day: date) -> str | None:
    """Return why the holder before a day left; None where the post does not exist on it, and took its holder along."""
    if not await stands_throughout(connection, post_time, post.id, Days(day, day + timedelta(days=1))):
        return None
    pieces = await pieces_from(connection, post_time, Facet.BECAUSE, [post.id], day)
    return next((piece.value for piece in pieces if day in piece.days), "")


async def _days_held(session: AsyncSession, appointment: Appointment) -> Days:
    pieces = await pieces_from(await raw(session), post_time, Facet.HOLDER, [appointment.post_id], FIRST_DAY)
    own = [piece.days for piece in pieces if piece.value == appointment.id]
    if not own:
        raise AppointmentVoid(f"{appointment.id} holds on no day")
    return Days(own[0].start, own[-1].end)


def _overlapping(pieces: Sequence[Piece], days: Days) -> list[Piece]:
    return [piece for piece in pieces if piece.days.start < days.end and days.start < piece.days.end]
