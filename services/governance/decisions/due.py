"""Finds decisions whose condition was shown by evidence that was taken back, until it is shown again or they end."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.findings import in_order_of_days
from libs.common.identity import Caller
from services.governance.decisions.commands import own_evidence
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind
from services.governance.proposals.queries import ProposalRead, list_named

_KIND = FindingKind.EVIDENCE_RETRACTED
_OPEN = "SELECT key FROM finding WHERE kind = $1 AND cleared_at IS NULL"

# $1 the day. Decisions that stand, and were permitted from the day on from which evidence counts no longer, by a right
# that asks for its condition (`permitted`); or that approved under it.
_CONCERNED = """
SELECT DISTINCT ON (d.id, a.code) d.id, d.proposal, d.body, d.binds, d.taken_on, a.code, a.effective_on,
       d.taken_on >= a.effective_on AND EXISTS (
           SELECT FROM jsonb_each(p.answer::jsonb) o CROSS JOIN jsonb_array_elements(o.value -> 'rights') r
            WHERE r -> 'conditions' ? a.code) AS permitted,
       a.code = ANY(d.conditions) AS approved
  FROM proposal_act a
  JOIN decision d ON d.proposal = a.proposal AND a.body IN ('', d.body) AND d.stated_at <= a.stated_at
  JOIN permit p ON p.id = d.permit
 WHERE a.what = 'retracted' AND a.effective_on <= $1 AND d.taken_on <= $1
   AND NOT EXISTS (SELECT FROM decision_reversal r WHERE r.decision = d.id AND r.effective_on <= $1)
 ORDER BY d.id, a.code, a.effective_on
"""


@in_order_of_days("evidence taken back")
async def find_retracted(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (due work is called so)
    """Raise and clear the findings about evidence that was taken back, as on a day; return how many changed."""
    connection = await raw(session)
    rows = [row for row in await connection.fetch(_CONCERNED, up_to) if row["permitted"] or row["approved"]]
    found = [_finding(row) for row in await _unproved(connection, rows, up_to)]
    is_open = {row["key"] for row in await connection.fetch(_OPEN, _KIND.value)}
    past = is_open.difference(one.key for one in found)
    done = await clear_findings(session, past, on=up_to, reason="settled", stated_at=stated_at)
    new = [one for one in found if one.key not in is_open]
    return done + await raise_findings(session, new, stated_at=stated_at)


async def _unproved(connection: asyncpg.Connection, rows: Iterable[asyncpg.Record], day: date) -> list[asyncpg.Record]:
    """Return those whose condition was met on their day by no evidence, or is not on this day where they approved."""
    by_day: dict[date, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        by_day[row["taken_on"] if row["permitted"] else day].append(row)
    found = []
    for on, those in sorted(by_day.items()):
        named = {
            one.reference: one for one in await list_named(connection, {row["proposal"] for row in those}, as_at=on)
        }
        found += [row for row in those if _lacks(named[row["proposal"]], row)]
    return found


def _lacks(read: ProposalRead, row: asyncpg.Record) -> bool:
    if row["permitted"]:
        return row["code"] not in {act.code for act in own_evidence(read, row["body"])}
    return row["code"] in read.standing.unmet and not read.standing.state.is_over


def _finding(row: asyncpg.Record) -> NewFinding:
    since = max(row["effective_on"], row["taken_on"])
    path = f"/proposals/{row['proposal']}/conditions/{row['code']}/evidence"
    return NewFinding(
        key=f"{_KIND}:{row['id']}:{row['code']}:{row['effective_on'].isoformat()}",
        kind=_KIND,
        about=(row["id"], row["proposal"], row["body"], row["code"]),
        parties=tuple(row["binds"]),
        text=(
            f"{row['id']} of {row['body']}: evidence of {row['code']} counts no longer from {row['effective_on']} on:"
            f" {', '.join(row['binds'])} show it by POST {path}, or reverse the decision"
        ),
        effective_on=since,
    )
