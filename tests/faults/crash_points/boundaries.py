"""Counts the moments right before and right after each commit that writes, and kills this process at one of them.

Between two of them nothing is durable that was not before: a kill there is the kill before the next commit. A commit by
which nothing was written, as of a worker who finds no work, is none of them: how often it comes is the clock's.
"""

import os
import re
import signal
from collections.abc import Callable
from typing import Any

from asyncpg.connection import Connection

_WRITES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM|MERGE INTO)\b")
_LOCKS = re.compile(r"\bFOR (NO KEY )?UPDATE\b")
_STATEMENTS = ("execute", "executemany", "fetch", "fetchrow", "fetchval", "fetchmany", "prepare")
_HAS_WRITTEN = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"


class Boundaries:
    """How many moments passed; at the one numbered `last` this process is killed (0: at none)."""

    def __init__(self, last: int = 0) -> None:
        self.passed = 0
        self._last = last
        self._writing: set[int] = set()
        self._asked = Connection.fetchval

    def watch(self) -> None:
        """Watch every connection of this process from now on."""
        for name in _STATEMENTS:
            setattr(Connection, name, self._watched(getattr(Connection, name)))
        setattr(Connection, "copy_records_to_table", self._copying(Connection.copy_records_to_table))  # noqa: B010

    def _pass(self) -> None:
        self.passed += 1
        if self.passed == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def _watched(self, asked: Callable[..., Any]) -> Callable[..., Any]:
        async def ask(connection: Any, query: str, *arguments: Any, **options: Any) -> Any:
            word = query.lstrip()[:8].upper()
            writes = _WRITES.search(_LOCKS.sub("", query)) is not None
            if writes and not connection.is_in_transaction():
                # It would commit by itself: its commit is told apart, so that it can be seen whether it wrote.
                async with connection.transaction():
                    return await ask(connection, query, *arguments, **options)
            if writes:
                self._writing.add(id(connection))
            if word.startswith("ROLLBACK"):
                self._writing.discard(id(connection))
            if not word.startswith("COMMIT") or not await self._has_written(connection):
                return await asked(connection, query, *arguments, **options)
            self._pass()
            answer = await asked(connection, query, *arguments, **options)
            self._pass()
            return answer

        return ask

    async def _has_written(self, connection: Any) -> bool:
        if id(connection) not in self._writing:
            return False
        self._writing.discard(id(connection))
        return bool(await self._asked(connection, _HAS_WRITTEN))

    def _copying(self, copied: Callable[..., Any]) -> Callable[..., Any]:
        async def copy(connection: Any, *arguments: Any, **options: Any) -> Any:
            self._writing.add(id(connection))
            return await copied(connection, *arguments, **options)

        return copy
