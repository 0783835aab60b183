"""Restates allowances at mergers, splits and boundary changes: a function of all statements, in any order of arrival.

A year of bodies that these connect is computed again (`apportionment.beliefs`) whenever a population is stated for
one of them or a succession is carried out or undone, and only differences are written. So a repeated event changes
nothing, a late one gives the same result as in time, and a correction after a merger passes on to the successor. An
undone merger's restatements end with the instant of its undoing, and are published with an amount of nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.finance import AllowanceRestated
from libs.common.messaging import outbox
from libs.common.process.context import origin
from libs.organisations.mergers import BelievedSuccession, Merger, mergers_by_reference
from libs.organisations.successions import Shape
from services.finance.allowances.apportionment import KnownAmount, Part, Restatement, Stated, beliefs
from services.finance.core.models import known
from services.finance.core.years import FinancialYear
from services.finance.lines.successions import BudgetStep, steps_of

Found: TypeAlias = Mapping[FinancialYear, list[KnownAmount]]
_Belief: TypeAlias = tuple[FinancialYear, Part | Restatement, datetime]

_STATED = """
SELECT a.organisation_code, a.financial_year, s.first_day, s.amount_pence, s.population, s.pack,
       lower(s.known) AS stated_at, 0 AS rank
  FROM allowance a JOIN stated_population s ON s.allowance_id = a.id
 WHERE a.organisation_code = ANY($1) AND a.financial_year BETWEEN $2 AND $3
 UNION ALL
SELECT a.organisation_code, a.financial_year, s.first_day, s.amount_pence, s.population, s.pack, s.since, 1
  FROM allowance a JOIN published_allowance s ON s.allowance_id = a.id
 WHERE a.organisation_code = ANY($1) AND a.financial_year BETWEEN $2 AND $3
"""

_YEARS = """
SELECT DISTINCT financial_year FROM allowance WHERE organisation_code = ANY($1) AND financial_year BETWEEN $2 AND $3
"""

_BELIEVED = """
SELECT x.id, a.organisation_code, a.financial_year, lower(x.valid) AS first_day, upper(x.valid) - 1 AS last_day,
       x.amount_pence, x.population, x.pack, x.merger, {more} lower(x.known) AS known_from, upper(x.known) AS known_to
  FROM allowance a JOIN {table} x ON x.allowance_id = a.id
 WHERE a.organisation_code = ANY($1) AND a.financial_year = ANY($2)
"""

_DIVISIONS = f"""
SELECT code, successor, effective_on, shape, share, merger, lower(known) AS known_from, upper(known) AS known_to
  FROM {known.successions.beliefs} WHERE merger = '' AND shape IN ('{Shape.SPLIT}', '{Shape.BOUNDARY_CHANGE}')
