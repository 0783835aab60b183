"""Reads mappings, postings and closes, as known."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Final

from libs.common.database.connection import Reads
from libs.common.money import pounds
from libs.organisations.boundaries import get_steps
from services.finance.accounts.rules import Period, Posted, pairs, restated
from services.finance.accounts.views import (
    AccountMappingView,
    CloseLineView,
    CloseView,
    EliminationsView,
    PairView,
    PostingView,
)
from services.finance.core.models import known
from services.finance.core.sight import Sight

NOW: Final = datetime.max.replace(tzinfo=UTC)

# The mapping stated last for the day of the posting; `known` is the instant up to which statements count.
_ACCOUNT = """
SELECT m.account, m.effective_on, m.until, m.stated_at FROM account_mapping m
 WHERE m.organisation_code = {organisation} AND m.local_code = {code} AND m.effective_on <= {day}
   AND (m.until IS NULL OR m.until > {day}) AND m.stated_at <= {known}
 ORDER BY m.stated_at DESC, m.id DESC LIMIT 1
"""

_OF_GROUP = _ACCOUNT.format(organisation="g.organisation_code", code="g.local_code", day="g.posted_on", known="$5")

_POSTED = f"""
WITH g AS (
    SELECT organisation_code, local_code, posted_on, coalesce(counterparty, '') AS counterparty,
           count(*)::int AS postings, sum(amount_pence)::bigint AS amount_pence
      FROM posting
     WHERE ($1::text[] IS NULL OR organisation_code = ANY($1)) AND posted_on BETWEEN $2 AND $3 AND stated_at <= $4
     GROUP BY 1, 2, 3, 4
)
SELECT g.organisation_code, g.local_code, g.posted_on, m.account, g.postings, g.amount_pence, g.counterparty
  FROM g LEFT JOIN LATERAL ({_OF_GROUP}) m ON true
 ORDER BY 1, 2, 3, 7
"""  # noqa: S608  (only what stands above is put in)

_OF_POSTING = _ACCOUNT.format(organisation="p.organisation_code", code="p.local_code", day="p.posted_on", known="$4")

_PAGE = f"""
SELECT p.id, p.organisation_code AS organisation, b.reference, p.line, p.local_code, m.account, p.posted_on,
       p.amount_pence, p.counterparty, p.stated_at
  FROM posting p JOIN posting_batch b ON b.id = p.batch_id LEFT JOIN LATERAL ({_OF_POSTING}) m ON true
 WHERE p.organisation_code = $1 AND p.posted_on BETWEEN $2 AND $3 AND p.stated_at <= $4
   AND ($5::bigint IS NULL OR p.id > $5)
 ORDER BY p.id LIMIT $6
"""  # noqa: S608  (only what stands above is put in)

_OF_CODE = _ACCOUNT.format(organisation="$1", code="c.local_code", day="$2::date", known="$3")

_MAPPINGS = f"""
SELECT $1 AS organisation, c.local_code, m.*
  FROM (SELECT DISTINCT local_code FROM account_mapping
         WHERE organisation_code = $1 AND ($4::text IS NULL OR local_code > $4)) c
  JOIN LATERAL ({_OF_CODE}) m ON m.account IS NOT NULL
 ORDER BY c.local_code LIMIT $5
"""  # noqa: S608  (only what stands above is put in)

_CLOSES = """
SELECT id, organisation_code AS organisation, period, series, boundaries_on, chart, postings, total_pence, stated_at
  FROM ledger_close
 WHERE ($1::text[] IS NULL OR organisation_code = ANY($1)) AND stated_at <= $2
   AND ($3::text IS NULL OR (organisation_code, period, series) > ($3, $4::text, $5::text))
 ORDER BY organisation_code, period, series LIMIT $6
"""

_LINES = """
SELECT close_id, account, postings, amount_pence FROM ledger_close_line WHERE close_id = ANY($1) ORDER BY account
"""

_CLOSED = """
SELECT DISTINCT period FROM ledger_close
 WHERE period = ANY($1) AND (organisation_code = $2 OR organisation_code = ANY($3) AND series = 'management')
 ORDER BY period
