"""Reads funds: lines with what they have and gave, draws, and the agreement that pools a fund."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

import asyncpg

from libs.common.database.connection import Reads
from libs.common.money import pounds
from services.finance.core.sight import Sight
from services.finance.core.years import FinancialYear
from services.finance.funds.errors import FundNotFound
from services.finance.funds.rules import FundEntry, contributions
from services.finance.funds.views import (
    AttachedSavingView,
    ContributionView,
    DrawView,
    FundFindingView,
    FundLineView,
    FundSumView,
    FundView,
    PoolView,
)

NOW = datetime.max.replace(tzinfo=UTC)

# $1 the day, $2 the instant, $3 the codes that the caller reads through (null: every one). Who holds or pools a fund
# reads all of it, who has a line of it that line. Of an instrument the statement of the latest instant counts, also
# where it ended the pool; who is not the fund's holder pools nothing of it.
_POOL = """
SELECT DISTINCT ON (fund, host) *
  FROM (SELECT DISTINCT ON (fund, host, instrument) * FROM known_pool
         WHERE effective_on <= $1 AND stated_at <= $2
         ORDER BY fund, host, instrument, stated_at DESC, effective_on DESC, members, shares, ends_on) stated
 WHERE ends_on IS NULL OR ends_on >= $1
"""
_POOL_ORDER = "ORDER BY fund, host, stated_at DESC, effective_on DESC, instrument"
_FUNDS = f"""
SELECT f.id, f.reference, f.holder_code, f.title,
       $3::text[] IS NULL OR f.holder_code = ANY($3) OR coalesce(p.members && $3, false) AS is_whole,
       p.instrument, p.members, p.shares, p.host, p.effective_on, p.ends_on
  FROM fund f
  LEFT JOIN ({_POOL} {_POOL_ORDER}) p ON p.fund = f.reference AND p.host = f.holder_code
 WHERE f.stated_at <= $2
   AND ($3::text[] IS NULL OR f.holder_code = ANY($3) OR p.members && $3
        OR EXISTS (SELECT FROM fund_line l WHERE l.fund_id = f.id AND l.organisation_code = ANY($3)
                                             AND l.stated_at <= $2))
"""  # noqa: S608  (only what stands above is put in)
_ONE = f"{_FUNDS} AND f.reference = $4"
_MANY = f"{_FUNDS} AND f.reference > $4 AND ($5::text IS NULL OR f.holder_code = $5) ORDER BY f.reference LIMIT $6"

_LINES = """
SELECT l.fund_id, l.name, l.organisation_code, l.financial_year, l.purpose, l.recurrent, l.carries_over,
       (SELECT coalesce(array_agg(s.scheme ORDER BY s.scheme), '{}') FROM fund_scheme s
         WHERE s.fund_line_id = l.id AND s.stated_at <= $2) AS schemes,
       (SELECT coalesce(sum(a.amount_pence), 0)::bigint FROM fund_allocation a
         WHERE a.fund_line_id = l.id AND a.stated_at <= $2) AS allocated,
       (SELECT coalesce(sum(d.amount_pence), 0)::bigint FROM fund_draw d
         WHERE d.fund_line_id = l.id AND d.stated_at <= $2 AND d.drawn_on <= $1
           AND NOT EXISTS (SELECT FROM fund_draw_reversal r
                            WHERE r.draw_id = d.id AND r.stated_at <= $2 AND r.reversed_on <= $1)) AS drawn
  FROM fund_line l
 WHERE l.fund_id = ANY($3) AND l.stated_at <= $2 AND ($4::text[] IS NULL OR l.organisation_code = ANY($4)
       OR l.fund_id = ANY($5))
 ORDER BY l.financial_year, l.name
"""

_OF_FUND = """
SELECT d.reference, f.reference AS fund, l.name, l.organisation_code, d.case_reference, d.case_version, d.amount_pence,
       d.drawn_on, d.recurrent_cost_pence, d.budget_lines, d.budget_pence, d.decision, d.stated_at, d.event,
       r.reversed_on, r.caused_by
  FROM fund_draw d JOIN fund_line l ON l.id = d.fund_line_id JOIN fund f ON f.id = l.fund_id
  LEFT JOIN fund_draw_reversal r ON r.draw_id = d.id AND r.stated_at <= $2 AND r.reversed_on <= $1
 WHERE d.drawn_on <= $1 AND d.stated_at <= $2 AND f.id = $3 AND ($4::text[] IS NULL OR l.organisation_code = ANY($4))
