"""Reads findings that concern the caller, the one whose day comes first in front."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.core.sight import reads_through

_NEVER = date.max
_NOW = datetime.max.replace(tzinfo=UTC)

# $1 the day, $2 the instant, $3 the codes that the caller reads through (null: all).
_LIST = """
SELECT id, key, kind, about, parties, due_on, exposure_pence, text, raised_on, raised_at,
       CASE WHEN cleared_at <= $2 THEN cleared_on END AS cleared_on,
       CASE WHEN cleared_at <= $2 THEN reason END AS reason,
       coalesce(due_on, 'infinity'::date) AS by_day
  FROM finding
 WHERE raised_at <= $2 AND raised_on <= $1 AND ($3::text[] IS NULL OR parties && $3)
   AND ($4::text IS NULL OR kind = $4)
   AND ($5::text IS NULL OR about @> ARRAY[$5])
   AND ($6::text IS NULL OR parties @> ARRAY[$6])
   AND ($7::bool OR cleared_at IS NULL OR cleared_at > $2 OR cleared_on > $1)
   AND ($8::date IS NULL OR (coalesce(due_on, 'infinity'::date), id) > ($8::date, $9::bigint))
 ORDER BY coalesce(due_on, 'infinity'::date), id LIMIT $10
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFilter:
    """Filters of the list of findings; None leaves a filter out."""

    kind: str | None = None
    about: str | None = None
    party: str | None = None
    with_cleared: bool = False


async def list_findings(
    db: Reads,
    filters: FindingFilter,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    after: tuple[date, int] | None,
    limit: int,
) -> Sequence[Mapping[str, Any]]:
    """Return what was open on the day, as known at the instant, of what concerns the caller."""
    rows: Sequence[Mapping[str, Any]] = await db.fetch(
        _LIST,
        as_at,
        as_known or _NOW,
        await reads_through(db, by),
        filters.kind,
        filters.about,
        filters.party,
        filters.with_cleared,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return rows


def key_of(due_on: date | None, number: int) -> tuple[str, int]:
    """Return the cursor after a finding."""
    return (due_on or _NEVER).isoformat(), number
