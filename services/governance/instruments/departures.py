"""Ends instruments: a party leaves, all parties end one, and a merger puts a successor in a party's place."""

import json
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Annotated

import asyncpg
from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.events import Event
from libs.common.events.governance import InstrumentEnded
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.believed import NOW
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.departures import leave_body
from services.governance.bodies.joint import get_joint_body
from services.governance.core.acts import new_act, paper_refusals
from services.governance.core.believed import believed
from services.governance.core.codes import Command, Document, Note, OrganisationCode
from services.governance.core.errors import ReasonNotListed, refuse
from services.governance.core.members import living, members_text
from services.governance.core.models import Facet
from services.governance.instruments.errors import InstrumentNotStanding, NotAParty
from services.governance.instruments.establishment import made_events, review_host
from services.governance.instruments.models import Instrument, InstrumentKind, instrument_time
from services.governance.instruments.rules import endings_on
from services.governance.lifetimes.dissolution import Dissolution, dissolve
from services.governance.lifetimes.standing import end, pieces_from, state

PARTY_LEFT = "party-left"

_CONCERNED = f"""
SELECT i.id, p.value
  FROM instrument i JOIN {believed(instrument_time, "p", Facet.MEMBERS, "i.id", day="$2", known=NOW)}
 WHERE p.value::jsonb ?| $1
 ORDER BY i.id
"""  # noqa: S608  (only names of ours are put in)
_PARTIES = "SELECT DISTINCT code FROM instrument, unnest(parties) AS code WHERE code = ANY($1)"

EndingReason = Annotated[
    str,
    Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40, description="A code of the rule pack.", examples=["work-done"]),
]


class EndInstrument(Command):
    """The last day of an instrument, which all its parties end, and the reason."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"last_day": "2017-03-31", "reason": "work-done", "document": "Agreement of 1 March 2017"}]
        }
    )

    last_day: WrittenDay
    reason: EndingReason
    note: Note = None
    document: Document = None


class LeaveInstrument(Command):
    """The last day of one party, which leaves by its own act."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"organisation": "07R", "last_day": "2016-03-31", "document": "Governing body, 24 March 2016, item 4"}
            ]
        }
    )

    organisation: OrganisationCode
    last_day: WrittenDay
    note: Note = None
    document: Document = None


