"""Reads proposals of contracts as known at an instant, for who may confirm them and for a national body."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.contract_proposals.errors import ProposalNotFound
from services.contracts.contract_proposals.models import Evidence, ProposalSource
from services.contracts.contract_proposals.rules import ProposedTerms
from services.contracts.contract_proposals.views import ContractProposalView, ProposalState, ProposedPartyView
from services.contracts.core.sight import reads_through

_NOW: Final = datetime.max.replace(tzinfo=UTC)

# $1 the instant, $2 the codes that the caller reads through (null: all): of an unknown customer only a national body
# reads it. A draft that was deleted takes its confirmation with it, and the proposal is open again.
_READ = """
SELECT p.*, p.evidence::text AS evidence_text, d.proposal_id IS NOT NULL AS is_decided, c.reference AS contract,
       d.reason, d.decided_on
  FROM contract_proposal p
  LEFT JOIN contract_proposal_decision d ON d.proposal_id = p.id AND d.stated_at <= $1::timestamptz
  LEFT JOIN contract c ON c.id = d.contract_id
 WHERE p.stated_at <= $1::timestamptz AND ($2::text[] IS NULL OR p.customer = ANY($2))
   AND ($3::text IS NULL OR p.reference = $3)
   AND ($4::text IS NULL OR p.customer = $4)
   AND ($5::text IS NULL OR p.source = $5)
   AND ($6::text IS NULL OR CASE WHEN d.proposal_id IS NULL THEN 'proposed'
                            WHEN d.contract_id IS NULL THEN 'rejected' ELSE 'confirmed' END = $6)
   AND ($7::text IS NULL OR p.reference > $7)
 ORDER BY p.reference LIMIT $8
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalFilter:
    """Filters of the list of proposals; None leaves a filter out."""

    customer: str | None = None
    source: ProposalSource | None = None
    state: ProposalState | None = None


async def list_proposals(
    db: Reads,
    wanted: ProposalFilter,
    *,
    by: Caller,
    as_known: datetime | None,
    after: Sequence[str] | None,
    limit: int,
) -> list[ContractProposalView]:
    """Return the proposals that the caller may read, by reference, after the cursor."""
    rows = await db.fetch(
        _READ,
        as_known or _NOW,
        await reads_through(db, by),
        None,
        wanted.customer,
        wanted.source,
        wanted.state,
        after[0] if after else None,
        limit,
    )
    return [_view(row) for row in rows]


async def get_proposal(db: Reads, reference: str, *, by: Caller, as_known: datetime | None) -> ContractProposalView:
    """Return one proposal. Raises ProposalNotFound."""
    codes = await reads_through(db, by)
    rows = await db.fetch(_READ, as_known or _NOW, codes, reference, None, None, None, None, 1)
    if not rows:
        raise ProposalNotFound(f"no proposal {reference} is known")
    return _view(rows[0])


def _view(row: Mapping[str, Any]) -> ContractProposalView:
    terms = ProposedTerms(**{name: row[name] for name in ProposedTerms.__dataclass_fields__})
    state = ProposalState.PROPOSED
    if row["is_decided"]:
        state = ProposalState.REJECTED if row["contract"] is None else ProposalState.CONFIRMED
    return ContractProposalView(
        reference=row["reference"],
        source=row["source"],
        state=state,
        customer=ProposedPartyView(code=row["customer"], as_published=row["customer_as_published"]),
        supplier=ProposedPartyView(code=row["supplier"], as_published=row["supplier_as_published"]),
        title=terms.title,
        starts_on=terms.starts_on,
        last_day=terms.last_day,
        value_pence=terms.value_pence,
        unknown=terms.unknown,
        evidence=[Evidence.model_validate(one) for one in json.loads(row["evidence_text"])],
        contract=row["contract"],
        reason=row["reason"],
        decided_on=row["decided_on"],
        stated_at=row["stated_at"],
    )
