"""Restating allowances at a merger: whatever was said of a year, in whatever order, what bodies have follows from it.

A year of bodies that mergers tie together is worked out anew (`apportionment.beliefs`) whenever a population is stated
for one of them or a merger is carried out, and only what differs is written. So an event that comes twice changes
nothing, one that comes late gives the same as in time, and a population that is corrected after a merger flows on to
the successor.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.finance import AllowanceRestated
from libs.common.messaging import outbox
from libs.common.process.context import origin
from services.finance.allowances.apportionment import KnownAmount, Merger, Part, Restatement, Stated, beliefs
from services.finance.core.models import known
from services.finance.core.years import FinancialYear

Found: TypeAlias = Mapping[FinancialYear, list[KnownAmount]]
_Belief: TypeAlias = tuple[FinancialYear, Part | Restatement, datetime]

_MERGERS = """
SELECT merger, successor, array_agg(code ORDER BY code) AS predecessors, effective_on, min(lower(known)) AS stated_at
  FROM known_succession WHERE merger <> '' AND upper_inf(known)
 GROUP BY merger, successor, effective_on
"""

_STATED = """
SELECT a.organisation_code, a.financial_year, s.first_day, s.amount_pence, s.population, s.pack,
       lower(s.known) AS stated_at
  FROM allowance a JOIN stated_population s ON s.allowance_id = a.id
 WHERE a.organisation_code = ANY($1) AND a.financial_year BETWEEN $2 AND $3
"""

_BELIEVED = """
SELECT x.id, a.organisation_code, a.financial_year, lower(x.valid) AS first_day, upper(x.valid) - 1 AS last_day,
       x.amount_pence, x.population, x.pack, x.merger, {more} lower(x.known) AS known_from, upper(x.known) AS known_to
  FROM allowance a JOIN {table} x ON x.allowance_id = a.id
 WHERE a.organisation_code = ANY($1) AND a.financial_year = ANY($2)
"""

_FORGET = "DELETE FROM {table} WHERE id = ANY($1)"

_CLOSE = """
UPDATE {table} x SET known = tstzrange(lower(x.known), new.known_to)
  FROM unnest($1::bigint[], $2::timestamptz[]) AS new (id, known_to) WHERE x.id = new.id
"""

_NEW_ALLOWANCES = """
INSERT INTO allowance (organisation_code, financial_year, version)
SELECT code, year, 0 FROM unnest($1::text[], $2::int[]) AS new (code, year)
    ON CONFLICT DO NOTHING
"""

_NEW_PARTS = """
INSERT INTO allowance_part (allowance_id, valid, known, amount_pence, population, pack, merger)
SELECT a.id, daterange(first_day, last_day, '[]'), tstzrange(known_from, known_to), amount, people, pack, merger
  FROM unnest($1::text[], $2::int[], $3::date[], $4::date[], $5::timestamptz[], $6::timestamptz[], $7::bigint[],
              $8::bigint[], $9::text[], $10::text[])
       AS new (code, year, first_day, last_day, known_from, known_to, amount, people, pack, merger)
  JOIN allowance a ON a.organisation_code = code AND a.financial_year = year
"""

# Arrays of arrays must be rectangular, so that each list travels as its own text.
_NEW_RESTATEMENTS = """
INSERT INTO restatement
       (allowance_id, valid, known, amount_pence, population, pack, merger, predecessors, released_pence, event,
        caused_by)
