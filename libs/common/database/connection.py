"""Connections to PostgreSQL: transactions for commands, read-only ones for reads, and bare asyncpg for speed."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any, Protocol, cast

import asyncpg
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import QueuePool

from libs.common.process.faults import is_full


class Reads(Protocol):
    """Anything that can query rows: a Database or a connection."""

    async def fetch(self, sql: str, /, *args: Any) -> list[asyncpg.Record]:
        """Return all rows of a query."""


_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

LOCK_TIMEOUT = "10s"
"""A lock that is not granted in time is an error to retry, not a reason to wait for ever."""

# A forgotten transaction holds locks and prevents the vacuum of dead rows; so does one whose client has gone, which
# PostgreSQL by default notices only when it next answers.
_SESSION = {
    "idle_in_transaction_session_timeout": "60s",
    "client_connection_check_interval": "2s",
    "lock_timeout": LOCK_TIMEOUT,
    "timezone": "UTC",
}

# A hot read is planned once for each connection: planning it takes several times as long as running it. The commands'
# connections keep PostgreSQL's own choice: a command runs seldom, over one code or over thousands, and a plan that is
# made once is wrong for one of them.
_READING = {"default_transaction_read_only": "on", "plan_cache_mode": "force_generic_plan"}

PLANNED_EACH_TIME = "/* planned each time */"
"""Put into SQL whose best plan depends on its arguments: a Database then plans it for them instead of once for all.

A plan that is made once takes any day and any instant for ones on which next to nothing is believed. For a list that
may mean to read a whole table: on the public files, bodies of unknown status took 254 ms instead of 2, the members of
a body 57 ms instead of 4 (26 November 2026). Reads by key are not misled: they have one good plan.
"""

_OPTIONAL_FILTER = re.compile(r"\$(\d+)::\w+(?:\[\])? IS NULL\b")

ANSWER_SECONDS = 60.0
"""Seconds after which connecting, or one statement, is given up: a server may hang without closing the connection."""

MOST_IDLE_SECONDS = 300.0
"""Seconds after which an idle connection is not used again: what stands between may forget it without closing it."""

_REFUSED_BY_THE_SERVER = (asyncpg.DataError, asyncpg.QueryCanceledError)
"""A value that no column takes, or a statement that took too long: the connection is as good as before."""

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
)
"""What a query ends with whose connection was closed while it was idle, by how far the driver has seen that."""


_LOOKS_FOR_ROOM_EVERY_SECONDS = 1.0
# A megabyte of a table that is gone at once.
_NEEDS_ROOM = """
CREATE TEMPORARY TABLE room ON COMMIT DROP AS SELECT repeat('x', 1000) AS filling FROM generate_series(1, 1000)
"""


SLOW_SECONDS = 1.0
"""A read over a pool, or a whole transaction of a command, that takes longer is counted as slow."""


@dataclass(frozen=True, slots=True)
class PoolNumbers:
    """Numbers of one pool of connections, since the database was opened for those that count."""

    most: int
    """The most connections that it may open."""
    in_use: int
    waited: int
    """How often a connection had to be waited for, because all were in use."""
    slow: int
    """How many reads or transactions took longer than SLOW_SECONDS."""


def service_metadata() -> MetaData:
    """Return empty metadata for a service, with the naming convention for constraints and indexes."""
    return MetaData(naming_convention=_NAMES)


def dsn(url: str) -> str:
    """Convert a SQLAlchemy URL to one for asyncpg."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


def with_filters_settled(sql: str, args: Sequence[object]) -> str:
    """Return the statement with each test whether an optional filter was given (`$3::text IS NULL`) decided.

    A plan that is made once for `$3::text IS NULL OR code = $3` reads the whole table: conflicts about a code took 14
    ms instead of 0.4 (26 November 2026). Decided, each combination of filters is a statement with a plan of its own.
    """
    return _settled(sql, tuple(arg is None for arg in args))


@lru_cache(maxsize=1_000)
def _settled(sql: str, absent: tuple[bool, ...]) -> str:
    def settled(test: re.Match[str]) -> str:
        # The test itself stays, since it says of which type the argument is; the planner drops it.
        return f"(true OR {test[0]})" if absent[int(test[1]) - 1] else f"(false AND {test[0]})"

    return _OPTIONAL_FILTER.sub(settled, sql)


