"""What a service knows of organisations, from the registry's events alone: who is open, its name, who followed whom."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast

import asyncpg
from sqlalchemy import Column, Date, DateTime, Identity, Index, Integer, MetaData, Table, Text

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.registry import (
    CCGMerged,
    ICBMerged,
    OrganisationClosed,
    OrganisationKindChanged,
    OrganisationOpened,
    OrganisationParentChanged,
    OrganisationProposed,
    OrganisationRenamed,
    OrganisationSucceeded,
    SourceReported,
    SuccessionUndone,
)
from libs.common.messaging.subscriptions import Projection
from libs.common.temporal.believed import about, holds
from libs.common.temporal.timeline import NewStatement, Timeline
from libs.organisations.statements import KEPT_BY_HEARERS, Facet, Status, source_of, statements_of, successions_of


@dataclass(frozen=True, slots=True)
class KnownOrganisation:
    """An organisation as at a day, as known at an instant. `unknown` where nothing was stated of that day."""

    code: str
    name: str
    kind: str
    status: Status


def _value(row: str, facet: Facet) -> str:
    """Join what is believed about one facet of a body, on the day $2, as known at the instant $3."""
    joined = f"{row}.subject_id = o.id AND {about(row, facet)} AND {holds(row, '$2', '$3')}"
    return f"known_organisation_belief {row} ON {joined}"


_STATUSES = f"""
SELECT o.code, coalesce(kind.value, 'unknown') AS kind, life.value AS status, name.value AS name
  FROM known_organisation o
  LEFT JOIN {_value("life", Facet.LIFE)}
  LEFT JOIN {_value("name", Facet.NAME)}
  LEFT JOIN {_value("kind", Facet.KIND)}
 WHERE o.code = ANY($1)
"""  # noqa: S608  (only names of ours are put in)

_LINEAGE = """
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.{onto} FROM known_succession s JOIN line ON s.{from_} = line.code WHERE s.undone_at IS NULL
)
SELECT code FROM line WHERE code <> ALL($1)
"""

_CONTENT = """
SELECT 'belief' AS what, o.code, b.facet::text, b.value, b.valid::text, b.known::text
  FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id
 UNION ALL
SELECT 'succession', code, successor, coalesce(merger, ''), effective_on::text, concat(stated_at, ' ', undone_at)
  FROM known_succession
 ORDER BY 1, 2, 3, 4, 5, 6
"""


class KnownOrganisations:
    """A service's copy of the registry's facts, kept by `know` from events in the order of the log."""

    events: tuple[type[Event], ...] = (
        OrganisationProposed,
        OrganisationOpened,
        OrganisationRenamed,
        OrganisationClosed,
        OrganisationParentChanged,
        OrganisationKindChanged,
        OrganisationSucceeded,
        SuccessionUndone,
        SourceReported,
        CCGMerged,
        ICBMerged,
    )

    def __init__(self, metadata: MetaData) -> None:
        Table(
            "known_organisation",
            metadata,
            Column("id", Integer, Identity(always=True), primary_key=True),
            Column("code", Text, nullable=False, unique=True),
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
            Column("undone_at", DateTime(timezone=True)),
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
        stated = [
            (event, statement)
            for event in events
            for statement in statements_of(event)
            if statement.facet in KEPT_BY_HEARERS
        ]
        ids = await self._introduce(connection, {statement.code for _, statement in stated})
        await self.timeline.state(
            connection,
            [
                NewStatement(
                    ids[s.code], s.facet, s.value, s.days, event.stated_at, s.fills_before, s.rank, source_of(event)
                )
                for event, s in stated
            ],
            source="registry",
            by="service:registry",
        )
        await self._follow(connection, events)

    async def _follow(self, connection: asyncpg.Connection, events: Sequence[Event]) -> None:
        """Keep who followed whom. What was undone stays, with its instant, and counts again when it is told again."""
        successions = [(event, *succession) for event in events for succession in successions_of(event)]
        await connection.execute(
            """
            INSERT INTO known_succession (code, successor, effective_on, stated_at, merger)
            SELECT c, s, e, min(t), max(m)
              FROM unnest($1::text[], $2::text[], $3::date[], $4::timestamptz[], $5::text[]) AS told (c, s, e, t, m)
             GROUP BY c, s, e
                ON CONFLICT (code, successor, effective_on) DO UPDATE
               SET merger = coalesce(known_succession.merger, excluded.merger),
                   stated_at = least(known_succession.stated_at, excluded.stated_at),
                   undone_at = CASE WHEN known_succession.undone_at > excluded.stated_at
                                    THEN known_succession.undone_at END
            """,
            [code for _, code, _, _ in successions],
            [successor for _, _, successor, _ in successions],
            [event.effective_on for event, *_ in successions],
            [event.stated_at for event, *_ in successions],
            [merger for *_, merger in successions],
        )
        undone = [event for event in events if isinstance(event, SuccessionUndone)]
        if undone:
            await connection.execute(
                """
                UPDATE known_succession known SET undone_at = t
                  FROM unnest($1::text[], $2::text[], $3::date[], $4::timestamptz[]) AS told (c, s, e, t)
                 WHERE known.code = c AND known.successor = s AND known.effective_on = e AND known.stated_at <= t
                """,
                [event.code for event in undone],
                [event.successor for event in undone],
                [event.effective_on for event in undone],
                [event.stated_at for event in undone],
            )

    async def _introduce(self, connection: asyncpg.Connection, codes: Collection[str]) -> dict[str, int]:
        """Lock the rows of these codes, in sorted order, making those that are new; return their ids."""
        rows = await connection.fetch(
            """
            INSERT INTO known_organisation (code) SELECT c FROM unnest($1::text[]) AS new (c) ORDER BY c
                ON CONFLICT (code) DO UPDATE SET heard = known_organisation.heard + 1
            RETURNING code, id
            """,
            sorted(codes),
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
