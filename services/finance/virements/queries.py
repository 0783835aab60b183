"""Reads virements, and the decision rights within which they are made."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Final

import asyncpg

from libs.common.database.connection import Reads
from services.finance.budgets.rules import name_of
from services.finance.core.sight import Sight
from services.finance.core.years import FinancialYear
from services.finance.virements.rules import Authority, virement_pack
from services.finance.virements.views import MovedLineView, VirementView

_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)

_RIGHT = """
SELECT right_id, organisation, action, limit_pence, limit_basis, recurrent, effective_on,
       (SELECT e.until FROM known_right e
         WHERE e.right_id = g.right_id AND e.until IS NOT NULL AND e.stated_at >= g.stated_at
         ORDER BY e.stated_at DESC, e.until LIMIT 1) AS until
  FROM known_right g WHERE right_id = $1 AND until IS NULL ORDER BY stated_at DESC, effective_on DESC LIMIT 1
"""

# What was moved under a right: in a year (null: in all).
_USED = """
SELECT coalesce(sum(-e.amount_pence), 0)::bigint
  FROM budget_entry e JOIN budget_line l ON l.id = e.line_id
 WHERE e.authority = $1 AND e.kind = 'moved' AND e.amount_pence < 0 AND ($2::int IS NULL OR l.financial_year = $2)
   AND NOT EXISTS (SELECT FROM budget_entry u WHERE u.undoes = e.id)
"""

# What was moved out of and into lines without a right, and still stands.
_WITHOUT_RIGHT = """
SELECT e.line_id, coalesce(sum(-e.amount_pence) FILTER (WHERE e.amount_pence < 0), 0)::bigint AS out_pence,
       coalesce(sum(e.amount_pence) FILTER (WHERE e.amount_pence > 0), 0)::bigint AS in_pence
  FROM budget_entry e
 WHERE e.line_id = ANY($1) AND e.kind = 'moved' AND e.authority = '' AND e.undoes IS NULL AND e.source_id IS NULL
   AND NOT EXISTS (SELECT FROM budget_entry u WHERE u.undoes = e.id)
 GROUP BY e.line_id
"""

_VIREMENTS = """
SELECT e.virement, min(e.id) AS id, min(e.effective_on) AS effective_on, min(e.stated_at) AS stated_at,
       min(e.authority) AS authority, min(e.decision) AS decision, min(l.financial_year) AS financial_year,
       (SELECT o.virement FROM budget_entry o WHERE o.id = min(e.undoes)) AS takes_back,
       (SELECT u.virement FROM budget_entry u WHERE u.undoes = min(e.id) AND u.stated_at <= $3) AS taken_back_by
  FROM budget_entry e JOIN budget_line l ON l.id = e.line_id
 WHERE e.virement <> '' AND e.kind = 'moved' AND e.amount_pence < 0 AND e.stated_at <= $3
   AND ($1::text[] IS NULL OR l.organisation_code = ANY($1)) AND ($2::int IS NULL OR l.financial_year = $2)
   AND ($6::date IS NULL OR e.effective_on <= $6)
 GROUP BY e.virement HAVING min(e.id) > $4 ORDER BY min(e.id) LIMIT $5
"""
_VIREMENT = """
SELECT virement, effective_on, e.stated_at, authority, decision, l.financial_year, NULL AS takes_back,
       NULL AS taken_back_by
  FROM budget_entry e JOIN budget_line l ON l.id = e.line_id WHERE e.virement = $1 LIMIT 1
"""
_MOVES = """
SELECT e.virement, e.line_id, e.other_line_id, -e.amount_pence AS amount_pence, l.organisation_code, l.function
  FROM budget_entry e JOIN budget_line l ON l.id = e.line_id
 WHERE e.virement = ANY($1) AND e.kind = 'moved' AND e.amount_pence < 0
   AND ($2::text[] IS NULL OR l.organisation_code = ANY($2))
 ORDER BY e.id
"""


async def get_authority(db: Reads, right: str) -> Authority | None:
    """Return a decision right as it is known now."""
    rows = await db.fetch(_RIGHT, right)
    return Authority(*rows[0]) if rows else None


async def used_under(db: Reads, authority: Authority | None, year: FinancialYear) -> int:
    """Return what was moved under a right: of an annual limit in the year, else ever."""
    if authority is None:
        return 0
    within = year.start if authority.limit_basis == "annual" else None
    rows = await db.fetch(_USED, authority.right, within)
    return int(rows[0][0])


async def moved_without_right(db: Reads, lines: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return for each of these lines what was moved out of it and into it, of its year, without a decision right."""
    rows = await db.fetch(_WITHOUT_RIGHT, sorted(lines))
    return {row["line_id"]: (row["out_pence"], row["in_pence"]) for row in rows}


async def list_virements(
    db: Reads,
    *,
    sight: Sight,
    organisation: str | None,
    year: FinancialYear | None,
    as_at: date | None,
    as_known: datetime | None,
    after: int,
    limit: int,
) -> list[tuple[int, VirementView]]:
    """Return virements out of lines that the caller sees, each with its key, in the order in which they were made."""
    codes = sight.among(None if organisation is None else [organisation])
    start = year.start if year else None
    rows = await db.fetch(_VIREMENTS, codes, start, as_known or _ALWAYS, after, limit, as_at)
    moves = await db.fetch(_MOVES, [row["virement"] for row in rows], codes)
    return [
        (row["id"], _virement_view(row, [one for one in moves if one["virement"] == row["virement"]])) for row in rows
    ]


async def get_virement(db: Reads, name: str) -> VirementView:
    """Return one virement, to who made it."""
    moves = await db.fetch(_MOVES, [name], None)
    [row] = await db.fetch(_VIREMENT, name)
    return _virement_view(row, moves)


def _virement_view(row: asyncpg.Record, moves: Sequence[asyncpg.Record]) -> VirementView:
    pack = virement_pack(row["effective_on"])
    return VirementView(
        virement=row["virement"],
        financial_year=str(FinancialYear(row["financial_year"])),
        effective_on=row["effective_on"],
        moves=[
            MovedLineView(
                from_line=name_of(one["line_id"]),
                to_line=name_of(one["other_line_id"]),
                amount_pence=one["amount_pence"],
                organisation=one["organisation_code"],
                function=one["function"],
            )
            for one in moves
        ],
        amount_pence=sum(one["amount_pence"] for one in moves),
        authority=row["authority"] or None,
        decision=row["decision"] or None,
        pack=pack.id if pack else None,
        takes_back=row["takes_back"],
        taken_back_by=row["taken_back_by"],
        stated_at=row["stated_at"],
    )