"""
# D10 comes after D9.
_DRAWS = f"""
{_OF_FUND} AND (length(d.reference), d.reference) > (length($5), $5) ORDER BY length(d.reference), d.reference LIMIT $6
"""
_DRAW = f"{_OF_FUND} AND d.reference = $5"

# $1 the instant, $2 the organisations, $3 the case. A draw is of the financial year in which its day lies.
_FOR_CASE = """
SELECT l.organisation_code, d.drawn_on, sum(d.amount_pence)::bigint AS amount
  FROM fund_draw d JOIN fund_line l ON l.id = d.fund_line_id
 WHERE d.case_reference = $3 AND d.stated_at <= $1 AND l.organisation_code = ANY($2)
   AND NOT EXISTS (SELECT FROM fund_draw_reversal r WHERE r.draw_id = d.id AND r.stated_at <= $1)
 GROUP BY l.organisation_code, d.drawn_on
"""

_ENTRIES = """
SELECT make_date(l.financial_year, 4, 1) AS on_day, a.amount_pence AS pence
  FROM fund_allocation a JOIN fund_line l ON l.id = a.fund_line_id WHERE l.id = $1
 UNION ALL SELECT drawn_on, -amount_pence FROM fund_draw WHERE fund_line_id = $1
 UNION ALL SELECT r.reversed_on, d.amount_pence
  FROM fund_draw_reversal r JOIN fund_draw d ON d.id = r.draw_id WHERE d.fund_line_id = $1
"""

# What pays for the recurrent cost of a case: savings of budget lines, and recurrent money, of draws that stand.
_SOURCES = """
SELECT coalesce(sum((SELECT sum(pence) FROM unnest(d.budget_pence) AS pence)), 0)::bigint AS savings,
       coalesce(sum(d.amount_pence) FILTER (WHERE l.recurrent), 0)::bigint AS money
  FROM fund_draw d JOIN fund_line l ON l.id = d.fund_line_id
 WHERE d.case_reference = $1 AND NOT EXISTS (SELECT FROM fund_draw_reversal r WHERE r.draw_id = d.id)
"""

_ATTACHED = """
SELECT a.line, sum(a.pence)::bigint AS pence
  FROM fund_draw d CROSS JOIN LATERAL unnest(d.budget_lines, d.budget_pence) AS a (line, pence)
 WHERE d.budget_lines && $1 AND a.line = ANY($1)
   AND NOT EXISTS (SELECT FROM fund_draw_reversal r WHERE r.draw_id = d.id)
 GROUP BY a.line
"""


@dataclass(frozen=True, slots=True)
class SeenFund:
    """A fund as far as a caller reads it: whole, or its own lines alone."""

    id: int
    reference: str
    holder: str
    is_whole: bool
    row: asyncpg.Record


async def get_seen_fund(
    db: Reads, reference: str, *, sight: Sight, as_at: date, as_known: datetime | None = None
) -> SeenFund:
    """Return a fund of which the caller reads something. Raises FundNotFound."""
    rows = await db.fetch(_ONE, as_at, as_known or NOW, sight.among(None), reference)
    if not rows:
        raise FundNotFound(f"no fund {reference} is known")
    return _seen(rows[0])


async def get_fund(
    db: Reads, reference: str, *, sight: Sight, as_at: date, as_known: datetime | None = None
) -> FundView:
    """Return a fund with the lines that the caller reads. Raises FundNotFound."""
    fund = await get_seen_fund(db, reference, sight=sight, as_at=as_at, as_known=as_known)
    [view] = await _views(db, [fund], sight, as_at, as_known)
    return view


async def list_funds(
    db: Reads,
    *,
    sight: Sight,
    holder: str | None,
    as_at: date,
    as_known: datetime | None,
    after: str,
    limit: int,
) -> list[FundView]:
    """Return the funds of which the caller reads something, by reference."""
    rows = await db.fetch(_MANY, as_at, as_known or NOW, sight.among(None), after, holder, limit)
    return await _views(db, [_seen(row) for row in rows], sight, as_at, as_known)


async def list_draws(
    db: Reads,
    reference: str,
    *,
    sight: Sight,
    as_at: date,
    as_known: datetime | None,
    after: str = "",
    limit: int = 500,
) -> list[DrawView]:
    """Return the draws of a fund that the caller reads, in their order. Raises FundNotFound."""
    fund = await get_seen_fund(db, reference, sight=sight, as_at=as_at, as_known=as_known)
    codes = None if fund.is_whole else sight.among(None)
    return [_draw_view(row) for row in await db.fetch(_DRAWS, as_at, as_known or NOW, fund.id, codes, after, limit)]


_POOL_BREACHES = """
SELECT f.id AS fund_id, d.reference, l.name, l.organisation_code, d.amount_pence, d.drawn_on, ended.ends_on
  FROM fund f JOIN fund_line l ON l.fund_id = f.id JOIN fund_draw d ON d.fund_line_id = l.id
 CROSS JOIN LATERAL (
       SELECT max(ends_on) AS ends_on
         FROM (SELECT DISTINCT ON (instrument) ends_on FROM known_pool
                WHERE fund = f.reference AND host = f.holder_code AND effective_on <= d.drawn_on AND stated_at <= $2
                ORDER BY instrument, stated_at DESC, effective_on DESC, members, shares, ends_on) stated
       HAVING bool_and(ends_on < d.drawn_on) IS TRUE AND count(*) = count(ends_on)) ended
 WHERE f.id = ANY($3) AND d.drawn_on <= $1 AND d.stated_at <= $2
   AND ($4::text[] IS NULL OR l.organisation_code = ANY($4) OR f.id = ANY($5))
   AND NOT EXISTS (SELECT FROM fund_draw_reversal r
                    WHERE r.draw_id = d.id AND r.stated_at <= $2 AND r.reversed_on <= $1)
 ORDER BY d.id
