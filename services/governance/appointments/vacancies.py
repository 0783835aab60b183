"""Raises a finding for each mandatory post without a holder, and clears it when the post is filled or ended.

It is due work and not part of each command: a holder's last day may lie ahead, and mergers and closures leave vacant
posts too.
"""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.findings import in_order_of_days
from libs.common.identity import Caller
from libs.common.temporal.believed import NOW, about, as_known
from services.governance.core.believed import believed
from services.governance.core.catalogue import catalogue_on, mandatory_slugs
from services.governance.core.models import Facet, known, post_time
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind

# $1 the day, $2 titles of which a post may be mandatory.
_VACANT = f"""
SELECT p.reference, p.slug, b.organisation,
       greatest(lower(s.valid), (
            SELECT max(upper(x.valid)) FROM post_time_belief x
             WHERE x.subject_id = p.id AND {about("x", Facet.HOLDER)} AND {as_known("x", NOW)}
               AND upper(x.valid) <= $1::date)) AS since
  FROM post p
  JOIN body b ON b.id = p.body_id
  JOIN {believed(post_time, "s", Facet.STANDS, "p.id", known=NOW)}
  LEFT JOIN {believed(post_time, "h", Facet.HOLDER, "p.id", known=NOW)}
 WHERE b.within_id IS NULL AND p.slug = ANY($2) AND h.value IS NULL
 ORDER BY p.reference
"""  # noqa: S608  (only names of ours are put in)
_OPEN = f"""
SELECT f.key, s.value IS NOT NULL AS stands
  FROM finding f
  JOIN post p ON p.reference = f.about[1]
  LEFT JOIN {believed(post_time, "s", Facet.STANDS, "p.id", known=NOW)}
 WHERE f.kind = $2 AND f.cleared_at IS NULL
"""  # noqa: S608  (only names of ours are put in)
_KIND = FindingKind.POST_VACANT


@in_order_of_days("vacancies")
async def find_vacancies(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work is called with it)
) -> int:
    """Raise and clear the findings about vacant posts so that they are as on a day; return how many changed."""
    connection = await raw(session)
    rows = await connection.fetch(_VACANT, up_to, sorted(mandatory_slugs(up_to)))
    kinds = await known.statuses(connection, {row["organisation"] for row in rows}, as_at=up_to)
    mandatory = {code: catalogue_on(up_to, kind=one.kind).mandatory for code, one in kinds.items()}
    findings = {
        f"{_KIND}:{row['reference']}": NewFinding(
            key=f"{_KIND}:{row['reference']}",
            kind=_KIND,
            about=(row["reference"],),
            parties=(row["organisation"],),
            text=f"{row['reference']} has been vacant since {row['since']}; the body has to have a holder of it",
            effective_on=row["since"],
        )
        for row in rows
        if row["slug"] in mandatory[row["organisation"]]
    }
    past = [row for row in await connection.fetch(_OPEN, up_to, _KIND.value) if row["key"] not in findings]
    done = 0
    for stands, reason in ((True, "filled"), (False, "post_ended")):
        keys = [row["key"] for row in past if row["stands"] is stands]
        done += await clear_findings(session, keys, on=up_to, reason=reason, stated_at=stated_at)
    return done + await raise_findings(session, list(findings.values()), stated_at=stated_at)
