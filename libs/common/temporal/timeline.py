"""Bitemporal facts in PostgreSQL, many subjects at once: statements are kept, beliefs follow from them.

A `Timeline` is two tables. `..._statement` holds what sources said and is never changed. `..._belief` holds what
follows (`libs.common.temporal.history.history`), one row for each value, days and span of knowledge; the database
itself refuses two values of one facet at one point of both times.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

import asyncpg
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, TSTZRANGE, ExcludeConstraint

from libs.common.temporal.bulk import Batch, Written, keep
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days, Statement, history

_NOW = text("clock_timestamp()")


class NewStatement(NamedTuple):
    """A source says of one facet of a subject that `value` holds on `days` (None: that nothing does)."""

    subject_id: int
    facet: int
    value: str | None
    days: Days
    stated_at: datetime
    fills_before: bool = False
    rank: int = 0
    source: str = ""
    """Who says so, where it is not the source that all of a batch have."""


_MANY = 1_000
"""From as many statements on it pays to stage them."""

_Key = tuple[int, int]  # subject, facet
_Held = tuple[int, int, str, Days, datetime]  # subject, facet, value, days, known from


class Timeline:
    """The statements and beliefs about one sort of subject, under `prefix` in a service's metadata."""

    def __init__(self, metadata: MetaData, prefix: str) -> None:
        self.statements = f"{prefix}_statement"
        self.beliefs = f"{prefix}_belief"
        Table(
            self.statements,
            metadata,
            Column("id", BigInteger, Identity(always=True), primary_key=True),
            Column("subject_id", Integer, nullable=False),
            Column("facet", SmallInteger, nullable=False),
            Column("value", Text),
            Column("valid", DATERANGE, nullable=False),
            Column("stated_at", DateTime(timezone=True), nullable=False),
            Column("fills_before", Boolean, nullable=False),
            Column("rank", SmallInteger, nullable=False, server_default=text("0")),
            Column("source", Text, nullable=False),
            Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
            Column("recorded_by", Text, nullable=False),
            UniqueConstraint(
                "subject_id",
                "facet",
                "stated_at",
                "valid",
                "value",
                "fills_before",
                "source",
                name=f"uq_{self.statements}_said",
                postgresql_nulls_not_distinct=True,
            ),
        )
        belief = Table(
            self.beliefs,
            metadata,
            Column("id", BigInteger, Identity(always=True), primary_key=True),
            Column("subject_id", Integer, nullable=False),
            Column("facet", SmallInteger, nullable=False),
            Column("value", Text, nullable=False),
            Column("valid", DATERANGE, nullable=False),
            Column("known", TSTZRANGE, nullable=False),
            Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
        )
        # A range of one integer compares with && where the extension for = is not at hand.
        belief.append_constraint(
            ExcludeConstraint(
                (func.int4range(belief.c.subject_id, belief.c.subject_id, text("'[]'")), "&&"),
                (func.int4range(belief.c.facet, belief.c.facet, text("'[]'")), "&&"),
                (belief.c.valid, "&&"),
                (belief.c.known, "&&"),
                using="gist",
                name=f"ex_{self.beliefs}_one_value",
            )
        )
        Index(None, belief.c.subject_id, belief.c.facet)

    async def state(
        self, connection: asyncpg.Connection, statements: Sequence[NewStatement], *, source: str, by: str
    ) -> set[int]:
        """Keep the statements that are new, and let the beliefs of their subjects follow.

        Return the places in `statements` of those that were new. The caller holds a lock on the subjects.
        """
        if not statements:
            return set()
        if len(statements) >= _MANY:
            sources = {said.source or source for said in statements}
            batch = Batch(lambda: (_row(said, source, by) for said in statements), len(statements), sources, by)
            kept = await keep(connection, batch, statements=self.statements, beliefs=self.beliefs)
            await self.restate(connection, kept.to_restate)
            return kept.new
        written = await connection.fetch(
            f"""
            INSERT INTO {self.statements}
                   (subject_id, facet, value, valid, stated_at, fills_before, rank, source, recorded_by)
            SELECT s, f, v, daterange(b, e), t, w, r, q, $10
              FROM unnest($1::int[], $2::smallint[], $3::text[], $4::date[], $5::date[], $6::timestamptz[], $7::bool[],
                          $8::smallint[], $9::text[]) WITH ORDINALITY AS new (s, f, v, b, e, t, w, r, q, o)
             ORDER BY o
                ON CONFLICT DO NOTHING
            RETURNING subject_id, facet, value, lower(valid), upper(valid), stated_at, fills_before, source
            """,  # noqa: S608  (the table name is ours)
            [s.subject_id for s in statements],
            [s.facet for s in statements],
            [s.value for s in statements],
            [_bound(s.days.start) for s in statements],
            [_bound(s.days.end) for s in statements],
            [s.stated_at for s in statements],
            [s.fills_before for s in statements],
            [s.rank for s in statements],
            [s.source or source for s in statements],
            by,
        )
        new = {tuple(row) for row in written}
        await self.restate(connection, {(row[0], row[1]) for row in written})
        return {number for number, said in enumerate(statements) if _written(said, source) in new}

    async def restate(self, connection: asyncpg.Connection, keys: Collection[_Key]) -> None:
        """Recompute the beliefs about these (subject, facet) pairs and write what differs."""
        if not keys:
            return
        wanted = await self._follow(connection, keys)
        held = await self._held(connection, keys)
        gone = [row_id for start, (row_id, _) in held.items() if start not in wanted]
        ended = [
            (row_id, wanted[start]) for start, (row_id, to) in held.items() if start in wanted and wanted[start] != to
        ]
        new = [(start, to) for start, to in wanted.items() if start not in held]
        await connection.execute(f"DELETE FROM {self.beliefs} WHERE id = ANY($1)", gone)  # noqa: S608
        await connection.execute(
            f"""
            UPDATE {self.beliefs} SET known = tstzrange(lower(known), t)
              FROM unnest($1::bigint[], $2::timestamptz[]) AS change (i, t) WHERE id = i
            """,  # noqa: S608
            [row_id for row_id, _ in ended],
            [to for _, to in ended],
        )
        await connection.execute(
            f"""
            INSERT INTO {self.beliefs} (subject_id, facet, value, valid, known)
            SELECT s, f, v, daterange(b, e), tstzrange(k, t)
              FROM unnest($1::int[], $2::smallint[], $3::text[], $4::date[], $5::date[],
                          $6::timestamptz[], $7::timestamptz[]) AS new (s, f, v, b, e, k, t)
            """,  # noqa: S608
            [start[0] for start, _ in new],
            [start[1] for start, _ in new],
            [start[2] for start, _ in new],
            [_bound(start[3].start) for start, _ in new],
            [_bound(start[3].end) for start, _ in new],
            [start[4] for start, _ in new],
            [to for _, to in new],
        )

    async def _follow(self, connection: asyncpg.Connection, keys: Collection[_Key]) -> dict[_Held, datetime | None]:
        """Return what follows from all statements about the pairs: belief -> until when it was known."""
        by_key: dict[_Key, list[Statement[str]]] = defaultdict(list)
        # Ordered by content, not by arrival: of two statements of one instant always the same one counts as later.
        for order, row in enumerate(
            await connection.fetch(
                f"""
                SELECT subject_id, s.facet, value, lower(valid) AS b, upper(valid) AS e, stated_at, fills_before, rank
                  FROM {self.statements} s
                  JOIN unnest($1::int[], $2::smallint[]) AS wanted (subject, facet)
                    ON s.subject_id = wanted.subject AND s.facet = wanted.facet
                 ORDER BY fills_before DESC, valid, value NULLS FIRST
                """,  # noqa: S608
                [subject for subject, _ in keys],
                [facet for _, facet in keys],
            )
        ):
            days = Days(row["b"] or FIRST_DAY, row["e"] or LAST_DAY)
            by_key[row["subject_id"], row["facet"]].append(
                Statement(row["value"], days, row["stated_at"], row["fills_before"], order, row["rank"])
            )
        return {
            (*key, belief.value, belief.days, belief.known_from): belief.known_to
            for key, statements in by_key.items()
            for belief in history(statements)
        }

    async def _held(
        self, connection: asyncpg.Connection, keys: Collection[_Key]
    ) -> dict[_Held, tuple[int, datetime | None]]:
        return {
            (
                row["subject_id"],
                row["facet"],
                row["value"],
                Days(row["b"] or FIRST_DAY, row["e"] or LAST_DAY),
                row["k"],
            ): (row["id"], row["t"])
            for row in await connection.fetch(
                f"""
                SELECT id, subject_id, x.facet, value,
                       lower(valid) AS b, upper(valid) AS e, lower(known) AS k, upper(known) AS t
                  FROM {self.beliefs} x
                  JOIN unnest($1::int[], $2::smallint[]) AS wanted (subject, facet)
                    ON x.subject_id = wanted.subject AND x.facet = wanted.facet
                """,  # noqa: S608
                [subject for subject, _ in keys],
                [facet for _, facet in keys],
            )
        }


def _row(said: NewStatement, source: str, by: str) -> Written:
    return (
        said.subject_id,
        said.facet,
        said.value,
        _range(said.days),
        said.stated_at,
        said.fills_before,
        said.rank,
        said.source or source,
        by,
    )


@lru_cache(maxsize=50_000)
def _range(days: Days) -> asyncpg.Range:
    return asyncpg.Range(_bound(days.start), _bound(days.end))


def _written(said: NewStatement, source: str) -> tuple[object, ...]:
    """Return a statement by all that tells it from another one, as its row has it."""
    return (
        said.subject_id,
        said.facet,
        said.value,
        _bound(said.days.start),
        _bound(said.days.end),
        said.stated_at,
        said.fills_before,
        said.source or source,
    )


def _bound(day: date) -> date | None:
    """Return a day as PostgreSQL bounds a range: None where there is no bound."""
    return None if day in (FIRST_DAY, LAST_DAY) else day
