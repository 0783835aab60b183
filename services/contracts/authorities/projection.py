"""Contracts' copy of decisions, from the events of governance: of one decision the latest word."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.governance import DecisionReversed, DecisionTaken

# Of two words of one instant the one that sorts later counts, so that the order of events changes nothing.
_TAKEN = """
INSERT INTO known_decision AS k
       (decision, body, binds, subject, action, outcome, revision, minute, effective_on, stated_at)
SELECT DISTINCT ON (d) d, b, string_to_array(o, ','), s, a, r, v, m, e, t
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],
              $9::date[], $10::timestamptz[]) AS new (d, b, o, s, a, r, v, m, e, t)
 ORDER BY d, t DESC, r DESC, e DESC, v DESC
    ON CONFLICT (decision) DO UPDATE
   SET body = EXCLUDED.body, binds = EXCLUDED.binds, subject = EXCLUDED.subject, action = EXCLUDED.action,
       outcome = EXCLUDED.outcome, revision = EXCLUDED.revision, minute = EXCLUDED.minute,
       effective_on = EXCLUDED.effective_on, stated_at = EXCLUDED.stated_at
 WHERE (EXCLUDED.stated_at, EXCLUDED.outcome, EXCLUDED.effective_on, EXCLUDED.revision)
     > (k.stated_at, k.outcome, k.effective_on, k.revision)
"""

_REVERSED = """
INSERT INTO known_decision_reversal AS k (decision, by_decision, ratification_refused, effective_on, stated_at)
SELECT DISTINCT ON (d) d, b, r, e, t
  FROM unnest($1::text[], $2::text[], $3::bool[], $4::date[], $5::timestamptz[]) AS new (d, b, r, e, t)
 ORDER BY d, t DESC, e DESC, b DESC
    ON CONFLICT (decision) DO UPDATE
   SET by_decision = EXCLUDED.by_decision, ratification_refused = EXCLUDED.ratification_refused,
       effective_on = EXCLUDED.effective_on, stated_at = EXCLUDED.stated_at
 WHERE (EXCLUDED.stated_at, EXCLUDED.effective_on, EXCLUDED.by_decision) > (k.stated_at, k.effective_on, k.by_decision)
"""


async def know(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Take a run of governance's events into the copy: two statements, however many events."""
    taken = [event for event in events if isinstance(event, DecisionTaken)]
    undone = [event for event in events if isinstance(event, DecisionReversed)]
    if taken:
        await connection.execute(
            _TAKEN,
            [one.decision for one in taken],
            [one.body for one in taken],
            [",".join(sorted({*one.binds, one.organisation} - {""})) for one in taken],
            [one.subject for one in taken],
            [one.action for one in taken],
            [one.outcome for one in taken],
            [one.revision for one in taken],
            [one.minute for one in taken],
            [one.effective_on for one in taken],
            [one.stated_at for one in taken],
        )
    if undone:
        await connection.execute(
            _REVERSED,
            [one.decision for one in undone],
            [one.by_decision for one in undone],
            [one.ratification_refused for one in undone],
            [one.effective_on for one in undone],
            [one.stated_at for one in undone],
        )