class ReadPool:
    """Read-only connections that are kept between queries; each query has one for itself.

    asyncpg's own pool takes longer to lend a connection than PostgreSQL to answer a read by key: it wraps each loan in
    a proxy, a task and two futures, for sessions that are set up and cleared. Here nothing changes a session.
    """

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection]], most: int) -> None:
        self._connect = connect
        self._free = asyncio.Semaphore(most)
        self._idle: list[tuple[asyncpg.Connection, float]] = []
        """Idle connections and since when, the one that was used last at the end."""
        self._closed = False
        self._most, self._in_use, self._waited, self._slow = most, 0, 0, 0

    @property
    def numbers(self) -> PoolNumbers:
        """Return the present numbers."""
        return PoolNumbers(self._most, self._in_use, self._waited, self._slow)

    async def open(self) -> None:
        """Make the first connection. Raises OSError or asyncpg.PostgresError when the database cannot be reached."""
        self._keep(await self._connect())

    async def fetch(self, sql: str, /, *args: Any) -> list[asyncpg.Record]:
        """Query rows by SQL with `$1` parameters, at the driver's full speed; see PLANNED_EACH_TIME."""
        try:
            return await self._fetch(sql, args)
        except _LOST:
            return await self._fetch(sql, args)  # over a new connection: a read may be repeated

    async def _fetch(self, sql: str, args: Sequence[Any]) -> list[asyncpg.Record]:
        async with _Loan(self) as connection:
            if PLANNED_EACH_TIME not in sql:
                return cast("list[asyncpg.Record]", await connection.fetch(with_filters_settled(sql, args), *args))
            await connection.execute("BEGIN; SET LOCAL plan_cache_mode = auto")
            rows = await connection.fetch(sql, *args)
            await connection.execute("ROLLBACK")
            return cast("list[asyncpg.Record]", rows)

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        """Return the first row of a query, or None, by a plan that is made once."""
        try:
            return await self._fetchrow(sql, args)
        except _LOST:
            return await self._fetchrow(sql, args)

    async def _fetchrow(self, sql: str, args: Sequence[Any]) -> asyncpg.Record | None:
        async with _Loan(self) as connection:
            return await connection.fetchrow(with_filters_settled(sql, args), *args)

    async def close(self) -> None:
        """Close every idle connection now, and each that is in use at its end."""
        self._closed = True
        while self._idle:
            await self._idle.pop()[0].close(timeout=5)

    async def take(self) -> asyncpg.Connection:
        """Return a connection that no other query has, as soon as there may be one."""
        self._waited += self._free.locked()
        await self._free.acquire()
        self._in_use += 1
        try:
            if self._closed:
                raise RuntimeError("the database is not open")
            while self._idle:
                connection, since = self._idle.pop()
                if not connection.is_closed() and monotonic() - since < MOST_IDLE_SECONDS:
                    return connection
                connection.terminate()
            return await self._connect()
        except BaseException:
            self._in_use -= 1
            self._free.release()
            raise

    def give_back(self, connection: asyncpg.Connection, error: BaseException | None, since: float) -> None:
        """Keep a connection whose query was answered, be it by a refusal of a value; throw away any other.

        `since` is when it was taken.
        """
        self._slow += monotonic() - since > SLOW_SECONDS
        self._in_use -= 1
        is_good = error is None or (isinstance(error, _REFUSED_BY_THE_SERVER) and not connection.is_in_transaction())
        if is_good and not self._closed:
            self._keep(connection)
        else:
            connection.terminate()
            while isinstance(error, _LOST) and self._idle:
                self._idle.pop()[0].terminate()  # what closed one has closed the others
        self._free.release()

    def _keep(self, connection: asyncpg.Connection) -> None:
        self._idle.append((connection, monotonic()))


class _Loan:
    """A connection for the length of a block: a generator's context manager costs four times as much."""

    __slots__ = ("_connection", "_pool", "_since")

    def __init__(self, pool: ReadPool) -> None:
        self._pool = pool

    async def __aenter__(self) -> asyncpg.Connection:
        self._connection = await self._pool.take()
        self._since = monotonic()
        return self._connection

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._pool.give_back(self._connection, error, self._since)