"""
# A case whose draws from non-recurrent money left more recurrent cost than what stands pays for.
_UNFUNDED = """
SELECT c.fund_id, c.reference, c.name, c.organisation_code, c.case_reference, c.cost, s.sources
  FROM (SELECT DISTINCT ON (l.fund_id, d.case_reference) l.fund_id, d.reference, l.name, l.organisation_code,
               d.case_reference, d.recurrent_cost_pence AS cost
          FROM fund_draw d JOIN fund_line l ON l.id = d.fund_line_id
         WHERE l.fund_id = ANY($3) AND NOT l.recurrent AND d.drawn_on <= $1 AND d.stated_at <= $2
           AND ($4::text[] IS NULL OR l.organisation_code = ANY($4) OR l.fund_id = ANY($5))
           AND NOT EXISTS (SELECT FROM fund_draw_reversal r
                            WHERE r.draw_id = d.id AND r.stated_at <= $2 AND r.reversed_on <= $1)
         ORDER BY l.fund_id, d.case_reference, d.recurrent_cost_pence DESC, d.id) c
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(coalesce((SELECT sum(pence) FROM unnest(d.budget_pence) AS pence), 0)
                           + CASE WHEN l.recurrent THEN d.amount_pence ELSE 0 END), 0)::bigint AS sources
         FROM fund_draw d JOIN fund_line l ON l.id = d.fund_line_id
        WHERE d.case_reference = c.case_reference AND d.drawn_on <= $1 AND d.stated_at <= $2
          AND NOT EXISTS (SELECT FROM fund_draw_reversal r
                           WHERE r.draw_id = d.id AND r.stated_at <= $2 AND r.reversed_on <= $1)) s
 WHERE c.cost > s.sources
 ORDER BY c.case_reference
