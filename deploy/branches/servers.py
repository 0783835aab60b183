"""The throwaway PostgreSQL of branches: databases are made, copied, closed and dropped there, and nowhere else."""

import os
import re
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from deploy.postgres.server import EmbeddedPostgres
from libs.common.database.connection import ANSWER_SECONDS, dsn

SETTINGS = {
    # What is on it can be copied again: it starts at once after a crash, and writes no more than it has to.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "300",
    "max_wal_size": "32MB",
    "min_wal_size": "32MB",
    # Rows that are restored into tables of the same transaction are then not written twice.
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
"""Settings of PostgreSQL for a server that holds only what can be made again."""

_OURS = re.compile(r"(base|branch)_[a-z0-9]+_[a-z]+")
_SIZE = "SELECT coalesce(sum(pg_database_size(datname)), 0)::bigint FROM pg_database WHERE datname = ANY($1)"


def embedded(folder: Path) -> EmbeddedPostgres:
    """Return the laptop's branch server in this folder, not yet started."""
    return EmbeddedPostgres(folder, SETTINGS)


@contextmanager
def running(server: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """Run an embedded server for as long as the block."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


class BranchServer:
    """A PostgreSQL on which this process alone makes databases; `url` is of a role that may, `programs` is a folder.

    `programs` has `pg_dump` and `psql` of the same version.
    """

    def __init__(self, url: str, programs: Path) -> None:
        self.url = url
        self.programs = programs

    def url_of(self, database: str) -> str:
        """Return the URL of one of its databases."""
        return make_url(self.url).set(database=database).render_as_string(hide_password=False)

    async def databases(self) -> list[str]:
        """Return the databases of bases and branches."""
        async with self._administration() as connection:
            names = [row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")]
        return sorted(name for name in names if _OURS.fullmatch(name))

    async def ensure(self, name: str) -> str:
        """Create a database unless there is one of this name; return its URL."""
        async with self._administration() as connection:
            if not await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name):
                await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.url_of(name)

    async def copy(self, template: str, name: str) -> str:
        """Create a database as a copy of another one, through the write-ahead log; return its URL.

        Copying the files took ten times as long on a disk (0.3 s against 2.9 for the demo's four, 27 November 2026).
        """
        async with self._administration() as connection:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY wal_log')
        return self.url_of(name)

    async def close_to_all(self, names: Collection[str]) -> None:
        """Let no session enter these databases: a template in use cannot be copied."""
        async with self._administration() as connection:
            for name in names:
                await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')

    async def drop(self, names: Collection[str]) -> None:
        """Drop these databases, whoever is still connected to them: a copier that was killed too."""
        async with self._administration() as connection:
            for name in sorted(names):
                await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def size_of(self, names: Collection[str]) -> int:
        """Return the bytes of these databases on disk."""
        async with self._administration() as connection:
            size: int = await connection.fetchval(_SIZE, list(names))
        return size

    @asynccontextmanager
    async def _administration(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(dsn(self.url), timeout=ANSWER_SECONDS)
        try:
            yield connection
        finally:
            await connection.close(timeout=5)


def for_programs(url: str) -> tuple[str, dict[str, str]]:
    """Return a URL for PostgreSQL's programs and their environment, which has the password: arguments are public."""
    parsed = make_url(dsn(url))
    password = {"PGPASSWORD": str(parsed.password)} if parsed.password is not None else {}
    without = parsed.set(password=None).render_as_string(hide_password=False) if password else dsn(url)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return without, inherited | {"LC_ALL": "C", "PGCONNECT_TIMEOUT": "10"} | password
