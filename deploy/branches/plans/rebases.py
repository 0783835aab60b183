"""Which branches are rebases of which, and what differed in them; in the register's database, gone with the branch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
from pydantic import TypeAdapter

from deploy.branches.plans.replay import Replay, ReplayedStep
from deploy.branches.register import Branch, Register

_TABLES = """
CREATE TABLE IF NOT EXISTS rebase (
    branch text PRIMARY KEY REFERENCES branch ON DELETE CASCADE, line text NOT NULL, origin text NOT NULL,
    origin_name text NOT NULL, ids text NOT NULL, steps text NOT NULL
);
"""
_ADD = "INSERT INTO rebase (branch, line, origin, origin_name, ids, steps) VALUES ($1, $2, $3, $4, $5, $6)"
_STEPS = TypeAdapter(tuple[ReplayedStep, ...])


@dataclass(frozen=True, slots=True)
class Rebase:
    """That a branch is the rebase of another one, its `origin`; `line` is the first one, which may be that one."""

    line: str
    origin: str
    origin_name: str
    ids: Mapping[str, str]
    steps: tuple[ReplayedStep, ...]


class Rebases:
    """Reads and writes the rebases. `open` before use, once the register is open."""

    def __init__(self, register: Register) -> None:
        self._register = register

    @property
    def _pool(self) -> asyncpg.Pool:
        return self._register.pool

    async def open(self) -> None:
        """Create the table where it is missing."""
        await self._pool.execute(_TABLES)

    async def add(self, fresh: Branch, origin: Branch, line: str, replay: Replay) -> None:
        """Write down that a branch is the rebase of another one, and what differed."""
        steps = _STEPS.dump_json(replay.steps).decode()
        await self._pool.execute(_ADD, fresh.id, line, origin.id, origin.name, json.dumps(dict(replay.ids)), steps)

    async def find(self, branch_id: str) -> Rebase | None:
        """Return the rebase that a branch is, or None."""
        row = await self._pool.fetchrow("SELECT * FROM rebase WHERE branch = $1", branch_id)
        if row is None:
            return None
        named = (row["line"], row["origin"], row["origin_name"], json.loads(row["ids"]))
        return Rebase(*named, _STEPS.validate_json(row["steps"]))

    async def line_of(self, branch_id: str) -> str:
        """Return the first branch of which this one is a rebase, or a rebase of a rebase; else its own id."""
        rebase = await self.find(branch_id)
        return rebase.line if rebase else branch_id
