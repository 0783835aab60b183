"""Ends an instrument from a day on, with the joint body that decides under it alone, and what a lead was granted."""

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
from services.governance.core.catalogue import INSTRUMENT_ENDED
from services.governance.core.models import Facet
from services.governance.findings.commands import clear_findings
from services.governance.findings.models import FindingKind
from services.governance.instruments.models import Instrument, InstrumentKind, instrument_time
from services.governance.lifetimes.dissolution import Dissolution, dissolve
from services.governance.lifetimes.rights import end_rights
from services.governance.lifetimes.standing import end, pieces_from, state

PARTY_LEFT, TERM_ENDED = "party-left", "term-ended"

_OTHERS = f"""
SELECT EXISTS (
    SELECT FROM instrument o
      JOIN instrument_time_belief s ON s.subject_id = o.id AND {about("s", Facet.STANDS)} AND {holds("s", "$3", NOW)}
     WHERE o.body = $1 AND o.id <> $2)
"""  # noqa: S608  (only names of ours are put in)
_GRANTED = """
WITH RECURSIVE passed_on (id) AS (
    SELECT id FROM decision_right WHERE instrument = $1 AND ($2::text[] IS NULL OR member = ANY($2))
     UNION SELECT r.id FROM decision_right r JOIN passed_on ON r.delegated_from = passed_on.id
)
SELECT id FROM passed_on ORDER BY id
"""


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
    told = await end_grants(connection, instrument, None, day, stated_at=stated_at, by=by)
    if instrument.body and not await decides_under_another(connection, instrument, day):
        gone = Dissolution([""], day, f"{instrument.reference} ended", stated_at, body=instrument.body)
        told += (await dissolve(connection, gone, by=by)).events
    told.append(ended(instrument, parties, day, reason, stated_at=stated_at))
    await outbox.add_all(session, told)
    await clear_findings(session, [dominance_key(instrument)], on=day, reason="instrument-ended", stated_at=stated_at)


async def end_grants(
    connection: asyncpg.Connection,
    instrument: Instrument,
    parties: Collection[str] | None,
    day: date,
    *,
    stated_at: datetime,
    by: str,
) -> list[Event]:
    """End from a day on what these parties, or all, granted to their lead commissioner; return the events."""
    granted = [row["id"] for row in await connection.fetch(_GRANTED, instrument.reference, parties)]
    return await end_rights(connection, granted, day, reason=INSTRUMENT_ENDED, stated_at=stated_at, by=by)


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
