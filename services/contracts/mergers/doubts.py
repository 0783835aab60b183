"""Flags contracts with staff lists whose staff wait, because the staff scheme of their merger is suspended."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.process.clock import day_of
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind

# By each scheme's latest statement; the contracts that moved by the merger, or are of a body that is to merge.
_SUSPENDED = """
SELECT s.scheme, s.effective_on, c.reference, c.supplier_code AS supplier,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
               JOIN contract_customer_belief b ON b.subject_id = cc.id
                AND b.valid @> s.effective_on AND upper_inf(b.known)
              WHERE cc.contract_id = c.id ORDER BY cc.customer_code) AS customers
  FROM (SELECT DISTINCT ON (scheme) scheme, what, predecessors, effective_on FROM known_scheme_statement
         WHERE merger = $1 AND sort = 'staff' AND what IN ('suspended', 'resumed')
         ORDER BY scheme, stated_at DESC, what) s
  JOIN contract_customer named ON named.customer_code = ANY(s.predecessors)
  JOIN contract c ON c.id = named.contract_id AND c.status <> 'draft'
   AND coalesce(c.exit_day, c.term_end, c.last_day) >= s.effective_on
 WHERE s.what = 'suspended'
   AND EXISTS (SELECT FROM exit_paper paper WHERE paper.contract_id = c.id AND paper.kind = 'staff')
   AND (EXISTS (SELECT FROM change_of_hands h WHERE h.contract_id = c.id AND h.merger = $1)
        OR EXISTS (SELECT FROM contract_customer_belief b
                    WHERE b.subject_id = named.id AND b.valid @> s.effective_on AND upper_inf(b.known)))
 ORDER BY c.reference, s.scheme
"""

_OPEN = """
SELECT key FROM finding WHERE cleared_at IS NULL AND kind = 'delivery_in_doubt' AND key LIKE $1 || ' %'
"""


async def doubt_delivery(session: AsyncSession, merger: str, *, stated_at: datetime) -> bool:
    """Raise what the suspended staff schemes of a merger put in doubt, and clear what was resumed; return if any was.

    What has moved stays moved.
    """
    connection = await raw(session)
    prefix = f"staff-scheme {merger}"
    found: dict[str, NewFinding] = {}
    for row in await connection.fetch(_SUSPENDED, merger):
        key = f"{prefix} {row['scheme']} {row['reference']}"
        found[key] = NewFinding(
            key,
            FindingKind.DELIVERY_IN_DOUBT,
            [row["reference"]],
            [*row["customers"], row["supplier"]],
            f"{row['reference']}: the staff of {row['scheme']} wait since {row['effective_on']}",
            row["effective_on"],
        )
    gone = {row["key"] for row in await connection.fetch(_OPEN, prefix)} - set(found)
    cleared = await clear_findings(session, gone, on=day_of(stated_at), reason="resumed", stated_at=stated_at)
    return cleared + await raise_findings(session, list(found.values()), stated_at=stated_at) > 0
