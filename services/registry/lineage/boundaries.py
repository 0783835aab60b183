"""Reads which practices moved between bodies on a day without a succession: where boundaries were moved."""

from datetime import date, datetime

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.temporal.believed import about, as_known, holds
from libs.common.temporal.history import OFFICIAL
from libs.organisations.statements import Facet
from services.registry.core.kinds import PRACTICE_KINDS
from services.registry.lineage.queries import chains_from
from services.registry.lineage.views import BoundaryView

_KINDS = ", ".join(f"'{kind}'" for kind in sorted(PRACTICE_KINDS))

# A practice moves on the first day of its new body, and is open then. $1 is the body, $2 the day, $3 the instant.
_MOVES = f"""
{PLANNED_EACH_TIME}
SELECT lower(late.valid) AS day, early.value AS from_code, late.value AS to_code, count(*) AS practices,
       sum(list.people)::bigint AS people
  FROM (SELECT DISTINCT subject_id FROM organisation_belief b
         WHERE {about("b", Facet.PARENT)} AND b.value = $1 AND {as_known("b", "$3")}) member
  JOIN organisation o ON o.id = member.subject_id
  JOIN organisation_belief early ON early.subject_id = o.id AND {about("early", Facet.PARENT)}
   AND {as_known("early", "$3")}
  JOIN organisation_belief late ON late.subject_id = o.id AND {about("late", Facet.PARENT)}
   AND {as_known("late", "$3")} AND lower(late.valid) = upper(early.valid)
  LEFT JOIN LATERAL (
       SELECT people FROM population_statement s
        WHERE s.code = o.code AND s.basis = 'registered' AND s.local_authority = '' AND s.stated_at <= $3
        ORDER BY s.rank >= {OFFICIAL} DESC, abs(s.effective_on - lower(late.valid)), s.rank DESC, s.effective_on,
                 s.stated_at DESC, s.people DESC LIMIT 1) list ON true
 WHERE $1 IN (early.value, late.value) AND early.value <> late.value AND lower(late.valid) <= $2
   AND EXISTS (SELECT FROM organisation_belief k WHERE k.subject_id = o.id AND {about("k", Facet.KIND)}
                  AND {as_known("k", "$3")} AND k.value IN ({_KINDS}))
   AND EXISTS (SELECT FROM organisation_belief l WHERE l.subject_id = o.id AND {about("l", Facet.LIFE)}
                  AND l.value = 'open' AND {holds("l", "lower(late.valid)", "$3")})
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608  (only names of ours are put in)


async def boundaries_of(db: Reads, code: str, *, as_at: date, as_known: datetime) -> list[BoundaryView]:
    """Return the moves of practices out of a body and into it by a day, but for those to who followed whom."""
    found = [BoundaryView(**dict(row)) for row in await db.fetch(_MOVES, code, as_at, as_known)]
    if not found:
        return []
    chains = await chains_from(db, {one.from_code for one in found}, as_at, as_known, by_lives=False)
    return [one for one in found if one.to_code not in chains.followers_of(one.from_code, by=one.day)]
