"""Reads budgets: lines and their entries, sums, ceilings, as at a day and as known at an instant."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

import asyncpg

from libs.common.database.connection import Reads
from libs.common.money import pounds
from services.finance.allowances.queries import list_allowances
from services.finance.budgets.errors import BudgetLineNotFound, BudgetNotFound
from services.finance.budgets.rules import BudgetLine, Ceiling, Change, Redesignation, name_of, redesignated
from services.finance.budgets.views import (
    BudgetView,
    CeilingView,
    EntryView,
    LineDetailView,
    LineView,
    LocalityView,
    RedesignationView,
)
from services.finance.core.sight import Sight
from services.finance.core.years import FinancialYear
from services.finance.lines.models import WHAT_A_LINE_IS

_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
_EVERYTHING = Sight(None)
_IS = ", ".join(f"l.{name}" for name in WHAT_A_LINE_IS)

# $1 bodies that the caller reads (null: all), $2 day (null: the whole year), $3 instant.
_LINES = f"""
SELECT l.id, l.organisation_code, l.financial_year, {_IS}, sum(e.amount_pence)::bigint AS amount_pence,
       sum(e.annual_pence)::bigint AS annual_pence, count(*) FILTER (WHERE e.source_id IS NULL) AS version
  FROM budget_line l JOIN budget_entry e ON e.line_id = l.id
   AND ($2::date IS NULL OR e.effective_on <= $2) AND e.stated_at <= $3
 WHERE ($1::text[] IS NULL OR l.organisation_code = ANY($1)) AND {{which}}
 GROUP BY l.id ORDER BY l.id {{limit}}
"""  # noqa: S608  (names of ours)
_BY_ID = _LINES.format(which="l.id = ANY($4)", limit="")
_OF_YEAR = _LINES.format(which="l.financial_year = $4 AND l.id > $5", limit="LIMIT $6")

_ENTRIES = """
SELECT id, line_id, kind, effective_on, stated_at, amount_pence, annual_pence, other_line_id, virement, authority,
       initiative, decision, reverses, undoes, source_id, succession, recorded_at
  FROM budget_entry WHERE line_id = ANY($1) AND ($2::date IS NULL OR effective_on <= $2) AND stated_at <= $3
 ORDER BY stated_at, id
"""

_SUMS = """
SELECT count(DISTINCT l.id) AS lines, coalesce(sum(e.amount_pence), 0)::bigint AS amount,
       coalesce(sum(e.amount_pence) FILTER (WHERE l.admin), 0)::bigint AS admin,
       coalesce(sum(e.amount_pence) FILTER (WHERE l.pay), 0)::bigint AS pay,
       coalesce(sum(e.amount_pence) FILTER (WHERE l.recurrent), 0)::bigint AS recurrent,
       coalesce(sum(e.annual_pence - e.amount_pence) FILTER (WHERE l.recurrent), 0)::bigint AS full_year_effect
  FROM budget_line l JOIN budget_entry e ON e.line_id = l.id
 WHERE l.organisation_code = $1 AND l.financial_year = $2
   AND ($3::date IS NULL OR e.effective_on <= $3) AND e.stated_at <= $4
"""

_BY_YEAR = """
SELECT l.organisation_code, l.financial_year, sum(e.amount_pence)::bigint AS amount
  FROM budget_line l JOIN budget_entry e ON e.line_id = l.id
 WHERE l.organisation_code = ANY($1) AND l.financial_year BETWEEN $2 AND $3 AND e.stated_at <= $4
 GROUP BY l.organisation_code, l.financial_year
"""

_BELOW_NOTHING = """
SELECT l.id, sum(e.amount_pence)::bigint AS amount
  FROM budget_line l JOIN budget_entry e ON e.line_id = l.id
 WHERE l.organisation_code = $1 AND l.financial_year = $2 AND e.stated_at <= $3
   AND ($4::date IS NULL OR e.effective_on <= $4)
 GROUP BY l.id HAVING sum(e.amount_pence) < 0 ORDER BY l.id LIMIT 20
"""

_LOCALITIES = """
SELECT l.locality, sum(e.amount_pence)::bigint AS amount
  FROM budget_line l JOIN budget_entry e ON e.line_id = l.id
 WHERE l.organisation_code = $1 AND l.financial_year = $2 AND l.locality <> ''
   AND ($3::date IS NULL OR e.effective_on <= $3) AND e.stated_at <= $4
 GROUP BY l.locality ORDER BY l.locality
"""

_CHANGES = f"""
SELECT l.id, l.organisation_code, l.financial_year, {_IS}, e.amount_pence, e.stated_at,
       row_number() OVER (PARTITION BY l.id ORDER BY e.stated_at, e.id) = 1 AND e.kind = 'set' AS opening
  FROM budget_line l JOIN budget_entry e ON e.line_id = l.id
 WHERE l.organisation_code = $1 AND l.financial_year = $2 AND e.source_id IS NULL
   AND ($3::date IS NULL OR e.effective_on <= $3) AND e.stated_at <= $4
