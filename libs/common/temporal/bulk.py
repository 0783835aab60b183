"""Bulk inserts of statements by COPY; beliefs are recomputed only where new statements change them.

The result is the same as that of `Timeline.state`. The first statement about a (subject, facet) gives its belief
directly, and a later statement of what is already believed changes nothing: the database does both by itself.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

import asyncpg

_COLUMNS = ("subject_id", "facet", "value", "valid", "stated_at", "fills_before", "rank", "source", "recorded_by")

_STAGE = """
CREATE TEMPORARY TABLE staged (
    n integer, subject_id integer, facet smallint, value text, valid daterange, stated_at timestamptz,
    fills_before boolean, rank smallint, source text, recorded_by text
) ON COMMIT DROP
"""

_KEEP = """
INSERT INTO {statements} (subject_id, facet, value, valid, stated_at, fills_before, rank, source, recorded_by)
SELECT subject_id, facet, value, valid, stated_at, fills_before, rank, source, recorded_by FROM staged ORDER BY n
    ON CONFLICT DO NOTHING
"""

_WRITTEN = """
SELECT n FROM staged
 WHERE NOT EXISTS (
       SELECT 1 FROM {statements} old
        WHERE old.subject_id = staged.subject_id AND old.facet = staged.facet AND old.stated_at = staged.stated_at
          AND old.valid = staged.valid AND old.value IS NOT DISTINCT FROM staged.value
          AND old.fills_before = staged.fills_before AND old.source = staged.source AND old.id <= $1)
"""

_ROOM = "SET LOCAL work_mem = '64MB'"
"""Sorts a hundred thousand statements in memory, and not on disk."""

# Windows, not joins: the server has no statistics of rows it has just inserted, and would plan a join badly; nor may it
# look for a subject's earlier statements among all of them by their ids (OFFSET 0). A statement that begins later and
# has no end supersedes the days from there on, whatever the one before states. A belief about a facet of $4 may have
# become known after the statement was made: of the time between, the statement is news.
_FOLLOW = """
WITH new AS (
    SELECT subject_id, facet, value, valid, stated_at, fills_before, rank FROM {statements}
     WHERE id > $1 AND recorded_by = $2 AND source = ANY($3::text[])
), marked AS MATERIALIZED (
    SELECT new.*, lead(lower(valid)) OVER later AS next_b, lead(rank) OVER later AS next_rank,
           lead(upper_inf(valid) AND NOT fills_before) OVER later AS next_stays, lag(stated_at) OVER later AS before,
           count(*) OVER (PARTITION BY subject_id, facet) AS many,
           (SELECT max(old.stated_at)
              FROM (SELECT id, stated_at FROM {statements} one
                     WHERE one.subject_id = new.subject_id AND one.facet = new.facet OFFSET 0) old
             WHERE old.id <= $1) AS latest
      FROM new
    WINDOW later AS (PARTITION BY subject_id, facet ORDER BY lower(valid))
), first AS (
    INSERT INTO {beliefs} (subject_id, facet, value, valid, known)
    SELECT subject_id, facet, value, CASE WHEN fills_before THEN daterange(NULL, upper(valid)) ELSE valid END,
           tstzrange(stated_at, NULL)
      FROM marked WHERE latest IS NULL AND many = 1 AND value IS NOT NULL AND facet <> ALL($4)
    RETURNING subject_id, facet
)
SELECT subject_id, facet, true AS is_believed FROM first
 UNION ALL
SELECT DISTINCT subject_id, facet, false FROM marked one
 WHERE CASE WHEN latest IS NULL AND facet = ANY($4) THEN true
            WHEN latest IS NULL THEN many > 1
            WHEN latest >= stated_at OR before <> stated_at THEN true
            ELSE NOT EXISTS (
                SELECT 1 FROM {beliefs} old
                 WHERE old.subject_id = one.subject_id AND old.facet = one.facet AND upper_inf(old.known)
                   AND old.value = one.value AND lower(old.known) <= one.stated_at
                   AND (old.valid @> daterange(
                            lower(one.valid),
                            CASE WHEN next_stays AND next_b > lower(one.valid) AND next_rank >= rank
                                 THEN least(upper(one.valid), next_b) ELSE upper(one.valid) END)) IS TRUE
                   AND (NOT one.fills_before OR lower_inf(old.valid) OR lower(old.valid) < lower(one.valid)))
       END
"""

Written = tuple[int, int, str | None, asyncpg.Range, datetime, bool, int, str, str]
"""A statement as a row: subject, facet, value, days, when it was stated, ..., its source, who recorded it."""


@dataclass(frozen=True, slots=True)
class Inserted:
    """The indexes of the statements that were new, and the (subject, facet) pairs that they are about.

    `to_restate` are those whose beliefs must be recomputed, `believed` those whose belief was inserted with them.
    """

    new: set[int]
    to_restate: set[tuple[int, int]]
    believed: set[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Statements from some sources: `rows` yields them from the first one, prepared while the database reads them."""

    rows: Callable[[], Iterator[Written]]
    many: int
    sources: Collection[str]
    by: str


async def keep(
    connection: asyncpg.Connection, batch: Batch, *, statements: str, beliefs: str, later: Collection[int] = ()
) -> Inserted:
    """Insert the new statements into these tables, with the beliefs that follow directly, but for the facets `later`.

    The caller must hold a lock on the subjects. New rows are recognised by who recorded them and by their sources, so
    an advisory lock makes callers that record under the same name take turns.
    """
    tables = {"statements": statements, "beliefs": beliefs}
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 2))", f"{statements} {batch.by}")
        last = await connection.fetchval(f"SELECT coalesce(max(id), 0) FROM {statements}")  # noqa: S608  (the table name is ours)
        new = await _write(connection, batch, last, tables)
        if not new:
            return Inserted(new, set(), set())
        await connection.execute(_ROOM)
        pairs = await connection.fetch(_FOLLOW.format(**tables), last, batch.by, sorted(batch.sources), list(later))
    found: tuple[set[tuple[int, int]], set[tuple[int, int]]] = (set(), set())
    for subject, facet, is_believed in pairs:
        found[is_believed].add((subject, facet))
    return Inserted(new, *found)


async def _write(connection: asyncpg.Connection, batch: Batch, last: int, tables: dict[str, str]) -> set[int]:
    """Insert the statements that are new; return their indexes."""
    try:
        async with connection.transaction():
            await connection.copy_records_to_table(tables["statements"], records=batch.rows(), columns=_COLUMNS)
    except asyncpg.UniqueViolationError:
        return await _insert_unstated(connection, batch, last, tables)
    return set(range(batch.many))


async def _insert_unstated(connection: asyncpg.Connection, batch: Batch, last: int, tables: dict[str, str]) -> set[int]:
    await connection.execute(_STAGE)
    numbered = ((n, *row) for n, row in enumerate(batch.rows()))
    await connection.copy_records_to_table("staged", records=numbered, columns=("n", *_COLUMNS))
    await connection.execute("ANALYZE staged")
    await connection.execute(_KEEP.format(**tables))
    new = {row["n"] for row in await connection.fetch(_WRITTEN.format(**tables), last)}
    await connection.execute("DROP TABLE staged")
    return new