class Database:
    """One service's database. `open` before use, `close` after.

    It opens at most `pool_size` connections for commands, the same number for hot reads and `bulk_pool_size` for reads
    over everything; every `connect` adds one.
    """

    def __init__(
        self,
        url: str,
        *,
        application_name: str = "footprint",
        pool_size: int = 5,
        bulk_pool_size: int = 2,
        bulk_seconds: int = 30,
    ) -> None:
        self.url = url
        self._bulk_pool_size, self._bulk_seconds = bulk_pool_size, bulk_seconds
        self._settings = {**_SESSION, "application_name": application_name}
        self._pool_size = pool_size
        self._engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,  # errors are logged, and what is written may be a person's name
            connect_args={"server_settings": self._settings, **_patience()},
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._readers: ReadPool | None = None
        self._bulk_readers: ReadPool | None = None
        self._found_full_at: float | None = None
        self._waited = self._slow = 0

    async def open(self) -> None:
        """Connect. Raises OSError or asyncpg.PostgresError when the database cannot be reached."""
        self._readers = await self._read_pool(self._pool_size, is_opened=True)
        self._bulk_readers = await self._read_pool(
            self._bulk_pool_size, is_opened=False, statement_timeout=str(self._bulk_seconds * 1000)
        )

    async def _read_pool(self, most: int, *, is_opened: bool, **settings: str) -> ReadPool:
        pool = ReadPool(lambda: self._connected({**_READING, **settings}), most)
        if is_opened:
            await pool.open()
        return pool

    async def _connected(self, settings: Mapping[str, str]) -> asyncpg.Connection:
        return await asyncpg.connect(dsn(self.url), server_settings={**self._settings, **settings}, **_patience())

    async def close(self) -> None:
        """Close every pooled connection."""
        for pool in (self._readers, self._bulk_readers):
            if pool is not None:
                await pool.close()
        self._readers = self._bulk_readers = None
        await self._engine.dispose()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction that may write: committed at the end of the block, rolled back on any exception."""
        self._waited += self._in_use() >= self._pool_size
        since = monotonic()
        try:
            with self._watched():
                async with self._sessions.begin() as session:
                    yield session
        finally:
            self._slow += monotonic() - since > SLOW_SECONDS

    def pools(self) -> dict[str, PoolNumbers]:
        """Return the numbers of the pools: of commands, of hot reads, of reads over everything."""
        return {
            "commands": PoolNumbers(self._pool_size, self._in_use(), self._waited, self._slow),
            "reads": _opened(self._readers).numbers,
            "bulk": self.bulk.numbers,
        }

    def _in_use(self) -> int:
        return cast("QueuePool", self._engine.pool).checkedout()

    async def has_room(self) -> bool:
        """Return whether there is room to write, as far as is known: it is looked for once a write found none."""
        if self._found_full_at is None:
            return True
        if monotonic() - self._found_full_at < _LOOKS_FOR_ROOM_EVERY_SECONDS:
            return False
        try:
            async with self.begin() as session:
                await session.execute(text(_NEEDS_ROOM))
        except Exception as error:
            if not is_full(error):
                raise
            return False
        self._found_full_at = None
        return True

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if is_full(error):
                self._found_full_at = monotonic()
            raise

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction that PostgreSQL keeps read-only, with one snapshot throughout."""
        async with self._sessions.begin() as session:
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield session

    async def fetch(self, sql: str, /, *args: Any) -> list[asyncpg.Record]:
        """Query rows by SQL with `$1` parameters, at the driver's full speed; see PLANNED_EACH_TIME."""
        return await _opened(self._readers).fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        """Return the first row of a query, or None, by a plan that is made once."""
        return await _opened(self._readers).fetchrow(sql, *args)

    @property
    def bulk(self) -> ReadPool:
        """Reads over everything, such as exports: few connections of their own, and a statement timeout.

        A reader of pages holds none of them between two pages, however slowly its client takes them.
        """
        return _opened(self._bulk_readers)

    def in_bulk(self) -> "Database":
        """Return this database for a question over everything: what is read of it is read as `bulk` reads."""
        found = copy(self)
        found._readers = self._bulk_readers  # noqa: SLF001  (of its own class)
        return found

    @asynccontextmanager
    async def connect(self, **settings: str) -> AsyncIterator[asyncpg.Connection]:
        """Open a connection outside the pools: for a lease, the sequencer or LISTEN."""
        connection = await self._connected(settings)
        try:
            with self._watched():
                yield connection
        finally:
            await connection.close(timeout=5)


def _opened(pool: ReadPool | None) -> ReadPool:
    if pool is None:
        raise RuntimeError("the database is not open")
    return pool


def _patience() -> dict[str, float]:
    return {"timeout": ANSWER_SECONDS, "command_timeout": ANSWER_SECONDS}


async def raw(session: AsyncSession) -> asyncpg.Connection:
    """Return the driver's connection under a session, inside its transaction: for set-based SQL in a command."""
    connection = await session.connection()
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    if not driver.is_in_transaction():
        # The adapter starts the transaction with its first statement.
        await connection.exec_driver_sql("SELECT 1")
    return driver
