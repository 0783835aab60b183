"""Causes of what falls due: the event that made it due, found in a service's log or in its copy of others' events.

The clock only triggers due work. What it publishes has the cause, the source and the correlation of the event that
made it due, so that two mergers of one day are two chains.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg

from libs.common.events import CATALOGUE, Event
from libs.common.process import context


@dataclass(frozen=True, slots=True)
class DueBy:
    """What makes an event fall due: the latest of `events` about the reference in `by`, one of its fields.

    Of a field with several references the first counts. All `events` are of one publisher. With `only`, the rule is for
    events of which that field has one of these values.
    """

    by: str
    events: tuple[type[Event], ...]
    only: tuple[str, frozenset[str]] | None = None

    @property
    def source(self) -> str:
        """The publisher of the events."""
        return self.events[0].topic

    def reference(self, fields: Mapping[str, Any]) -> str:
        """Return the reference by which the cause of an event with these fields is found, empty for none."""
        if self.only is not None and fields.get(self.only[0]) not in self.only[1]:
            return ""
        value = fields.get(self.by) or ""
        return value if isinstance(value, str) else str(value[0])


@dataclass(frozen=True, slots=True)
class Heard:
    """The table in which a service notes events of other publishers, and its column of their keys."""

    table: str
    keys: str


@dataclass(frozen=True, slots=True)
class MadeDue:
    """What makes a service's events fall due, by event; the rules of one event are tried in their order.

    An event without a rule, or without such an event, has the cause of the others of its piece of work where they have
    one in common.
    """

    rules: Mapping[type[Event], tuple[DueBy, ...]] = field(default_factory=dict[type[Event], tuple[DueBy, ...]])
    heard: Heard | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that made something due: its id, the service whose log it is in, and what it belongs to."""

    id: str
    source: str
    correlation: str


# This transaction's own events make nothing due. The outbox is read once, however many references are looked for.
_OWN = """
WITH waiting AS MATERIALIZED (
    SELECT event_id, correlation, id, keys FROM outbox
     WHERE name = ANY($2) AND keys && $1 AND tx <> pg_current_xact_id()::text
)
SELECT DISTINCT ON (reference) reference, event_id::text, correlation
  FROM unnest($1::text[]) AS asked (reference)
 CROSS JOIN LATERAL (
       SELECT event_id, correlation, position AS at, false AS waits FROM event_log
        WHERE keys && ARRAY[reference] AND name = ANY($2)
        UNION ALL
       SELECT event_id, correlation, id, true FROM waiting WHERE reference = ANY(keys)
 ) AS told
 ORDER BY reference, waits DESC, at DESC
"""
_HEARD = """
SELECT DISTINCT ON (reference) reference, event_id, correlation
  FROM unnest($1::text[]) AS asked (reference) JOIN {table} AS told ON told.{keys} && ARRAY[reference]
 WHERE told.name = ANY($2)
 ORDER BY reference, told.stated_at DESC, event_id
"""
_PUBLISHED = """
SELECT id, name, fields FROM outbox WHERE tx = pg_current_xact_id()::text AND causation = $1 ORDER BY id
"""
_NAME = """
UPDATE outbox SET causation = named.id, causation_source = named.source, correlation = named.correlation
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS named (number, id, source, correlation)
 WHERE outbox.id = named.number
"""


def own_events(publisher: str, *, but: Iterable[type[Event]] = ()) -> tuple[type[Event], ...]:
    """Return every event of a publisher, except some."""
    left_out = {kind.event_name for kind in but}
    return tuple(kind for kind in CATALOGUE.values() if kind.topic == publisher and kind.event_name not in left_out)


@contextmanager
def because_of(cause: Cause | None) -> Iterator[None]:
    """Let what runs inside have this cause; without one, the cause that it has."""
    before = context.origin()
    if cause is not None:
        context.begin(replace(before, correlation=cause.correlation, causation=cause.id, causation_source=cause.source))
    try:
        yield
    finally:
        context.begin(before)


async def name_causes(connection: asyncpg.Connection, service: str, made_due: MadeDue, *, trigger: str) -> Cause | None:
    """Give what this transaction published because of `trigger` the events that made it due as its causes.

    One query for each rule that applies and one update, however many events. Returns the cause that all have in common.
    """
    rules = {kind.event_name: several for kind, several in made_due.rules.items()}
    events = [
        _Published(row["id"], rules.get(row["name"], ()), json.loads(row["fields"]))
        for row in await connection.fetch(_PUBLISHED, trigger)
    ]
    causes: dict[int, Cause] = {}
    for number in range(max((len(one.rules) for one in events), default=0)):
        asked: dict[DueBy, dict[int, str]] = {}
        for one in events:
            if one.number not in causes and len(one.rules) > number:
                rule = one.rules[number]
                if reference := rule.reference(one.fields):
                    asked.setdefault(rule, {})[one.number] = reference
        for rule, references in asked.items():
            found = await _find(connection, service, made_due.heard, rule, references.values())
            causes |= {event: found[reference] for event, reference in references.items() if reference in found}
    shared = next(iter(causes.values())) if len(set(causes.values())) == 1 else None
    named = {one.number: causes.get(one.number, shared) for one in events}
    values = [(number, one.id, one.source, one.correlation) for number, one in named.items() if one is not None]
    if values:
        await connection.execute(_NAME, *(list(column) for column in zip(*values, strict=True)))
    return shared


@dataclass(frozen=True, slots=True)
class _Published:
    """An event in the outbox: its number there, the rules of its kind, its fields."""

    number: int
    rules: tuple[DueBy, ...]
    fields: Mapping[str, Any]


async def _find(
    connection: asyncpg.Connection, service: str, heard: Heard | None, rule: DueBy, references: Collection[str]
) -> dict[str, Cause]:
    """Return the cause for each reference that has one. An event that begins a story has its own id as correlation."""
    if rule.source != service and heard is None:
        return {}
    sql = _OWN if rule.source == service else _HEARD.format(table=heard.table, keys=heard.keys) if heard else ""
    rows = await connection.fetch(sql, sorted(set(references)), [kind.event_name for kind in rule.events])
    return {
        row["reference"]: Cause(row["event_id"], rule.source, row["correlation"] or row["event_id"]) for row in rows
    }