SELECT a.id, daterange(first_day, last_day, '[]'), tstzrange(known_from, known_to), amount, people, pack, merger,
       string_to_array(predecessors, ','), string_to_array(released, ',')::bigint[], event,
       $14::text
  FROM unnest($1::text[], $2::int[], $3::date[], $4::date[], $5::timestamptz[], $6::timestamptz[], $7::bigint[],
              $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
       AS new (code, year, first_day, last_day, known_from, known_to, amount, people, pack, merger,
               predecessors, released, event)
  JOIN allowance a ON a.organisation_code = code AND a.financial_year = year
"""


@dataclass(frozen=True, slots=True)
class Tied:
    """Bodies that mergers tie together, directly or through others, and these mergers."""

    codes: frozenset[str]
    mergers: tuple[Merger, ...]


async def lock_tied(connection: asyncpg.Connection, codes: Collection[str]) -> Tied:
    """Lock all bodies that mergers tie to these, so that neither they nor what ties them changes before the commit."""
    locked: frozenset[str] = frozenset()
    while (tied := await _find_tied(connection, codes)).codes != locked:
        await known.lock(connection, tied.codes)
        locked = tied.codes
    return tied


async def restate_allowances(session: AsyncSession, codes: Collection[str], *, years: tuple[int, int]) -> None:
    """Work out anew what these bodies, and all that are tied to them, have in the years from the first to the last.

    A year is named by the calendar year in which it begins.

    Each restatement that was not believed before is told. Only years for which something was stated are concerned.
    """
    await session.flush()
    connection = await raw(session)
    tied = await lock_tied(connection, codes)
    stated: dict[FinancialYear, list[Stated]] = {}
    for row in await connection.fetch(_STATED, sorted(tied.codes), *years):
        stated.setdefault(FinancialYear(row["financial_year"]), []).append(_stated(row))
    found = {year: beliefs(year, stated[year], tied.mergers) for year in sorted(stated)}
    wanted = {(year, belief.what, belief.known_from): belief for year in found for belief in found[year]}
    organisations = sorted({(_code(what), year.start) for year, what, _ in wanted})
    await connection.execute(_NEW_ALLOWANCES, *_columns(organisations, 2))
    parts = {key: belief for key, belief in wanted.items() if isinstance(key[1], Part)}
    new_parts = await _keep_only(connection, "allowance_part", tied.codes, found, parts)
    await connection.execute(_NEW_PARTS, *_columns([_row(key, parts[key]) for key in new_parts], 10))
    moved = {key: belief for key, belief in wanted.items() if isinstance(key[1], Restatement)}
    new = await _keep_only(connection, "restatement", tied.codes, found, moved)
    events = await outbox.add_all(session, [_event(*key) for key in new])
    rows = [(*_row(key, moved[key]), event) for key, event in zip(new, events, strict=True)]
    await connection.execute(_NEW_RESTATEMENTS, *_columns(rows, 13), origin().causation)


async def _find_tied(connection: asyncpg.Connection, codes: Collection[str]) -> Tied:
    mergers = [
        Merger(row["merger"], row["successor"], tuple(row["predecessors"]), row["effective_on"], row["stated_at"])
        for row in await connection.fetch(_MERGERS)
    ]
    return tied_to(codes, mergers)


def tied_to(codes: Iterable[str], mergers: Iterable[Merger]) -> Tied:
    """Return all bodies that mergers tie to these, however many steps away, and the mergers that do."""
    left, tied, found = list(mergers), set(codes), list[Merger]()
    while near := [merger for merger in left if tied & {merger.successor, *merger.predecessors}]:
        left = [merger for merger in left if merger not in near]
        found += near
        tied.update(code for merger in near for code in (merger.successor, *merger.predecessors))
    return Tied(frozenset(tied), tuple(found))


async def _keep_only(
    connection: asyncpg.Connection,
    table: str,
    codes: Collection[str],
    found: Found,
    wanted: Mapping[_Belief, KnownAmount],
) -> list[_Belief]:
    """Let a table hold of these bodies and years no other beliefs than are wanted; return those that it lacks."""
    more = "x.predecessors, x.released_pence," if table == "restatement" else ""
    rows = await connection.fetch(
        _BELIEVED.format(table=table, more=more), sorted(codes), [year.start for year in found]
    )
    held = {(FinancialYear(row["financial_year"]), _believed(row), row["known_from"]): row for row in rows}
    await connection.execute(_FORGET.format(table=table), [row["id"] for key, row in held.items() if key not in wanted])
    moved = [
        (row["id"], wanted[key].known_to)
        for key, row in held.items()
        if key in wanted and wanted[key].known_to != row["known_to"]
    ]
    await connection.execute(_CLOSE.format(table=table), *_columns(moved, 2))
    return [key for key in wanted if key not in held]


def _columns(rows: Collection[tuple[object, ...]], width: int) -> list[list[object]]:
    """Return rows as the columns that `unnest` takes."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _row(key: _Belief, belief: KnownAmount) -> tuple[object, ...]:
    year, what, known_from = key
    span = (_code(what), year.start, what.first_day, what.last_day, known_from, belief.known_to)
    amounts = (what.amount_pence, what.population, what.pack, what.merger)
    if isinstance(what, Part):
        return (*span, *amounts)
    return (*span, *amounts, ",".join(what.predecessors), ",".join(map(str, what.released_pence)))


def _code(what: Part | Restatement) -> str:
    return what.organisation if isinstance(what, Part) else what.successor


def _believed(row: asyncpg.Record) -> Part | Restatement:
    common = {name: row[name] for name in ("first_day", "last_day", "amount_pence", "population", "pack", "merger")}
    if "predecessors" not in row.keys():  # noqa: SIM118  (a record is searched by its values)
        return Part(organisation=row["organisation_code"], **common)
    return Restatement(
        successor=row["organisation_code"],
        predecessors=tuple(row["predecessors"]),
        released_pence=tuple(row["released_pence"]),
        **common,
    )


def _stated(row: asyncpg.Record) -> Stated:
    part = Part(
        organisation=row["organisation_code"],
        first_day=row["first_day"],
        last_day=FinancialYear(row["financial_year"]).last_day,
        amount_pence=row["amount_pence"],
        population=row["population"],
        pack=row["pack"],
    )
    return Stated(part, row["stated_at"])


def _event(year: FinancialYear, what: Part | Restatement, known_from: datetime) -> AllowanceRestated:
    assert isinstance(what, Restatement)
    return AllowanceRestated(
        effective_on=what.first_day,
        stated_at=known_from,
        organisation=what.successor,
        financial_year=str(year),
        last_day=what.last_day,
        population=what.population,
        amount_pence=what.amount_pence,
        predecessors=what.predecessors,
        released_pence=what.released_pence,
        merger=what.merger,
        pack=what.pack,
    )