async def end_instrument(
    session: AsyncSession,
    instrument: Instrument,
    command: EndInstrument,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """End a locked instrument after its last day, with the joint body that was established by it.

    Raises ReasonNotListed, InstrumentNotStanding, DocumentMissing.
    """
    listed = endings_on(command.last_day)
    if command.reason not in listed:
        message = f"{command.reason} is no reason on {command.last_day.isoformat()}: {', '.join(listed) or 'none'} are"
        refuse([ReasonNotListed(message, reasons=[Reason(message, "reason")])])
    day = command.last_day + timedelta(days=1)
    parties = await _standing_parties(session, instrument, day)
    refuse(paper_refusals(day, field="last_day", document=command.document, today=today, stated_at=stated_at))
    await _end(session, instrument, parties, day, command.reason, stated_at=stated_at, by=by.subject)
    session.add_all(
        new_act(
            *(command, "instrument ended", instrument.reference, day),
            organisation=party,
            by=by,
            stated_at=stated_at,
            reason=command.reason,
        )
        for party in parties
    )


async def leave_instrument(
    session: AsyncSession,
    instrument: Instrument,
    command: LeaveInstrument,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Take a party out of a locked instrument after its last day, with its seats and what it delegated.

    With one party left, or without its host, the instrument ends. Raises NotAParty, InstrumentNotStanding,
    DocumentMissing.
    """
    day = command.last_day + timedelta(days=1)
    parties = await _standing_parties(session, instrument, day)
    refusals: list[Conflict] = list(
        paper_refusals(day, field="last_day", document=command.document, today=today, stated_at=stated_at)
    )
    if command.organisation not in parties:
        message = f"{command.organisation} is no party to {instrument.reference} on {day.isoformat()}"
        refusals.append(NotAParty(message, reasons=[Reason(message, "organisation")]))
    refuse(refusals)
    remaining = [party for party in parties if party != command.organisation]
    about = (command, "instrument left", instrument.reference, day)
    session.add(new_act(*about, organisation=command.organisation, by=by, stated_at=stated_at))
    connection = await raw(session)
    [host] = await living(connection, [instrument.host], on=day) if instrument.host else [""]
    if len(remaining) == 1 or host == command.organisation:
        await _end(session, instrument, parties, day, PARTY_LEFT, stated_at=stated_at, by=by.subject)
        return
    await _take_out(session, instrument, command.organisation, day, stated_at=stated_at, by=by.subject)
    events: list[Event] = []
    if instrument.body:
        body = await get_joint_body(session, instrument.body)
        events += await leave_body(connection, body, command.organisation, day, stated_at=stated_at, by=by.subject)
    events += made_events(instrument, remaining, on=day, stated_at=stated_at)
    await outbox.add_all(session, events)
    await session.flush()
    await review_host(session, instrument, on=day, stated_at=stated_at)


async def _take_out(
    session: AsyncSession, instrument: Instrument, organisation: str, day: date, *, stated_at: datetime, by: str
) -> None:
    """State the parties of an instrument without one of them, from a day on."""
    connection = await raw(session)
    pieces = await pieces_from(connection, instrument_time, Facet.MEMBERS, [instrument.id], day)
    changes = [
        NewStatement(
            instrument.id,
            Facet.MEMBERS,
            members_text(set(await living(connection, json.loads(piece.value), on=day)) - {organisation}),
            piece.days,
            stated_at,
        )
        for piece in pieces
    ]
    await state(connection, instrument_time, changes, by=by)


async def _standing_parties(session: AsyncSession, instrument: Instrument, day: date) -> list[str]:
    """Return the parties of a day, each as it lives on. Raises InstrumentNotStanding."""
    connection = await raw(session)
    pieces = await pieces_from(connection, instrument_time, Facet.MEMBERS, [instrument.id], day)
    if not pieces or pieces[0].days.start > day:
        message = f"{instrument.reference} does not stand on {day.isoformat()}"
        raise InstrumentNotStanding(message, reasons=[Reason(message, "last_day")])
    return list(await living(connection, json.loads(pieces[0].value), on=day))


async def _end(
    session: AsyncSession,
    instrument: Instrument,
    parties: Collection[str],
    day: date,
    reason: str,
    *,
    stated_at: datetime,
    by: str,
) -> None:
    connection = await raw(session)
    for facet in (Facet.STANDS, Facet.MEMBERS):
        pieces = await pieces_from(connection, instrument_time, facet, [instrument.id], day)
        await end(connection, instrument_time, facet, pieces, stated_at=stated_at, by=by)
    why = NewStatement(instrument.id, Facet.BECAUSE, reason, Days(day), stated_at)
    await state(connection, instrument_time, [why], by=by)
    told: list[Event] = []
    if instrument.body:
        gone = Dissolution([""], day, f"{instrument.reference} ended", stated_at, body=instrument.body)
        told += (await dissolve(connection, gone, by=by)).events
    told.append(
        InstrumentEnded(
            instrument=instrument.reference,
            parties=tuple(sorted(parties)),
            kind=InstrumentKind(instrument.kind),
            reason=reason,
            effective_on=day,
            stated_at=stated_at,
        )
    )
    await outbox.add_all(session, told)


async def follow_mergers(session: AsyncSession, codes: Collection[str], *, on: date, stated_at: datetime) -> bool:
    """Publish the instruments whose parties change by a merger on a day: a successor takes its predecessor's place.

    A pooled fund is published again with no new shares: its parties have to agree on those. Returns whether any was.
    """
    connection = await raw(session)
    rows = await connection.fetch(_CONCERNED, sorted(codes), on)
    told: list[Event] = []
    for row in rows:
        instrument = await session.scalar(select(Instrument).where(Instrument.id == row["id"]).with_for_update())
        if instrument is None:
            continue
        parties = await living(connection, json.loads(row["value"]), on=on)
        told += made_events(instrument, parties, on=on, stated_at=stated_at)
        await outbox.add_all(session, told)
        told = []
        await review_host(session, instrument, on=on, stated_at=stated_at)
    return bool(rows)


async def instruments_with(connection: asyncpg.Connection, codes: Collection[str]) -> set[str]:
    """Return which of these organisations are parties to instruments."""
    rows = await connection.fetch(_PARTIES, sorted(codes))
    return {row["code"] for row in rows}
