"""Counts the moments right before and right after each commit that writes, and kills this process at one of them.

Between two of them nothing is durable that was not before: a kill there is the kill before the next commit.
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


class Boundaries:
    """How many moments passed; at the one numbered `last` this process is killed (0: at none)."""

    def __init__(self, last: int = 0) -> None:
        self.passed = 0
        self._last = last
        self._writing: set[int] = set()

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
            if word.startswith("ROLLBACK"):
                self._writing.discard(id(connection))
            if _WRITES.search(_LOCKS.sub("", query)):
                self._writing.add(id(connection))
            commits = word.startswith("COMMIT") or not connection.is_in_transaction()
            if not commits or id(connection) not in self._writing:
                return await asked(connection, query, *arguments, **options)
            self._writing.discard(id(connection))
            self._pass()
            answer = await asked(connection, query, *arguments, **options)
            self._pass()
            return answer

        return ask

    def _copying(self, copied: Callable[..., Any]) -> Callable[..., Any]:
        async def copy(connection: Any, *arguments: Any, **options: Any) -> Any:
            self._writing.add(id(connection))
            return await copied(connection, *arguments, **options)

        return copy
