"""Sets allowances by what the registry published of populations, whatever came first: due work, in pieces."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.finance import AllowanceRestated, AllowanceSet
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from libs.common.temporal.believed import NOW, about, as_known
from libs.organisations.boundaries import Steps, get_steps
from libs.organisations.populations import Count
from libs.organisations.statements import CCG, ICB, Facet
from services.finance.allowances.rates import PACKS
from services.finance.allowances.restatement import restate_allowances
from services.finance.core.models import known
from services.finance.core.years import FinancialYear
from services.finance.populations.bases import BaseOfYear, Commissioner, CountOf, Counts, bases_of

AT_ONCE = 50
"""Bodies whose allowances are set in one transaction."""

_RESIDENT = "resident"
"""The basis of the ONS's counts of the people of a local authority."""

_COMMISSIONERS = f"""
SELECT o.code, kind.value AS kind, greatest(lower(life.valid * kind.valid), DATE '1900-01-01') AS first_day,
       upper(life.valid * kind.valid) AS until
  FROM known_organisation o
  JOIN known_organisation_belief kind
    ON kind.subject_id = o.id AND {about("kind", Facet.KIND)} AND kind.value IN ('{CCG}', '{ICB}')
   AND {as_known("kind", NOW)}
  JOIN known_organisation_belief life
    ON life.subject_id = o.id AND {about("life", Facet.LIFE)} AND life.value = 'open' AND {as_known("life", NOW)}
   AND life.valid && kind.valid
 ORDER BY o.code, 3
"""  # noqa: S608  (only names of ours are put in)

_COUNTS = """
SELECT code, local_authority, basis, people, effective_on, source, rank, stated_at FROM known_count
 WHERE code = ANY($1) OR code IN (SELECT local_authority FROM known_count) AND basis = $2
"""

_PUBLISHED = """
SELECT a.organisation_code AS code, a.financial_year AS year, p.id, p.since, p.until, p.population, p.moderated,
       p.first_day, p.rate_pence, p.pack, p.amount_pence
  FROM published_allowance p JOIN allowance a ON a.id = p.allowance_id
"""

# Years of bodies whose allowance comes by a merger, or whose successor has a population of its own stated.
_TAKEN = f"""
SELECT a.organisation_code AS code, a.financial_year AS year
  FROM allowance a JOIN restatement r ON r.allowance_id = a.id
 WHERE {as_known("r", NOW)} AND r.merger IN (SELECT merger FROM known_succession WHERE merger <> '')
 UNION
SELECT s.code, a.financial_year
  FROM known_succession s JOIN allowance a ON a.organisation_code = s.successor AND a.version > 0
 WHERE {as_known("s", NOW)} AND s.merger <> ''
"""  # noqa: S608  (only names of ours are put in)

_NEW_ALLOWANCES = """
INSERT INTO allowance (organisation_code, financial_year, version)
SELECT code, year, 0 FROM unnest($1::text[], $2::int[]) AS new (code, year) ON CONFLICT DO NOTHING
"""

_NEW = """
INSERT INTO published_allowance (allowance_id, since, until, population, moderated, source, first_day, rate_pence,
                                 rate_found, pack, amount_pence, event)
SELECT a.id, since, until, people, moderated, source, first_day, rate, found, pack, amount, event
  FROM unnest($1::text[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::bigint[], $6::text[], $7::text[],
              $8::date[], $9::int[], $10::bool[], $11::text[], $12::bigint[], $13::text[])
       AS new (code, year, since, until, people, moderated, source, first_day, rate, found, pack, amount, event)
  JOIN allowance a ON a.organisation_code = code AND a.financial_year = year
"""

_CLOSE = """
UPDATE published_allowance p SET until = new.until
  FROM unnest($1::bigint[], $2::timestamptz[]) AS new (id, until) WHERE p.id = new.id
"""

# Which bodies are open, and who succeeded whom, is taken as known now: a change of that alone takes an amount back.
_CAUSE = f"""
SELECT max(known) FROM (
    SELECT max(lower(b.known)) FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id
       AND {about("b", Facet.LIFE, Facet.KIND)} WHERE o.code = $1
     UNION ALL
    SELECT max(lower(s.known)) FROM {known.successions.beliefs} s WHERE $1 IN (s.code, s.successor)
) AS stated (known)
"""  # noqa: S608  (only names of ours are put in)

