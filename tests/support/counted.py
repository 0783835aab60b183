"""Counts the queries that a read needs: it reads through `Counted`, which passes each on to the database."""

from typing import Any

import asyncpg

from libs.common.database.connection import Reads


class Counted:
    """Something to read from, which counts."""

    def __init__(self, db: Reads) -> None:
        self._db = db
        self.queries = 0

    async def fetch(self, sql: str, /, *args: Any) -> list[asyncpg.Record]:
        """Count a query and read its rows."""
        self.queries += 1
        return await self._db.fetch(sql, *args)
