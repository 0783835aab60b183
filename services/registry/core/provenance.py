"""Reads where each value of an organisation comes from: the source that says so, and the days on which it was seen.

A value holds between two sightings that agree. After the last one, and between two that differ, it is inferred: the
answer then says on which day it was last seen, and which other value was seen next.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.common.temporal.believed import holds
from libs.common.temporal.history import ALWAYS, OFFICIAL
from libs.organisations.statements import Facet
from services.registry.core.codes import ByCode
from services.registry.core.views import SightingView

NAMES = {facet: facet.name.lower() for facet in Facet} | {Facet.LIFE: "status"}
"""What each facet is called in an answer."""

# Hearsay that repeats what a register states is not where it comes from.
# The last day of which a statement speaks: the one on which it was stated, unless it names an end. What is believed
# without a statement that says so follows from a succession.
_STATED_ON = "(s.stated_at AT TIME ZONE 'Europe/London')::date"
_ATTESTED = f"CASE WHEN upper_inf(s.valid) THEN greatest(lower(s.valid), {_STATED_ON}) ELSE upper(s.valid) - 1 END"

_SIGHTINGS = f"""
SELECT o.code, b.facet, b.value, lower(b.known) AS known_since, seen.source, seen.rank,
       least(seen.last, $1::date) AS seen_on, next.value AS next_value, next.day AS next_seen_on
  FROM organisation o JOIN organisation_belief b ON b.subject_id = o.id AND b.facet = ANY($4) AND {holds("b")}
  LEFT JOIN LATERAL (
       SELECT s.source, s.rank, {_ATTESTED} AS last
         FROM organisation_statement s
        WHERE s.subject_id = b.subject_id AND s.facet = b.facet AND s.value = b.value
          AND s.stated_at <= $2::timestamptz AND lower(s.valid) <= $1::date
        ORDER BY s.rank >= {OFFICIAL:d} DESC, least({_ATTESTED}, $1::date) DESC, s.rank DESC, s.stated_at DESC
        LIMIT 1) seen ON true
  LEFT JOIN LATERAL (
       SELECT s.value, lower(s.valid) AS day
         FROM organisation_statement s
        WHERE s.subject_id = b.subject_id AND s.facet = b.facet AND s.value IS NOT NULL
          AND s.stated_at <= $2::timestamptz AND lower(s.valid) > $1::date
        ORDER BY s.rank >= {OFFICIAL:d} DESC, lower(s.valid), s.rank DESC, s.stated_at DESC LIMIT 1) next
    ON coalesce(seen.last, '-infinity') < $1::date
 WHERE o.code = ANY($3)
 ORDER BY o.code, b.facet
"""  # noqa: S608  (only names of ours are put in)


async def sightings(
    db: Reads,
    codes: Collection[str],
    *,
    as_at: date,
    as_known: datetime | None,
    facets: Collection[Facet] = tuple(Facet),
) -> ByCode[list[SightingView]]:
    """Return, for each value that is believed of these bodies on a day, who says so and when it was seen."""
    found: dict[str, list[SightingView]] = defaultdict(list)
    for row in await db.fetch(_SIGHTINGS, as_at, as_known or ALWAYS, sorted(codes), list(facets)):
        found[row["code"]].append(
            SightingView(
                about=NAMES[Facet(row["facet"])],
                value=row["value"],
                known_since=row["known_since"],
                source=row["source"],
                rank=row["rank"],
                seen_on=row["seen_on"],
                next_value=row["next_value"],
                next_seen_on=row["next_seen_on"],
            )
        )
    return found
