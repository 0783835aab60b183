"""Finds what the reversal of a decision cannot put back: money that was paid by it."""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.findings import NewFinding, in_order_of_days
from libs.common.identity import Caller
from libs.common.money import pounds
from libs.common.temporal.believed import NOW, as_known
from services.finance.core.models import known
from services.finance.decisions.queries import APPROVED
from services.finance.findings.commands import clear_findings, raise_findings
from services.finance.findings.models import FindingKind

_KIND = FindingKind.NOT_PUT_BACK
_MOST_ITEMS = 5
"""Payments that a finding names; the others it counts."""

_ENDS = ("contract.terminate.", "contract.end.", "contract.buy-out.")
"""What a decision's action begins with that ends a contract: by it only the price of the end is paid."""

# $1 the day, $2 the outcomes that approve, $3 the actions that end a contract. A decision on a contract carries what is
# paid under it, one to end it the price of the end. A decision on a plan carries what is paid under the contract that
# its members committed to, and the price of the ends of those that it replaces: what else is paid under these was due
# before. A plan's events have all of its contracts as keys; that of the shared service alone is in no proposed plan.
# An item's corrections count as its own, whoever pays them.
_PAID = f"""
WITH reversed AS (
    SELECT DISTINCT ON (d.decision) d.decision, d.subject, d.binds, d.effective_on AS taken_on, r.reversed_on,
           (d.action || '.') ^@ ANY($3::text[]) AS ends, (d.action || '.') ^@ 'consolidation.commit.' AS commits,
           EXISTS (SELECT FROM known_decision o
                    WHERE o.subject = d.subject AND o.action = d.action AND o.binds @> d.binds
                      AND o.decision <> d.decision AND o.outcome = ANY($2) AND o.effective_on <= $1
                      AND NOT EXISTS (SELECT FROM known_reversed_decision x
                                       WHERE x.decision = o.decision AND x.effective_on <= $1
                                         AND x.stated_at >= o.stated_at)) AS again
      FROM known_decision d
     CROSS JOIN LATERAL (SELECT min(r.effective_on) AS reversed_on FROM known_reversed_decision r
                          WHERE r.decision = d.decision AND r.stated_at >= d.stated_at) r
     WHERE d.outcome = ANY($2) AND d.subject <> '' AND r.reversed_on <= $1
     ORDER BY d.decision, d.stated_at DESC
), due AS (
    SELECT DISTINCT ON (item) item, contract, payer, payee, kind, corrects FROM known_payment WHERE what = 'due'
     ORDER BY item, stated_at DESC, amount_pence DESC, payer, payee, due_on
), paid AS (
    SELECT r.decision, r.reversed_on, r.again, d.item, d.contract, d.payer, d.payee,
           sum(CASE WHEN e.payer = d.payer THEN e.amount_pence ELSE -e.amount_pence END)::bigint AS pence,
           min(e.paid_on) AS first_on
      FROM reversed r
      JOIN due d ON d.corrects = ''
       AND CASE WHEN r.commits THEN
            EXISTS (SELECT FROM heard_event h
                     WHERE h.name = 'ConsolidationAgreed' AND h.keys @> ARRAY[r.subject, d.contract])
            AND (d.kind = 'termination' OR NOT EXISTS (
                 SELECT FROM heard_event h
                  WHERE h.name = 'ConsolidationPlanned' AND h.keys @> ARRAY[r.subject, d.contract]))
           ELSE d.contract = r.subject AND r.ends = (d.kind = 'termination') END
       AND (d.payer = ANY(r.binds) OR EXISTS (
            SELECT FROM {known.successions.beliefs} s
             WHERE s.successor = d.payer AND s.code = ANY(r.binds) AND {as_known("s", NOW)}))
      JOIN payment_entry e ON e.item = d.item OR e.item IN (SELECT c.item FROM due c WHERE c.corrects = d.item)
     WHERE e.paid_on BETWEEN r.taken_on AND $1
     GROUP BY r.decision, r.reversed_on, r.again, d.item, d.contract, d.payer, d.payee
)
SELECT decision, reversed_on, again, contract, payer, payee, sum(pence)::bigint AS pence, min(first_on) AS first_on,
       array_agg(item ORDER BY item) AS items
  FROM paid WHERE pence > 0
 GROUP BY decision, reversed_on, again, contract, payer, payee ORDER BY decision, contract, payer, payee
"""  # noqa: S608  (names of ours)

_OPEN = "SELECT key FROM finding WHERE kind = $1 AND cleared_at IS NULL"


@in_order_of_days("money not put back")
async def find_not_put_back(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (as every routine of the due work)
    """Raise what was paid by decisions that no longer stand, and clear what was given back or decided again.

    No payment is taken back by itself: who was paid gives back by a correction of the item. Another amount is another
    finding. Returns how many were raised or cleared.
    """
    connection = await raw(session)
    rows = await connection.fetch(_PAID, up_to, list(APPROVED), list(_ENDS))
    found = _findings([row for row in rows if not row["again"]])
    again = {_without_amount(one.key) for one in _findings([row for row in rows if row["again"]])}
    is_open = {row["key"] for row in await connection.fetch(_OPEN, _KIND.value)}
    wanted = {one.key for one in found}
    same = {_without_amount(key) for key in wanted}
    reasons: dict[str, set[str]] = {"superseded": set(), "decided_again": set(), "put_back": set()}
    for key in is_open - wanted:
        base = _without_amount(key)
        reasons["superseded" if base in same else "decided_again" if base in again else "put_back"].add(key)
    done = 0
    for reason, keys in reasons.items():
        done += await clear_findings(session, keys, on=up_to, reason=reason, stated_at=stated_at)
    return done + await raise_findings(session, [one for one in found if one.key not in is_open], stated_at=stated_at)


def _without_amount(key: str) -> str:
    return key.rpartition(" ")[0]


def _findings(rows: Sequence[asyncpg.Record]) -> list[NewFinding]:
    return [
        NewFinding(
            f"{_KIND} {row['decision']} {row['contract']} {row['payer']}>{row['payee']} {row['pence']}",
            _KIND,
            [row["decision"], row["contract"], *row["items"][:_MOST_ITEMS]],
            [row["payer"], row["payee"]],
            f"{row['contract']}: {row['decision']} was reversed on {row['reversed_on']}, and {row['payer']} has paid "
            f"{pounds(row['pence'])} by it to {row['payee']} ({_named(row['items'])}): {row['payee']} gives it back by "
            f"a correction of what fell due, or {row['payer']} decides again",
            max(row["reversed_on"], row["first_on"]),
            exposure_pence=row["pence"],
        )
        for row in rows
    ]


def _named(items: Sequence[str]) -> str:
    left = len(items) - _MOST_ITEMS
    return ", ".join(items[:_MOST_ITEMS]) + (f" and {left} more" if left > 0 else "")
