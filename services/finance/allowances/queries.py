"""Reads allowances: as set and as restated, with rate, population and the support charges inside them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import asyncpg

from libs.common.database.connection import Reads
from libs.common.money import nearest_penny, pounds
from services.finance.allowances.divisions import divided_by_rule
from services.finance.allowances.errors import AllowanceNotFound, PopulationNotFound, RulePackNotFound
from services.finance.allowances.rates import PACKS
from services.finance.allowances.views import (
    AllowanceHistoryView,
    AllowancePartView,
    AllowanceView,
    AsSetView,
    ChargesView,
    ChargeView,
    ExplainedView,
    KnownFrom,
    MovedThen,
    MovedView,
    PartThen,
    ReleasedView,
    RulePackView,
    StatedPopulationView,
    StatedThen,
    WholePackView,
)
from services.finance.charges import projection
from services.finance.charges.rules import Charge, ContractStatement, charges
from services.finance.core.digests import digested
from services.finance.core.packs import PACKS as EVERY_PACK
from services.finance.core.sight import Sight
from services.finance.core.years import FinancialYear, days_of

_ALWAYS = datetime.max.replace(tzinfo=UTC)
_NOTES = {pack.id: pack.note for pack in PACKS}

# Keyed by (organisation, year): as known at $3, for these organisations ($1: all), after this key ($4, $5).
_PAGE = """
SELECT a.id, a.organisation_code, a.financial_year
  FROM allowance a
 WHERE ($1::text[] IS NULL OR a.organisation_code = ANY($1))
   AND ($2::int IS NULL OR a.financial_year = $2)
   AND (a.organisation_code, a.financial_year) > ($4, $5)
   AND (CASE WHEN $6::date IS NULL
        THEN EXISTS (SELECT FROM stated_population s WHERE s.allowance_id = a.id AND s.known @> $3::timestamptz)
             OR EXISTS (SELECT FROM published_allowance s WHERE s.allowance_id = a.id AND s.since <= $3)
             OR EXISTS (SELECT FROM allowance_part p WHERE p.allowance_id = a.id AND p.known @> $3::timestamptz)
             OR EXISTS (SELECT FROM restatement r WHERE r.allowance_id = a.id AND r.known @> $3::timestamptz)
        ELSE EXISTS (SELECT FROM allowance_part p
                      WHERE p.allowance_id = a.id AND p.known @> $3::timestamptz AND p.valid @> $6) END)
 ORDER BY a.organisation_code, a.financial_year
 LIMIT $7
"""

# What follows from the registry's counts (rank 1) has precedence over what the body states.
_STATED = """
SELECT allowance_id, population, '' AS moderated, source, first_day, rate_pence, rate_found, pack, amount_pence,
       lower(known) AS known_from, upper(known) AS known_to, recorded_at, event, 0 AS rank
  FROM stated_population WHERE allowance_id = ANY($1) AND ($2::timestamptz IS NULL OR known @> $2)
 UNION ALL
SELECT allowance_id, population, moderated, source, first_day, rate_pence, rate_found, pack, amount_pence,
       since, until, recorded_at, event, 1
  FROM published_allowance
 WHERE allowance_id = ANY($1) AND ($2::timestamptz IS NULL OR since <= $2 AND (until IS NULL OR until > $2))
 ORDER BY rank, known_from
"""

_PARTS = """
SELECT allowance_id, lower(valid) AS first_day, upper(valid) - 1 AS last_day, amount_pence, population, pack, merger,
       lower(known) AS known_from, upper(known) AS known_to, recorded_at
  FROM allowance_part WHERE allowance_id = ANY($1) AND ($2::timestamptz IS NULL OR known @> $2)
 ORDER BY lower(known), lower(valid)
"""

_MOVED = """
SELECT a.organisation_code AS successor, lower(r.valid) AS first_day, upper(r.valid) - 1 AS last_day, r.amount_pence,
       r.population, r.pack, r.merger, r.predecessors, r.released_pence, r.event,
       r.caused_by, lower(r.known) AS known_from, upper(r.known) AS known_to, r.recorded_at
  FROM restatement r JOIN allowance a ON a.id = r.allowance_id
 WHERE a.financial_year = $2 AND (a.organisation_code = $1 OR r.predecessors @> ARRAY[$1::text])
   AND ($3::timestamptz IS NULL OR r.known @> $3)
 ORDER BY lower(r.known), lower(r.valid), r.merger
