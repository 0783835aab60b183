"""Finds minutes that no later meeting approved in time, and clears those that were approved."""

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.findings import in_order_of_days
from libs.common.identity import Caller
from libs.common.rulepacks import in_force
from services.governance.core.catalogue import PACKS
from services.governance.core.members import organisations_of_each
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind

_KIND = FindingKind.MINUTES_UNAPPROVED

_APPROVED = """
EXISTS (SELECT FROM minutes v JOIN item_result r ON r.approves = v.id WHERE v.meeting_id = m.id)
"""
_UNAPPROVED = f"""
SELECT m.reference, b.reference AS body, m.held_on, (m.held_on + make_interval(months => $2))::date AS due_on
  FROM meeting m JOIN body b ON b.id = m.body_id JOIN meeting_step s ON s.meeting_id = m.id AND s.step = 'held'
 WHERE (m.held_on + make_interval(months => $2))::date < $1 AND NOT {_APPROVED}
   AND NOT EXISTS (SELECT FROM finding f WHERE f.key = $3 || ':' || m.reference)
 ORDER BY m.id LIMIT 100
"""  # noqa: S608  (only a condition of ours is put in)
_SETTLED = f"""
SELECT f.key FROM finding f JOIN meeting m ON f.key = $1 || ':' || m.reference
 WHERE f.cleared_at IS NULL AND {_APPROVED} ORDER BY f.key LIMIT 100
"""  # noqa: S608  (only a condition of ours is put in)


@in_order_of_days("minutes")
async def find_unapproved(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (due work is called so)
    """Raise and clear findings about minutes, by the rule pack's period; return how many."""
    connection = await raw(session)
    raised = 0
    for pack in in_force(PACKS, up_to, subject="minutes")[:1]:
        months = pack.values["approve_within_months"]
        rows = await connection.fetch(_UNAPPROVED, up_to, months, _KIND.value)
        asked = [(row["body"], row["held_on"]) for row in rows]
        parties = await organisations_of_each(connection, asked, as_known=None)
        findings = [
            NewFinding(
                key=f"{_KIND}:{row['reference']}",
                kind=_KIND,
                about=(row["reference"], row["body"]),
                parties=parties[row["body"], row["held_on"]],
                text=f"no meeting approved the minutes of {row['reference']} by {row['due_on']} ({pack.id})",
                effective_on=row["due_on"] + timedelta(days=1),
                due_on=row["due_on"],
            )
            for row in rows
        ]
        raised += await raise_findings(session, findings, stated_at=stated_at)
    settled = [row["key"] for row in await connection.fetch(_SETTLED, _KIND.value)]
    return raised + await clear_findings(session, settled, on=up_to, reason="approved", stated_at=stated_at)
