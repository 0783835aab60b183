"""Finds conditions that are unmet after the last day of their rectification plan, until evidence lifts them."""

from datetime import date, datetime, timedelta

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.findings import in_order_of_days
from libs.common.identity import Caller
from libs.common.temporal.believed import NOW, about, holds
from libs.organisations.statements import Facet
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind

_KIND = FindingKind.CONDITION_OVERDUE
_OPEN = "SELECT key FROM finding WHERE kind = $1 AND cleared_at IS NULL"

# $1 the day. Of the decision that stands then, of an organisation that is not closed.
_OVERDUE = f"""
SELECT a.reference, a.organisation, a.pack, c.criterion, c.rectify_by
  FROM authorisation_condition c JOIN authorisation a ON a.id = c.authorisation_id
 WHERE c.rectify_by < $1 AND a.decided_on <= $1
   AND NOT EXISTS (SELECT FROM condition_lift f
                    WHERE f.authorisation_id = a.id AND f.criterion = c.criterion AND f.lifted_on <= $1)
   AND NOT EXISTS (SELECT FROM authorisation n
                    WHERE n.organisation = a.organisation AND n.decided_on <= $1
                      AND (n.decided_on, n.stated_at, n.id) > (a.decided_on, a.stated_at, a.id))
   AND NOT EXISTS (SELECT FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id
                    WHERE o.code = a.organisation AND {about("b", Facet.LIFE)} AND b.value = 'closed'
                      AND {holds("b", "$1", NOW)})
 ORDER BY a.id, c.criterion
"""  # noqa: S608  (only names of ours are put in)


@in_order_of_days("conditions of authorisations")
async def find_overdue(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (due work is called so)
    """Raise and clear the findings about conditions that are overdue, as on a day; return how many changed."""
    connection = await raw(session)
    found = [_finding(row) for row in await connection.fetch(_OVERDUE, up_to)]
    is_open = {row["key"] for row in await connection.fetch(_OPEN, _KIND.value)}
    past = is_open.difference(one.key for one in found)
    done = await clear_findings(session, past, on=up_to, reason="settled", stated_at=stated_at)
    new = [one for one in found if one.key not in is_open]
    return done + await raise_findings(session, new, stated_at=stated_at)


def _finding(row: asyncpg.Record) -> NewFinding:
    authorisation, criterion, due_on = row["reference"], row["criterion"], row["rectify_by"]
    path = f"/authorisations/{authorisation}/conditions/{criterion}/lifting"
    return NewFinding(
        key=f"{_KIND}:{authorisation}:{criterion}",
        kind=_KIND,
        about=(authorisation, row["organisation"]),
        parties=(row["organisation"],),
        text=(
            f"{row['organisation']}: criterion {criterion} is unmet after {due_on}, the last day of its rectification"
            f" plan ({row['pack']}): NHS England lifts the condition by evidence, POST {path}"
        ),
        effective_on=due_on + timedelta(days=1),
        due_on=due_on,
    )
