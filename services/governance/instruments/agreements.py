"""Copies what contracts publishes of agreements of bodies that end: the power of their instruments waits."""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.contracts import AgreementSettled, AgreementToRemake

TO_REMAKE = "to_remake"
EXPECTED = "expected"
OF_CONTRACTS = (AgreementToRemake, AgreementSettled)

_KNOW = """
INSERT INTO known_agreement (agreement, successor, outcome, effective_on, stated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::timestamptz[]) ON CONFLICT DO NOTHING
"""
_WAITING = """
SELECT DISTINCT r.agreement, r.successor FROM known_agreement r
 WHERE r.agreement = ANY($1) AND r.outcome = 'to_remake' AND r.effective_on <= $2 AND r.stated_at <= $3
   AND NOT EXISTS (
       SELECT FROM known_agreement s
        WHERE s.agreement = r.agreement AND s.successor = r.successor AND s.outcome IN ('remade', 'saved')
          AND s.effective_on <= $2 AND s.effective_on >= r.effective_on AND s.stated_at <= $3)
 ORDER BY 1, 2
"""


async def know_agreements(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events state of agreements, by one statement; a repeated event changes nothing."""
    rows = [
        (event.agreement, event.successor, _outcome(event), event.effective_on, event.stated_at)
        for event in events
        if isinstance(event, AgreementToRemake | AgreementSettled)
    ]
    if rows:
        await connection.execute(_KNOW, *(list(column) for column in zip(*rows, strict=True)))


def _outcome(event: AgreementToRemake | AgreementSettled) -> str:
    if isinstance(event, AgreementSettled):
        return event.outcome
    return EXPECTED if event.expected else TO_REMAKE


async def waiting(db: Reads, agreements: Sequence[str], *, on: date, as_known: datetime) -> dict[str, str]:
    """Return the agreements that have to be made again by a day, each with the successor that has to."""
    named = [agreement for agreement in agreements if agreement]
    rows = await db.fetch(_WAITING, named, on, as_known) if named else []
    return {row["agreement"]: row["successor"] for row in rows}
