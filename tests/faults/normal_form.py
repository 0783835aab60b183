"""Every row of the four databases in a form that two runs of the demo share, whenever and however often interrupted.

Left out is what is random or of the clock: surrogate ids, random ids, the epoch and the hashes over them, when a row
was recorded, and the time of day of what was stated. What an id points to is kept: an event by its place in its log, a
row by its content.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import asyncpg

from libs.common.database.connection import dsn
from libs.common.process.clock import LONDON

_LEFT_OUT = frozenset(
    {
        *("recorded_at", "updated_at", "tx", "epoch", "chain", "last_chain", "correlation", "traceparent"),
        # How many batches spoke of an organisation, and where a bus keeps a message: the same events come either way.
        *("heard", "next_offset"),
    }
)
_TABLES_LEFT_OUT = frozenset({"publisher", "idempotency_key"})
_BODY_LEFT_OUT = frozenset({"id", "time", "epoch", "correlationid", "traceparent"})
_SUBJECTS = {
    "contract_life": "contract",
    "contract_terms": "contract",
    "contract_share": "contract",
    "contract_coordinator": "contract",
    "known_legal_form": "known_body",
    "body_time": "body",
    "post_time": "post",
    "right_time": "decision_right",
    "cluster_time": "cluster",
    "reorganisation_time": "reorganisation",
    "disagreement": "organisation",
}
"""Whom a timeline is about, where that is not the table of the timeline's own name."""

_RANDOM = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

_FOREIGN_KEYS = """
SELECT conrelid::regclass::text AS table, attname AS column, confrelid::regclass::text AS target
FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
WHERE contype = 'f' AND cardinality(conkey) = 1
"""
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name"

Content = Mapping[str, tuple[str, ...]]
"""The rows of each table, as `registry.merger`, in normal form and sorted."""


@dataclass
class _Names:
    """What random ids are called: those of events by their places, others by the event that first tells them."""

    known: dict[str, str] = field(default_factory=dict)

    def learn(self, service: str, log: Iterable[Mapping[str, Any]]) -> None:
        events = [json.loads(row["body"]) for row in log]
        for event in events:
            self.known[event["id"]] = f"{service} {event['position']}"
        for event in events:
            for number, told in enumerate(_RANDOM.findall(json.dumps(event["data"]))):
                self.known.setdefault(told, f"told by {service} {event['position']} as {number}")

    def of(self, text: str) -> str:
        return _RANDOM.sub(lambda found: self.known.get(found[0], "random"), text)


class _Database:
    """One database's tables on their way to the normal form."""

    def __init__(
        self, tables: Mapping[str, list[Mapping[str, Any]]], targets: Mapping[tuple[str, str], str], names: _Names
    ) -> None:
        self._tables = tables
        self._targets = targets
        self._names = names
        self._by_id = {table: {row["id"]: row for row in rows if "id" in row} for table, rows in tables.items()}
        for table, rows in tables.items():
            for row in rows:
                if isinstance(row.get("id"), str) and (found := _RANDOM.search(row["id"])):
                    rest = {name: value for name, value in row.items() if name != "id"}
                    names.known.setdefault(found[0], _line(self._row(table, rest)))

    def content(self, table: str) -> tuple[str, ...]:
        rows = [row for row in self._tables[table] if row.get("operation") not in _AGAIN]
        return tuple(sorted(_line(self._row(table, row)) for row in rows))

    def _row(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in row.items() if name not in _LEFT_OUT}
        if isinstance(row.get("id"), int):
            del kept["id"]
        for name, value in kept.items():
            target = self._target(table, name)
            if target is not None and value is not None:
                kept[name] = self._row(target, self._by_id[target][value])
            elif name == "body" and table == "event_log":
                body = json.loads(value)
                kept[name] = self._plain({each: body[each] for each in body if each not in _BODY_LEFT_OUT})
            elif name == "event_id":
                kept[name] = self._names.of(str(value))
            else:
                kept[name] = self._plain(value)
        return kept

    def _target(self, table: str, column: str) -> str | None:
        if column != "subject_id":
            return self._targets.get((table, column))
        about = table.removesuffix("_statement").removesuffix("_belief")
        return _SUBJECTS.get(about, about)

    def _plain(self, value: Any) -> Any:
        match value:
            case str():
                return self._names.of(_INSTANT.sub(lambda found: _day(datetime.fromisoformat(found[0])), value))
            case datetime():
                return _day(value)
            case asyncpg.Range():
                return [self._plain(value.lower), self._plain(value.upper), value.isempty]
            case date():
                return value.isoformat()
            case dict():
                return {name: self._plain(each) for name, each in value.items()}
            case list() | tuple():
                return [self._plain(each) for each in value]
            case bytes():
                return value.hex()
            case _:
                return value


_AGAIN = frozenset({"move_clock"})
"""Commands that an interrupted loader rightly sends again: to a clock that stands there already."""


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, sort_keys=True, ensure_ascii=False)


def _day(instant: datetime) -> str:
    if instant.year in (1, 9999):
        return str(instant.year)
    return instant.astimezone(LONDON).date().isoformat()


async def read_content(urls: Mapping[str, str]) -> Content:
    """Read every table of these databases, named by service, in normal form."""
    tables: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    targets: dict[str, dict[tuple[str, str], str]] = {}
    names = _Names()
    for service, url in urls.items():
        connection = await asyncpg.connect(dsn(url))
        try:
            found = [row["table_name"] for row in await connection.fetch(_TABLES)]
            tables[service] = {
                table: [dict(row) for row in await connection.fetch(f'SELECT * FROM "{table}"')]
                for table in found
                if table not in _TABLES_LEFT_OUT
            }
            keys = await connection.fetch(_FOREIGN_KEYS)
            targets[service] = {(key["table"], key["column"]): key["target"] for key in keys}
        finally:
            await connection.close()
        names.learn(service, sorted(tables[service]["event_log"], key=lambda row: row["position"]))
    content: dict[str, tuple[str, ...]] = {}
    for service in urls:
        database = _Database(tables[service], targets[service], names)
        content |= {f"{service}.{table}": database.content(table) for table in tables[service]}
    return content


def checksums(content: Content) -> dict[str, str]:
    """Return a SHA-256 for each table."""
    return {table: hashlib.sha256("\n".join(rows).encode()).hexdigest() for table, rows in content.items()}


def differences(expected: Content, found: Content, *, most: int = 20) -> str:
    """Return in words which rows only one of the two has; nothing where they are equal."""
    lines = []
    for table in sorted({*expected, *found}):
        before, after = list(expected.get(table, ())), list(found.get(table, ()))
        for row in list(before):
            if row in after:
                before.remove(row)
                after.remove(row)
        lines += [f"{table} lacks {row}" for row in before] + [f"{table} has {row}" for row in after]
    return "\n".join(lines[:most])
