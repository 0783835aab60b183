"""A lease for one holder at a time: a PostgreSQL advisory lock on the connection that also writes.

If the connection is lost, the lock and every uncommitted write are lost with it, so a former holder cannot write. The
lock belongs to a session of the server, so a pgbouncer in transaction mode must not sit in between.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from libs.common.database.connection import LOCK_TIMEOUT, Database

CONSUMING = "consumer "
"""What the name of a consumer's lease begins with; the source follows."""

# The server notices within about ten seconds that a holder's machine has disappeared.
_KEEPALIVE = {"tcp_keepalives_idle": "4", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}

# The server's own lock queue wakes the next holder at once, without polling. The wait is renewed every 30 seconds,
# because it holds a snapshot, and vacuum can clean up deleted rows only when that is released.
_WAIT = {"lock_timeout": "30s"}
_TAKE = "SELECT pg_advisory_lock(hashtextextended($1, 0))"


@asynccontextmanager
async def leased(database: Database, name: str, *, stop: asyncio.Event) -> AsyncIterator[AsyncConnection | None]:
    """Wait until this process holds the lease `name`; yield the connection that holds it.

    Yields None if `stop` was set first. The lease ends with the block or with the connection.
    """
    async with database.connect(**_KEEPALIVE, **_WAIT) as own:

        async def this_one() -> asyncpg.Connection:
            return own

        if not await _taken(own, name, stop):
            yield None
            return
        await own.execute("SELECT set_config('lock_timeout', $1, false)", LOCK_TIMEOUT)
        engine = create_async_engine(database.url, poolclass=NullPool, async_creator=this_one)
        async with engine.connect() as connection:
            yield connection


async def _taken(own: asyncpg.Connection, name: str, stop: asyncio.Event) -> bool:
    """Return whether the lock was granted before `stop` was set."""
    taking, stopping = asyncio.ensure_future(_take(own, name)), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({taking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not taking.done():
            return False
        taking.result()
        return True
    finally:
        stopping.cancel()
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)


async def _take(own: asyncpg.Connection, name: str) -> None:
    while True:
        try:
            await own.execute(_TAKE, name)
        except asyncpg.LockNotAvailableError:
            continue
        return
