"""Reads successions that were stated by hand, as known at an instant."""

from datetime import date, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.temporal.history import ALWAYS
from services.registry.core.sight import Sight
from services.registry.reorganisations.errors import SuccessionNotFound
from services.registry.reorganisations.models import reorganisation_time
from services.registry.reorganisations.views import ReorganisationView, followers, published_shares

_SOME = f"""
SELECT reference, shape, effective_on, predecessors, successors, shares, closed, stated_at, stated_by,
       CASE WHEN stands.until <= $1 THEN stands.until END AS undone_at, version
  FROM reorganisation
  JOIN LATERAL (SELECT upper(s.known) AS until FROM {reorganisation_time.beliefs} s
                 WHERE s.subject_id = reorganisation.id AND lower(s.known) <= $1
                 ORDER BY lower(s.known) DESC LIMIT 1) stands ON true
 WHERE ($2::text IS NULL OR predecessors @> ARRAY[$2] OR successors @> ARRAY[$2])
   AND ($3::text IS NULL OR shape = $3)
   AND ($4::text IS NULL OR reference = $4)
   AND ($5::date IS NULL OR (effective_on, reference) > ($5, $6))
 ORDER BY effective_on, reference LIMIT $7
"""  # noqa: S608  (only names of ours are put in)


async def list_reorganisations(
    db: Reads,
    *,
    code: str | None,
    shape: str | None,
    as_known: datetime | None,
    after: tuple[date, str] | None,
    limit: int,
    sight: Sight,
) -> list[ReorganisationView]:
    """Return a page of successions stated by hand, ordered by day and reference; `after` is the cursor."""
    rows = await db.fetch(_SOME, as_known or ALWAYS, code, shape, None, *(after or (None, None)), limit)
    return [_view(row, sight) for row in rows]


async def get_reorganisation(
    db: Reads, reference: str, *, as_known: datetime | None, sight: Sight
) -> ReorganisationView:
    """Return one succession stated by hand. Raises SuccessionNotFound."""
    rows = await db.fetch(_SOME, as_known or ALWAYS, None, None, reference, None, None, 1)
    if not rows:
        raise SuccessionNotFound(f"no succession was stated by hand under {reference}, or none was known then")
    return _view(rows[0], sight)


def _view(row: asyncpg.Record, sight: Sight) -> ReorganisationView:
    stated_by = row["stated_by"] if sight.sees(*row["predecessors"], *row["successors"]) else None
    successors = followers(row["shape"], row["successors"], row["shares"])
    published = published_shares(row["shape"], row["shares"])
    own = {"successors": successors, "published_shares": published, "stated_by": stated_by}
    return ReorganisationView(**{**row, **own})