"""  # noqa: S608  (names of ours)

_CEILING = """
SELECT required_saving, baseline_per_head_pence, baseline_people, basis
  FROM budget_ceiling WHERE organisation_code = $1 AND financial_year = $2 AND stated_at <= $3
 ORDER BY stated_at DESC LIMIT 1
"""

_EXCLUDES = """
SELECT DISTINCT ON (reference) reference, excludes
  FROM known_care_model WHERE reference = ANY($1) ORDER BY reference, stated_at DESC, effective_on DESC, stated DESC
"""


async def get_lines(
    db: Reads, ids: Collection[int], *, sight: Sight = _EVERYTHING, as_known: datetime | None = None
) -> dict[int, BudgetLine]:
    """Return lines with what they have in the year; those that the caller does not see are left out."""
    rows = await db.fetch(_BY_ID, sight.among(None), None, as_known or _ALWAYS, sorted(ids))
    return {row["id"]: line_of(row) for row in rows}


async def list_lines(
    db: Reads,
    organisation: str,
    year: FinancialYear,
    *,
    sight: Sight,
    as_at: date | None,
    as_known: datetime | None,
    after: int,
    limit: int,
) -> list[LineView]:
    """Return the lines of a budget that the caller sees, in the order of their names."""
    codes = sight.among([organisation])
    rows = await db.fetch(_OF_YEAR, codes, as_at, as_known or _ALWAYS, year.start, after, limit)
    return [_line_view(row) for row in rows]


async def get_line(
    db: Reads,
    code: str,
    year: FinancialYear,
    line: int,
    *,
    sight: Sight,
    as_at: date | None = None,
    as_known: datetime | None = None,
) -> LineDetailView:
    """Return a line of a body's year with its entries. Raises BudgetLineNotFound where the caller sees none."""
    rows = await db.fetch(_BY_ID, sight.among([code]), as_at, as_known or _ALWAYS, [line])
    if not rows or rows[0]["financial_year"] != year.start:
        raise BudgetLineNotFound(f"{name_of(line)}: no such line of a budget is known")
    entries = await db.fetch(_ENTRIES, [line], as_at, as_known or _ALWAYS)
    return LineDetailView(**dict(_line_view(rows[0])), entries=[_entry_view(row) for row in entries])


async def get_budget(
    db: Reads,
    code: str,
    year: FinancialYear,
    *,
    sight: Sight,
    as_at: date | None,
    as_known: datetime | None,
    lines_needed: bool = True,
) -> BudgetView:
    """Return the sums of a budget with its ceiling. Raises BudgetNotFound where the caller sees none."""
    known_at = as_known or _ALWAYS
    asked = (code, year.start, as_at, known_at)
    [sums] = await db.fetch(_SUMS, *asked)
    if not sight.sees(code) or (lines_needed and not sums["lines"]):
        raise BudgetNotFound(f"{code}: no budget of {year} is known")
    ceiling = await ceiling_view(db, code, year, admin_pence=sums["admin"], as_known=as_known)
    redesignations = [_redesignation_view(one) for one in redesignated(map(_change, await db.fetch(_CHANGES, *asked)))]
    return BudgetView(
        organisation=code,
        financial_year=str(year),
        lines=sums["lines"],
        amount_pence=sums["amount"],
        amount=pounds(sums["amount"]),
        admin_pence=sums["admin"],
        programme_pence=sums["amount"] - sums["admin"],
        pay_pence=sums["pay"],
        recurrent_pence=sums["recurrent"],
        non_recurrent_pence=sums["amount"] - sums["recurrent"],
        full_year_effect_pence=sums["full_year_effect"],
        ceiling=ceiling,
        localities=[_locality_view(code, row) for row in await db.fetch(_LOCALITIES, *asked)],
        redesignated=redesignations,
        warnings=_warnings(
            ceiling,
            sum(one.amount_pence for one in redesignations),
            await db.fetch(_BELOW_NOTHING, code, year.start, known_at, as_at),
        ),
        as_at=as_at,
        as_known=as_known,
    )


def _change(row: asyncpg.Record) -> Change:
    return Change(line_of(row), row["amount_pence"], row["stated_at"], row["opening"])


def _locality_view(code: str, row: asyncpg.Record) -> LocalityView:
    amount = row["amount"]
    return LocalityView(locality=row["locality"], owner=code, devolved=True, amount_pence=amount, amount=pounds(amount))


def _redesignation_view(one: Redesignation) -> RedesignationView:
    return RedesignationView(
        account=one.account,
        function=one.function,
        service=one.service,
        amount_pence=one.amount_pence,
        amount=pounds(one.amount_pence),
        of_pence=one.of_pence,
    )


def _warnings(
    ceiling: CeilingView | None, redesignated_pence: int, below_nothing: Sequence[asyncpg.Record]
) -> list[str]:
    warnings = [f"{name_of(row['id'])} has less than nothing: {pounds(row['amount'])}." for row in below_nothing]
    if ceiling is None:
        warnings.append("No allowance of the year is known: administration has no ceiling here.")
    elif ceiling.headroom_pence < 0:
        warnings.append(f"Administration exceeds its ceiling by {pounds(-ceiling.headroom_pence)}.")
    if redesignated_pence:
        warnings.append(f"{pounds(redesignated_pence)} of administration became programme: no saving.")
    return warnings


