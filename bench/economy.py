"""Two bodies with as many contracts, budget lines and holders of posts as wanted: one by commands, the rest its copies.

One contract, line, and post with its holder and a right of each body are made over HTTP. All that these commands wrote
is then copied set-based, under numbered names. What other services know of contracts is filled by their own consumers,
from the copied events.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import asyncpg
from sqlalchemy import ARRAY, JSON, Column, MetaData, String, Table
from sqlalchemy.dialects.postgresql.base import PGDialect

from libs.common.database.connection import Database
from libs.common.events import Envelope

Call = Callable[..., Any]
"""Sends a command to a service: called with `(method, service, path, body, **headers)`, returns the JSON."""

OPENED, BEFORE, DAY = "2013-04-01", "2018-03-31", "2018-04-01"
YEAR = "2018-19"
_LONGEST = 1_800.0
_TRANSACTION = 1_000
"""Events of copies in one transaction of the outbox."""

_SUBJECTS = {
    "contract_customer": "contract_customer",
    "post_time": "post",
    "right_time": "decision_right",
    **dict.fromkeys(("contract_life", "contract_terms", "contract_share", "contract_supplier"), "contract"),
}
"""Of each timeline the table of its subjects."""

_PUBLISH = """
INSERT INTO outbox (event_id, name, version, keys, actor, correlation, causation, causation_source, traceparent, fields)
SELECT gen_random_uuid(), $1, $2::int, string_to_array(replace($3, $9, $9 || '-' || n), '|'), $4, $5, $6, $7, '',
       replace($8, $9, $9 || '-' || n)
  FROM generate_series($10::int, $11::int) n ORDER BY n
"""

_DIALECT = PGDialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Bodies:
    """Two CCGs that merge, and their successor."""

    old: tuple[str, str]
    new: str

    @property
    def merger(self) -> str:
        """The reference of their merger."""
        return f"M-{self.new}"


@dataclass(frozen=True, slots=True)
class Amounts:
    """How many contracts, lines and holders of posts the two bodies have together."""

    contracts: int
    lines: int
    posts: int


@dataclass(frozen=True, slots=True)
class Made:
    """What the commands made of one body."""

    code: str
    contract: str
    line: int
    appointment: str


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What the commands made: rows by table and key, and the names that each copy has a number of its own in."""

    roots: Mapping[str, Sequence[Any]]
    names: tuple[str, ...]


