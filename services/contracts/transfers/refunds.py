"""Finds what the undoing of a succession cannot put back: money that fell due from the successor meanwhile."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from libs.common.money import pounds
from libs.common.process.clock import day_of
from libs.common.temporal.believed import NOW, as_known
from services.contracts.core.models import known
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind
from services.contracts.transfers.commands import AT_ONCE

# What went to the successor's part of a contract is not known where bodies stayed with it, or it was a customer before:
# it paid for them, or for itself, too.
_FELL_DUE = f"""
WITH undone AS (
    SELECT s.code, s.successor, s.effective_on, max(s.merger) AS merger, max(upper(s.known)) AS undone_at
      FROM {known.successions.beliefs} s WHERE s.code = ANY($1)
     GROUP BY s.code, s.successor, s.effective_on HAVING NOT bool_or({as_known("s", NOW)})
)
SELECT u.code, u.successor, u.effective_on, u.merger, u.undone_at, c.reference, moved.whole,
       due.payee, due.items, due.pence
  FROM undone u
  JOIN LATERAL (SELECT h.contract_id,
                       bool_and(h.from_customers = ARRAY[u.code]
                                AND coalesce(h.to_customer <> ALL(h.customers_before), false)) AS whole
                  FROM change_of_hands h
                 WHERE h.from_customers @> ARRAY[u.code] AND h.to_customer = u.successor
                   AND h.effective_on = u.effective_on GROUP BY h.contract_id) moved ON true
  JOIN contract c ON c.id = moved.contract_id
  JOIN LATERAL (
       SELECT d.payee, count(*) AS items,
              sum(d.amount_pence + coalesce(
                  (SELECT sum(CASE WHEN b.payer = d.payer THEN b.amount_pence ELSE -b.amount_pence END)
                     FROM due_payment b WHERE b.corrects = d.item), 0))::bigint AS pence
         FROM due_payment d
        WHERE d.contract_id = c.id AND d.payer = u.successor AND d.due_on >= u.effective_on
          AND d.stated_at < u.undone_at AND d.corrects = '' GROUP BY d.payee) due ON due.pence > 0
 ORDER BY c.reference, u.code, u.successor, u.effective_on, due.payee
"""  # noqa: S608  (names of ours)

_OPEN = "SELECT key FROM finding WHERE cleared_at IS NULL AND kind = 'not_put_back' AND about && $1::text[]"
_OPEN_CODES = "SELECT DISTINCT about[2] AS code FROM finding WHERE cleared_at IS NULL AND kind = 'not_put_back'"


async def flag_refunds(session: AsyncSession, codes: Collection[str], *, stated_at: datetime) -> int:
    """Raise what the successors of these bodies owed before it was undone, and clear what is believed again.

    No payment is taken back: who paid what for whom, its parties put right by payments of their own. Returns how many
    findings were raised or cleared.
    """
    connection = await raw(session)
    gone = {row["key"] for row in await connection.fetch(_OPEN, sorted(codes))}
    fell_due, raised = await connection.cursor(_FELL_DUE, sorted(codes)), 0
    while rows := await fell_due.fetch(AT_ONCE):
        wanted = _findings(rows)
        gone.difference_update(one.key for one in wanted)
        raised += await raise_findings(session, wanted, stated_at=stated_at)
    cleared = await clear_findings(session, gone, on=day_of(stated_at), reason="superseded", stated_at=stated_at)
    return raised + cleared


async def find_refunds(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (as every routine of the due work)
    """Clear what was given back since by corrections. Part of the due work."""
    codes = {row["code"] for row in await (await raw(session)).fetch(_OPEN_CODES)}
    return await flag_refunds(session, codes, stated_at=stated_at) if codes else 0


def _payments(number: int) -> str:
    return "1 payment" if number == 1 else f"{number} payments"


def _findings(rows: Sequence[asyncpg.Record]) -> list[NewFinding]:
    return [
        NewFinding(
            f"not_put_back {row['reference']} {row['code']}>{row['successor']} {row['effective_on']} {row['payee']}",
            FindingKind.NOT_PUT_BACK,
            [row["reference"], row["code"], row["successor"]],
            [row["code"], row["successor"], row["payee"]],
            f"{row['reference']}: that {row['successor']} succeeded {row['code']} on {row['effective_on']}"
            f"{' (' + row['merger'] + ')' if row['merger'] else ''} was undone, and {pounds(row['pence'])} fell due "
            f"from {row['successor']} to {row['payee']} in {_payments(row['items'])} until then",
            day_of(row["undone_at"]),
            exposure_pence=row["pence"] if row["whole"] else None,
        )
        for row in rows
    ]
