"""Finds urgent actions that the next meeting did not have on its agenda, and clears those reported later."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.findings import in_order_of_days
from libs.common.identity import Caller
from services.governance.core.members import organisations_of_each
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind

_KIND = FindingKind.URGENT_UNREPORTED

# The first meeting after the action that was held, where neither it nor one before came to an item about it.
_UNREPORTED = """
SELECT u.reference, b.reference AS body, m.reference AS meeting, m.held_on
  FROM urgent_action u
  JOIN body b ON b.id = u.body_id
  JOIN LATERAL (
       SELECT m.id, m.reference, m.held_on FROM meeting m JOIN meeting_step s ON s.meeting_id = m.id
        WHERE m.body_id = u.body_id AND m.held_on > u.acted_on AND s.step = 'held' AND s.effective_on <= $1
        ORDER BY m.held_on LIMIT 1) m ON true
 WHERE NOT EXISTS (SELECT FROM meeting_item i JOIN meeting x ON x.id = i.meeting_id
                     LEFT JOIN item_result r ON r.item_id = i.id
                     LEFT JOIN meeting_step c ON c.meeting_id = x.id AND c.step IN ('cancelled', 'held')
                    WHERE i.urgent_action_id = u.id AND x.held_on <= m.held_on
                      AND (r.outcome IS NOT NULL OR c.id IS NULL))
   AND NOT EXISTS (SELECT FROM finding f WHERE f.key = $2 || ':' || u.reference)
 ORDER BY u.id LIMIT 100
"""
_REPORTED = """
SELECT f.key FROM finding f JOIN urgent_action u ON f.key = $2 || ':' || u.reference
 WHERE f.cleared_at IS NULL AND EXISTS (
       SELECT FROM meeting_item i JOIN item_result r ON r.item_id = i.id JOIN meeting m ON m.id = i.meeting_id
        WHERE i.urgent_action_id = u.id AND r.outcome <> 'inquorate' AND m.held_on <= $1)
 ORDER BY f.key LIMIT 100
"""


@in_order_of_days("urgent actions")
async def find_unreported(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (due work is called so)
    """Raise and clear findings about urgent actions; return how many."""
    connection = await raw(session)
    rows = await connection.fetch(_UNREPORTED, up_to, _KIND.value)
    parties = await organisations_of_each(connection, [(row["body"], row["held_on"]) for row in rows], as_known=None)
    findings = [
        NewFinding(
            key=f"{_KIND}:{row['reference']}",
            kind=_KIND,
            about=(row["reference"], row["meeting"], row["body"]),
            parties=parties[row["body"], row["held_on"]],
            text=f"urgent action {row['reference']} was not reported to {row['meeting']}, the next meeting",
            effective_on=row["held_on"],
        )
        for row in rows
    ]
    raised = await raise_findings(session, findings, stated_at=stated_at)
    reported = [row["key"] for row in await connection.fetch(_REPORTED, up_to, _KIND.value)]
    return raised + await clear_findings(session, reported, on=up_to, reason="reported", stated_at=stated_at)