"""  # noqa: S608  (names of ours)

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
    """Bodies that mergers, splits and boundary changes connect, directly or through others, and these."""

    codes: frozenset[str]
    mergers: tuple[Merger, ...]
    divisions: tuple[BudgetStep, ...] = ()


async def lock_tied(connection: asyncpg.Connection, codes: Collection[str]) -> Tied:
    """Lock all bodies that mergers connect to these, so that neither they nor the mergers change before the commit."""
    locked: frozenset[str] = frozenset()
    while (tied := await _find_tied(connection, codes)).codes != locked:
        await known.lock(connection, tied.codes)
        locked = tied.codes
    return tied


async def restate_allowances(session: AsyncSession, codes: Collection[str], *, years: tuple[int, int]) -> bool:
    """Compute again the allowances of these and all connected bodies in the years from the first to the last.

    A year is named by the calendar year in which it begins.

    Each new restatement is published, and each that an undoing ended, with an amount of nothing. Only years with
    statements are concerned. Returns whether anything changed.
    """
    await session.flush()
    connection = await raw(session)
    tied = await lock_tied(connection, codes)
    stated: dict[FinancialYear, list[Stated]] = {}
    for row in await connection.fetch(_STATED, sorted(tied.codes), *years):
        stated.setdefault(FinancialYear(row["financial_year"]), []).append(_stated(row))
    # A year of which nothing is stated any longer has parts of mergers still, which then go.
    for row in await connection.fetch(_YEARS, sorted(tied.codes), *years):
        stated.setdefault(FinancialYear(row["financial_year"]), [])
    found = {year: beliefs(year, stated[year], tied.mergers, tied.divisions) for year in sorted(stated)}
    wanted = {(year, belief.what, belief.known_from): belief for year in found for belief in found[year]}
    organisations = sorted({(_code(what), year.start) for year, what, _ in wanted})
    await connection.execute(_NEW_ALLOWANCES, *_columns(organisations, 2))
    parts = {key: belief for key, belief in wanted.items() if isinstance(key[1], Part)}
    new_parts, ended_parts = await _keep_only(connection, "allowance_part", tied.codes, found, parts)
    await connection.execute(_NEW_PARTS, *_columns([_row(key, parts[key]) for key in new_parts], 10))
    moved = {key: belief for key, belief in wanted.items() if isinstance(key[1], Restatement)}
    new, ended = await _keep_only(connection, "restatement", tied.codes, found, moved)
    taken_back = [_taken_back(key, moved.get(key)) for key in ended if not _is_replaced(key, moved)]
    events = await outbox.add_all(session, [*(_event(*key) for key in new), *taken_back])
    rows = [(*_row(key, moved[key]), event) for key, event in zip(new, events, strict=False)]
    await connection.execute(_NEW_RESTATEMENTS, *_columns(rows, 13), origin().causation)
    return bool(new or ended or new_parts or ended_parts)


async def _find_tied(connection: asyncpg.Connection, codes: Collection[str]) -> Tied:
    divisions = steps_of(BelievedSuccession(*row) for row in await connection.fetch(_DIVISIONS))
    return tied_to(codes, await mergers_by_reference(connection, known.successions), divisions)


def tied_to(codes: Iterable[str], mergers: Iterable[Merger], divisions: Iterable[BudgetStep] = ()) -> Tied:
    """Return all bodies that these connect to the codes, any number of steps away, and those that do."""
    left: list[Merger | BudgetStep] = [*mergers, *divisions]
    tied, found = set(codes), list[Merger | BudgetStep]()
    while near := [one for one in left if tied & _bodies(one)]:
        left = [one for one in left if one not in near]
        found += near
        tied.update(code for one in near for code in _bodies(one))
    return Tied(
        frozenset(tied),
        tuple(one for one in found if isinstance(one, Merger)),
        tuple(one for one in found if isinstance(one, BudgetStep)),
    )


def _bodies(one: Merger | BudgetStep) -> set[str]:
    if isinstance(one, Merger):
        return {one.successor, *one.predecessors}
    return {one.code, *(successor for successor, _ in one.shares)}


async def _keep_only(
    connection: asyncpg.Connection,
    table: str,
    codes: Collection[str],
    found: Found,
    wanted: Mapping[_Belief, KnownAmount],
) -> tuple[list[_Belief], list[_Belief]]:
    """Bring the beliefs about these bodies and years in a table in line with the computed ones.

    Returns the new ones, and those that are no longer believed.
    """
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
    ended = [
        key
        for key, row in held.items()
        if row["known_to"] is None and (key not in wanted or wanted[key].known_to is not None)
    ]
    return [key for key in wanted if key not in held], ended


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
    return Stated(part, row["stated_at"], row["rank"])


def _is_replaced(ended: _Belief, moved: Mapping[_Belief, KnownAmount]) -> bool:
    """Whether a restatement continues with another amount, and so did not end by an undoing."""
    year, what, _ = ended
    assert isinstance(what, Restatement)
    return any(
        isinstance(other, Restatement)
        and (other_year, other.successor, other.merger) == (year, what.successor, what.merger)
        and belief.known_to is None
        for (other_year, other, _), belief in moved.items()
    )


def _taken_back(ended: _Belief, belief: KnownAmount | None) -> AllowanceRestated:
    """Return the event that a merger moved nothing, as known from its undoing."""
    year, what, known_from = ended
    assert isinstance(what, Restatement)
    nothing = replace(what, amount_pence=0, population=0, released_pence=(0,) * len(what.predecessors))
    return _event(year, nothing, (belief and belief.known_to) or known_from)


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