"""


async def _findings(
    db: Reads, asked: tuple[date, datetime, list[int], Sequence[str] | None, list[int]]
) -> dict[int, list[FundFindingView]]:
    """Return by fund what does not hold of its draws by what is known now, though it did when they were made."""
    found: dict[int, list[FundFindingView]] = defaultdict(list)
    for row in await db.fetch(_POOL_BREACHES, *asked):
        sentence = (
            f"{row['reference']} drew {pounds(row['amount_pence'])} on {row['drawn_on']}, after the pool had ended on "
            f"{row['ends_on']}"
        )
        found[row["fund_id"]].append(_finding("drawn_after_the_pool", row, row["amount_pence"], sentence))
    for row in await db.fetch(_UNFUNDED, *asked):
        short = row["cost"] - row["sources"]
        sentence = (
            f"{row['case_reference']} leaves {pounds(row['cost'])} a year of recurrent cost, of which {pounds(short)} "
            "has no recurrent source any longer"
        )
        found[row["fund_id"]].append(_finding("recurrent_cost_unfunded", row, short, sentence))
    return found


def _finding(
    kind: Literal["drawn_after_the_pool", "recurrent_cost_unfunded"], row: asyncpg.Record, pence: int, sentence: str
) -> FundFindingView:
    return FundFindingView(
        kind=kind,
        draw=row["reference"],
        line=row["name"],
        organisation=row["organisation_code"],
        amount_pence=pence,
        sentence=sentence,
    )


async def find_draw(db: Reads, reference: str, draw: str, *, sight: Sight, as_at: date) -> DrawView | None:
    """Return a draw of a fund, if the caller reads it. Raises FundNotFound."""
    fund = await get_seen_fund(db, reference, sight=sight, as_at=as_at)
    codes = None if fund.is_whole else sight.among(None)
    rows = await db.fetch(_DRAW, date.max, NOW, fund.id, codes, draw)
    return _draw_view(rows[0]) if rows else None


async def entries_of(db: Reads, line_id: int) -> list[FundEntry]:
    """Return every entry of a line: what was allocated, drawn and taken back."""
    return [FundEntry(row["on_day"], row["pence"]) for row in await db.fetch(_ENTRIES, line_id)]


async def recurrent_sources(db: Reads, case: str) -> tuple[int, int]:
    """Return the savings that standing draws for a case have attached, and the recurrent money that they drew."""
    [row] = await db.fetch(_SOURCES, case)
    return row["savings"], row["money"]


async def attached_pence(db: Reads, lines: Sequence[str]) -> dict[str, int]:
    """Return the savings that standing draws have attached to budget lines."""
    return {row["line"]: row["pence"] for row in await db.fetch(_ATTACHED, list(lines))}


def _seen(row: asyncpg.Record) -> SeenFund:
    return SeenFund(row["id"], row["reference"], row["holder_code"], row["is_whole"], row)


async def _views(
    db: Reads, funds: Sequence[SeenFund], sight: Sight, as_at: date, as_known: datetime | None
) -> list[FundView]:
    lines: dict[int, list[FundLineView]] = defaultdict(list)
    whole = [fund.id for fund in funds if fund.is_whole]
    ids = [fund.id for fund in funds]
    asked = (as_at, as_known or NOW, ids, sight.among(None), whole)
    for row in await db.fetch(_LINES, *asked):
        lines[row["fund_id"]].append(_line_view(row))
    findings = await _findings(db, asked)
    return [_view(fund, lines[fund.id], findings.get(fund.id, []), as_at, as_known) for fund in funds]


def _line_view(row: asyncpg.Record) -> FundLineView:
    return FundLineView(
        line=row["name"],
        organisation=row["organisation_code"],
        financial_year=str(FinancialYear(row["financial_year"])),
        purpose=row["purpose"],
        recurrent=row["recurrent"],
        carries_over=row["carries_over"],
        schemes=row["schemes"],
        allocated_pence=row["allocated"],
        drawn_pence=row["drawn"],
        left_pence=row["allocated"] - row["drawn"],
    )


def _view(
    fund: SeenFund,
    lines: list[FundLineView],
    findings: list[FundFindingView],
    as_at: date,
    as_known: datetime | None,
) -> FundView:
    recurrent = sum(line.allocated_pence for line in lines if line.recurrent)
    total = sum(line.allocated_pence for line in lines)
    return FundView(
        fund=fund.reference,
        holder=fund.holder,
        title=fund.row["title"],
        recurrent_pence=recurrent,
        non_recurrent_pence=total - recurrent,
        total_pence=total,
        sums=_sums(lines),
        lines=lines,
        findings=findings,
        pool=_pool(fund.row, total) if fund.is_whole and fund.row["instrument"] else None,
        as_at=as_at,
        as_known=as_known,
    )


def _sums(lines: Sequence[FundLineView]) -> list[FundSumView]:
    sums: dict[tuple[str, str, bool], list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        pair = sums[line.financial_year, line.purpose, line.recurrent]
        pair[0] += line.allocated_pence
        pair[1] += line.drawn_pence
    return [
        FundSumView(
            financial_year=year, purpose=purpose, recurrent=recurrent, allocated_pence=allocated, drawn_pence=drawn
        )
        for (year, purpose, recurrent), (allocated, drawn) in sorted(sums.items())
    ]


def _pool(row: asyncpg.Record, total: int) -> PoolView:
    shares = dict(zip(row["members"], row["shares"], strict=True))
    return PoolView(
        instrument=row["instrument"],
        host=row["host"],
        effective_on=row["effective_on"],
        ends_on=row["ends_on"],
        contributions=[
            ContributionView(organisation=member, share=shares[member], amount_pence=part)
            for member, part in contributions(total, row["members"], row["shares"])
        ],
    )


def _draw_view(row: asyncpg.Record) -> DrawView:
    return DrawView(
        draw=row["reference"],
        fund=row["fund"],
        line=row["name"],
        organisation=row["organisation_code"],
        case=row["case_reference"],
        case_version=row["case_version"],
        amount_pence=row["amount_pence"],
        amount=pounds(row["amount_pence"]),
        drawn_on=row["drawn_on"],
        recurrent_cost_pence=row["recurrent_cost_pence"],
        recurrent_savings=[
            AttachedSavingView(budget_line=line, amount_pence=pence)
            for line, pence in zip(row["budget_lines"], row["budget_pence"], strict=True)
        ],
        decision=row["decision"] or None,
        reversed_on=row["reversed_on"],
        reversed_because=row["caused_by"],
        stated_at=row["stated_at"],
        event=row["event"],
    )


async def drawn_for_case(
    db: Reads, case: str, codes: Sequence[str], *, sight: Sight, as_known: datetime | None
) -> dict[tuple[str, int], int]:
    """Return what organisations drew of funds for a case, by organisation and year, as far as the caller sees it."""
    found: dict[tuple[str, int], int] = defaultdict(int)
    for row in await db.fetch(_FOR_CASE, as_known or NOW, sight.among(codes), case):
        found[row["organisation_code"], FinancialYear.of(row["drawn_on"]).start] += row["amount"]
    return found
