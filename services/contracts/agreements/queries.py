"""Reads the shares of a contract as at a day, as known at an instant, for callers who may see it."""

import json
from datetime import UTC, date, datetime
from typing import Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.agreements.views import SharePartView, ShareTableView
from services.contracts.core.charges import pence_then
from services.contracts.core.errors import ContractNotFound
from services.contracts.core.shares import FACETS, ShareKind, equal_parts, table_of
from services.contracts.core.sight import IS_DRAFT, ON_THE_DAY, PARTY, reads_through

_NOW: Final = datetime.max.replace(tzinfo=UTC)

_SHARES = f"""
SELECT c.reference, {IS_DRAFT} AS is_draft, c.drafted_shares::text AS drafted,
       (SELECT b.value FROM contract_share_belief b
         WHERE b.subject_id = c.id AND b.facet = $5
           AND (b.valid @> $1::date) IS TRUE AND (b.known @> sight.known) IS TRUE) AS stated,
       {pence_then("$1::date", "sight.known")} AS annual_pence,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
              WHERE cc.contract_id = c.id
                AND ({IS_DRAFT} OR EXISTS (
                     SELECT FROM contract_customer_belief b
                      WHERE b.subject_id = cc.id
                        AND (b.valid @> $1::date) IS TRUE AND (b.known @> sight.known) IS TRUE))
              ORDER BY cc.customer_code) AS customers
  FROM contract c {PARTY}
 WHERE {ON_THE_DAY} AND c.reference = $3
"""  # noqa: S608  (what is put in is ours)


async def get_shares(
    db: Reads, reference: str, kind: ShareKind, *, by: Caller, as_at: date, as_known: datetime | None
) -> ShareTableView:
    """Return the table of a kind; of the cost equal parts where none was agreed. Raises ContractNotFound."""
    rows = await db.fetch(_SHARES, as_at, as_known or _NOW, reference, await reads_through(db, by), FACETS[kind].value)
    if not rows:
        raise ContractNotFound(f"no contract {reference} is known")
    row = rows[0]
    text = json.loads(row["drafted"] or "{}").get(kind) if row["is_draft"] else row["stated"]
    table = table_of(text) if text else None
    if table is None and kind == "cost" and row["customers"]:
        table = equal_parts(row["customers"])
    pence = table.divided(row["annual_pence"]) if table and kind == "cost" else {}
    codes = sorted(table.weights) if table else []
    return ShareTableView(
        contract=row["reference"],
        kind=kind,
        total=table.total if table else None,
        basis=table.basis if text and table else None,
        parts=[
            SharePartView(code=code, weight=table.weights[code], share=share, annual_pence=pence.get(code))
            for code, share in zip(codes, table.fractions(codes), strict=True)
        ]
        if table
        else [],
        as_at=as_at,
        as_known=as_known,
    )
