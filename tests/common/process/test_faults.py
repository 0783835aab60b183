"""Which faults pass, and the pauses between tries."""

import asyncio
import time

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from libs.common.errors import Conflict
from libs.common.process.faults import Backoff, is_passing, pause
from tests.support.sample_projection import Lamps


def test_a_lost_network_passes_and_a_wrong_program_does_not() -> None:
    assert is_passing(ConnectionResetError())
    assert is_passing(TimeoutError())
    assert not is_passing(FileNotFoundError("a file that a handler misses"))
    assert not is_passing(ValueError("nonsense"))
    assert not is_passing(asyncpg.InterfaceError("the server expects 1 argument for this query, 2 were passed"))


def test_a_refusal_that_a_passing_fault_caused_passes_too() -> None:
    refusal = Conflict("taken")
    refusal.__cause__ = asyncpg.SerializationError("could not serialize")
    assert is_passing(refusal)
    assert not is_passing(Conflict("taken"))


@pytest.mark.parametrize(
    ("sqlstate", "passes"),
    [("40P01", True), ("53300", True), ("57P01", True), ("08006", True), ("23505", False), ("42P01", False)],
)
async def test_postgresql_says_by_its_state_whether_a_fault_passes(lamps: Lamps, sqlstate: str, passes: bool) -> None:
    raising = f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$"
    for attempt in (lamps.rewrite(raising), through_the_orm(lamps, raising)):
        with pytest.raises((asyncpg.PostgresError, DBAPIError)) as caught:
            await attempt
        assert is_passing(caught.value) == passes


async def through_the_orm(lamps: Lamps, sql: str) -> None:
    async with lamps.publisher.begin() as session:
        await session.execute(text(sql))


async def test_a_connection_that_is_gone_passes_wherever_it_is_noticed(lamps: Lamps) -> None:
    async with lamps.publisher.connect() as connection:
        transaction = connection.transaction()
        await transaction.start()
        connection.terminate()
        uses = (lambda: connection.execute("SELECT 1"), transaction.commit, lambda: connection.fetchval("SELECT 1"))
        for use in uses:
            with pytest.raises(asyncpg.InterfaceError) as caught:
                await use()
            assert is_passing(caught.value)


async def test_pauses_grow_up_to_a_limit_and_begin_again_after_a_success() -> None:
    backoff = Backoff(first=0.01, most=0.04)
    lengths = []
    for _ in range(4):
        before = time.monotonic()
        await backoff.pause(asyncio.Event())
        lengths.append(time.monotonic() - before)
    assert all(length >= least for length, least in zip(lengths, (0.005, 0.01, 0.02, 0.02), strict=True))
    assert backoff.failures == 4
    backoff.reset()
    assert backoff.failures == 0


async def test_a_pause_ends_at_once_when_it_is_stopped() -> None:
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(pause(60, stop), 5)