async def fill(
    call: Call, databases: Mapping[str, Database], metadata: Mapping[str, MetaData], bodies: Bodies, amounts: Amounts
) -> Made:
    """Give two open bodies what `amounts` says, half each; return what the commands made of the second."""
    for code in bodies.old:
        contract = f"SUPPORT-{code}"
        await _contract(call, code, contract)
        line = await _line(call, code)
        post, person, appointment = await _post(call, code)
        async with databases["contracts"].connect() as connection:
            number = await connection.fetchval("SELECT id FROM contract WHERE reference = $1", contract)
            pattern = _Pattern({"contract": [number]}, (contract,))
            await _copy(connection, metadata["contracts"], pattern, amounts.contracts // 2 - 1)
        await _copy_events(databases["contracts"], contract, amounts.contracts // 2 - 1)
        async with databases["finance"].connect() as connection:
            pattern = _Pattern({"budget_line": [line]}, (f"of-{code}",))
            await _copy(connection, metadata["finance"], pattern, amounts.lines // 2 - 1)
        async with databases["governance"].connect() as connection:
            number = await connection.fetchval("SELECT id FROM post WHERE reference = $1", post)
            pattern = _Pattern({"post": [number], "person": [person]}, (post.rpartition("/")[2], person, appointment))
            await _copy(connection, metadata["governance"], pattern, amounts.posts // 2 - 1)
    for database in databases.values():
        async with database.connect() as connection:
            await connection.execute("ANALYZE")
    return Made(code, contract, line, appointment)


async def _contract(call: Call, code: str, reference: str) -> None:
    terms = {
        "reference": reference,
        "title": "Support",
        "supplier": "0CX",
        "customers": [code],
        "lines": [{"function": "payroll", "annual_pence": 125_000_00}],
        "starts_on": "2017-04-01",
        "last_day": "2022-03-31",
        "notice_months": 6,
        "value_basis": "illustrative",
    }
    await call("POST", "contracts", "/contracts", terms)
    await call("POST", "contracts", f"/contracts/{reference}/signature", {}, acting_for=code, **{"If-Match": '"1"'})


async def _line(call: Call, code: str) -> int:
    line = {"account": f"of-{code}", "function": "payroll", "pay": False, "recurrent": True, "admin": False}
    path = f"/organisations/{code}/budgets/{YEAR}/lines"
    [made] = await call("POST", "finance", path, {"lines": [line | {"amount_pence": 1_000_01}]})
    return int(str(made["line"]).removeprefix("BL-"))


async def _post(call: Call, code: str) -> tuple[str, str, str]:
    """Appoint a person to a post of the body's governing body, with a right; return the three references."""
    post = f"{code}/chair"
    body = {"organisation": code, "first_day": BEFORE, "posts": [{"title": "Chair"}]}
    await call("POST", "governance", "/bodies", body)
    person = {"organisation": code, "display_name": "A chair"}
    person_id = (await call("POST", "governance", "/people", person))["person"]
    appointed = {"post": post, "person": person_id, "first_day": BEFORE}
    appointment = (await call("POST", "governance", "/appointments", appointed))["appointment"]
    minute = {"source_minute": "minute 1", "first_day": BEFORE, "recurrent": True}
    right = {"organisation": code, "action": "contract.award"} | minute
    await call("POST", "governance", "/decision-rights", right)
    await call("POST", "governance", "/decision-rights", right | {"post": post})
    return post, person_id, appointment


async def _copy(connection: asyncpg.Connection, metadata: MetaData, pattern: _Pattern, times: int) -> None:
    """Copy rows, and all that refer to them, so many times, with keys and names of their own."""
    copied: dict[str, str] = {}
    async with connection.transaction():
        # A timeline does not refer to its subjects by a foreign key, and so has to be told to come after them.
        for table in sorted(metadata.sorted_tables, key=lambda one: "subject_id" in one.c):
            parents = _parents(table, copied)
            if table.name in pattern.roots:
                chosen = f"t.{_key(table)} = ANY($2)"
            elif parents:
                chosen = " OR ".join(f"t.{column} IN (SELECT DISTINCT old FROM {of})" for column, of in parents.items())  # noqa: S608  (names of ours)
                chosen = f"({chosen}) AND $2::int[] IS NULL"
            else:
                continue
            await _number(connection, table, chosen, times, pattern)
            copied[table.name] = f"copied_{table.name}"
            await _insert(connection, table, parents, pattern)


async def _number(connection: asyncpg.Connection, table: Table, chosen: str, times: int, pattern: _Pattern) -> None:
    """List each chosen row with the keys of its copies."""
    key = _key(table)
    old, new = f"t.{key}" if key else "0", "0"
    if key and table.c[key].identity:
        new = f"nextval(pg_get_serial_sequence('{table.name}', '{key}'))"
    elif key:
        new = _renamed(table.c[key], pattern.names, "n")
    await connection.execute(
        f"CREATE TEMP TABLE copied_{table.name} ON COMMIT DROP AS"  # noqa: S608  (names of ours)
        f" SELECT t.ctid AS row, {old} AS old, n, {new} AS new FROM {table.name} t, generate_series(1, $1::int) n"
        f" WHERE {chosen}",
        times,
        pattern.roots.get(table.name),
        timeout=_LONGEST,
    )
    await connection.execute(
        f"CREATE INDEX ON copied_{table.name} (old, n); ANALYZE copied_{table.name}", timeout=_LONGEST
    )


async def _insert(connection: asyncpg.Connection, table: Table, parents: Mapping[str, str], pattern: _Pattern) -> None:
    values, joins = {}, []
    for number, (name, of) in enumerate(parents.items()):
        joins.append(f"LEFT JOIN {of} p{number} ON p{number}.old = t.{name} AND p{number}.n = k.n")
        values[name] = f"coalesce(p{number}.new, t.{name})"
    for column in table.columns:
        if column.computed is None and column.name not in values:
            own = column.name == _key(table)
            values[column.name] = "k.new" if own else _renamed(column, pattern.names, "k.n")
    columns = ", ".join(f'"{name}"' for name in values)
    await connection.execute(
        f"INSERT INTO {table.name} ({columns}) OVERRIDING SYSTEM VALUE"  # noqa: S608  (names of ours)
        f" SELECT {', '.join(values.values())} FROM {table.name} t JOIN copied_{table.name} k ON k.row = t.ctid"
        f" {' '.join(joins)} ORDER BY k.n",
        timeout=_LONGEST,
    )


def _parents(table: Table, copied: Mapping[str, str]) -> dict[str, str]:
    """Return by column the copied table that it refers to."""
    of = {
        key.parent.name: copied[key.column.table.name]
        for key in table.foreign_keys
        if key.column.table.name in copied and key.column.table is not table
    }
    timeline = table.name.removesuffix("_statement").removesuffix("_belief")
    if "subject_id" in table.c and (subjects := _SUBJECTS.get(timeline, "")) in copied:
        of["subject_id"] = copied[subjects]
    return of


def _key(table: Table) -> str:
    columns = list(table.primary_key.columns)
    return columns[0].name if len(columns) == 1 else ""


def _is_text(column: Column[Any]) -> bool:
    return isinstance(column.type, String | JSON) or (
        isinstance(column.type, ARRAY) and isinstance(column.type.item_type, String)
    )


def _renamed(column: Column[Any], names: Sequence[str], number: str) -> str:
    """Return SQL for the column of `t` with each of the names followed by the copy's number."""
    value = f't."{column.name}"'
    if not _is_text(column):
        return value
    renamed = reduce(lambda sql, name: f"replace({sql}, '{name}', '{name}-' || {number})", names, f"{value}::text")
    return f"({renamed})::{column.type.compile(dialect=_DIALECT)}"


async def _copy_events(database: Database, name: str, times: int) -> None:
    """Publish each event about a contract for each of its copies too, in transactions of a thousand."""
    async with database.connect() as connection:
        rows = await connection.fetch("SELECT body FROM event_log WHERE keys && ARRAY[$1] ORDER BY position", name)
        for event in [Envelope.decode(row["body"]) for row in rows]:
            for first in range(1, times + 1, _TRANSACTION):
                await connection.execute(
                    _PUBLISH,
                    *(event.name, event.version, "|".join(event.keys), event.actor, event.correlation),
                    *(event.causation, event.causation_source, json.dumps(dict(event.fields)), name),
                    *(first, min(first + _TRANSACTION - 1, times)),
                )
