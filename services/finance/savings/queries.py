"""Reads savings: what was forecast, contracted, claimed and realised, as at a day and as known at an instant."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import asyncpg

from libs.common.database.connection import Reads
from libs.common.money import pounds
from libs.organisations.mergers import mergers_following
from services.finance.budgets.reductions import knows_initiatives
from services.finance.budgets.rules import name_of
from services.finance.core.digests import digested
from services.finance.core.models import known
from services.finance.core.sight import Sight
from services.finance.core.years import FinancialYear
from services.finance.savings.errors import InitiativeNotFound
from services.finance.savings.rules import (
    Claim,
    LineEntry,
    RealisationRate,
    Reduction,
    learned_rates,
    open_reductions,
    planned_to_date,
    rating,
    savings_pack,
)
from services.finance.savings.views import ClaimView, InitiativeSavingsView, RateView, YearlySavingView

_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)

# The latest statement of each stage: of an initiative ($1), body, function and year ($5, $6, $7; null: all).
_STATED = """
SELECT DISTINCT ON (initiative, organisation_code, function, financial_year, stage)
       initiative, organisation_code, function, financial_year, stage, gross_pence, amount_pence, recurrent, line_id,
       owner, baseline_pence, phasing, elsewhere, elsewhere_pence, cause, stated_at,
       min(stated_at) OVER (PARTITION BY initiative, organisation_code, function, financial_year) AS since
  FROM saving_statement
 WHERE ($1::text IS NULL OR initiative = $1) AND ($2::text[] IS NULL OR organisation_code = ANY($2))
   AND stated_at <= $3 AND ($4::text IS NULL OR function = $4)
 ORDER BY initiative, organisation_code, function, financial_year, stage, stated_at DESC, id DESC
"""

_CLAIMS = """
SELECT c.id, c.initiative, c.organisation_code, c.function, c.financial_year, c.line_id, c.asked_pence, c.refused_pence,
       c.since, c.stated_at,
       (SELECT coalesce(sum(e.amount_pence), 0) FROM saving_entry e
         WHERE e.claim_id = c.id AND e.stated_at <= $3)::bigint AS realised
  FROM saving_claim c
 WHERE ($1::text IS NULL OR c.initiative = $1) AND ($2::text[] IS NULL OR c.organisation_code = ANY($2))
   AND c.stated_at <= $3
 ORDER BY c.stated_at, c.id
"""

# The lines of these, with those that mergers connect them to and those of the same account, function and service.
_CONNECTED = """
WITH RECURSIVE reached (line_id) AS (
    SELECT unnest($1::int[])
     UNION
    SELECT n.id FROM reached r, LATERAL (
        SELECT e.other_line_id AS id FROM budget_entry e WHERE e.line_id = r.line_id AND e.kind = 'restated'
         UNION
        SELECT g.id FROM budget_line l
          JOIN budget_line g USING (organisation_code, financial_year, account, function, service)
         WHERE l.id = r.line_id) n
)
SELECT l.id, l.admin, l.organisation_code, l.account, l.function, l.service
  FROM reached r JOIN budget_line l ON l.id = r.line_id ORDER BY l.id
"""

_ENTRIES = """
SELECT id, line_id, kind, amount_pence, stated_at, reverses,
       kind = 'set' AND row_number() OVER (PARTITION BY line_id ORDER BY stated_at, id) = 1 AS opening
  FROM budget_entry WHERE line_id = ANY($1) AND source_id IS NULL AND stated_at <= $2
"""

# What was undone made no line of another.
_FLOWS = """
SELECT e.line_id, e.other_line_id, min(e.id) AS id, min(e.stated_at) AS stated_at
  FROM budget_entry e WHERE e.line_id = ANY($1) AND e.kind = 'restated' AND e.released AND e.stated_at <= $2
   AND NOT EXISTS (SELECT FROM budget_entry u WHERE u.source_id = e.id AND u.kind = 'undone' AND u.stated_at <= $2)
 GROUP BY e.line_id, e.other_line_id
