"""Projection of organisations from the registry's events: which are open, their names, who succeeded whom."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast

import asyncpg
from sqlalchemy import Column, Identity, Integer, MetaData, Table, Text

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
from libs.common.identity import Caller
from libs.common.messaging.subscriptions import Projection
from libs.common.temporal.believed import about, holds
from libs.common.temporal.timeline import NewStatement, Timeline
from libs.organisations.mergers import deciders
from libs.organisations.statements import KEPT_BY_HEARERS, Facet, Status, source_of, statements_of
from libs.organisations.successions import Successions, statements_in


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

_CONTENT = """
SELECT 'belief' AS what, o.code, b.facet::text, b.value, b.valid::text, b.known::text
  FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id
 UNION ALL
SELECT 'succession', code, successor, concat_ws('|', merger, shape, share, source), effective_on::text, known::text
  FROM known_succession
 ORDER BY 1, 2, 3, 4, 5, 6
"""

_BY = "service:registry"
MIGRATED = "migration"
"""Who recorded a succession that a migration carried over from a table without rank, shape and source."""
_CARRIED_OVER = f"SELECT EXISTS (SELECT FROM known_succession_statement WHERE recorded_by = '{MIGRATED}')"  # noqa: S608  (a name from the code)


class KnownOrganisations:
    """A service's copy of the registry's facts, projected by `know` from events in the order of the log."""

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
        self.successions = Successions(metadata, "known_succession")
        self.timeline = Timeline(metadata, "known_organisation")
        self.projection = Projection(
            name="known_organisations",
            tables=(
                self.timeline.beliefs,
                self.timeline.statements,
                self.successions.beliefs,
                self.successions.statements,
                "known_organisation",
            ),
            content=_CONTENT,
            carried_over=_CARRIED_OVER,
        )

    async def know(self, events: Sequence[Event], connection: asyncpg.Connection) -> None:
        """Take a batch of the registry's events into the copy: a handful of statements, however many events."""
        stated = [
            (event, statement)
            for event in events
            for statement in statements_of(event)
            if statement.facet in KEPT_BY_HEARERS
        ]
        followed = [one for event in events for one in statements_in(event)]
        codes = {statement.code for _, statement in stated}
        if followed:
            await self.lock(connection, codes.union(*((one.code, one.successor) for one in followed)))
        ids = await self._introduce(connection, codes)
        await self.timeline.state(
            connection,
            [
                NewStatement(
                    ids[s.code], s.facet, s.value, s.days, event.stated_at, s.fills_before, s.rank, source_of(event)
                )
                for event, s in stated
            ],
            source="registry",
            by=_BY,
        )
        await self.successions.state(connection, followed, by=_BY)

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

    async def successors(
        self, db: Reads, codes: Collection[str], *, as_known: datetime | None = None
    ) -> frozenset[str]:
        """Return every code that the given ones live on in, however many steps away, as known (default: now)."""
        return await self.successions.successors(db, codes, as_known=as_known)

    async def successors_of_each(
        self, db: Reads, codes: Collection[str], *, as_known: datetime | None = None
    ) -> dict[str, frozenset[str]]:
        """Return for each of the codes every one that it lives on in, as known (default: now), by one query."""
        return await self.successions.successors_of_each(db, codes, as_known=as_known)

    async def predecessors(
        self, db: Reads, codes: Collection[str], *, as_known: datetime | None = None
    ) -> frozenset[str]:
        """Return every code that lives on in the given ones, however many steps away, as known (default: now)."""
        return await self.successions.predecessors(db, codes, as_known=as_known)

    async def deciders(self, db: Reads, codes: Collection[str], *, today: date) -> frozenset[str]:
        """Return these codes with the bodies that have taken one over whole; see `mergers.deciders`."""
        return await deciders(db, self.successions, codes, today=today)

    async def must_act_for(self, db: Reads, codes: Collection[str], *, by: Caller) -> None:
        """Raise NotYoursToDecide unless the caller acts for every code, itself or as its successor."""
        predecessors = () if by.acts_for(codes) else await self.predecessors(db, by.organisations)
        by.must_act_for(codes, predecessors=predecessors)
