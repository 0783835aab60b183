"""What a service knows of organisations, from the registry's events alone: who is open, its name, who followed whom.

`statements_of` turns an event into what it states. The registry states the same of itself, so that every copy agrees
with it at each point of both times.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum
from typing import Any, Literal, Protocol, cast

import asyncpg
from sqlalchemy import Column, Date, DateTime, Identity, Index, Integer, MetaData, Table, Text

from libs.common.events import Event
from libs.common.events.registry import (
    CCGMerged,
    OrganisationClosed,
    OrganisationOpened,
    OrganisationParentChanged,
    OrganisationProposed,
    OrganisationRenamed,
    OrganisationSucceeded,
)
from libs.common.inbox import Projection
from libs.common.temporal import Days
from libs.common.timeline import NewStatement, Timeline

Status = Literal["unknown", "proposed", "open", "closed"]

CCG = "ccg"


class Facet(IntEnum):
    """What is stated of an organisation."""

    LIFE = 1
    """`proposed`, `open` or `closed`."""
    NAME = 2
    PARENT = 3
    """The code of the body that it belongs to."""


@dataclass(frozen=True, slots=True)
class OrganisationStatement:
    """One thing that an event states of one organisation; `kind` where the event says what sort of body it is."""

    code: str
    facet: Facet
    value: str
    days: Days
    kind: str | None = None
    fills_before: bool = False


def statements_of(event: Event) -> list[OrganisationStatement]:
    """Return what an event of the registry states of organisations; nothing for an event that only plans."""
    since = Days(event.effective_on)
    match event:
        case OrganisationProposed():
            named = [OrganisationStatement(event.code, Facet.NAME, event.name, since, event.kind)]
            return [
                OrganisationStatement(event.code, Facet.LIFE, "proposed", since, event.kind),
                *(named if event.name else []),
            ]
        case OrganisationOpened():
            observed = Days(event.named_on or event.effective_on)
            return [
                OrganisationStatement(event.code, Facet.LIFE, "open", since, event.kind),
                OrganisationStatement(event.code, Facet.NAME, event.name, observed, event.kind, fills_before=True),
            ]
        case OrganisationRenamed():
            return [OrganisationStatement(event.code, Facet.NAME, event.new_name, since)]
        case OrganisationClosed():
            return [OrganisationStatement(event.code, Facet.LIFE, "closed", since)]
        case OrganisationParentChanged():
            return [OrganisationStatement(event.code, Facet.PARENT, event.parent, since)]
        case CCGMerged():
            named = [
                OrganisationStatement(event.successor, Facet.NAME, event.successor_name, since, CCG, fills_before=True)
            ]
            return [
                OrganisationStatement(event.successor, Facet.LIFE, "open", since, CCG),
                *(named if event.successor_name else []),
                *(OrganisationStatement(code, Facet.LIFE, "closed", since, CCG) for code in event.predecessors),
            ]
        case _:
            return []


def successions_of(event: Event) -> list[tuple[str, str, str | None]]:
    """Return (predecessor, successor, merger) for each succession that an event tells."""
    match event:
        case CCGMerged():
            return [(code, event.successor, event.merger) for code in event.predecessors]
        case OrganisationSucceeded():
            return [(event.code, event.successor, None)]
        case _:
            return []


@dataclass(frozen=True, slots=True)
class KnownOrganisation:
    """An organisation as at a day, as known at an instant. `unknown` where nothing was stated of that day."""

    code: str
    name: str
    kind: str
    status: Status


class Reads(Protocol):
    """Anything that reads rows by SQL: a Database, a connection."""

    async def fetch(self, sql: str, /, *args: Any) -> list[asyncpg.Record]:
        """Read rows."""


# IS TRUE keeps the planner off the index of the exclusion constraint: by day it finds every belief of that day, where
# (subject_id, facet) finds the one.
_STATUSES = """
SELECT o.code, o.kind, life.value AS status, name.value AS name
  FROM known_organisation o
  LEFT JOIN known_organisation_belief life
    ON life.subject_id = o.id AND life.facet = 1
   AND (life.valid @> $2::date) IS TRUE AND (life.known @> $3::timestamptz) IS TRUE
  LEFT JOIN known_organisation_belief name
    ON name.subject_id = o.id AND name.facet = 2
   AND (name.valid @> $2::date) IS TRUE AND (name.known @> $3::timestamptz) IS TRUE
 WHERE o.code = ANY($1)
"""

_LINEAGE = """
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.{onto} FROM known_succession s JOIN line ON s.{from_} = line.code
)
SELECT code FROM line WHERE code <> ALL($1)
"""

_CONTENT = """
SELECT 'belief' AS what, o.code, o.kind, b.facet::text, b.value, b.valid::text, b.known::text
  FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id
 UNION ALL
SELECT 'succession', code, successor, '', coalesce(merger, ''), effective_on::text, stated_at::text
  FROM known_succession
 ORDER BY 1, 2, 3, 4, 5, 6, 7
