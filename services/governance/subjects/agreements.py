"""Copies what contracts publishes of agreements of bodies that end: the power of their instruments waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.contracts import AgreementSettled, AgreementToRemake
from libs.common.temporal.believed import as_known

TO_REMAKE = "to_remake"
EXPECTED = "expected"
ENDED = "ended"
OF_CONTRACTS = (AgreementToRemake, AgreementSettled)

_KNOW = """
INSERT INTO known_agreement (agreement, successor, outcome, effective_on, stated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::timestamptz[]) ON CONFLICT DO NOTHING
"""
_SETTLED = """
SELECT FROM known_agreement s
 WHERE s.agreement = r.agreement AND s.successor = r.successor AND s.outcome {outcome}
   AND s.effective_on <= $1::date AND s.stated_at <= $2::timestamptz
"""
# Settled before the merger is settled: contracts publishes the flag of the day all the same. It drops one silently
# where the merger is undone.
WAITS = f"""
SELECT r.agreement, r.successor, min(r.effective_on) AS since,
       bool_or(EXISTS ({_SETTLED.format(outcome=f"= '{ENDED}'")})) AS ended
  FROM known_agreement r
 WHERE r.outcome = '{TO_REMAKE}' AND r.effective_on <= $1::date AND r.stated_at <= $2::timestamptz
   AND EXISTS (SELECT FROM known_succession m
                WHERE m.successor = r.successor AND m.effective_on = r.effective_on AND {as_known("m")})
   AND NOT EXISTS ({_SETTLED.format(outcome="IN ('remade', 'saved')")})
 GROUP BY r.agreement, r.successor
"""  # noqa: S608  (only names of ours are put in)
"""The agreements that a successor has to make again by a day ($1), or that ended instead, as known ($2)."""
_WAITING = f"SELECT w.* FROM ({WAITS}) w WHERE w.agreement = ANY($3) ORDER BY 1, 2"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Waiting:
    """An agreement that a successor has to make again, or that ended instead."""

    agreement: str
    successor: str
    ended: bool

    @property
    def says(self) -> str:
        """Why its instrument binds no one."""
        if self.ended:
            return f"agreement {self.agreement} ended, and {self.successor} has none in its place"
        return f"agreement {self.agreement} waits for {self.successor} to make it again"


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


async def waiting(db: Reads, agreements: Sequence[str], *, on: date, instant: datetime) -> list[Waiting]:
    """Return which agreements have to be made again by a day, or ended instead."""
    named = [agreement for agreement in agreements if agreement]
    rows = await db.fetch(_WAITING, on, instant, named) if named else []
    return [Waiting(row["agreement"], row["successor"], row["ended"]) for row in rows]
