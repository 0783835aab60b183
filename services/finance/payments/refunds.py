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

# $1 the day, $2 the outcomes that approve. A decision on a plan carries what is paid under the contracts that its
# members committed to or left for it. An item's corrections count as its own, whoever pays them.
_PAID = f"""
WITH reversed AS (
    SELECT DISTINCT ON (d.decision) d.decision, d.subject, d.action, d.binds, d.effective_on AS taken_on, r.reversed_on
      FROM known_decision d
     CROSS JOIN LATERAL (SELECT min(r.effective_on) AS reversed_on FROM known_reversed_decision r
                          WHERE r.decision = d.decision AND r.stated_at >= d.stated_at) r
     WHERE d.outcome = ANY($2) AND d.subject <> '' AND r.reversed_on <= $1
       AND NOT EXISTS (SELECT FROM known_decision o
                        WHERE o.subject = d.subject AND o.action = d.action AND o.binds @> d.binds
                          AND o.decision <> d.decision AND o.outcome = ANY($2) AND o.effective_on <= $1
                          AND NOT EXISTS (SELECT FROM known_reversed_decision x
                                           WHERE x.decision = o.decision AND x.effective_on <= $1
                                             AND x.stated_at >= o.stated_at))
     ORDER BY d.decision, d.stated_at DESC
), due AS (
    SELECT DISTINCT ON (item) item, contract, payer, payee, corrects FROM known_payment WHERE what = 'due'
     ORDER BY item, stated_at DESC, amount_pence DESC, payer, payee, due_on
), paid AS (
    SELECT r.decision, r.reversed_on, d.item, d.contract, d.payer, d.payee,
           sum(CASE WHEN e.payer = d.payer THEN e.amount_pence ELSE -e.amount_pence END)::bigint AS pence,
           min(e.paid_on) AS first_on
      FROM reversed r
      JOIN due d ON d.corrects = ''
       AND (d.contract = r.subject OR EXISTS (
            SELECT FROM heard_event h WHERE h.name IN ('ConsolidationAgreed', 'ConsolidationPlanned')
               AND h.keys @> ARRAY[r.subject, d.contract]))
       AND (d.payer = ANY(r.binds) OR EXISTS (
            SELECT FROM {known.successions.beliefs} s
             WHERE s.successor = d.payer AND s.code = ANY(r.binds) AND {as_known("s", NOW)}))
      JOIN payment_entry e ON e.item = d.item OR e.item IN (SELECT c.item FROM due c WHERE c.corrects = d.item)
     WHERE e.paid_on BETWEEN r.taken_on AND $1
     GROUP BY r.decision, r.reversed_on, d.item, d.contract, d.payer, d.payee
)
SELECT decision, reversed_on, contract, payer, payee, sum(pence)::bigint AS pence, min(first_on) AS first_on,
       array_agg(item ORDER BY item) AS items
  FROM paid WHERE pence > 0
 GROUP BY decision, reversed_on, contract, payer, payee ORDER BY decision, contract, payer, payee
"""  # noqa: S608  (names of ours)

_OPEN = "SELECT key FROM finding WHERE kind = $1 AND cleared_at IS NULL"


@in_order_of_days("money not put back")
async def find_not_put_back(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (as every routine of the due work)
    """Raise what was paid by decisions that no longer stand, and clear what was given back or decided again.

    No payment is taken back by itself: who was paid gives back by a correction of the item. Another amount is another
    finding. Returns how many were raised or cleared.
    """
    connection = await raw(session)
    found = _findings(await connection.fetch(_PAID, up_to, list(APPROVED)))
    is_open = {row["key"] for row in await connection.fetch(_OPEN, _KIND.value)}
    wanted = {one.key for one in found}
    same = {_without_amount(key) for key in wanted}
    past = is_open - wanted
    changed = {key for key in past if _without_amount(key) in same}
    done = await clear_findings(session, changed, on=up_to, reason="superseded", stated_at=stated_at)
    done += await clear_findings(session, past - changed, on=up_to, reason="put_back", stated_at=stated_at)
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
