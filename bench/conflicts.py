"""Measures who of 20 members is conflicted among 100,000 edges of interests, against SELECT 1."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from itertools import cycle
from random import Random

import asyncpg

from bench.runner import TINY, Aim, Benchmark, Contest, Measure, Size
from bench.servers import new_database, opened, postgres, temporary_folder
from libs.common.database.connection import Database, raw
from services.governance.interests.queries import find_conflicts
from services.governance.tables import METADATA

_EDGES = 100_000
"""Six of ten are the registry's ties, two declared interests, one owners by contracts, one seats in bodies."""
_MEMBERS, _PARTIES = 20, 5
_DAY, _KNOWN = date(2018, 6, 1), datetime(2018, 7, 1, tzinfo=UTC)

_ROWS = """
SELECT setseed(0.5);
INSERT INTO known_relation (code, relation, other)
SELECT DISTINCT 'O' || n, 'owns', 'O' || (1 + floor(random() * {bodies}))::int
  FROM generate_series(1, {bodies}) n CROSS JOIN generate_series(1, 2) k WHERE k = 1 OR n % 2 = 0;
INSERT INTO known_ownership (supplier) SELECT 'O' || n FROM generate_series(1, {persons}) n;
INSERT INTO person (id, display_name) SELECT 'P-' || n, 'Somebody' FROM generate_series(1, {persons}) n;
INSERT INTO declared_interest (reference, person_id, organisation, type, relation, other, nature, source, aware_on,
                               declared_on, stated_at, version)
SELECT 'IN-' || n || '-' || k, 'P-' || n, 'O' || n, 'financial', 'owns', 'O' || (1 + (n * 7 + k * 13) % {bodies}),
       'shareholder', 'person', '2013-04-01', '2013-04-01', '2013-04-01Z', 1
  FROM generate_series(1, {persons}) n CROSS JOIN generate_series(1, 2) k;
INSERT INTO body (reference, organisation, title)
SELECT 'B' || n, 'O' || n, 'Governing body' FROM generate_series(1, {persons}) n ORDER BY n;
INSERT INTO post (body_id, reference, slug, title) SELECT id, organisation || '/post', 'post', 'Post' FROM body;
INSERT INTO appointment (id, post_id, person_id, version) SELECT 'A-' || id, id, 'P-' || id, 1 FROM post;
"""
_BELIEFS = """
INSERT INTO {table} (subject_id, facet, value, valid, known)
SELECT {columns}, daterange('2013-04-01', NULL), tstzrange('2013-04-01Z', NULL) FROM {source}
"""
_TABLES = {
    "known_relation_belief": ("id, 1, '1/' || 2 + id % 7", "known_relation"),
    "known_ownership_belief": ("id, 1, 'O' || (1 + (id * 31) % {bodies})", "known_ownership"),
    "declared_interest_belief": ("id, 1, '1/4'", "declared_interest"),
    "post_time_belief": ("id, 2, 'A-' || id", "post"),
}


async def _fill(database: Database, edges: int) -> None:
    numbers = {"bodies": edges * 4 // 10, "persons": edges // 10}
    async with database.begin() as session:
        connection = await raw(session)
        await connection.execute(_ROWS.format(**numbers), timeout=600)
        for table, (columns, source) in _TABLES.items():
            # A gist index takes minutes to fill, and a walk reads by subject and facet, or by value.
            await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT ex_{table}_one_value")
            filled = columns.format(**numbers)
            await connection.execute(_BELIEFS.format(table=table, columns=filled, source=source), timeout=600)
    async with database.connect() as connection:
        await connection.execute("VACUUM ANALYZE", timeout=600)


def _walking(connection: asyncpg.Connection, edges: int, size: Size, remarks: list[str]) -> Measure:
    """Ask for one body of 20 members after another, each with other parties; milliseconds of a question."""
    drawn = Random(1)  # noqa: S311  (no secret: the same bodies in each run)
    numbers = range(1, edges // 10 + 1)
    bodies = cycle(
        [
            ([f"P-{n}" for n in drawn.sample(numbers, _MEMBERS)], {f"O{n}" for n in drawn.sample(numbers, _PARTIES)})
            for _ in range(20)
        ]
    )

    async def measure() -> Mapping[str, float]:
        asked, found, began = 0, 0, time.perf_counter()
        while (took := time.perf_counter() - began) < size.seconds:
            persons, parties = next(bodies)
            conflicts = await find_conflicts(
                connection, persons, parties, on=_DAY, as_known=_KNOWN, stages=("bids_received",)
            )
            asked, found = asked + 1, found + len(conflicts)
        remarks[:] = [f"{found / asked:.1f} conflicts of a body on average"]
        return {"conflicts of 20 members": took / asked * 1000}

    return measure


def _selecting(connection: asyncpg.Connection, seconds: float) -> Measure:
    async def measure() -> Mapping[str, float]:
        asked, began = 0, time.perf_counter()
        while (took := time.perf_counter() - began) < seconds:
            await connection.fetch("SELECT 1")
            asked += 1
        return {"SELECT 1": took / asked * 1000}

    return measure


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    edges = 1_000 if size is TINY else _EDGES
    with temporary_folder() as folder:
        async with postgres(folder) as server:
            url = await new_database(server, "governance", METADATA)
            # As the services' reading connections plan.
            async with opened(url) as database, database.connect(plan_cache_mode="force_generic_plan") as connection:
                await _fill(database, edges)
                contest = Contest([])
                contest.measures = [
                    _selecting(connection, size.seconds / 2),
                    _walking(connection, edges, size, contest.remarks),
                ]
                yield contest


BENCHMARK = Benchmark(
    name="conflicts",
    words="who of 20 members is conflicted, over at most six of 10^5 edges, beside SELECT 1",
    units={"SELECT 1": "ms", "conflicts of 20 members": "ms"},
    aims=[Aim("conflicts of 20 members", "SELECT 1", at_most=100)],
    stage=_stage,
    rounds=5,
)
