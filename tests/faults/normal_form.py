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
from uuid import UUID

import asyncpg

from libs.common.database.connection import dsn
from libs.common.process.clock import LONDON

_LEFT_OUT = frozenset(
    {
        *("recorded_at", "updated_at", "tx", "epoch", "chain", "last_chain", "correlation", "traceparent"),
        # How many batches spoke of an organisation, and where a bus keeps a message: the same events come either way.
        *("heard", "next_offset", "heard_head"),
    }
)
# Dossiers are salted, and in the order in which the publishers' logs come; the acts and events of which they are made
# are compared.
_TABLES_LEFT_OUT = frozenset(
    {
        *("publisher", "idempotency_key"),
        *("dossier", "dossier_entry", "dossier_value", "dossier_event", "dossier_mark", "dossier_reference"),
    }
)
_LOOKED = ("governance", frozenset({"GovernanceFindingRaised", "GovernanceFindingCleared", "DossierSealed"}))
"""What a service tells of the state in which its due work found it: that depends on when it looked, as at a restart."""
_BODY_LEFT_OUT = frozenset({"id", "time", "epoch", "correlationid", "traceparent"})
_SUBJECTS = {
    "contract_life": "contract",
    "contract_terms": "contract",
    "contract_condition": "contract",
    "contract_share": "contract",
    "contract_coordinator": "contract",
    "known_legal_form": "known_body",
    "body_time": "body",
    "post_time": "post",
    "right_time": "decision_right",
    "level_time": "co_commissioning",
    "instrument_time": "instrument",
    "cluster_time": "cluster",
    "reorganisation_time": "reorganisation",
    "disagreement": "organisation",
}
"""Whom a timeline is about, where that is not the table of the timeline's own name."""

_NUMBERED = {("finance", "budget_line"): "BL-{id}", ("governance", "decision_right"): "R-{id}"}
"""References that are made of surrogate ids: a kill leaves gaps in these."""

_REFERENCE = re.compile(r"\b(BL|R)-\d+(?![-\w])")
_RIGHT_IN_A_PERMIT = re.compile(r'"right": (\d+)')
_RIGHT_OF_AN_ACT = re.compile(r"^right (\d+)$")
_RANDOM = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

_DUE = re.compile(r"due work up to \d{4}-\d\d-\d\d")

_FOREIGN_KEYS = """
SELECT conrelid::regclass::text AS table, a.attname AS column, confrelid::regclass::text AS target, t.attname AS named
FROM pg_constraint
JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
JOIN pg_attribute t ON t.attrelid = confrelid AND t.attnum = confkey[1]
WHERE contype = 'f' AND cardinality(conkey) = 1
"""
# A table without a block has never had a row, and is not asked for one.
_TABLES = """
SELECT c.relname AS name, pg_relation_size(c.oid) > 0 AS has_rows FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY c.relname
"""

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
        named = _REFERENCE.sub(lambda found: self.known.get(found[0], found[0]), text)
        return _RANDOM.sub(lambda found: self.known.get(found[0], "random"), named)


