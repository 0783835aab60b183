"""Databases for tests: one PostgreSQL a session, every test's database copied from a template that is built once."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import asyncpg

from deploy.postgres.server import EmbeddedPostgres

Build: TypeAlias = Callable[[str], Awaitable[None]]
NewDatabase: TypeAlias = Callable[[str | None], Awaitable[str]]

OWNER = "service"
"""The role that owns all test databases: as in production, it is no superuser."""

_MEMORY = Path("/dev/shm")
_MEMORY_NEEDED = 1_000_000_000
_PREFIX = f"footprint-tests-{os.geteuid()}-"


class Databases:
    """Makes templates (once a session) and databases (once a test) on one server."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server
        self._templates: set[str] = set()
        self._made = 0
        # Measured: a copy of files takes 22 ms in memory, but up to 770 ms on a disk.
        self._strategy = "FILE_COPY" if server.folder.is_relative_to(_MEMORY) else "WAL_LOG"

    async def template_for(self, name: str, build: Build) -> str:
        """The template's name; the first caller of the session has `build(url)` fill it.

        `build` must close its connections (dispose of its engine): a template in use cannot be copied.
        """
        template = f"template_{name}"
        if template not in self._templates:
            async with self._administration() as connection:
                await connection.execute(f'DROP DATABASE IF EXISTS "{template}" WITH (FORCE)')
                await connection.execute(f'CREATE DATABASE "{template}" OWNER {OWNER}')
            await build(self.server.dsn(template, OWNER))
            async with self._administration() as connection:
                await connection.execute(f'ALTER DATABASE "{template}" ALLOW_CONNECTIONS false')
            self._templates.add(template)
        return template

    async def create(self, template: str | None = None) -> str:
        """The name of a new database: a copy of the template, or empty."""
        self._made += 1
        name = f"test_{self._made}"
        copied = f'TEMPLATE "{template}" STRATEGY {self._strategy}' if template else ""
        async with self._administration() as connection:
            await connection.execute(f'CREATE DATABASE "{name}" OWNER {OWNER} {copied}')
        return name

    async def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        async with self._administration() as connection:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @asynccontextmanager
    async def _administration(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        where = str(self.server.socket_folder)
        connection = await asyncpg.connect(host=where, port=5432, user="postgres", database="postgres")
        try:
            yield connection
        finally:
            await connection.close()


@asynccontextmanager
async def fresh_databases(templates: Databases) -> AsyncIterator[NewDatabase]:
    """`await new(template)` gives the URL of a fresh copy, `await new(None)` of an empty one; all are dropped after."""
    made: list[str] = []

    async def new(template: str | None = None) -> str:
        name = await templates.create(template)
        made.append(name)
        return templates.server.dsn(name, OWNER)

    yield new
    for name in made:
        await templates.drop(name)


def room_for_a_server() -> Path:
    """The folder for a server's own: in memory where there is room."""
    room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MEMORY_NEEDED
    return _MEMORY if room else Path(tempfile.gettempdir())


@contextmanager
def session_server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this session alone, in memory where there is room; stopped and removed at the end.

    What sessions left behind that were killed is removed too: their lock is free.
    """
    place = room_for_a_server()
    for left in place.glob(f"{_PREFIX}*"):
        _remove_if_abandoned(left)
    beginning = Path(tempfile.mkdtemp(prefix="beginning-", dir=place))
    beginning.chmod(0o711)  # as root, PostgreSQL runs as another user, who has to pass
    with (beginning / "session.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Named only when locked: another session that begins now takes it for neither its own nor abandoned.
        folder = beginning.rename(place / f"{_PREFIX}{beginning.name}")
        # Of both workers, with up to two sets of the four services each.
        settings = {"fsync": "off", "full_page_writes": "off", "max_connections": "300"}
        server = EmbeddedPostgres(folder / "postgres", settings)
        try:
            server.start()
            server.ensure_role(OWNER)
            yield server
        finally:
            server.stop()
            shutil.rmtree(folder)


def _remove_if_abandoned(folder: Path) -> None:
    # It may be in use, or just being removed by another session.
    with suppress(FileNotFoundError, BlockingIOError), (folder / "session.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        EmbeddedPostgres(folder / "postgres").stop()
        shutil.rmtree(folder)
