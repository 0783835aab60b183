"""Thousands of statements at once: written by COPY, and only where they change what is believed is that computed anew.

It leaves what `Timeline.state` leaves. Beliefs about a (subject, facet) of which nothing was said before follow from
its only statement; one that says later what is believed already changes nothing. The database does both by itself.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

import asyncpg

_COLUMNS = ("subject_id", "facet", "value", "valid", "stated_at", "fills_before", "rank", "source", "recorded_by")

_STAGE = """
CREATE TEMPORARY TABLE said (
    n integer, subject_id integer, facet smallint, value text, valid daterange, stated_at timestamptz,
    fills_before boolean, rank smallint, source text, recorded_by text
) ON COMMIT DROP
"""

_KEEP = """
INSERT INTO {statements} (subject_id, facet, value, valid, stated_at, fills_before, rank, source, recorded_by)
SELECT subject_id, facet, value, valid, stated_at, fills_before, rank, source, recorded_by FROM said ORDER BY n
    ON CONFLICT DO NOTHING
"""

_WRITTEN = """
SELECT n FROM said
 WHERE NOT EXISTS (
       SELECT 1 FROM {statements} held
        WHERE held.subject_id = said.subject_id AND held.facet = said.facet AND held.stated_at = said.stated_at
          AND held.valid = said.valid AND held.value IS NOT DISTINCT FROM said.value
          AND held.fills_before = said.fills_before AND held.source = said.source AND held.id <= $1)
"""

_ROOM = "SET LOCAL work_mem = '64MB'"
"""A hundred thousand statements are sorted in memory, and not on the disk."""

# Windows, not joins: of rows that it wrote a moment ago, the server has no counts to plan a join by. A statement that
# begins later and has no end takes the days from there on, whatever the one before says of them.
_FOLLOW = """
WITH new AS (
    SELECT subject_id, facet, value, valid, stated_at, fills_before, rank FROM {statements}
     WHERE id > $1 AND recorded_by = $2 AND source = ANY($3::text[])
), marked AS MATERIALIZED (
    SELECT new.*, lead(lower(valid)) OVER later AS next_b, lead(rank) OVER later AS next_rank,
           lead(upper_inf(valid) AND NOT fills_before) OVER later AS next_stays, lag(stated_at) OVER later AS before,
           count(*) OVER (PARTITION BY subject_id, facet) AS many,
           (SELECT held.stated_at FROM {statements} held
             WHERE held.subject_id = new.subject_id AND held.facet = new.facet AND held.id <= $1
             ORDER BY held.stated_at DESC LIMIT 1) AS latest
      FROM new
    WINDOW later AS (PARTITION BY subject_id, facet ORDER BY lower(valid))
), first AS (
    INSERT INTO {beliefs} (subject_id, facet, value, valid, known)
    SELECT subject_id, facet, value, CASE WHEN fills_before THEN daterange(NULL, upper(valid)) ELSE valid END,
           tstzrange(stated_at, NULL)
      FROM marked WHERE latest IS NULL AND many = 1 AND value IS NOT NULL
)
SELECT DISTINCT subject_id, facet FROM marked one
 WHERE CASE WHEN latest IS NULL THEN many > 1
            WHEN latest >= stated_at OR before <> stated_at THEN true
            ELSE NOT EXISTS (
                SELECT 1 FROM {beliefs} held
                 WHERE held.subject_id = one.subject_id AND held.facet = one.facet AND upper_inf(held.known)
                   AND held.value = one.value
                   AND (held.valid @> daterange(
                            lower(one.valid),
                            CASE WHEN next_stays AND next_b > lower(one.valid) AND next_rank >= rank
                                 THEN least(upper(one.valid), next_b) ELSE upper(one.valid) END)) IS TRUE
                   AND (NOT one.fills_before OR lower_inf(held.valid) OR lower(held.valid) < lower(one.valid)))
       END
"""

Written = tuple[int, int, str | None, asyncpg.Range, datetime, bool, int, str, str]
"""A statement as its row has it: subject, facet, value, days, when it was stated, ..., its source, who recorded it."""


@dataclass(frozen=True, slots=True)
class Inserted:
    """The places of the statements that were new, and the (subject, facet) pairs whose beliefs are to be recomputed."""

    new: set[int]
    to_restate: set[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Statements from some sources: `rows` gives them from the first on, made while the database takes them."""

    rows: Callable[[], Iterator[Written]]
    many: int
    sources: Collection[str]
    by: str


async def keep(connection: asyncpg.Connection, batch: Batch, *, statements: str, beliefs: str) -> Inserted:
    """Keep the statements that are new in these tables, with the beliefs that follow by themselves.

    The caller holds a lock on the subjects. What is new is told from what others write by who records it and from
    which sources, so those who record by the same name take turns.
    """
    tables = {"statements": statements, "beliefs": beliefs}
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 2))", f"{statements} {batch.by}")
        last = await connection.fetchval(f"SELECT coalesce(max(id), 0) FROM {statements}")  # noqa: S608  (the table name is ours)
        new = await _write(connection, batch, last, tables)
        if not new:
            return Inserted(new, set())
        await connection.execute(_ROOM)
        pairs = await connection.fetch(_FOLLOW.format(**tables), last, batch.by, sorted(batch.sources))
    return Inserted(new, {(row["subject_id"], row["facet"]) for row in pairs})


async def _write(connection: asyncpg.Connection, batch: Batch, last: int, tables: dict[str, str]) -> set[int]:
    """Write the statements that are new; return their places."""
    try:
        async with connection.transaction():
            await connection.copy_records_to_table(tables["statements"], records=batch.rows(), columns=_COLUMNS)
    except asyncpg.UniqueViolationError:
        return await _write_unsaid(connection, batch, last, tables)
    return set(range(batch.many))


async def _write_unsaid(connection: asyncpg.Connection, batch: Batch, last: int, tables: dict[str, str]) -> set[int]:
    await connection.execute(_STAGE)
    numbered = ((n, *row) for n, row in enumerate(batch.rows()))
    await connection.copy_records_to_table("said", records=numbered, columns=("n", *_COLUMNS))
    await connection.execute("ANALYZE said")
    await connection.execute(_KEEP.format(**tables))
    new = {row["n"] for row in await connection.fetch(_WRITTEN.format(**tables), last)}
    await connection.execute("DROP TABLE said")
    return new
