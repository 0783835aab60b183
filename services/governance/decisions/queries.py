"""Reads decisions and whether they stand, as at a day, as known at an instant. Every signed-in caller may."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import Reads
from services.governance.decisions.errors import DecisionNotFound

_NOW = datetime.max.replace(tzinfo=UTC)

_DECISIONS = """
SELECT d.id AS decision, d.proposal, d.body, d.organisation, d.binds, d.subject, d.action, d.outcome, d.conditions,
       d.minute, d.value_pence, d.annual_pence, d.recurrent, d.case_reference AS case, d.case_version, d.revision,
       d.urgent, d.permit, d.taken_on, d.stated_at, r.decision IS NULL AS stands, r.effective_on AS reversed_on,
       r.by_decision AS reversed_by, coalesce(r.ratification_refused, false) AS ratification_refused
  FROM decision d
  LEFT JOIN decision_reversal r ON r.decision = d.id AND r.effective_on <= $1 AND r.stated_at <= $2
 WHERE d.taken_on <= $1 AND d.stated_at <= $2
   AND ($3::text IS NULL OR d.id = $3)
   AND ($4::text IS NULL OR $4 = ANY(d.binds))
   AND ($5::text IS NULL OR d.body = $5)
   AND ($6::text IS NULL OR d.subject = $6)
   AND ($7::text IS NULL OR d.action = $7 OR d.action LIKE $7 || '.%')
   AND ($8::text IS NULL OR d.proposal = $8)
   AND ($9::text IS NULL OR d.id > $9)
 ORDER BY d.id LIMIT $10
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFilter:
    """Filters of the list of decisions; None leaves a filter out. `organisation` is bound, `action` covers others."""

    organisation: str | None = None
    body: str | None = None
    subject: str | None = None
    action: str | None = None
    proposal: str | None = None


async def list_decisions(
    db: Reads,
    wanted: DecisionFilter,
    *,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return the decisions that were taken by a day, ordered by id, those that no longer stand too."""
    filters = (None, wanted.organisation, wanted.body, wanted.subject, wanted.action, wanted.proposal)
    rows = await db.fetch(_DECISIONS, as_at, as_known or _NOW, *filters, str(after[0]) if after else None, limit)
    return [dict(row) for row in rows]


async def get_decision(db: Reads, decision: str, *, as_at: date, as_known: datetime | None) -> dict[str, Any]:
    """Return a decision as at a day. Raises DecisionNotFound."""
    rows = await db.fetch(_DECISIONS, as_at, as_known or _NOW, decision, None, None, None, None, None, None, 1)
    if not rows:
        raise DecisionNotFound(f"no decision {decision} is known on {as_at.isoformat()}")
    return dict(rows[0])