"""

_ONE = "SELECT id, version FROM allowance WHERE organisation_code = $1 AND financial_year = $2"


def list_rule_packs() -> list[RulePackView]:
    """Return every rate a head with its source, by first day."""
    return [
        RulePackView(
            id=pack.id,
            subject=pack.subject,
            title=pack.title,
            citation=pack.citation,
            effective_from=pack.effective_from,
            effective_to=pack.effective_to,
            weight=pack.weight,
            status=pack.status,
            note=pack.note,
            rate_pence=pack.values["rate_pence"],
            rate_pence_high=pack.values.get("rate_pence_high", pack.values["rate_pence"]),
            rate=pounds(pack.values["rate_pence"]),
            stated_at=pack.stated_at,
        )
        for pack in PACKS
    ]


def get_rule_pack(pack_id: str) -> WholePackView:
    """Return a rule pack on any subject with its values. Raises RulePackNotFound."""
    found = next((pack for pack in EVERY_PACK if pack.id == pack_id.lower()), None)
    if found is None:
        raise RulePackNotFound(f"no rule pack {pack_id} is known")
    return WholePackView.model_validate(found.model_dump())


async def list_allowances(
    db: Reads,
    *,
    sight: Sight,
    organisation: str | None = None,
    year: FinancialYear | None,
    as_at: date | None,
    as_known: datetime | None,
    after: tuple[str, int],
    limit: int,
) -> list[AllowanceView]:
    """Return the allowances that the caller sees, by organisation and year after the cursor, as known at an instant.

    With `as_at` only those that have something on that day.
    """
    known_at = as_known or _ALWAYS
    start = year.start if year else None
    codes = sight.among(None if organisation is None else [organisation])
    rows = await db.fetch(_PAGE, codes, start, known_at, *after, as_at, limit)
    ids = [row["id"] for row in rows]
    stated = {row["allowance_id"]: row for row in await db.fetch(_STATED, ids, known_at)}
    parts: dict[int, list[asyncpg.Record]] = defaultdict(list)
    for part in await db.fetch(_PARTS, ids, known_at):
        parts[part["allowance_id"]].append(part)
    return [_allowance(row, stated.get(row["id"]), parts[row["id"]]) for row in rows]


async def get_allowance(
    db: Reads, code: str, year: FinancialYear, *, sight: Sight, as_known: datetime | None
) -> ExplainedView:
    """Return one allowance with its calculation. Raises AllowanceNotFound where the caller sees none."""
    found = await list_allowances(
        db, sight=sight, organisation=code, year=year, as_at=None, as_known=as_known, after=("", 0), limit=1
    )
    if not found:
        raise AllowanceNotFound(f"{code}: no allowance is known for {year}{_known_then(as_known)}")
    [allowance] = found
    moved = [_moved(row, sight) for row in await db.fetch(_MOVED, code, year.start, as_known or _ALWAYS)]
    support = _charges(charges(code, year, await _statements(db, code, as_known)), allowance)
    explanation = [*_how_set(allowance, year), *_how_moved(moved), *_how_charged(support)]
    warnings = _warnings(allowance, support)
    shown = ExplainedView(
        **dict(allowance), moved=moved, support_charges=support, explanation=explanation, warnings=warnings, digest=""
    )
    return digested(shown)


async def _statements(db: Reads, code: str, as_known: datetime | None) -> list[ContractStatement]:
    """Return what contracts said of a body's contracts, with shares by population where that is the rule."""
    statements = await projection.list_contract_statements(db, code, as_known=as_known)
    return await divided_by_rule(db, statements, as_known=as_known)


async def get_history(db: Reads, code: str, year: FinancialYear, *, sight: Sight) -> AllowanceHistoryView:
    """Return the history of an allowance. Raises AllowanceNotFound where the caller sees none."""
    rows = await db.fetch(_ONE, code, year.start) if sight.sees(code) else []
    ids = [row["id"] for row in rows]
    stated, parts = await db.fetch(_STATED, ids, None), await db.fetch(_PARTS, ids, None)
    moved = await db.fetch(_MOVED, code, year.start, None) if rows else []
    if not stated and not parts and not moved:
        raise AllowanceNotFound(f"{code}: no allowance is known for {year}")
    return AllowanceHistoryView(
        organisation=code,
        financial_year=str(year),
        as_set=[StatedThen(**dict(_as_set(row)), **_known(row)) for row in stated],
        parts=[PartThen(**dict(_part(row)), **_known(row)) for row in parts],
        moved=_once_each([MovedThen(**dict(_moved(row, sight)), **_known(row)) for row in moved]),
    )


async def get_population(
    db: Reads, code: str, year: FinancialYear, *, sight: Sight, as_known: datetime | None
) -> StatedPopulationView:
    """Return the population stated for an organisation's year. Raises PopulationNotFound where the caller sees none."""
    for row in await db.fetch(_ONE, code, year.start) if sight.sees(code) else []:
        for stated in reversed(await db.fetch(_STATED, [row["id"]], as_known or _ALWAYS)):
            as_set = _as_set(stated).model_dump(exclude={"rate"})
            return StatedPopulationView(organisation=code, financial_year=str(year), version=row["version"], **as_set)
    raise PopulationNotFound(f"{code}: no population was stated for {year}{_known_then(as_known)}")


def _known_then(as_known: datetime | None) -> str:
    return f" as known at {as_known.isoformat()}" if as_known else ""