"""


class KnownOrganisations:
    """A service's copy of the registry's facts, kept by `know` from events in the order of the log."""

    events: tuple[type[Event], ...] = (
        OrganisationProposed,
        OrganisationOpened,
        OrganisationRenamed,
        OrganisationClosed,
        OrganisationParentChanged,
        OrganisationSucceeded,
        CCGMerged,
    )

    def __init__(self, metadata: MetaData) -> None:
        Table(
            "known_organisation",
            metadata,
            Column("id", Integer, Identity(always=True), primary_key=True),
            Column("code", Text, nullable=False, unique=True),
            Column("kind", Text, nullable=False),
            Column("heard", Integer, nullable=False, server_default="1"),
        )
        succession = Table(
            "known_succession",
            metadata,
            Column("code", Text, primary_key=True),
            Column("successor", Text, primary_key=True),
            Column("effective_on", Date, primary_key=True),
            Column("stated_at", DateTime(timezone=True), nullable=False),
            Column("merger", Text),
        )
        Index(None, succession.c.successor)
        self.timeline = Timeline(metadata, "known_organisation")
        self.projection = Projection(
            name="known_organisations",
            tables=(self.timeline.beliefs, self.timeline.statements, "known_succession", "known_organisation"),
            content=_CONTENT,
        )

    async def know(self, events: Sequence[Event], connection: asyncpg.Connection) -> None:
        """Take a batch of the registry's events into the copy: a handful of statements, however many events."""
        stated = [(event, statement) for event in events for statement in statements_of(event)]
        kinds = _kinds(statement for _, statement in stated)
        ids = await self._introduce(connection, kinds)
        await self.timeline.state(
            connection,
            [
                NewStatement(ids[s.code], s.facet, s.value, s.days, event.stated_at, s.fills_before)
                for event, s in stated
            ],
            source="registry",
            by="service:registry",
        )
        successions = [(event, *succession) for event in events for succession in successions_of(event)]
        await connection.execute(
            """
            INSERT INTO known_succession (code, successor, effective_on, stated_at, merger)
            SELECT c, s, e, min(t), max(m)
              FROM unnest($1::text[], $2::text[], $3::date[], $4::timestamptz[], $5::text[]) AS told (c, s, e, t, m)
             GROUP BY c, s, e
                ON CONFLICT (code, successor, effective_on) DO UPDATE
               SET merger = coalesce(known_succession.merger, excluded.merger),
                   stated_at = least(known_succession.stated_at, excluded.stated_at)
            """,
            [code for _, code, _, _ in successions],
            [successor for _, _, successor, _ in successions],
            [event.effective_on for event, *_ in successions],
            [event.stated_at for event, *_ in successions],
            [merger for *_, merger in successions],
        )

    async def _introduce(self, connection: asyncpg.Connection, kinds: dict[str, str]) -> dict[str, int]:
        """Lock the rows of these codes, in sorted order, making those that are new; return their ids.

        A kind that an event does not say leaves the one that is known.
        """
        codes = sorted(kinds)
        rows = await connection.fetch(
            """
            INSERT INTO known_organisation (code, kind)
            SELECT c, coalesce(nullif(k, ''), 'unknown') FROM unnest($1::text[], $2::text[]) AS new (c, k) ORDER BY c
                ON CONFLICT (code) DO UPDATE
               SET heard = known_organisation.heard + 1,
                   kind = CASE excluded.kind WHEN 'unknown' THEN known_organisation.kind ELSE excluded.kind END
            RETURNING code, id
            """,
            codes,
            [kinds[code] for code in codes],
        )
        return {row["code"]: row["id"] for row in rows}

    async def lock(self, connection: asyncpg.Connection, codes: Iterable[str]) -> None:
        """Lock what is known of these codes, in sorted order, until the transaction ends.

        Hearing about one of them takes the same lock, so what is checked after it cannot change before the commit.
        """
        await connection.fetch(
            "SELECT id FROM known_organisation WHERE code = ANY($1) ORDER BY code FOR UPDATE", sorted(set(codes))
        )

    async def statuses(
        self, db: Reads, codes: Collection[str], *, as_at: date, as_known: datetime | None = None
    ) -> dict[str, KnownOrganisation]:
        """Return each of the codes as at a day, as known at an instant (default: now); `unknown` where nothing is."""
        found = {
            row["code"]: KnownOrganisation(
                row["code"], row["name"] or "", row["kind"], cast("Status", row["status"] or "unknown")
            )
            for row in await db.fetch(_STATUSES, list(codes), as_at, as_known or datetime.max.replace(tzinfo=UTC))
        }
        return {code: found.get(code) or KnownOrganisation(code, "", "unknown", "unknown") for code in codes}

    async def status(self, db: Reads, code: str, *, as_at: date, as_known: datetime | None = None) -> KnownOrganisation:
        """Return one organisation as at a day, as known at an instant (default: now)."""
        return (await self.statuses(db, [code], as_at=as_at, as_known=as_known))[code]

    async def successors(self, db: Reads, codes: Collection[str]) -> frozenset[str]:
        """Return every code that the given ones live on in, however many steps away."""
        rows = await db.fetch(_LINEAGE.format(onto="successor", from_="code"), list(codes))
        return frozenset(row["code"] for row in rows)

    async def predecessors(self, db: Reads, codes: Collection[str]) -> frozenset[str]:
        """Return every code that lives on in the given ones, however many steps away."""
        rows = await db.fetch(_LINEAGE.format(onto="code", from_="successor"), list(codes))
        return frozenset(row["code"] for row in rows)


def _kinds(statements: Iterable[OrganisationStatement]) -> dict[str, str]:
    """Return the kind that is stated last for each code; empty where none is."""
    kinds: dict[str, str] = {}
    for statement in statements:
        kinds[statement.code] = statement.kind or kinds.get(statement.code, "")
    return kinds
