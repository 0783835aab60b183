"""Ends an instrument from a day on, with the joint body that decides under it alone."""

from collections.abc import Collection
from datetime import date, datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.governance import InstrumentEnded
from libs.common.messaging import outbox
from libs.common.temporal.believed import NOW, about, holds
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.governance.core.models import Facet
from services.governance.findings.commands import clear_findings
from services.governance.findings.models import FindingKind
from services.governance.instruments.models import Instrument, InstrumentKind, instrument_time
from services.governance.lifetimes.dissolution import Dissolution, dissolve
from services.governance.lifetimes.standing import end, pieces_from, state

PARTY_LEFT, TERM_ENDED = "party-left", "term-ended"

_OTHERS = f"""
SELECT EXISTS (
    SELECT FROM instrument o
      JOIN instrument_time_belief s ON s.subject_id = o.id AND {about("s", Facet.STANDS)} AND {holds("s", "$3", NOW)}
     WHERE o.body = $1 AND o.id <> $2)
"""  # noqa: S608  (only names of ours are put in)


async def end_from(
    session: AsyncSession,
    instrument: Instrument,
    parties: Collection[str],
    day: date,
    reason: str,
    *,
    stated_at: datetime,
    by: str,
) -> None:
    """End a locked instrument: `day` is the first one without it. Publishes InstrumentEnded, BodyDissolved."""
    connection = await raw(session)
    for facet in (Facet.STANDS, Facet.MEMBERS, Facet.PUBLISHED):
        pieces = await pieces_from(connection, instrument_time, facet, [instrument.id], day)
        await end(connection, instrument_time, facet, pieces, stated_at=stated_at, by=by)
    why = NewStatement(instrument.id, Facet.BECAUSE, reason, Days(day), stated_at)
    await state(connection, instrument_time, [why], by=by)
    told: list[Event] = []
    if instrument.body and not await decides_under_another(connection, instrument, day):
        gone = Dissolution([""], day, f"{instrument.reference} ended", stated_at, body=instrument.body)
        told += (await dissolve(connection, gone, by=by)).events
    told.append(ended(instrument, parties, day, reason, stated_at=stated_at))
    await outbox.add_all(session, told)
    await clear_findings(session, [dominance_key(instrument)], on=day, reason="instrument-ended", stated_at=stated_at)


def ended(
    instrument: Instrument, parties: Collection[str], day: date, reason: str, *, stated_at: datetime
) -> InstrumentEnded:
    """Return the event of an instrument's end."""
    return InstrumentEnded(
        instrument=instrument.reference,
        parties=tuple(sorted(parties)),
        kind=InstrumentKind(instrument.kind),
        reason=reason,
        effective_on=day,
        stated_at=stated_at,
    )


async def decides_under_another(connection: asyncpg.Connection, instrument: Instrument, day: date) -> bool:
    """Whether the joint body decides under another instrument too on a day, so that it outlasts this one."""
    under: bool = await connection.fetchval(_OTHERS, instrument.body, instrument.id, day)
    return under


def dominance_key(instrument: Instrument) -> str:
    """Return the key of the finding that an instrument's host has too much of the votes."""
    return f"{FindingKind.DOMINANCE} {instrument.reference}"