"""

_LAST = "SELECT max(stated_at) FROM budget_entry WHERE line_id = ANY($1) AND stated_at <= $2"


_IS_STATED = """
SELECT EXISTS (SELECT FROM saving_statement WHERE initiative = $1 AND organisation_code = ANY($2))
"""


@dataclass(frozen=True, slots=True)
class Fallen:
    """Lines that belong together, what is left of their reductions, and into which lines each flowed."""

    reductions: Mapping[int, Reduction]
    into: Mapping[int, frozenset[int]]
    last: datetime

    def of_line(self, line: int) -> frozenset[int]:
        """Return the line with those that mergers made of it."""
        return self.into.get(line, frozenset({line}))


async def connected_lines(db: Reads, lines: Collection[int]) -> list[asyncpg.Record]:
    """Return lines with all whose rise or fall concerns their savings."""
    return list(await db.fetch(_CONNECTED, sorted(lines)))


async def what_fell(db: Reads, rows: Sequence[asyncpg.Record], *, as_known: datetime | None = None) -> Fallen:
    """Return what is left of the reductions of connected lines."""
    ids = [row["id"] for row in rows]
    known_at = as_known or _ALWAYS
    group: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row in rows:
        if row["admin"]:
            group[tuple(row[2:])].append(row["id"])
    renamed = {row["id"]: tuple(group[tuple(row[2:])]) for row in rows if not row["admin"]}
    flows = await db.fetch(_FLOWS, ids, known_at)
    entries = [
        LineEntry(
            id=row["id"],
            line=row["line_id"],
            kind=row["kind"],
            amount_pence=row["amount_pence"],
            stated_at=row["stated_at"],
            opening=row["opening"],
            reverses=row["reverses"],
            programme_of=renamed.get(row["line_id"], ()),
        )
        for row in await db.fetch(_ENTRIES, ids, known_at)
    ]
    entries += [
        LineEntry(row["id"], row["line_id"], "restated", 0, row["stated_at"], other=row["other_line_id"])
        for row in flows
    ]
    [row] = await db.fetch(_LAST, ids, known_at)
    return Fallen(open_reductions(entries), _forward(ids, flows), row[0] or datetime.min.replace(tzinfo=UTC))


def _forward(ids: Sequence[int], flows: Sequence[asyncpg.Record]) -> dict[int, frozenset[int]]:
    onto: dict[int, set[int]] = defaultdict(set)
    for row in flows:
        onto[row["line_id"]].add(row["other_line_id"])
    found = {}
    for line in ids:
        reached, left = {line}, [line]
        while left:
            new = onto[left.pop()] - reached
            reached |= new
            left += new
        found[line] = frozenset(reached)
    return found


async def get_savings(
    db: Reads, initiative: str, *, sight: Sight, as_at: date, as_known: datetime | None
) -> InitiativeSavingsView:
    """Return the savings of an initiative that the caller sees. Raises InitiativeNotFound where there are none."""
    savings = await _savings(db, initiative, None, sight=sight, as_at=as_at, as_known=as_known)
    if not savings:
        raise InitiativeNotFound(f"no saving of {initiative} is known")
    pack = savings_pack(as_at)
    got = sum(one.realised_pence for one in savings)
    view = InitiativeSavingsView(
        initiative=initiative,
        forecast_pence=sum(one.forecast_pence or 0 for one in savings),
        contracted_pence=sum(one.contracted_pence or 0 for one in savings),
        realised_pence=got,
        realised=pounds(got),
        savings=savings,
        pack=pack.id if pack else None,
        as_at=as_at,
        as_known=as_known,
        digest="",
    )
    return digested(view)


async def list_rates(
    db: Reads, function: str | None, *, sight: Sight, as_at: date, as_known: datetime | None
) -> list[RateView]:
    """Return the realisation rates of functions as they are shown."""
    rates = await learned_by_function(db, function, sight=sight, as_at=as_at, as_known=as_known)
    return [_rate_view(rate) for rate in rates]


async def learned_by_function(
    db: Reads, function: str | None, *, sight: Sight, as_at: date, as_known: datetime | None
) -> list[RealisationRate]:
    """Return the realisation rates of functions, learned from the savings that the caller sees in ended years."""
    savings = await _savings(db, None, function, sight=sight, as_at=as_at, as_known=as_known)
    outcomes = [
        (one.function, one.forecast_pence or one.contracted_pence or 0, one.realised_pence)
        for one in savings
        if FinancialYear.parse(one.financial_year).last_day < as_at
    ]
    return learned_rates(outcomes)


def _rate_view(rate: RealisationRate) -> RateView:
    percent = round(rate.rate * 10_000)
    return RateView(
        function=rate.function,
        count=rate.count,
        rate=str(rate.rate),
        percent=f"{percent // 100}.{percent % 100:02d}",
        lowest=str(rate.lowest),
        median=str(rate.median),
        highest=str(rate.highest),
    )


async def _savings(
    db: Reads, initiative: str | None, function: str | None, *, sight: Sight, as_at: date, as_known: datetime | None
) -> list[YearlySavingView]:
    known_at = as_known or _ALWAYS
    codes = sight.among(None)
    stages: dict[tuple[str, str, str, int], dict[str, asyncpg.Record]] = defaultdict(dict)
    for row in await db.fetch(_STATED, initiative, codes, known_at, function):
        stages[tuple(row[:4])][row["stage"]] = row
    claims: dict[tuple[str, str, str, int], list[asyncpg.Record]] = defaultdict(list)
    for row in await db.fetch(_CLAIMS, initiative, codes, known_at):
        claims[tuple(row[1:5])].append(row)
    lines = {row["line_id"] for rows in claims.values() for row in rows}
    fallen = await what_fell(db, await connected_lines(db, lines), as_known=as_known)
    managed = await _managed_by(db, {key[1] for key in stages}, as_at, as_known)
    return [
        _saving_view(key, about, claims[key], fallen, managed[key[1]], as_at) for key, about in sorted(stages.items())
    ]


async def _managed_by(db: Reads, codes: Collection[str], as_at: date, as_known: datetime | None) -> dict[str, str]:
    """Return in which body each lives on as at a day, as known at an instant."""
    managed = {code: code for code in codes}
    for merger in await mergers_following(db, known.successions, codes, as_known=as_known):
        if merger.effective_on <= as_at:
            for code, now in managed.items():
                if now in merger.predecessors:
                    managed[code] = merger.successor
    return managed


def _saving_view(
    key: tuple[str, str, str, int],
    stages: Mapping[str, asyncpg.Record],
    claims: Sequence[asyncpg.Record],
    fallen: Fallen,
    managed_by: str,
    as_at: date,
) -> YearlySavingView:
    forecast, contracted = stages.get("forecast"), stages.get("contracted")
    latest = max(stages.values(), key=lambda row: row["stated_at"])
    year, stated = FinancialYear(key[3]), forecast or latest
    got = sum(row["realised"] for row in claims)
    due = planned_to_date((contracted or latest)["amount_pence"], year, stated["phasing"], as_at)
    return YearlySavingView(
        initiative=key[0],
        organisation=key[1],
        managed_by=managed_by,
        function=key[2],
        financial_year=str(year),
        recurrent=latest["recurrent"],
        owner=stated["owner"] or None,
        baseline_pence=stated["baseline_pence"],
        line=name_of(stated["line_id"]) if stated["line_id"] else None,
        forecast_pence=forecast and forecast["amount_pence"],
        forecast_gross_pence=forecast and forecast["gross_pence"],
        contracted_pence=contracted and contracted["amount_pence"],
        budget_reduced_pence=_reduced(claims, fallen),
        realised_pence=got,
        realised=pounds(got),
        refused_pence=sum(row["refused_pence"] for row in claims),
        due_pence=due,
        slippage_pence=max(0, due - got),
        rating=rating(got, due, savings_pack(as_at)),
        cost_shift=stated["gross_pence"] > stated["amount_pence"],
        elsewhere=dict(zip(stated["elsewhere"], stated["elsewhere_pence"], strict=True)),
        claims=[_claim_view(row) for row in claims],
        cause=latest["cause"] or None,
        stated_at=latest["stated_at"],
    )


def _reduced(claims: Sequence[asyncpg.Record], fallen: Fallen) -> int:
    """Return what is left of reductions of the claimed lines that were posted after the saving."""
    lines = {line: row["since"] for row in claims for line in fallen.of_line(row["line_id"])}
    return sum(
        one.left_pence for one in fallen.reductions.values() if one.line in lines and one.stated_at > lines[one.line]
    )


def _claim_view(row: asyncpg.Record) -> ClaimView:
    return ClaimView(
        claim=f"C-{row['id']}",
        line=name_of(row["line_id"]),
        asked_pence=row["asked_pence"],
        realised_pence=row["realised"],
        refused_pence=row["refused_pence"],
        refused=pounds(row["refused_pence"]),
        waiting_pence=row["asked_pence"] - row["refused_pence"] - row["realised"],
        stated_at=row["stated_at"],
    )


async def stated_savings(
    db: Reads, initiative: str, organisation: str, function: str, year: FinancialYear
) -> dict[str, asyncpg.Record]:
    """Return the latest statement of each stage of one saving, as known now."""
    rows = await db.fetch(_STATED, initiative, [organisation], _ALWAYS, function)
    return {row["stage"]: row for row in rows if row["financial_year"] == year.start}


@knows_initiatives
async def knows_initiative(db: Reads, initiative: str, codes: Collection[str]) -> bool:
    """Whether a saving of an initiative was stated for one of these bodies, by itself or by a plan of contracts."""
    rows = await db.fetch(_IS_STATED, initiative, sorted(codes))
    return bool(rows[0][0])


def claim_of(row: asyncpg.Record, fallen: Fallen) -> Claim:
    """Return a claim of a row, on its line and on those that mergers made of it."""
    pence = row["asked_pence"] - row["refused_pence"]
    return Claim(row["id"], fallen.of_line(row["line_id"]), pence, row["since"], row["stated_at"])
