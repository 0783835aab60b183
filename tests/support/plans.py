"""Plans of real queries on large tables: a query function reads through `Plans`, and each of its plans is noted."""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg

from libs.common.database.connection import PLANNED_EACH_TIME, with_filters_settled

_SCANS = ("Seq Scan", "Parallel Seq Scan")


class Plan:
    """How PostgreSQL reads for one statement."""

    def __init__(self, sql: str, explained: str) -> None:
        self.sql = sql
        self._nodes = list(_nodes(json.loads(explained)[0]["Plan"]))

    @property
    def indexes(self) -> set[str]:
        """The indexes that it looks into."""
        return {node["Index Name"] for node in self._nodes if "Index Name" in node}

    @property
    def read_whole(self) -> set[str]:
        """The tables that it reads from end to end."""
        return {node["Relation Name"] for node in self._nodes if node["Node Type"] in _SCANS}

    def times_read(self, table: str) -> int:
        """How many of its steps read this table."""
        return sum(node.get("Relation Name") == table for node in self._nodes)


class Plans:
    """A connection that explains before it reads: by the plan made once, or for its arguments, as a Database would."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.noted: list[Plan] = []

    async def fetch(self, sql: str, /, *args: Any) -> list[asyncpg.Record]:
        """Note the plan and read rows."""
        self.noted.append(Plan(sql, await self.explained(sql, *args)))
        rows: list[asyncpg.Record] = await self._connection.fetch(sql, *args)
        return rows

    async def fetchrow(self, sql: str, /, *args: Any) -> asyncpg.Record | None:
        """Note the plan and read the first row."""
        rows = await self.fetch(sql, *args)
        return rows[0] if rows else None

    async def explained(self, sql: str, *args: Any) -> str:
        """Return the plan as JSON."""
        if PLANNED_EACH_TIME in sql:
            await self._connection.execute("SET plan_cache_mode = auto")
            explained = await self._connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *args)
        else:
            await self._connection.execute("SET plan_cache_mode = force_generic_plan")
            await self._connection.execute(f"PREPARE asked AS {with_filters_settled(sql, args)}")
            # Such a plan is the same for every argument.
            given = f"({', '.join(['NULL'] * len(args))})" if args else ""
            explained = await self._connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked{given}")
            await self._connection.execute("DEALLOCATE asked")
        return str(explained)

    @property
    def indexes(self) -> set[str]:
        """The indexes that all that was read looked into."""
        return set[str]().union(*(plan.indexes for plan in self.noted))

    @property
    def by_day(self) -> set[str]:
        """The exclusion constraints whose index something looked into: by day that goes through all subjects."""
        return {index for index in self.indexes if index.startswith("ex_")}

    @property
    def read_whole(self) -> set[str]:
        """The tables that something read from end to end."""
        return set[str]().union(*(plan.read_whole for plan in self.noted))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