async def sums_by_year(
    db: Reads, codes: Collection[str], *, first: int, last: int, sight: Sight, as_known: datetime | None
) -> dict[tuple[str, int], int]:
    """Return what bodies have in their budgets, by body and year; those that the caller does not see are left out."""
    rows = await db.fetch(_BY_YEAR, sight.among(codes), first, last, as_known or _ALWAYS)
    return {(row["organisation_code"], row["financial_year"]): row["amount"] for row in rows}


async def admin_pence(db: Reads, code: str, year: FinancialYear) -> int:
    """Return the sum of a body's lines of administration in a year, as known now."""
    [sums] = await db.fetch(_SUMS, code, year.start, None, _ALWAYS)
    return int(sums["admin"])


async def get_ceiling(db: Reads, code: str, year: FinancialYear, *, as_known: datetime | None = None) -> Ceiling | None:
    """Return what a body may plan for administration; None where no allowance is known."""
    found = await _allowance(db, code, year, as_known)
    if found is None:
        return None
    rows = await db.fetch(_CEILING, code, year.start, as_known or _ALWAYS)
    return Ceiling(found[0], Fraction(rows[0]["required_saving"]) if rows else Fraction(0))


async def ceiling_view(
    db: Reads, code: str, year: FinancialYear, *, admin_pence: int, as_known: datetime | None = None
) -> CeilingView | None:
    """Return the ceiling of a body with its calculation; None where no allowance is known."""
    found = await _allowance(db, code, year, as_known)
    if found is None:
        return None
    allowance, packs = found
    rows = await db.fetch(_CEILING, code, year.start, as_known or _ALWAYS)
    ceiling = Ceiling(allowance, Fraction(rows[0]["required_saving"]) if rows else Fraction(0))
    baseline = None
    if rows and rows[0]["baseline_per_head_pence"] is not None:
        baseline = rows[0]["baseline_per_head_pence"] * rows[0]["baseline_people"]
    return CeilingView(
        allowance_pence=allowance,
        required_saving=str(ceiling.required_saving),
        required_saving_pence=ceiling.saving_pence,
        ceiling_pence=ceiling.pence,
        ceiling=pounds(ceiling.pence),
        headroom_pence=ceiling.pence - admin_pence,
        baseline_pence=baseline,
        cut=str(1 - Fraction(ceiling.pence, baseline)) if baseline else None,
        basis=(rows[0]["basis"] or None) if rows else None,
        packs=packs,
    )


async def _allowance(
    db: Reads, code: str, year: FinancialYear, as_known: datetime | None
) -> tuple[int, list[str]] | None:
    found = await list_allowances(
        db, sight=_EVERYTHING, organisation=code, year=year, as_at=None, as_known=as_known, after=("", 0), limit=1
    )
    return (found[0].amount_pence, sorted({part.pack for part in found[0].parts})) if found else None


async def get_excludes(db: Reads, references: Collection[str]) -> Mapping[str, list[str]]:
    """Return what each known care model excludes, by its latest statement."""
    rows = await db.fetch(_EXCLUDES, sorted(references))
    return {row["reference"]: list(row["excludes"]) for row in rows}


def line_of(row: Mapping[str, Any] | asyncpg.Record) -> BudgetLine:
    """Return the line of a row."""
    return BudgetLine(
        row["id"],
        row["organisation_code"],
        FinancialYear(row["financial_year"]),
        **{name: row[name] for name in WHAT_A_LINE_IS},
        amount_pence=row["amount_pence"],
    )


def _line_view(row: asyncpg.Record) -> LineView:
    recurrent = row["annual_pence"] - row["amount_pence"] if row["recurrent"] else 0
    return LineView(
        line=name_of(row["id"]),
        organisation=row["organisation_code"],
        financial_year=str(FinancialYear(row["financial_year"])),
        **{name: row[name] for name in WHAT_A_LINE_IS},
        amount_pence=row["amount_pence"],
        amount=pounds(row["amount_pence"]),
        annual_pence=row["annual_pence"],
        full_year_effect_pence=recurrent,
        version=row["version"],
    )


def _entry_view(row: asyncpg.Record) -> EntryView:
    return EntryView(
        entry=f"E-{row['id']}",
        kind=row["kind"],
        effective_on=row["effective_on"],
        amount_pence=row["amount_pence"],
        annual_pence=row["annual_pence"],
        other_line=name_of(row["other_line_id"]) if row["other_line_id"] else None,
        virement=row["virement"] or None,
        initiative=row["initiative"] or None,
        decision=row["decision"] or None,
        reduction=f"R-{row['id']}" if row["kind"] == "reduced" else None,
        reverses=f"R-{row['reverses']}" if row["reverses"] else None,
        undoes=f"E-{row['undoes']}" if row["undoes"] else None,
        succession=row["succession"],
        stated_at=row["stated_at"],
        recorded_at=row["recorded_at"],
    )