def _allowance(row: asyncpg.Record, stated: asyncpg.Record | None, parts: Sequence[asyncpg.Record]) -> AllowanceView:
    amount = sum(part["amount_pence"] for part in parts)
    return AllowanceView(
        organisation=row["organisation_code"],
        financial_year=str(FinancialYear(row["financial_year"])),
        as_set=_as_set(stated) if stated else None,
        amount_pence=amount,
        amount=pounds(amount),
        parts=[_part(part) for part in parts],
    )


def _as_set(row: asyncpg.Record) -> AsSetView:
    return AsSetView(
        **dict(row),
        published=row["rank"] > 0,
        rate=pounds(row["rate_pence"]),
        amount=pounds(row["amount_pence"]),
        stated_at=row["known_from"],
    )


def _part(row: asyncpg.Record) -> AllowancePartView:
    return AllowancePartView(
        **dict(row), amount=pounds(row["amount_pence"]), days=days_of(row["first_day"], row["last_day"])
    )


def _moved(row: asyncpg.Record, sight: Sight) -> MovedView:
    """Return what a merger moved: all of it for the successor, for a predecessor what it released itself."""
    released = [
        ReleasedView(predecessor=code, amount_pence=amount, amount=pounds(amount))
        for code, amount in zip(row["predecessors"], row["released_pence"], strict=True)
        if sight.sees(code)
    ]
    whole = dict(row) | {"amount": pounds(row["amount_pence"])}
    if not sight.sees(row["successor"]):
        whole |= dict.fromkeys(("amount_pence", "amount", "population", "event", "caused_by"))
    return MovedView(**whole, released=released)


def _once_each(moved: Sequence[MovedThen]) -> list[MovedThen]:
    """Join rows that differ, for this caller, in nothing but when they were known.

    A correction for another predecessor makes a new row; for one that sees its own part alone nothing has changed.
    """
    joined: list[MovedThen] = []
    for one in moved:
        before = next((other for other in joined if other.known_to == one.known_from and _same(other, one)), None)
        if before is None:
            joined.append(one)
        else:
            joined[joined.index(before)] = before.model_copy(update={"known_to": one.known_to})
    return joined


def _same(one: MovedThen, other: MovedThen) -> bool:
    exclude = set(KnownFrom.model_fields)
    return one.model_dump(exclude=exclude) == other.model_dump(exclude=exclude)


def _known(row: asyncpg.Record) -> dict[str, datetime | None]:
    return {name: row[name] for name in ("known_from", "known_to", "recorded_at")}


def _charges(support: Sequence[Charge], allowance: AllowanceView) -> ChargesView:
    total = sum(charge.amount_pence for charge in support)
    return ChargesView(
        amount_pence=total,
        amount=pounds(total),
        exceeded_pence=max(0, total - allowance.amount_pence),
        items=[ChargeView(**asdict(charge), amount=pounds(charge.amount_pence)) for charge in support],
    )


def _in_hundredths(people: Fraction) -> str:
    return f"{Decimal(nearest_penny(people * 100)).scaleb(-2):,}"


def _how_set(allowance: AllowanceView, year: FinancialYear) -> list[str]:
    as_set = allowance.as_set
    if as_set is None:
        return [f"No population was stated for {allowance.organisation} in {year}: its allowance came from others."]
    days = days_of(as_set.first_day, year.last_day)
    open_for = "" if days == year.days else f" for the {days} of {year.days} days from {as_set.first_day} on"
    moderated = f", moderated to {_in_hundredths(Fraction(as_set.moderated))}" if as_set.moderated else ""
    people = f"{as_set.population:,} people ({as_set.source}){moderated}"
    sentences = [f"{people} at {as_set.rate} a head{open_for}: {as_set.amount} ({as_set.pack})."]
    if not as_set.rate_found:
        sentences.append(f"No national rate was found for {year}: {as_set.pack}, the last one before, was used.")
    return sentences + [note for note in [_NOTES.get(as_set.pack)] if note]


def _how_moved(moved: Sequence[MovedView]) -> list[str]:
    sentences = []
    for one in moved:
        released = ", ".join(f"{part.predecessor} ({part.amount})" for part in one.released)
        # What is no merger is named by who followed whom.
        name = one.merger if ">" in one.merger else f"Merger {one.merger}"
        sentence = f"{name}: from {one.first_day} to {one.last_day} {one.successor} has "
        sentence += (one.amount or "an allowance") + (f", released by {released}." if released else ".")
        # Once a merger is undone, its successor reads what it had then, and no longer whose that is.
        if one.amount is None or not released:
            sentence += " What others released is theirs to read."
        sentences.append(sentence)
    return sentences


def _how_charged(support: ChargesView) -> list[str]:
    if not support.items:
        return []
    shared = "what several customers share is split equally, for lack of a stated share"
    return [f"Support contracts charge {support.amount} within it, by the days of the year; {shared}."]


def _warnings(allowance: AllowanceView, support: ChargesView) -> list[str]:
    if not support.exceeded_pence:
        return []
    over = pounds(support.exceeded_pence)
    excess = f"Support charges of {support.amount} exceed the allowance of {allowance.amount} by {over}."
    return [f"{excess} It is a ceiling, not a target."]
