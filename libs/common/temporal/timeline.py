"""Bitemporal tables in PostgreSQL: stores statements and derives beliefs from them, many subjects at once.

A `Timeline` is two tables. `..._statement` stores what sources stated and is never changed. `..._belief` stores what
follows (`libs.common.temporal.history.history`), one row for each value, days and period of known time; the database
itself refuses two values of one facet at one point of both times.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

import asyncpg
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
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
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Belief, Days, Statement, history

_NOW = text("clock_timestamp()")


class NewStatement(NamedTuple):
    """A new statement: `value` holds for one facet of a subject on `days`; None states that no value does."""

    subject_id: int
    facet: int
    value: str | None
    days: Days
    stated_at: datetime
    fills_before: bool = False
    rank: int = 0
    source: str = ""
    """The source, if it is not the one given for the whole batch."""


_MANY = 1_000
"""From this many statements on, staging them in a table is faster."""

Key = tuple[int, int]
"""A subject and a facet."""


class Stated(NamedTuple):
    """What came of some statements."""

    new: set[int]
    """The indexes of the statements that were new."""
    changed: set[Key]
    """The pairs of which something else is believed."""
    pending: set[Key]
    """The pairs with new statements whose beliefs the caller computes and stores."""


_BeliefKey = tuple[int, int, str, Days, datetime]  # subject, facet, value, days, known from


class Timeline:
    """The statements and beliefs about one kind of subject, in tables named `prefix` in a service's metadata.

    `check` is a condition of SQL that every value meets, in both tables: what does not is never written. With
    `long_values` the index of statements has a digest of each value: a row of an index takes 2,700 bytes at most.
    """

    def __init__(self, metadata: MetaData, prefix: str, *, check: str = "", long_values: bool = False) -> None:
        self.statements = f"{prefix}_statement"
        self.beliefs = f"{prefix}_belief"
        statement = Table(
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
        )
        what = statement.c
        value = func.md5(what.value) if long_values else what.value
        once = (what.subject_id, what.facet, what.stated_at, what.valid, value, what.fills_before, what.source)
        name = f"uq_{self.statements}_said"
        if long_values:
            Index(name, *once, unique=True, postgresql_nulls_not_distinct=True)
        else:
            statement.append_constraint(UniqueConstraint(*once, name=name, postgresql_nulls_not_distinct=True))
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
        # A range of one integer can be compared with && even without the extension that adds =.
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
        if check:
            for table in (statement, belief):
                table.append_constraint(CheckConstraint(check, name="value_allowed"))

    async def state(
        self,
        connection: asyncpg.Connection,
        statements: Sequence[NewStatement],
        *,
        source: str,
        by: str,
        later: Collection[int] = (),
    ) -> Stated:
        """Insert the statements that are new, and recompute the beliefs of their subjects.

        The beliefs about the facets `later` depend on more than their statements: the caller computes those of the
        pending pairs and stores them. The caller must hold a lock on the subjects.
        """
        if not statements:
            return Stated(set(), set(), set())
        if len(statements) >= _MANY:
            sources = {one.source or source for one in statements}
            batch = Batch(lambda: (_row(one, source, by) for one in statements), len(statements), sources, by)
            inserted = await keep(connection, batch, statements=self.statements, beliefs=self.beliefs, later=later)
            pending = {key for key in inserted.to_restate if key[1] in later}
            changed = await self.restate(connection, inserted.to_restate - pending)
            return Stated(inserted.new, changed | inserted.believed, pending)
        written = await self._insert(connection, statements, source, by)
        new = {tuple(row) for row in written}
        keys = {(row[0], row[1]) for row in written}
        pending = {key for key in keys if key[1] in later}
        changed = await self.restate(connection, keys - pending)
        return Stated(
            {number for number, statement in enumerate(statements) if _written(statement, source) in new},
            changed,
            pending,
        )

    async def _insert(
        self, connection: asyncpg.Connection, statements: Sequence[NewStatement], source: str, by: str
    ) -> list[asyncpg.Record]:
        """Insert the statements; return the columns that identify each one that was new."""
        rows: list[asyncpg.Record] = await connection.fetch(
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
        return rows

    async def restate(self, connection: asyncpg.Connection, keys: Collection[Key]) -> set[Key]:
        """Recompute the beliefs about these pairs by their statements alone; return those that changed."""
        if not keys:
            return set()
        stated = await self.statements_about(connection, keys)
        return await self.store(connection, {key: history(stated.get(key, ())) for key in keys})

    async def store(self, connection: asyncpg.Connection, beliefs: Mapping[Key, Sequence[Belief[str]]]) -> set[Key]:
        """Store these beliefs as all that is believed of their pairs; return the pairs whose beliefs changed.

        Only the differences are written.
        """
        expected: dict[_BeliefKey, datetime | None] = {
            (*key, belief.value, belief.days, belief.known_from): belief.known_to
            for key, follow in beliefs.items()
            for belief in follow
        }
        stored = await self._stored(connection, beliefs.keys())
        gone = {start: row_id for start, (row_id, _) in stored.items() if start not in expected}
        ended = {start: row_id for start, (row_id, to) in stored.items() if start in expected and expected[start] != to}
        new = [start for start in expected if start not in stored]
        if gone:
            delete = f"DELETE FROM {self.beliefs} WHERE id = ANY($1)"  # noqa: S608  (the table name is ours)
            await connection.execute(delete, list(gone.values()))
        if ended:
            await connection.execute(
                f"""
                UPDATE {self.beliefs} SET known = tstzrange(lower(known), t)
                  FROM unnest($1::bigint[], $2::timestamptz[]) AS change (i, t) WHERE id = i
                """,  # noqa: S608  (the table name is ours)
                list(ended.values()),
                [expected[start] for start in ended],
            )
        if new:
            await connection.execute(
                f"""
                INSERT INTO {self.beliefs} (subject_id, facet, value, valid, known)
                SELECT s, f, v, daterange(b, e), tstzrange(k, t)
                  FROM unnest($1::int[], $2::smallint[], $3::text[], $4::date[], $5::date[],
                              $6::timestamptz[], $7::timestamptz[]) AS new (s, f, v, b, e, k, t)
                """,  # noqa: S608  (the table name is ours)
                [start[0] for start in new],
                [start[1] for start in new],
                [start[2] for start in new],
                [_bound(start[3].start) for start in new],
                [_bound(start[3].end) for start in new],
                [start[4] for start in new],
                [expected[start] for start in new],
            )
        return {(start[0], start[1]) for start in (*gone, *ended, *new)}

    async def statements_about(
        self, connection: asyncpg.Connection, keys: Collection[Key]
    ) -> dict[Key, list[Statement[str]]]:
        """Return all statements about these pairs.

        They are ordered by content, not by arrival, so that the same one of two statements of one instant always counts
        as later.
        """
        by_key: dict[Key, list[Statement[str]]] = defaultdict(list)
        for order, row in enumerate(
            await connection.fetch(
                f"""
                SELECT subject_id, s.facet, value, lower(valid) AS b, upper(valid) AS e, stated_at, fills_before, rank
                  FROM {self.statements} s
                  JOIN unnest($1::int[], $2::smallint[]) AS pair (subject, facet)
                    ON s.subject_id = pair.subject AND s.facet = pair.facet
                 ORDER BY fills_before DESC, valid, value NULLS FIRST
                """,  # noqa: S608  (the table name is ours)
                [subject for subject, _ in keys],
                [facet for _, facet in keys],
            )
        ):
            days = Days(row["b"] or FIRST_DAY, row["e"] or LAST_DAY)
            by_key[row["subject_id"], row["facet"]].append(
                Statement(row["value"], days, row["stated_at"], row["fills_before"], order, row["rank"])
            )
        return by_key

    async def _stored(
        self, connection: asyncpg.Connection, keys: Collection[Key]
    ) -> dict[_BeliefKey, tuple[int, datetime | None]]:
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
                  JOIN unnest($1::int[], $2::smallint[]) AS pair (subject, facet)
                    ON x.subject_id = pair.subject AND x.facet = pair.facet
                """,  # noqa: S608  (the table name is ours)
                [subject for subject, _ in keys],
                [facet for _, facet in keys],
            )
        }


def _row(statement: NewStatement, source: str, by: str) -> Written:
    return (
        statement.subject_id,
        statement.facet,
        statement.value,
        _range(statement.days),
        statement.stated_at,
        statement.fills_before,
        statement.rank,
        statement.source or source,
        by,
    )


@lru_cache(maxsize=50_000)
def _range(days: Days) -> asyncpg.Range:
    return asyncpg.Range(_bound(days.start), _bound(days.end))


def _written(statement: NewStatement, source: str) -> tuple[object, ...]:
    """Return the columns that identify a statement, as stored in its row."""
    return (
        statement.subject_id,
        statement.facet,
        statement.value,
        _bound(statement.days.start),
        _bound(statement.days.end),
        statement.stated_at,
        statement.fills_before,
        statement.source or source,
    )


def _bound(day: date) -> date | None:
    """Return a day as a bound of a PostgreSQL range: None for no bound."""
    return None if day in (FIRST_DAY, LAST_DAY) else day
