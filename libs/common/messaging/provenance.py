"""Provenance in one service's log: what an event, a request or a fact follows from, and what followed from it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from uuid import UUID

import asyncpg

from libs.common.events import CATALOGUE, Envelope
from libs.common.events.references import CAUSE, packs_of, references_of
from libs.common.identity import Caller
from libs.common.messaging.event_log import Reads, is_shown

Kind: TypeAlias = Literal["event", "request", "fact"]

MOST_CAUSES = 100
"""The most links to what something follows from."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What something follows from; the service that answers for it is empty where an old event does not say it."""

    kind: Kind
    source: str
    id: str


@dataclass(frozen=True, slots=True)
class Alias:
    """A reference that is no key of its events, but their field `field`; group 1 of `pattern` is one of their keys."""

    pattern: re.Pattern[str]
    field: str


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command as recorded: its operation, and by whom."""

    operation: str
    by: str


@dataclass(frozen=True, slots=True)
class DocumentDigest:
    """A document that something rests on: what it is, its reference, and the digest that stands for it."""

    kind: Literal["paper", "minutes"]
    reference: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What is known here of an event, a request or a fact, as one caller may see it."""

    kind: Kind
    source: str
    event: Envelope | None = None
    """The event itself; of a fact the latest that is about it; None where only what followed from it is here."""
    request: CommandRecord | None = None
    because: Sequence[Cause] = ()
    packs: Sequence[str] = ()
    about: Sequence[str] = ()
    """What a fact concerns that no event is about."""
    text: str = ""
    """What it comes to in a line, such as the count of a vote."""
    documents: Sequence[DocumentDigest] = ()
    is_whole: bool = True
    """Whether nothing of it is hidden from the caller, and all of it is named."""

    def named(self, reference: str) -> str:
        """Return how the log names this as a cause: the id in a request may be written in another way."""
        return self.event.id if self.event is not None and self.kind == "event" else reference


@dataclass(frozen=True, slots=True)
class Effects:
    """A page of what followed from something, of what the caller may see; and how much that is in all."""

    items: Sequence[Envelope] = ()
    count: int = 0
    is_whole: bool = True


