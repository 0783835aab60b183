"""Copies decisions and their reversals from governance's events, in whatever order they come."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.governance import DecisionReversed, DecisionTaken

EVENTS = (DecisionTaken, DecisionReversed)

# Arrays of arrays must be rectangular, so that each list travels as its own text.
_TAKEN = """
INSERT INTO known_decision (decision, binds, outcome, effective_on, stated_at, subject, action)
SELECT d, string_to_array(b, ','), o, e, t, s, a
  FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::timestamptz[], $6::text[], $7::text[])
       AS new (d, b, o, e, t, s, a)
    ON CONFLICT DO NOTHING
"""
_REVERSED = """
INSERT INTO known_reversed_decision (decision, effective_on, stated_at)
SELECT * FROM unnest($1::text[], $2::date[], $3::timestamptz[]) ON CONFLICT DO NOTHING
"""


async def know_decisions(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events say of decisions, by two statements; a repeated event changes nothing."""
    taken = [_row(event) for event in events if isinstance(event, DecisionTaken)]
    undone = [
        (event.decision, event.effective_on, event.stated_at) for event in events if isinstance(event, DecisionReversed)
    ]
    for sql, rows in ((_TAKEN, taken), (_REVERSED, undone)):
        if rows:
            await connection.execute(sql, *map(list, zip(*rows, strict=True)))


def _row(event: DecisionTaken) -> tuple[object, ...]:
    binds = ",".join(sorted({*event.binds, event.organisation} - {""}))
    return event.decision, binds, event.outcome, event.effective_on, event.stated_at, event.subject, event.action
