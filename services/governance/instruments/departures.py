"""Ends instruments: a party leaves by its own act, or all parties end one."""

import json
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.departures import leave_body
from services.governance.bodies.joint import get_joint_body
from services.governance.core.acts import new_act, paper_refusals
from services.governance.core.codes import Command, Document, Note, OrganisationCode
from services.governance.core.errors import ReasonNotListed, refuse
from services.governance.core.members import living, living_in, members_text
from services.governance.core.models import Facet
from services.governance.instruments.closure import PARTY_LEFT, decides_under_another, end_from, end_grants
from services.governance.instruments.errors import InstrumentNotStanding, NotAParty
from services.governance.instruments.establishment import publish_parties, review_host
from services.governance.instruments.models import Instrument, instrument_time
from services.governance.instruments.rules import endings_on
from services.governance.lifetimes.standing import pieces_from, state

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
    day = command.last_day + timedelta(days=1)
    parties, refusals = await _standing_parties(session, instrument, day)
    listed = endings_on(command.last_day)
    if command.reason not in listed:
        message = f"{command.reason} is no reason on {command.last_day.isoformat()}: {', '.join(listed) or 'none'} are"
        refusals.append(ReasonNotListed(message, reasons=[Reason(message, "reason")]))
    refusals += paper_refusals(day, field="last_day", document=command.document, today=today, stated_at=stated_at)
    refuse(refusals)
    await end_from(session, instrument, parties, day, command.reason, stated_at=stated_at, by=by.subject)
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
    parties, refusals = await _standing_parties(session, instrument, day)
    refusals += paper_refusals(day, field="last_day", document=command.document, today=today, stated_at=stated_at)
    if parties and command.organisation not in parties:
        message = f"{command.organisation} is no party to {instrument.reference} on {day.isoformat()}"
        refusals.append(NotAParty(message, reasons=[Reason(message, "organisation")]))
    refuse(refusals)
    remaining = [party for party in parties if party != command.organisation]
    about = (command, "instrument left", instrument.reference, day)
    session.add(new_act(*about, organisation=command.organisation, by=by, stated_at=stated_at))
    connection = await raw(session)
    [host] = await living(connection, [instrument.host], on=day) if instrument.host else [""]
    if len(remaining) == 1 or host == command.organisation:
        await end_from(session, instrument, parties, day, PARTY_LEFT, stated_at=stated_at, by=by.subject)
        return
    await _take_out(session, instrument, command.organisation, day, stated_at=stated_at, by=by.subject)
    codes = await living_in(connection, [command.organisation], on=day)
    granted = await end_grants(connection, instrument, codes, day, stated_at=stated_at, by=by.subject)
    await outbox.add_all(session, granted)
    if instrument.body and not await decides_under_another(connection, instrument, day):
        body = await get_joint_body(session, instrument.body)
        left = await leave_body(connection, body, command.organisation, day, stated_at=stated_at, by=by.subject)
        await outbox.add_all(session, left)
    await publish_parties(session, instrument, remaining, on=day, stated_at=stated_at, by=by.subject)
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


async def _standing_parties(
    session: AsyncSession, instrument: Instrument, day: date
) -> tuple[list[str], list[Conflict]]:
    """Return the parties of a day, each as it lives on; none, and the refusal, where the instrument does not stand."""
    connection = await raw(session)
    pieces = await pieces_from(connection, instrument_time, Facet.MEMBERS, [instrument.id], day)
    if not pieces or pieces[0].days.start > day:
        message = f"{instrument.reference} does not stand on {day.isoformat()}"
        return [], [InstrumentNotStanding(message, reasons=[Reason(message, "last_day")])]
    return list(await living(connection, json.loads(pieces[0].value), on=day)), []