_BY_ID = "SELECT name, body FROM event_log WHERE event_id = $1"
# What `is_shown` decides, in SQL, so that pages are full and counts exact. The keys, which are indexed, have references
# too, and a reference may look like a code: the fields that name an event's readers are read only where keys match.
_SHOWN = """
($1 OR NOT name = ANY($2) OR keys && $3 AND EXISTS (
    SELECT FROM unnest($4::text[], $5::text[]) AS reader (event, field)
     WHERE reader.event = name AND convert_from(body, 'UTF8')::jsonb -> 'data' -> reader.field ?| $3
))
"""
# Without the CTE the log may be looked through in its order for what is rare in it, since a read is planned once.
_FOUND = """
WITH found AS MATERIALIZED (SELECT position FROM event_log WHERE {where} ORDER BY position {order})
SELECT name, body FROM found CROSS JOIN LATERAL (
       SELECT name, body, keys FROM event_log WHERE event_log.position = found.position OFFSET 0
 ) AS event WHERE {shown} ORDER BY found.position {order} LIMIT {limit}
"""
_ABOUT = _FOUND.format(where="keys && $6", order="DESC", shown=_SHOWN, limit="$7")
_ALL_ABOUT = "SELECT count(*) AS all FROM event_log WHERE keys && $1"
_EFFECTS = _FOUND.format(where="causation = $6 AND position > $7", order="", shown=_SHOWN, limit="$8")
_COUNTS = f"""
SELECT count(*) AS all, count(*) FILTER (WHERE {_SHOWN}) AS shown FROM event_log WHERE causation = $6
"""  # noqa: S608  (the only value put in is the constant above)
_RECORDED = """
SELECT operation, actor FROM write_record WHERE correlation = $1 AND (request_id = $2 OR causation = $2)
 ORDER BY id LIMIT 1
"""
_REACTION = "reaction "


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one service's log as one caller."""

    db: Reads
    service: str
    by: Caller
    aliases: Sequence[Alias] = ()
    restricted: frozenset[str] = field(
        default_factory=lambda: frozenset(name for (name, _), kind in CATALOGUE.items() if kind.parties_only)
    )

    async def find(self, named: str) -> Origin | None:
        """Return what is here of an id or a reference; None where nothing is that the caller may see."""
        event_id = _as_uuid(named)
        rows = await self.db.fetch(_BY_ID, event_id) if event_id else []
        if rows:
            # One that is hidden is not known either by what followed from it.
            shown = self._shown(rows)
            return await self._of_event(shown[0]) if shown else None
        return await self._of_effects(named) or await self._of_fact(named)

    async def effects(self, named: str, *, after: int, limit: int) -> Effects:
        """Return a page of what followed from an event or a request in this service, after a position."""
        counts = await self.db.fetchrow(_COUNTS, *self._sight(), named)
        if counts is None or not counts["all"]:
            return Effects()
        shown = await self._effects(named, after, limit)
        return Effects(shown, counts["shown"], is_whole=counts["all"] == counts["shown"])

    async def _effects(self, named: str, after: int, limit: int) -> list[Envelope]:
        return self._shown(await self.db.fetch(_EFFECTS, *self._sight(), named, after, limit))

    def _sight(self) -> tuple[bool, list[str], list[str], list[str], list[str]]:
        """Return the first arguments of a query with `_SHOWN`."""
        readers = {
            (name, one)
            for (name, _), kind in CATALOGUE.items()
            if kind.parties_only
            for one in kind.organisation_fields
        }
        names, fields = [name for name, _ in readers], [one for _, one in readers]
        return self.by.is_national, sorted(self.restricted), sorted(self.by.organisations), names, fields

    def _shown(self, rows: Sequence[asyncpg.Record]) -> list[Envelope]:
        shown = (row for row in rows if is_shown(row, self.restricted, self.by))
        return [Envelope.decode(row["body"]) for row in shown]

    async def _of_event(self, event: Envelope) -> Origin:
        causes, is_whole = await self._because(event)
        named = [Cause("fact", source, reference) for source, reference in references_of(event)]
        if also := event.fields.get(CAUSE):
            named.insert(0, Cause("event", "", str(also)))
        because = list(dict.fromkeys([*causes, *named]))
        return Origin(
            kind="event",
            source=self.service,
            event=event,
            because=because[:MOST_CAUSES],
            packs=packs_of(event),
            is_whole=is_whole and len(because) <= MOST_CAUSES,
        )

    async def _because(self, event: Envelope) -> tuple[list[Cause], bool]:
        """Return what the envelope names as the cause, and whether the caller may see it."""
        if not event.causation:
            return [], True
        if event.causation_source not in ("", self.service):
            return [Cause("event", event.causation_source, event.causation)], True
        event_id = _as_uuid(event.causation)
        rows = await self.db.fetch(_BY_ID, event_id) if event_id else []
        if rows:
            shown = self._shown(rows)
            return [Cause("event", self.service, event.causation) for _ in shown], bool(shown)
        # An event from before causes said whose log they are in: a reaction was to another service's event.
        told = await self._recorded(event.correlation, event.causation)
        is_event = told is not None and told.operation.startswith(_REACTION)
        return [Cause("event", "", event.causation) if is_event else self._request(event.causation)], True

    def _request(self, request: str) -> Cause:
        return Cause("request", self.service, request)

    async def _recorded(self, correlation: str, cause: str) -> CommandRecord | None:
        row = await self.db.fetchrow(_RECORDED, correlation, cause)
        return CommandRecord(row["operation"], row["actor"]) if row else None

    async def _of_effects(self, named: str) -> Origin | None:
        """Return a request, or another service's event, of which the caller may see what followed here."""
        found = await self._effects(named, 0, 1)
        if not found:
            return None
        [first] = found
        told = await self._recorded(first.correlation, named)
        if first.causation_source or (told is not None and told.operation.startswith(_REACTION)):
            return Origin(kind="event", source=first.causation_source)
        return Origin(kind="request", source=self.service, request=told or CommandRecord("", first.actor))

    async def _of_fact(self, reference: str) -> Origin | None:
        """Return a fact with the events that are about it, the latest first."""
        key, name = reference, ""
        for alias in self.aliases:
            if found := alias.pattern.fullmatch(reference):
                key, name = found[1], alias.field
        shown = self._shown(await self.db.fetch(_ABOUT, *self._sight(), [key], MOST_CAUSES + 1))
        events = [one for one in shown if not name or one.fields.get(name) == reference]
        if not events:
            return None
        several = await self.db.fetchrow(_ALL_ABOUT, [key])
        return Origin(
            kind="fact",
            source=self.service,
            event=events[0],
            because=[Cause("event", self.service, one.id) for one in events[:MOST_CAUSES]],
            packs=_united(packs_of(one) for one in events),
            is_whole=several is not None and several["all"] == len(shown) <= MOST_CAUSES,
        )


def _united(several: Iterable[list[str]]) -> list[str]:
    return list(dict.fromkeys(pack for packs in several for pack in packs))


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
