"""A lease for one holder at a time: a PostgreSQL advisory lock on the connection that also writes.

If the connection is lost, the lock and every uncommitted write are lost with it, so a former holder cannot write. The
lock belongs to a session of the server, so a pgbouncer in transaction mode must not sit in between.

A holder that hangs keeps its connection, and with it the lock. It shows by its session: PostgreSQL notes when that last
began or ended a statement, which a holder that works does every few seconds, be it by `beat`. Whoever waits for the
lease ends the session of a holder that does not.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from libs.common.database.connection import LOCK_TIMEOUT, Database

CONSUMING = "consumer "
"""What the name of a consumer's lease begins with; the source follows."""

HUNG_SECONDS = 60.0
"""Seconds without a beat after which a holder hangs; while the server works for it, it does not."""

# The server notices within about ten seconds that a holder's machine has disappeared.
_KEEPALIVE = {"tcp_keepalives_idle": "4", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}

# The server's own lock queue wakes the next holder at once, without polling. The wait is renewed every 10 seconds: it
# holds a snapshot, and vacuum can clean up deleted rows only when that is released; and the holder may hang by now.
_WAIT = {"lock_timeout": "10s"}
_TAKE = "SELECT pg_advisory_lock(hashtextextended($1, 0))"

IS_HELD = """l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND (l.classid::bigint << 32) | l.objid::bigint = hashtextextended({name}, 0)"""
"""Condition on `pg_locks l`: it is the lock of the holder of this lease."""

# One that waits for its client to read an answer is `active` too.
HANGS = """((a.state <> 'active' OR a.wait_event_type = 'Client')
   AND clock_timestamp() - a.state_change >= make_interval(secs => {after}))"""
"""Condition on `pg_stat_activity a`: the session has not beaten for so long."""

# A role sees and ends only sessions of roles that it is a member of.
_END_IF_HUNG = f"""
SELECT a.pid, pg_terminate_backend(a.pid, 5000) AS has_ended FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE {IS_HELD.format(name="$1")} AND {HANGS.format(after="$2")} AND pg_has_role(a.usesysid, 'USAGE')
"""  # noqa: S608  (the values put in are ours)

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def leased(
    database: Database, name: str, *, stop: asyncio.Event, hung_after: float = HUNG_SECONDS
) -> AsyncIterator[AsyncConnection | None]:
    """Wait until this process holds the lease `name`; yield the connection that holds it.

    Yields None if `stop` was set first. The lease ends with the block or with the connection. The session of a holder
    that hangs is ended, so the block beats, by any statement over the connection, far sooner than `hung_after` seconds.
    """
    async with database.connect(**_KEEPALIVE, **_WAIT) as own:

        async def this_one() -> asyncpg.Connection:
            return own

        if not await _taken(own, name, stop, hung_after):
            yield None
            return
        await own.execute("SELECT set_config('lock_timeout', $1, false)", LOCK_TIMEOUT)
        engine = create_async_engine(database.url, poolclass=NullPool, async_creator=this_one)
        async with engine.connect() as connection:
            yield connection


async def beat(holder: asyncpg.Connection) -> None:
    """Show that the holder of a lease works, where it has no other statement for the server."""
    await holder.execute("SELECT 1")


async def end_if_hung(connection: asyncpg.Connection, name: str, *, after: float = HUNG_SECONDS) -> bool:
    """End the session of the lease's holder if it has not beaten for `after` seconds; return whether it did that."""
    ended = await connection.fetchrow(_END_IF_HUNG, name, after)
    if ended is not None:
        _log.warning("the holder of a lease hangs; its session is ended", lease=name, pid=ended["pid"])
    return ended is not None


async def _taken(own: asyncpg.Connection, name: str, stop: asyncio.Event, hung_after: float) -> bool:
    """Return whether the lock was granted before `stop` was set."""
    taking, stopping = asyncio.ensure_future(_take(own, name, hung_after)), asyncio.ensure_future(stop.wait())
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


async def _take(own: asyncpg.Connection, name: str, hung_after: float) -> None:
    while True:
        await end_if_hung(own, name, after=hung_after)
        try:
            await own.execute(_TAKE, name)
        except asyncpg.LockNotAvailableError:
            continue
        return