"""


async def list_posted(
    db: Reads,
    codes: Collection[str] | None,
    *,
    from_: date,
    to: date,
    as_known: datetime | None = None,
    mapped_as_known: datetime | None = None,
) -> list[Posted]:
    """Return what is posted on each local code of these bodies (None: of all) on days, with its account as known.

    Accounts are those of the mappings known at `mapped_as_known`, of the same instant where that is left out.
    """
    at = as_known or NOW
    asked = None if codes is None else sorted(set(codes))
    rows = await db.fetch(_POSTED, asked, from_, to, at, mapped_as_known or at)
    return [Posted(*row) for row in rows]


async def list_restated(
    db: Reads, code: str, *, boundaries: date, from_: date, to: date, as_known: datetime | None = None
) -> list[Posted]:
    """Return what lies with a body on the boundaries of a day, of what it and others posted on days."""
    steps = await get_steps(db, known.successions, [code], as_known=as_known)
    posted = await list_posted(db, {code, *steps}, from_=from_, to=to, as_known=as_known)
    return [one for one in restated(posted, boundaries, steps) if one.lies_with == code]


async def find_closed(db: Reads, code: str, periods: Collection[str], successors: Collection[str]) -> list[str]:
    """Return which of these periods are closed for a body, by itself or in a successor's management series."""
    return [row["period"] for row in await db.fetch(_CLOSED, sorted(set(periods)), code, sorted(successors))]


async def list_postings(
    db: Reads, code: str, *, from_: date, to: date, as_known: datetime | None, after: int | None, limit: int
) -> list[PostingView]:
    """Return a body's postings on days after the cursor, with their accounts."""
    rows = await db.fetch(_PAGE, code, from_, to, as_known or NOW, after, limit)
    return [PostingView(**row, amount=pounds(row["amount_pence"])) for row in rows]


async def list_mappings(
    db: Reads, code: str, *, as_at: date, as_known: datetime | None, after: str | None, limit: int
) -> list[AccountMappingView]:
    """Return a body's local codes with their accounts on a day, after the cursor."""
    rows = await db.fetch(_MAPPINGS, code, as_at, as_known or NOW, after, limit)
    return [AccountMappingView(**row) for row in rows]


async def list_closes(
    db: Reads,
    *,
    codes: Sequence[str] | None,
    as_known: datetime | None,
    after: tuple[str, str, str] | None = None,
    limit: int | None = None,
) -> list[CloseView]:
    """Return the closed periods of these bodies (None: of all) after the cursor, with their accounts."""
    rows = await db.fetch(_CLOSES, codes, as_known or NOW, *(after or (None, None, None)), limit)
    lines = await db.fetch(_LINES, [row["id"] for row in rows])
    return [
        CloseView(
            **{name: value for name, value in row.items() if name != "id"},
            total=pounds(row["total_pence"]),
            lines=[
                CloseLineView(
                    account=line["account"],
                    postings=line["postings"],
                    amount_pence=line["amount_pence"],
                    amount=pounds(line["amount_pence"]),
                )
                for line in lines
                if line["close_id"] == row["id"]
            ],
        )
        for row in rows
    ]


async def get_eliminations(
    db: Reads,
    codes: Collection[str],
    *,
    sight: Sight,
    period_from: Period,
    period_to: Period,
    as_known: datetime | None,
) -> EliminationsView:
    """Return what these bodies, as far as the caller sees them, posted with each other, matched pair by pair."""
    members = sorted({code for code in codes if sight.sees(code)})
    posted = await list_posted(db, members, from_=period_from.first_day, to=period_to.last_day, as_known=as_known)
    matched = pairs(posted, members)
    gross = sum(one.amount_pence for one in posted)
    differences = sum(one.difference_pence for one in matched)
    shown = [
        PairView(
            first=one.first,
            second=one.second,
            first_pence=one.first_pence,
            second_pence=one.second_pence,
            eliminated_pence=one.eliminated_pence,
            difference_pence=one.difference_pence,
        )
        for one in matched
    ]
    return EliminationsView(
        organisations=members,
        period_from=str(period_from),
        period_to=str(period_to),
        gross_pence=gross,
        eliminated_pence=sum(one.eliminated_pence for one in matched),
        net_pence=gross - differences,
        differences_pence=differences,
        pairs=shown,
        differences=[one for one in shown if one.difference_pence],
        as_known=as_known,
    )
