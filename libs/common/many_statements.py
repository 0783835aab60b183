"""Thousands of statements at once: staged by COPY, and only where they change what is believed is that computed anew.

It leaves what `Timeline.state` leaves. Beliefs about a (subject, facet) of which nothing was said before follow from
its only statement; one that says later what is believed already changes nothing. The database does both by itself.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

_STAGE = """
CREATE TEMPORARY TABLE said (
    n integer, subject_id integer, facet smallint, value text, b date, e date, stated_at timestamptz,
    fills_before boolean, rank smallint, source text
) ON COMMIT DROP
"""
_STAGED = ("n", "subject_id", "facet", "value", "b", "e", "stated_at", "fills_before", "rank", "source")

_KEEP = """
INSERT INTO {statements} (subject_id, facet, value, valid, stated_at, fills_before, rank, source, recorded_by)
SELECT subject_id, facet, value, daterange(b, e), stated_at, fills_before, rank, source, $1 FROM said ORDER BY n
    ON CONFLICT DO NOTHING
"""

_FORGET_REPEATED = """
DELETE FROM said USING {statements} held
 WHERE held.subject_id = said.subject_id AND held.facet = said.facet AND held.stated_at = said.stated_at
   AND held.valid = daterange(said.b, said.e) AND held.value IS NOT DISTINCT FROM said.value
   AND held.fills_before = said.fills_before AND held.source = said.source AND held.id <= $1
"""

# Of each pair: how many statements are new, whether they are of one instant, and the latest of what was held before.
_PAIRS = """
CREATE TEMPORARY TABLE said_of ON COMMIT DROP AS
SELECT new.*, held.latest
  FROM (SELECT subject_id, facet, count(*) AS many, min(stated_at) AS stated_at, max(stated_at) AS until,
               bool_or(value IS NULL) AS ends, false AS follows
          FROM said GROUP BY subject_id, facet) new
  LEFT JOIN LATERAL (SELECT max(stated_at) AS latest FROM {statements} s
                      WHERE s.subject_id = new.subject_id AND s.facet = new.facet AND s.id <= $1) held ON true
"""

_FIRST = """
WITH alone AS (
    UPDATE said_of SET follows = true WHERE latest IS NULL AND many = 1 AND NOT ends RETURNING subject_id, facet)
INSERT INTO {beliefs} (subject_id, facet, value, valid, known)
SELECT subject_id, facet, value, daterange(CASE WHEN NOT fills_before THEN b END, e), tstzrange(stated_at, NULL)
  FROM said JOIN alone USING (subject_id, facet) ORDER BY n
"""

# A statement that begins later and has no end takes the days from there on, whatever this one says of them.
_REPEATING = """
WITH said_of_days AS (
    SELECT said.*, lead(b) OVER later AS next_b, lead(e) OVER later AS next_e, lead(rank) OVER later AS next_rank,
           lead(fills_before) OVER later AS next_fills
      FROM said
    WINDOW later AS (PARTITION BY subject_id, facet ORDER BY b)
), clipped AS (
    SELECT *, CASE WHEN next_b > b AND next_e IS NULL AND NOT next_fills AND next_rank >= rank
                   THEN least(e, next_b) ELSE e END AS until_day
      FROM said_of_days
), changing AS (
    SELECT DISTINCT subject_id, facet FROM clipped
     WHERE NOT EXISTS (
           SELECT 1 FROM {beliefs} held
            WHERE held.subject_id = clipped.subject_id AND held.facet = clipped.facet AND upper_inf(held.known)
              AND held.value = clipped.value AND (held.valid @> daterange(clipped.b, clipped.until_day)) IS TRUE
              AND (NOT clipped.fills_before OR lower_inf(held.valid) OR lower(held.valid) < clipped.b))
)
UPDATE said_of SET follows = true
 WHERE latest < stated_at AND stated_at = until AND NOT ends
   AND NOT EXISTS (SELECT 1 FROM changing c WHERE c.subject_id = said_of.subject_id AND c.facet = said_of.facet)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """The places of the statements that were new, and the (subject, facet) pairs whose beliefs are to be recomputed."""

    new: set[int]
    to_restate: set[tuple[int, int]]


_Run = Callable[..., Awaitable[int]]

Staged = tuple[int, int, int, str | None, date | None, date | None, datetime, bool, int, str]
"""A statement as it is staged: its place, subject, facet, value, first day, end, and the rest as in its table."""


async def keep(
    connection: asyncpg.Connection, rows: Iterable[Staged], *, statements: str, beliefs: str, by: str
) -> Kept:
    """Keep the statements that are new in these tables, with the beliefs that follow by themselves."""
    run = _runner(connection, statements, beliefs)
    async with connection.transaction():
        await connection.execute(_STAGE)
        await connection.copy_records_to_table("said", records=rows, columns=_STAGED)
        last = await connection.fetchval(f"SELECT coalesce(max(id), 0) FROM {statements}")  # noqa: S608  (ours)
        kept = await _kept(connection, run, last, by)
        await connection.execute("DROP TABLE IF EXISTS said, said_of")
    return kept


async def _kept(connection: asyncpg.Connection, run: _Run, last: int, by: str) -> Kept:
    written, staged = await run(_KEEP, by), await connection.fetchval("SELECT count(*) FROM said")
    if not written:
        return Kept(set(), set())
    if written < staged:
        await run(_FORGET_REPEATED, last)
    await connection.execute("ANALYZE said")
    await run(_PAIRS, last)
    await connection.execute("ANALYZE said_of")
    await run(_FIRST)
    await run(_REPEATING)
    new = range(staged) if written == staged else [row["n"] for row in await connection.fetch("SELECT n FROM said")]
    pairs = await connection.fetch("SELECT subject_id, facet FROM said_of WHERE NOT follows")
    return Kept(set(new), {(row["subject_id"], row["facet"]) for row in pairs})


def _runner(connection: asyncpg.Connection, statements: str, beliefs: str) -> _Run:
    async def run(sql: str, *arguments: object) -> int:
        """Return how many rows it wrote."""
        status: str = await connection.execute(sql.format(statements=statements, beliefs=beliefs), *arguments)
        return int(status.rpartition(" ")[2]) if status[-1].isdigit() else 0

    return run
