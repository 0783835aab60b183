"""Reads the amendments of a contract, as known at an instant, for its parties."""

import json
from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.amendments.views import AmendmentsView, AmendmentView
from services.contracts.core.sight import sight_of

_AMENDMENTS = """
SELECT reference AS amendment, effective_on, lines, conditions, rationale, grounds, rule_pack, change_pence, customers,
       authority, document, stated_at
  FROM amendment WHERE contract_id = $1 AND stated_at <= $2 ORDER BY stated_at, id
"""


async def list_amendments(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> AmendmentsView:
    """Return what was stated by then that the caller may know. Raises ContractNotFound."""
    sight = await sight_of(db, reference, by=by, as_at=as_at, as_known=as_known)
    rows = await db.fetch(_AMENDMENTS, sight.id, sight.known)
    found = [
        AmendmentView.model_validate(
            {**row, **{name: row[name] and json.loads(row[name]) for name in ("lines", "conditions")}}
        )
        for row in rows
    ]
    return AmendmentsView(reference=reference, amendments=found, as_at=as_at, as_known=as_known)
