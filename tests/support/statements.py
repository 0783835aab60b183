"""Counting what a database is asked: every statement that reaches it, by the server's own log."""

import asyncio
import re
import time

import asyncpg

from deploy.postgres.server import EmbeddedPostgres
from libs.common.database.connection import Database

_ASKED = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*)")


class Statements:
    """Statements that reach some databases of the server over connections made after `logged`."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server

    async def logged(self, *databases: str) -> None:
        """Have these databases log every statement, from their next connections on."""
        where = str(self._server.socket_folder)
        connection = await asyncpg.connect(host=where, port=5432, user="postgres", database="postgres")
        for database in databases:
            await connection.execute(f"ALTER DATABASE \"{database}\" SET log_statement = 'all'")
        await connection.close()

    async def a_second(self, containing: str = "", *, seconds: float = 3.0) -> float:
        """Return how many arrive a second: the wait is the measurement."""
        before, began = self._asked(containing), time.monotonic()
        await asyncio.sleep(seconds)
        return (self._asked(containing) - before) / (time.monotonic() - began)

    def _asked(self, containing: str) -> int:
        text = self._server.log.read_text(errors="replace")
        return sum(containing in statement for statement in _ASKED.findall(text))


LONG_POLL = "SELECT epoch, last_position, last_chain FROM sequencer_state"
"""What a long poll asks of an empty log before it waits, and nothing else asks in these words."""


async def was_asked(url: str, statement: str) -> bool:
    """Return whether this is the last statement of some connection to the database."""
    async with Database(url).connect() as connection:
        return bool(
            await connection.fetch(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query = $1", statement
            )
        )