_OWN_STATEMENT = """
SELECT s.first_day AS effective_on, s.population, s.rate_pence, s.amount_pence, s.pack
  FROM stated_population s JOIN allowance a ON a.id = s.allowance_id
 WHERE a.organisation_code = $1 AND a.financial_year = $2 AND upper_inf(s.known)
"""

_INSTANT = timedelta(microseconds=1)

Key: TypeAlias = tuple[str, int]
"""A body, and the calendar year in which the financial year begins."""


async def allowances_follow_counts(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (every routine gets the caller)
    """Set the allowances of the next bodies of which counts and rates say something else than is on record.

    Each new amount is published as AllowanceSet, and moved on by the mergers that are known; one that follows no longer
    is taken back. Returns how many bodies.
    """
    connection = await raw(session)
    expected = await _expected(connection, stated_at)
    written: dict[Key, list[asyncpg.Record]] = {}
    for row in await connection.fetch(_PUBLISHED):
        written.setdefault((row["code"], row["year"]), []).append(row)
    differing = [
        key
        for key in sorted({*expected, *written})
        if _contents(expected.get(key, ())) != [_content(row) for row in sorted(written.get(key, ()), key=_since)]
    ]
    codes = list(dict.fromkeys(code for code, _ in differing))[:AT_ONCE]
    chosen = [key for key in differing if key[0] in codes]
    for key in chosen:
        await _write(session, connection, key, expected.get(key, ()), written.get(key, ()))
    for code in codes:
        years = [year for one, year in chosen if one == code]
        await restate_allowances(session, [code], years=(min(years), max(years)))
    return len(codes)


async def _expected(connection: asyncpg.Connection, now: datetime) -> dict[Key, list[BaseOfYear]]:
    """Return what follows from counts and rates for each body and each year that a pack names."""
    rows = await connection.fetch(_COMMISSIONERS)
    codes = sorted({row["code"] for row in rows})
    counted = await connection.fetch(_COUNTS, codes, _RESIDENT)
    if not counted:
        return {}
    steps = await get_steps(connection, known.successions, codes)
    counts = _by_basis(counted, set(codes), steps)
    taken = {(row["code"], row["year"]) for row in await connection.fetch(_TAKEN)}
    expected: dict[Key, list[BaseOfYear]] = {}
    for year in sorted({FinancialYear.of(pack.effective_from) for pack in PACKS}):
        for body in _open_in(year, rows):
            arrives = body.first_day > year.first_day and _took_over(body, steps)
            if arrives or (body.code, year.start) in taken or (body.code, year.start) in expected:
                continue
            if found := bases_of(body, year, counts, now=now):
                expected[body.code, year.start] = found
    return expected


def _by_basis(rows: Sequence[asyncpg.Record], codes: Collection[str], steps: Steps) -> Mapping[str, Counts]:
    several = [
        (row["basis"], CountOf(row["code"], row["local_authority"], Count(*list(row)[3:])))  # its columns in order
        for row in rows
    ]
    totals = [one for basis, one in several if one.code not in codes and not one.authority and basis == _RESIDENT]
    return {
        basis: Counts((one for own, one in several if own == basis and one.code in codes), totals, steps)
        for basis in {basis for basis, _ in several}
    }


def _open_in(year: FinancialYear, rows: Sequence[asyncpg.Record]) -> list[Commissioner]:
    return [
        Commissioner(row["code"], row["kind"], max(row["first_day"], year.first_day))
        for row in rows
        if row["first_day"] <= year.last_day and (row["until"] is None or row["until"] > year.first_day)
    ]


def _took_over(body: Commissioner, steps: Steps) -> bool:
    return any(
        step.successor == body.code and step.effective_on == body.first_day for some in steps.values() for step in some
    )


def _since(row: asyncpg.Record) -> datetime:
    since: datetime = row["since"]
    return since


def _content(row: asyncpg.Record) -> tuple[Any, ...]:
    names = ("since", "until", "population", "moderated", "first_day", "rate_pence", "pack", "amount_pence")
    return tuple(row[name] for name in names)


def _contents(bases: Sequence[BaseOfYear]) -> list[tuple[Any, ...]]:
    return [
        (one.since, until, one.people, _text(one.moderated), one.first_day, one.rate.pence, one.rate.pack.id, one.pence)
        for one, until in zip(bases, _ends(bases), strict=True)
    ]


def _ends(bases: Sequence[BaseOfYear]) -> list[datetime | None]:
    return [*(one.since for one in bases[1:]), None][: len(bases)]


def _text(people: Fraction | None) -> str:
    return "" if people is None else str(people)


async def _write(
    session: AsyncSession,
    connection: asyncpg.Connection,
    key: Key,
    bases: Sequence[BaseOfYear],
    written: Sequence[asyncpg.Record],
) -> None:
    """Bring the rows of a body's year in line with what follows; publish what is new."""
    code, year = key[0], FinancialYear(key[1])
    await connection.execute(_NEW_ALLOWANCES, [code], [year.start])
    # What ends each row is not part of what was published.
    before = {_content(row)[:1] + _content(row)[2:]: row for row in written}
    contents = [content[:1] + content[2:] for content in _contents(bases)]
    gone = [row["id"] for content, row in before.items() if content not in contents]
    await connection.execute("DELETE FROM published_allowance WHERE id = ANY($1)", gone)
    ends = dict(zip(contents, _ends(bases), strict=True))
    stays = [content for content in contents if content in before]
    await connection.execute(_CLOSE, [before[one]["id"] for one in stays], [ends[one] for one in stays])
    new = [
        (base, until)
        for base, content, until in zip(bases, contents, _ends(bases), strict=True)
        if content not in before
    ]
    told: list[AllowanceSet | AllowanceRestated] = [await _event(connection, code, year, base) for base, _ in new]
    if correction := await _correction(connection, key, bases, contents, written):
        told.append(correction)
    rows = [
        (
            *(code, year.start, one.since, until, one.people, _text(one.moderated), one.source, one.first_day),
            *(one.rate.pence, one.rate.found, one.rate.pack.id, one.pence, event),
        )
        for (one, until), event in zip(new, await outbox.add_all(session, told), strict=False)
    ]
    if rows:
        await connection.execute(_NEW, *map(list, zip(*rows, strict=True)))


async def _correction(
    connection: asyncpg.Connection,
    key: Key,
    bases: Sequence[BaseOfYear],
    contents: Sequence[tuple[Any, ...]],
    written: Sequence[asyncpg.Record],
) -> AllowanceSet | AllowanceRestated | None:
    """Return what holds instead where the amount that was published last follows no longer, and nothing new does.

    It is the amount before it, else what the body states itself, else nothing, known from when the cause was stated.
    """
    last = max(written, key=_since, default=None)
    if last is None:
        return None
    if bases and (bases[-1].since > last["since"] or contents[-1] == _content(last)[:1] + _content(last)[2:]):
        return None
    code, year = key[0], FinancialYear(key[1])
    cause = await connection.fetchval(_CAUSE, code)
    known_from = max(cause or last["since"], last["since"] + _INSTANT)
    if bases:
        return (await _event(connection, code, year, bases[-1])).model_copy(update={"stated_at": known_from})
    own = await connection.fetchrow(_OWN_STATEMENT, *key)
    common = {
        "stated_at": known_from,
        "organisation": code,
        "financial_year": str(year),
        "last_day": year.last_day,
    }
    if own is not None:
        return AllowanceSet(**common, **own)
    nothing = {"population": 0, "amount_pence": 0, "predecessors": (), "released_pence": (), "merger": ""}
    return AllowanceRestated(**common, **nothing, effective_on=last["first_day"], pack=last["pack"])


async def _event(connection: asyncpg.Connection, code: str, year: FinancialYear, base: BaseOfYear) -> AllowanceSet:
    body = await known.status(connection, code, as_at=day_of(base.since))
    return AllowanceSet(
        effective_on=base.first_day,
        stated_at=base.since,
        organisation=code,
        financial_year=str(year),
        last_day=year.last_day,
        population=base.people,
        rate_pence=base.rate.pence,
        amount_pence=base.pence,
        pack=base.rate.pack.id,
        moderated=_text(base.moderated),
        indicative=body.status != "open",
    )
