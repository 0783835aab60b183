"""Reads until when a person acted, and which interests of the person are still kept."""

from datetime import date, timedelta

from libs.common.database.connection import Reads
from libs.common.temporal.believed import NOW, about, as_known
from services.governance.core.models import Facet

# The day after the last one, infinite while a post is held or a deputy named: in posts, at meetings, when consulted.
# Who is named as a deputy stays so when the post ends, and is one up to that day alone.
_LAST = f"""
SELECT max(day) AS day FROM (
       SELECT coalesce(upper(h.valid), 'infinity') AS day
         FROM appointment a JOIN post_time_belief h ON h.subject_id = a.post_id AND h.value = a.id
        WHERE a.person_id = $1 AND {about("h", Facet.HOLDER)} AND {as_known("h", NOW)}
        UNION ALL
       SELECT coalesce(upper(h.valid * s.valid), 'infinity')
         FROM post_time_belief h JOIN post_time_belief s ON s.subject_id = h.subject_id AND s.valid && h.valid
        WHERE {about("h", Facet.DEPUTIES)} AND h.value::jsonb ? $1 AND {as_known("h", NOW)}
          AND {about("s", Facet.STANDS)} AND {as_known("s", NOW)}
        UNION ALL
       SELECT m.held_on + 1 FROM attendance t JOIN meeting m ON m.id = t.meeting_id WHERE t.person_id = $1
        UNION ALL
       SELECT consulted_on + 1 FROM urgent_consultation WHERE person_id = $1) AS acted
"""  # noqa: S608  (only names of ours are put in)
_GIFTS = "SELECT reference FROM gift WHERE person_id = $1 AND purged_on IS NULL ORDER BY id LIMIT 20"
_INTERESTS = "SELECT reference FROM declared_interest WHERE person_id = $1 AND purged_on IS NULL ORDER BY id LIMIT 20"


async def find_last_day(db: Reads, person: str) -> date | None:
    """Return the last day on which a person acted; `date.max` without an end in sight, None where there is none."""
    [row] = await db.fetch(_LAST, person)
    after: date | None = row["day"]
    return after if after is None or after == date.max else after - timedelta(days=1)


async def list_unpurged_gifts(db: Reads, person: str) -> list[str]:
    """Return the first 20 gifts of a person that are not purged."""
    return [row["reference"] for row in await db.fetch(_GIFTS, person)]


async def list_unpurged_interests(db: Reads, person: str) -> list[str]:
    """Return the first 20 interests of a person that are not purged."""
    return [row["reference"] for row in await db.fetch(_INTERESTS, person)]
