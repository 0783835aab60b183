"""Reads urgent actions: who acted after consulting whom, and what the meeting made of it that they were reported to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from libs.common.database.connection import Reads
from services.governance.urgent_actions.errors import UrgentActionNotFound

_NOW = datetime.max.replace(tzinfo=UTC)

# The item that is open, or has a result: of a meeting that was cancelled, or did not come to it, another one is needed.
_ACTION = """
SELECT u.id, u.reference AS urgent_action, b.reference AS body, u.proposal, u.acted_on, u.acted_by, u.outcome,
       u.conditions, u.decision, i.reference AS reported_at, m.reference AS meeting, r.outcome AS result
  FROM urgent_action u
  JOIN body b ON b.id = u.body_id
  LEFT JOIN LATERAL (
       SELECT i.id, i.reference, i.meeting_id FROM meeting_item i
         LEFT JOIN item_result x ON x.item_id = i.id AND x.stated_at <= $1
         LEFT JOIN meeting_step c ON c.meeting_id = i.meeting_id AND c.step IN ('cancelled', 'held')
              AND c.stated_at <= $1
        WHERE i.urgent_action_id = u.id AND i.stated_at <= $1
          AND CASE WHEN x.outcome IS NULL THEN c.id IS NULL ELSE x.outcome <> 'inquorate' END
        ORDER BY i.id LIMIT 1) i ON true
  LEFT JOIN meeting m ON m.id = i.meeting_id
  LEFT JOIN item_result r ON r.item_id = i.id AND r.stated_at <= $1
 WHERE u.reference = $2 AND u.stated_at <= $1
"""
_CONSULTED = """
SELECT c.person_id AS person, c.consulted_on, c.view FROM urgent_consultation c
  JOIN urgent_action u ON u.id = c.urgent_action_id
 WHERE u.reference = $1 ORDER BY c.consulted_on, c.person_id
"""


async def get_urgent_action(db: Reads, reference: str, *, as_known: datetime | None) -> Mapping[str, Any]:
    """Return an urgent action, with the item at which it is on an agenda. Raises UrgentActionNotFound."""
    rows = await db.fetch(_ACTION, as_known or _NOW, reference)
    if not rows:
        raise UrgentActionNotFound(f"there is no urgent action {reference}")
    consulted = [dict(row) for row in await db.fetch(_CONSULTED, reference)]
    return {**rows[0], "consulted": consulted}
