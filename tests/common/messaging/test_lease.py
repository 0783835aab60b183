"""A lease passes on when its holder hangs, and not while the holder works or the server works for it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from libs.common.database.connection import dsn
from libs.common.messaging.lease import CONSUMING, end_if_hung
from tests.support.sample_projection import Lamps, lit
from tests.support.waiting import until

_STATE = "SELECT state, wait_event_type, wait_event, state_change FROM pg_stat_activity WHERE pid = $1"
_HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"


@asynccontextmanager
async def holding(lamps: Lamps) -> AsyncIterator[asyncpg.Connection]:
    """The session of a process that has the lease `work`."""
    holder = await asyncpg.connect(dsn(lamps.subscriber.url))
    await holder.execute("SELECT pg_advisory_lock(hashtextextended('work', 0))")
    try:
        yield holder
    finally:
        holder.terminate()


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    doing = asyncio.ensure_future(work)
    try:
        yield
    finally:
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)


async def test_a_holder_hangs_that_was_silent_for_too_long(lamps: Lamps) -> None:
    async with holding(lamps) as holder, lamps.subscriber.connect() as standby:
        assert not await end_if_hung(standby, "work", after=3600)
        assert not await end_if_hung(standby, "other work", after=0)
        assert not holder.is_closed()
        assert await end_if_hung(standby, "work", after=0)
        assert await standby.fetchval("SELECT pg_try_advisory_lock(hashtextextended('work', 0))")


async def test_a_holder_for_which_the_server_works_does_not_hang_however_long_that_takes(lamps: Lamps) -> None:
    async with holding(lamps) as holder, lamps.subscriber.connect() as standby:
        pid = holder.get_server_pid()
        async with meanwhile(holder.execute("SELECT pg_sleep(3600)")):

            async def works() -> bool:
                return bool((await standby.fetchrow(_STATE, pid))["wait_event"] == "PgSleep")

            await until(works)
            assert not await end_if_hung(standby, "work", after=0)


async def test_a_holder_that_does_not_take_an_answer_hangs(lamps: Lamps) -> None:
    async with holding(lamps) as holder, lamps.subscriber.connect() as standby:
        pid = holder.get_server_pid()
        holder._transport.pause_reading()  # noqa: SLF001  (as where its process is stopped)
        async with meanwhile(holder.execute("SELECT repeat('x', 1000000) FROM generate_series(1, 50)")):

            async def writes() -> bool:
                return bool((await standby.fetchrow(_STATE, pid))["wait_event"] == "ClientWrite")

            await until(writes)
            assert await end_if_hung(standby, "work", after=0)


async def test_a_consumer_at_rest_beats(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1))
    async with lamps.following(poll=0.01), lamps.subscriber.connect() as watching:
        await lamps.at(1)
        pid = await watching.fetchval(_HOLDER)
        before = (await watching.fetchrow(_STATE, pid))["state_change"]

        async def has_beaten() -> bool:
            return bool((await watching.fetchrow(_STATE, pid))["state_change"] > before)

        await until(has_beaten)
        assert not await end_if_hung(watching, CONSUMING + "lamps", after=5)
