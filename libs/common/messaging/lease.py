"""One holder at a time: a PostgreSQL advisory lock on the very connection that writes.

If the connection is lost, the lock and every write under way are lost with it, so that a former holder cannot write.
The lock belongs to a session of the server: a pgbouncer in transaction mode cannot stand between.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from libs.common.database.connection import Database
from libs.common.process.faults import pause

# A holder whose machine vanished is noticed by the server within about ten seconds.
_KEEPALIVE = {"tcp_keepalives_idle": "4", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}

_TRY = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"


@asynccontextmanager
async def leased(
    database: Database, name: str, *, stop: asyncio.Event, poll: float = 0.1
) -> AsyncIterator[AsyncConnection | None]:
    """Wait until the lease `name` of this database is ours; give the connection that holds it.

    Gives None when `stop` was set first. The lease ends with the block, or with the connection.
    """
    async with database.connect(**_KEEPALIVE) as own:

        async def this_one() -> asyncpg.Connection:
            return own

        while not await own.fetchval(_TRY, name):
            await pause(poll, stop)
            if stop.is_set():
                yield None
                return
        engine = create_async_engine(database.url, poolclass=NullPool, async_creator=this_one)
        async with engine.connect() as connection:
            yield connection
