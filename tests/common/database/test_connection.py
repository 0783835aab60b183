"""Reads are planned once, but for those that say otherwise; optional filters are decided in the text."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from libs.common.database.connection import PLANNED_EACH_TIME, Database, with_filters_settled
from tests.support.sample_projection import Lamps
from tests.support.waiting import until

_MODE = "SELECT current_setting('plan_cache_mode') AS mode"
_SLEEPS = "SELECT FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%pg_sleep%' AND state = 'active'"
_WAITS_FOR_THE_LOCK = """
SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
 WHERE datname = current_database() AND locktype = 'advisory' AND objid = 7 AND NOT granted
"""
_LEFT_OPEN = """
SELECT FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'
"""


async def mode(lamps: Lamps, sql: str = _MODE) -> str:
    """Return how a read is planned; no connection is left within a transaction."""
    [row] = await lamps.publisher.fetch(sql)
    async with lamps.publisher.connect() as connection:
        assert await connection.fetch(_LEFT_OPEN) == []
    return str(row["mode"])


async def test_a_read_is_planned_once_unless_it_asks_to_be_planned_each_time(lamps: Lamps) -> None:
    assert await mode(lamps) == "force_generic_plan"
    assert await mode(lamps, f"{PLANNED_EACH_TIME} {_MODE}") == "auto"
    assert await mode(lamps) == "force_generic_plan"


async def test_a_failed_read_leaves_its_connection_as_it_was(lamps: Lamps) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await lamps.publisher.fetch(f"{PLANNED_EACH_TIME} SELECT 1 / $1::int", 0)
    assert await mode(lamps) == "force_generic_plan"


@pytest.mark.parametrize("args", [(None, None), (2, None), (None, ["a"]), (2, ["a", "c"])])
async def test_a_decided_filter_finds_what_the_undecided_one_finds(
    lamps: Lamps, args: tuple[int | None, list[str] | None]
) -> None:
    sql = (
        "SELECT n, name FROM (VALUES (1, 'a'), (2, 'b'), (2, 'c')) AS rows (n, name)"
        " WHERE ($1::int IS NULL OR n = $1) AND ($2::text[] IS NULL OR name = ANY($2)) ORDER BY name"
    )
    async with lamps.publisher.connect() as connection:
        undecided = await connection.fetch(sql, *args)
    assert with_filters_settled(sql, args) != sql
    assert await lamps.publisher.fetch(sql, *args) == undecided


async def test_a_failed_statement_shows_no_parameter_in_its_error(lamps: Lamps) -> None:
    """An error is logged; what a command was about to write, such as a person's name, is not."""
    statement = text("SELECT 1 / (length(:name) - length(:name))")
    with pytest.raises(DBAPIError) as failed:
        async with lamps.publisher.begin() as session:
            await session.execute(statement, {"name": "Unmistakable"})
    assert "Unmistakable" not in str(failed.value) + repr(failed.value)


async def test_a_read_over_everything_has_a_pool_and_a_timeout_of_its_own(lamps: Lamps) -> None:
    patient = Database(lamps.publisher.url, bulk_pool_size=1, bulk_seconds=1)
    await patient.open()
    try:
        slow = asyncio.create_task(patient.bulk.fetch("SELECT pg_sleep(20)"))
        assert (await patient.fetch("SELECT 1"))[0][0] == 1
        assert not slow.done()
        with pytest.raises(asyncpg.QueryCanceledError):
            await slow
        assert (await patient.bulk.fetch("SELECT 2"))[0][0] == 2
    finally:
        await patient.close()


@asynccontextmanager
async def reading(lamps: Lamps, connections: int) -> AsyncIterator[Database]:
    """A database of its own pool."""
    database = Database(lamps.publisher.url, pool_size=connections)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def process(database: Database) -> int:
    """The server's process behind the next read."""
    [row] = await database.fetch("SELECT pg_backend_pid()")
    return int(row[0])


async def test_a_connection_is_kept_but_for_one_that_failed_or_was_cancelled(lamps: Lamps) -> None:
    async with reading(lamps, 1) as database:
        first = await process(database)
        with pytest.raises(asyncpg.DataError):
            await database.fetch("SELECT 1 / $1::int", 0)
        assert await process(database) == first
        with pytest.raises(asyncpg.UndefinedTableError):
            await database.fetch("SELECT FROM nowhere")
        second = await process(database)
        assert second != first
        slow = asyncio.create_task(database.fetchrow("SELECT pg_sleep(20)"))
        waits = asyncio.create_task(database.fetch("SELECT 1"))
        await until(lambda: lamps.publisher.fetch(_SLEEPS, second))
        waits.cancel()
        slow.cancel()
        await asyncio.gather(slow, waits, return_exceptions=True)
        assert await process(database) not in {first, second}


async def test_an_idle_connection_that_the_server_closed_is_replaced(lamps: Lamps) -> None:
    async with reading(lamps, 1) as database, lamps.publisher.connect() as other:
        closed = await process(database)
        await other.fetch("SELECT pg_terminate_backend($1, 5000)", closed)
        assert await process(database) != closed


async def test_a_read_that_waits_while_the_database_is_closed_opens_no_connection(lamps: Lamps) -> None:
    async with reading(lamps, 1) as database, lamps.publisher.connect() as other:
        await other.execute("SELECT pg_advisory_lock(7)")
        slow = asyncio.create_task(database.fetch("SELECT pg_advisory_lock(7)"))
        waits = asyncio.create_task(database.fetch("SELECT 1"))
        await until(lambda: other.fetch(_WAITS_FOR_THE_LOCK))
        await database.close()
        await other.execute("SELECT pg_advisory_unlock(7)")
        assert len(await slow) == 1
        with pytest.raises(RuntimeError, match="not open"):
            await waits


async def test_reads_share_as_many_connections_as_there_may_be(lamps: Lamps) -> None:
    async with reading(lamps, 2) as database:
        used = await asyncio.gather(*(process(database) for _ in range(20)))
        assert len(set(used)) <= 2
