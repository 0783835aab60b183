"""What is asked about successions that were stated by hand, as known at an instant."""

from dataclasses import dataclass
from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.common.temporal.history import ALWAYS
from services.registry.reorganisations.errors import SuccessionNotFound

_SOME = """
SELECT reference, shape, effective_on, predecessors, successors, shares, closed, stated_at, stated_by,
       CASE WHEN undone_at <= $1 THEN undone_at END, version
  FROM reorganisation
 WHERE stated_at <= $1
   AND ($2::text IS NULL OR predecessors @> ARRAY[$2] OR successors @> ARRAY[$2])
   AND ($3::text IS NULL OR shape = $3)
   AND ($4::text IS NULL OR reference = $4)
   AND ($5::date IS NULL OR (effective_on, reference) > ($5, $6))
 ORDER BY effective_on, reference LIMIT $7
"""


@dataclass(frozen=True, slots=True)
class Reorganised:
    """A succession that was stated by hand, by what was known of it."""

    reference: str
    shape: str
    effective_on: date
    predecessors: list[str]
    successors: list[str]
    shares: list[str]
    closed: list[str]
    stated_at: datetime
    stated_by: str
    undone_at: datetime | None
    version: int


async def list_reorganisations(
    db: Reads,
    *,
    code: str | None,
    shape: str | None,
    as_known: datetime | None,
    after: tuple[date, str] | None,
    limit: int,
) -> list[Reorganised]:
    """Return them in the order of their days and references, from the one behind `after`."""
    rows = await db.fetch(_SOME, as_known or ALWAYS, code, shape, None, *(after or (None, None)), limit)
    return [Reorganised(*row) for row in rows]


async def get_reorganisation(db: Reads, reference: str, *, as_known: datetime | None) -> Reorganised:
    """Return one. Raises SuccessionNotFound."""
    rows = await db.fetch(_SOME, as_known or ALWAYS, None, None, reference, None, None, 1)
    if not rows:
        raise SuccessionNotFound(f"no succession was stated by hand under {reference}, or none was known then")
    return Reorganised(*rows[0])
