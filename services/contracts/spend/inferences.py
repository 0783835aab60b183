"""Infers contracts from payments that return, as proposals; confirmed and signed, payments are those of the contract.

Nothing is inferred of a payer and a supplier that have a signed contract in force at the last of the payments.
"""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller, service_caller
from libs.common.rulepacks import in_force
from services.contracts.contract_proposals.commands import propose_contracts
from services.contracts.contract_proposals.models import Evidence, ProposalSource
from services.contracts.contract_proposals.rules import NewProposal
from services.contracts.core.models import known
from services.contracts.core.packs import PACKS
from services.contracts.spend.totals import lock_payments, publish_changes

# Pairs that are paid in months enough, and have no contract. Of each the newest months, and all that they add up to.
_PAIRS = """
SELECT t.payer, t.supplier, sum(t.amount_pence)::bigint AS amount_pence, max(t.month) AS last_month,
       array_agg(t.month ORDER BY t.month DESC) AS months, array_agg(t.amount_pence ORDER BY t.month DESC) AS pence,
       array_agg(t.source ORDER BY t.month DESC) AS sources, array_agg(t.rows ORDER BY t.month DESC) AS rows
  FROM spend_total t
 WHERE t.supplier = ANY($1::text[]) AND t.contract = '' AND t.rows > 0
 GROUP BY t.payer, t.supplier
HAVING count(*) >= $2 AND NOT EXISTS (
       SELECT FROM contract c JOIN contract_customer cc ON cc.contract_id = c.id
         JOIN contract_customer_belief b ON b.subject_id = cc.id AND upper_inf(b.known)
        WHERE c.status <> 'draft' AND c.supplier_code = t.supplier AND cc.customer_code = t.payer
          AND b.valid && daterange(max(t.month), (max(t.month) + interval '1 month')::date))
 ORDER BY 1, 2
"""

# Suppliers under a proposal that became a signed contract, while a whole month of its term, or all of what was paid in
# it, is not attributed to it; and those of whom a month is that lies outside the term since it ended early.
_TO_ATTRIBUTE = """
SELECT p.supplier
  FROM contract_proposal p JOIN contract_proposal_decision d ON d.proposal_id = p.id
  JOIN contract c ON c.id = d.contract_id AND c.status <> 'draft'
  JOIN spend_total t ON t.payer = p.customer AND t.supplier = p.supplier AND t.contract = '' AND t.rows > 0
   AND t.month BETWEEN date_trunc('month', c.starts_on) AND coalesce(c.exit_day, c.term_end, c.last_day)
 WHERE p.source = 'payments'
   AND (NOT EXISTS (SELECT FROM spend_total a WHERE a.contract = c.reference)
        OR t.month >= c.starts_on AND t.month + interval '1 month' <= coalesce(c.exit_day, c.term_end, c.last_day) + 1)
 UNION
SELECT a.supplier FROM spend_total a JOIN contract c ON c.reference = a.contract
 WHERE a.rows > 0 AND a.month > coalesce(c.exit_day, c.term_end, c.last_day)
"""
_MOST_EVIDENCE = 24


async def infer_contracts(
    session: AsyncSession, suppliers: Collection[str], *, today: date, stated_at: datetime
) -> frozenset[str]:
    """Propose the contracts that payments to these suppliers let one infer; return the references of the new ones."""
    packs = in_force(PACKS, today, subject="inferred-contracts")
    if not packs or not suppliers:
        return frozenset()
    connection = await raw(session)
    rows = await connection.fetch(_PAIRS, sorted(suppliers), packs[0].values["least_months"])
    names = await known.statuses(connection, {row[part] for row in rows for part in ("payer", "supplier")}, as_at=today)
    proposals = [
        NewProposal(
            source=ProposalSource.PAYMENTS,
            key=f"{row['payer']} {row['supplier']}",
            customer=row["payer"],
            customer_as_published=names[row["payer"]].name or row["payer"],
            supplier=row["supplier"],
            supplier_as_published=names[row["supplier"]].name or row["supplier"],
            value_pence=row["amount_pence"],
            evidence=tuple(
                Evidence(what="month", reference=source, on=month, pence=pence, text=f"{count} payments")
                for month, pence, source, count in list(
                    zip(row["months"], row["pence"], row["sources"], row["rows"], strict=True)
                )[:_MOST_EVIDENCE]
            ),
        )
        for row in rows
    ]
    return await propose_contracts(session, proposals, stated_at=stated_at, by=service_caller("contracts"))


async def attribute_payments(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (as every routine of the due work)
    """Publish payments as those of a contract, once it is confirmed and signed; return how many totals changed.

    Those of the months after an early end are those of none again.
    """
    connection = await raw(session)
    suppliers = [row["supplier"] for row in await connection.fetch(_TO_ATTRIBUTE)]
    if not suppliers:
        return 0
    await lock_payments(connection)
    return await publish_changes(session, suppliers, stated_at=stated_at)
