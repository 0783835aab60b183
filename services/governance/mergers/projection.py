"""Copies what the registry publishes of applications and mergers: one row an event, whatever the order."""

import json
from collections.abc import Sequence
from typing import Any

import asyncpg

from libs.common.events import Event
from libs.common.events.registry import (
    MERGED,
    MERGER_AGREED,
    MERGER_REDATED,
    MERGER_WITHDRAWN,
    CCGMerged,
    CCGMergerAgreed,
    ICBMerged,
    ICBMergerAgreed,
    MergerApplicationDetermined,
    MergerApplied,
    MergerConditionMet,
)

OF_MERGERS = (
    MergerApplied,
    MergerApplicationDetermined,
    MergerConditionMet,
    *MERGER_AGREED,
    *MERGER_REDATED,
    *MERGER_WITHDRAWN,
    *MERGED,
)

_KNOW = """
INSERT INTO known_merger_event (reference, what, bodies, successor, content, effective_on, stated_at)
SELECT r, w, string_to_array(b, ','), s, c, d, t
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::timestamptz[])
    AS new (r, w, b, s, c, d, t)
    ON CONFLICT DO NOTHING
"""


async def know_mergers(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events state, by one statement; a repeated event changes nothing."""
    rows = [_row(event) for event in events]
    if rows:
        await connection.execute(_KNOW, *(list(column) for column in zip(*rows, strict=True)))


def _row(event: Event) -> tuple[Any, ...]:
    stated: dict[str, Any] = {}
    match event:
        case MergerApplied():
            stated = {"successor_name": event.successor_name, "to_take_effect_on": event.to_take_effect_on.isoformat()}
        case MergerApplicationDetermined():
            stated = {"outcome": event.outcome, "merger": event.merger, "conditions": event.conditions}
            stated |= {"deferred_to": event.deferred_to.isoformat() if event.deferred_to else None}
        case MergerConditionMet():
            stated = {"condition": event.condition, "evidence": event.evidence}
        case CCGMergerAgreed() | ICBMergerAgreed() | CCGMerged() | ICBMerged():
            stated = {"successor_name": event.successor_name}
        case _:
            pass
    fields = event.model_dump()
    bodies = fields.get("applicants") or fields["predecessors"]
    return (
        fields.get("application") or fields["merger"],
        event.event_name,
        ",".join(bodies),
        fields["successor"],
        json.dumps(stated, sort_keys=True),
        event.effective_on,
        event.stated_at,
    )
