"""PostgreSQL: one transaction for a command, read-only ones for the rest, and bare asyncpg where speed counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

import asyncpg
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine


class Reads(Protocol):
    """Anything that reads rows by SQL: a Database, a connection."""

    async def fetch(self, sql: str, /, *args: Any) -> list[asyncpg.Record]:
        """Read rows."""


_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

LOCK_TIMEOUT = "10s"
"""A lock that is not had in time is a fault to retry, not a reason to wait for ever."""

# A forgotten transaction holds locks and stops the clean-up of dead rows.
_SESSION = {"idle_in_transaction_session_timeout": "60s", "lock_timeout": LOCK_TIMEOUT, "timezone": "UTC"}

ANSWER_SECONDS = 60.0
"""How long connecting may take, or one statement: a server that falls silent, closing nothing, is then given up."""


def service_metadata() -> MetaData:
    """Return a service's empty metadata, with the names that constraints and indexes get."""
    return MetaData(naming_convention=_NAMES)


def dsn(url: str) -> str:
    """Return a SQLAlchemy URL as asyncpg reads it."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


class Database:
    """One service's database. `open` before use, `close` after.

    It holds at most `pool_size` connections for commands and as many for hot reads; every `connect` adds one.
    """

    def __init__(self, url: str, *, application_name: str = "footprint", pool_size: int = 5) -> None:
        self.url = url
        self._settings = {**_SESSION, "application_name": application_name}
        self._pool_size = pool_size
        self._engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"server_settings": self._settings, **_patience()},
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._readers: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Connect. Raises OSError or asyncpg.PostgresError when the database cannot be reached."""
        self._readers = await asyncpg.create_pool(
            dsn(self.url),
            min_size=1,
            max_size=self._pool_size,
            server_settings={**self._settings, "default_transaction_read_only": "on"},
            reset=_keep,
            **_patience(),
        )

    async def close(self) -> None:
        """Let go of every pooled connection."""
        if self._readers is not None:
            await self._readers.close()
            self._readers = None
        await self._engine.dispose()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """One transaction that may write: committed at the end of the block, rolled back on any exception."""
        async with self._sessions.begin() as session:
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One transaction that PostgreSQL holds to reading, and to one state of the data throughout."""
        async with self._sessions.begin() as session:
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield session

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Read rows by SQL with `$1` parameters, at the driver's full speed."""
        return cast("list[asyncpg.Record]", await self._pool().fetch(sql, *args))

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        """Read the first row, or None."""
        return await self._pool().fetchrow(sql, *args)

    @asynccontextmanager
    async def connect(self, **settings: str) -> AsyncIterator[asyncpg.Connection]:
        """A connection of one's own, outside the pools: for a lease, the sequencer, LISTEN."""
        connection = await asyncpg.connect(dsn(self.url), server_settings={**self._settings, **settings}, **_patience())
        try:
            yield connection
        finally:
            await connection.close(timeout=5)

    def _pool(self) -> asyncpg.Pool:
        if self._readers is None:
            raise RuntimeError("the database is not open")
        return self._readers


def _patience() -> dict[str, float]:
    return {"timeout": ANSWER_SECONDS, "command_timeout": ANSWER_SECONDS}


async def _keep(_: asyncpg.Connection) -> None:
    """Save the round trip of a reset: nothing here changes a pooled connection's session state."""


async def raw(session: AsyncSession) -> asyncpg.Connection:
    """Return the driver's connection under a session, inside its transaction: for set-based SQL in a command."""
    connection = await session.connection()
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    if not driver.is_in_transaction():
        # The adapter begins the transaction with its first statement.
        await connection.exec_driver_sql("SELECT 1")
    return driver