class _Database:
    """One database's tables on their way to the normal form."""

    def __init__(
        self,
        tables: Mapping[str, list[Mapping[str, Any]]],
        targets: Mapping[tuple[str, str], tuple[str, str]],
        names: _Names,
    ) -> None:
        self._tables = tables
        self._targets = targets
        self._names = names
        named = {*targets.values(), *((table, "id") for table in tables)}
        self._by_name = {
            (table, column): {row[column]: row for row in tables[table] if column in row}
            for table, column in named
            if table in tables
        }

    def learn_random_ids(self) -> None:
        for table, rows in self._tables.items():
            for row in rows:
                if isinstance(row.get("id"), str) and (found := _RANDOM.search(row["id"])):
                    rest = {name: value for name, value in row.items() if name != "id"}
                    self._names.known.setdefault(found[0], _line(self._row(table, rest)))

    def learn_references(self, service: str) -> None:
        for (of, table), reference in _NUMBERED.items():
            for row in self._tables.get(table, ()) if of == service else ():
                self._names.known[reference.format(**row)] = _line(self._row(table, row))

    def content(self, table: str) -> tuple[str, ...]:
        rows = [row for row in self._tables[table] if row.get("operation") not in _AGAIN]
        return tuple(sorted(_line(self._row(table, row)) for row in rows))

    def _row(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in row.items() if name not in _LEFT_OUT}
        if table == "permit":
            # It is over ids of rights and instants.
            del kept["digest"]
        if table == "run":
            # A process that is killed leaves its run to another, which begins anew.
            kept = {name: value for name, value in kept.items() if name not in {"tries", "progress"}}
        if row.get("source") == _LOOKED[0]:
            # Its positions count what is left out too.
            kept = {name: value for name, value in kept.items() if name not in {"position", "source_position"}}
        if isinstance(row.get("id"), int):
            del kept["id"]
        for name, value in kept.items():
            target = self._target(table, name)
            if target is not None and value is not None:
                kept[name] = self._row(target[0], self._by_name[target][value])
            elif name == "body" and table == "event_log":
                body = json.loads(value)
                kept[name] = self._plain({each: body[each] for each in body if each not in _BODY_LEFT_OUT})
            elif name == "operation":
                # What has no day of its own is done when the service next looks; what was done is in the other tables.
                kept[name] = _DUE.sub("due work", self._plain(value))
            elif name == "event_id":
                kept[name] = self._names.of(str(value))
            else:
                kept[name] = self._plain(_with_references(table, name, value))
        return kept

    def _target(self, table: str, column: str) -> tuple[str, str] | None:
        if column != "subject_id":
            return self._targets.get((table, column))
        about = table.removesuffix("_statement").removesuffix("_belief")
        return _SUBJECTS.get(about, about), "id"

    def _plain(self, value: Any) -> Any:
        match value:
            case str():
                return self._names.of(_INSTANT.sub(lambda found: _day(datetime.fromisoformat(found[0])), value))
            case UUID():
                return self._names.of(str(value))
            case datetime():
                return _day(value)
            case asyncpg.Range():
                return [self._plain(value.lower), self._plain(value.upper), value.isempty]
            case date():
                return value.isoformat()
            case dict():
                return {name: self._plain(each) for name, each in value.items()}
            case list() | tuple():
                plain = [self._plain(each) for each in value]
                return sorted(plain) if any(isinstance(each, str) and _RANDOM.search(each) for each in value) else plain
            case bytes():
                return value.hex()
            case _:
                return value


def _with_references(table: str, column: str, value: Any) -> Any:
    """Return a value in which rights have their references, where it has their ids."""
    match table, column:
        case "permit", "answer":
            return _RIGHT_IN_A_PERMIT.sub(r'"right": "R-\1"', value)
        case "act", "subject":
            return _RIGHT_OF_AN_ACT.sub(r"R-\1", value)
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


def _without_what_was_looked_for(
    tables: Mapping[str, list[Mapping[str, Any]]],
) -> dict[str, list[Mapping[str, Any]]]:
    """Return the tables without findings and seals, and the log's other events in their places without these."""
    left_out = {"finding", "finding_look", "sequencer_state"}
    kept = {table: rows for table, rows in tables.items() if table not in left_out}
    kept["write_record"] = [row for row in tables["write_record"] if not _DUE.search(str(row["operation"]))]
    log = sorted(tables["event_log"], key=lambda row: int(row["position"]))
    others = [row for row in log if row["name"] not in _LOOKED[1]]
    kept["event_log"] = [
        {**row, "position": place, "body": json.dumps(json.loads(row["body"]) | {"position": place})}
        for place, row in enumerate(others, start=1)
    ]
    return kept


async def read_content(urls: Mapping[str, str]) -> Content:
    """Read every table of these databases, named by service, in normal form."""
    tables: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    targets: dict[str, dict[tuple[str, str], tuple[str, str]]] = {}
    names = _Names()
    for service, url in urls.items():
        connection = await asyncpg.connect(dsn(url))
        try:
            tables[service] = {
                row["name"]: await _rows_of(connection, row["name"]) if row["has_rows"] else []
                for row in await connection.fetch(_TABLES)
                if row["name"] not in _TABLES_LEFT_OUT
            }
            keys = await connection.fetch(_FOREIGN_KEYS)
            targets[service] = {(key["table"], key["column"]): (key["target"], key["named"]) for key in keys}
        finally:
            await connection.close()
        if service == _LOOKED[0]:
            tables[service] = _without_what_was_looked_for(tables[service])
    for service in sorted(urls, key=lambda service: service != _LOOKED[0]):
        # What decides gives the ids of proposals and decisions, which others list in the random order of these.
        names.learn(service, sorted(tables[service]["event_log"], key=lambda row: row["position"]))
    databases = {service: _Database(tables[service], targets[service], names) for service in urls}
    for service, database in databases.items():
        database.learn_references(service)
    for database in databases.values():
        database.learn_random_ids()
    content: dict[str, tuple[str, ...]] = {}
    for service, database in databases.items():
        content |= {f"{service}.{table}": database.content(table) for table in tables[service]}
    return content


async def _rows_of(connection: asyncpg.Connection, table: str) -> list[Mapping[str, Any]]:
    return [dict(row) for row in await connection.fetch(f'SELECT * FROM "{table}"')]


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
