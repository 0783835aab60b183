"""Copies what governance publishes of proposals and their delays: one row an event, folded when read."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.governance import (
    DecisionAwaited,
    DecisionDeferred,
    DecisionReversed,
    DecisionTaken,
    ObstructionEnded,
    ObstructionFound,
    ProposalWithdrawn,
)

EVENTS = (
    DecisionAwaited,
    DecisionDeferred,
    DecisionTaken,
    DecisionReversed,
    ProposalWithdrawn,
    ObstructionFound,
    ObstructionEnded,
)

_KNOW = """
INSERT INTO known_delay (proposal, body, organisation, what, first_day, until, counts, by, stated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::date[], $7::bool[], $8::text[],
                     $9::timestamptz[])
    ON CONFLICT DO NOTHING
"""


async def know_delays(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events state of delays, by one statement; a repeated event changes nothing."""
    rows = [row for event in events for row in _rows(event)]
    if rows:
        await connection.execute(_KNOW, *(list(column) for column in zip(*rows, strict=True)))


def _rows(event: Event) -> list[tuple[object, ...]]:
    match event:
        case DecisionAwaited():
            what: tuple[object, ...] = ("awaited", event.due_on, None, True, "")
        case DecisionDeferred():
            what = ("deferred", event.from_on, event.until_on, event.lawful, "")
        case DecisionTaken():
            what = ("taken", event.effective_on, None, True, event.decision)
        case DecisionReversed():
            what = ("reversed", event.effective_on, None, True, event.decision)
        case ObstructionFound():
            what = ("obstructed", event.since, None, True, event.kind)
        case ObstructionEnded():
            what = ("freed", event.effective_on, None, True, event.by)
        case ProposalWithdrawn():
            return [
                (
                    event.proposal,
                    "",
                    event.organisation,
                    "withdrawn",
                    event.effective_on,
                    None,
                    True,
                    "",
                    event.stated_at,
                )
            ]
        case _:
            return []
    return [(event.proposal, event.body, event.organisation, *what, event.stated_at)]
