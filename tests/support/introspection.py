"""What asyncpg asks a server about PostgreSQL's own types, asked once a process: a test opens forty connections.

Each new connection asks for itself, by three queries of which one takes the server longer than most of ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from asyncpg.connection import Connection

_FIRST_OF_A_DATABASE = 16_384
"""Types of this number and above are a database's own; those below are PostgreSQL's, the same in all of a version."""


@dataclass(frozen=True, slots=True)
class _Statement:
    """Stands for the statement that was not sent: asyncpg looks whether its name took the place of another's."""

    name: str = "not sent"


_asked: dict[tuple[str, frozenset[int]], Any] = {}
_ask = Connection._introspect_types  # noqa: SLF001


async def _ask_once(self: "asyncpg.Connection[Any]", typeoids: Sequence[int], seconds: float | None) -> Any:
    kinds = str(self.get_server_version()), frozenset(typeoids)
    if (known := _asked.get(kinds)) is not None:
        return known, _Statement()
    found, statement = await _ask(self, typeoids, seconds)
    if max(typeoids) < _FIRST_OF_A_DATABASE:
        _asked[kinds] = found
    return found, statement


def ask_once() -> None:
    """Let all connections of this process share what was answered."""
    Connection._introspect_types = _ask_once  # noqa: SLF001
