"""The register: which bases and branches exist, in a database of the branch server.

It is there and not in a file, because it has to end with what it names: a register that outlived the throwaway server
would name branches that are gone.
"""

import dataclasses
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import asyncpg

from deploy.branches.bases import SERVICES, Base
from deploy.branches.servers import BranchServer
from libs.common.database.connection import ANSWER_SECONDS, dsn

DATABASE = "branches"
LIFE = "life"
"""The name of what branches are copied from, beside theirs in a comparison: no branch has it."""

_TABLES = """
CREATE TABLE IF NOT EXISTS base (id text PRIMARY KEY, cut_at timestamptz NOT NULL, ends text NOT NULL);
CREATE TABLE IF NOT EXISTS branch (
    id text PRIMARY KEY, name text NOT NULL UNIQUE, base text REFERENCES base, owner text NOT NULL,
    bodies text[] NOT NULL, opened_at timestamptz NOT NULL, used_at timestamptz NOT NULL, day date NOT NULL,
    state text NOT NULL, progress text NOT NULL, failure text NOT NULL
);
"""
_ADD = "INSERT INTO branch ({}) VALUES ({})"
_PUT = """
UPDATE branch SET base = $2, day = $3, state = $4, progress = $5, failure = $6, used_at = $7 WHERE id = $1
"""
_ALONE = "SELECT pg_advisory_lock(hashtextextended('branches', 0))"
_ALONE_WITHIN = "15s"


class AlreadyServed(Exception):
    """Another process serves the branches of this server."""


class State(StrEnum):
    """What a branch is at."""

    OPENING = "opening"
    OPEN = "open"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One branch: its base, who opened it and for which bodies, and the day that its clock shows.

    `base` is None until it was cut, `progress` says what is being done, `failure` why it could not be opened or moved.
    """

    id: str
    name: str
    base: str | None
    owner: str
    bodies: tuple[str, ...]
    opened_at: datetime
    used_at: datetime
    day: date
    state: State = State.OPENING
    progress: str = ""
    failure: str = ""

    def database(self, service: str) -> str:
        """Return the name of the database that has this service's copy."""
        return f"branch_{self.id}_{service}"

    @property
    def databases(self) -> list[str]:
        """The databases of this branch."""
        return [self.database(service) for service in SERVICES]


_FIELDS = tuple(each.name for each in dataclasses.fields(Branch))


class Register:
    """Reads and writes the register. `open` before use, `close` after."""

    def __init__(self, server: BranchServer) -> None:
        self._server = server
        self._opened: asyncpg.Pool | None = None
        self._alone: asyncpg.Connection | None = None

    async def open(self) -> None:
        """Create the database and its tables where they are missing, and connect. Raises AlreadyServed."""
        url = await self._server.ensure(DATABASE)
        self._alone = await asyncpg.connect(
            dsn(url), server_settings={"lock_timeout": _ALONE_WITHIN}, timeout=ANSWER_SECONDS
        )
        try:
            await self._alone.execute(_ALONE)
        except asyncpg.LockNotAvailableError:
            raise AlreadyServed("another process serves the branches of this server; end it first") from None
        self._opened = await asyncpg.create_pool(
            dsn(url), min_size=1, max_size=4, timeout=ANSWER_SECONDS, command_timeout=ANSWER_SECONDS
        )
        await self.pool.execute(_TABLES)

    async def close(self) -> None:
        """Close every connection."""
        if self._opened is not None:
            await self._opened.close()
        if self._alone is not None:
            await self._alone.close(timeout=5)

    @property
    def pool(self) -> asyncpg.Pool:
        """Connections to the register's database, which may have other tables of a branch too."""
        if self._opened is None:
            raise RuntimeError("the register is not open")
        return self._opened

    async def bases(self) -> list[Base]:
        """Return all bases, the oldest first."""
        rows = await self.pool.fetch("SELECT id, cut_at, ends FROM base ORDER BY cut_at, id")
        return [Base.decoded(row["id"], row["cut_at"], row["ends"]) for row in rows]

    async def add_base(self, base: Base) -> None:
        """Add a base, once its copies are whole."""
        await self.pool.execute("INSERT INTO base VALUES ($1, $2, $3)", base.id, base.cut_at, base.encoded())

    async def remove_unused_bases(self) -> list[Base]:
        """Remove the bases that no branch names, and return them."""
        rows = await self.pool.fetch(
            "DELETE FROM base WHERE NOT EXISTS (SELECT FROM branch WHERE branch.base = base.id) RETURNING *"
        )
        return [Base.decoded(row["id"], row["cut_at"], row["ends"]) for row in rows]

    async def branches(self) -> list[Branch]:
        """Return all branches, the oldest first."""
        rows = await self.pool.fetch(f"SELECT {', '.join(_FIELDS)} FROM branch ORDER BY opened_at, id")  # noqa: S608
        return [_branch(row) for row in rows]

    async def add(self, branch: Branch) -> None:
        """Add a branch, whose name no other has."""
        numbers = ", ".join(f"${number}" for number in range(1, len(_FIELDS) + 1))
        values = [getattr(branch, name) for name in _FIELDS]
        await self.pool.execute(_ADD.format(", ".join(_FIELDS), numbers), *values)

    async def put(self, branch: Branch) -> None:
        """Write what a branch is at: its base, day, state, progress and failure, and when it was used."""
        changed = (branch.base, branch.day, branch.state, branch.progress, branch.failure, branch.used_at)
        await self.pool.execute(_PUT, branch.id, *changed)

    async def remove(self, branch_id: str) -> None:
        """Remove a branch."""
        await self.pool.execute("DELETE FROM branch WHERE id = $1", branch_id)


def _branch(row: asyncpg.Record) -> Branch:
    return Branch(**{**dict(row), "bodies": tuple(row["bodies"]), "state": State(row["state"])})
