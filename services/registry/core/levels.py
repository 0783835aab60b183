"""Reads the levels above a body on a day: its commissioner, local office, STP, ICB and region.

A commissioner or a trust is in each of these by itself. A practice is in those of its commissioner, and a body of which
no source states the region is in that of the body above it.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about, holds
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import Facet
from services.registry.core.codes import ByCode
from services.registry.core.kinds import PRACTICE_KINDS


class Level(StrEnum):
    """A level of the bodies above commissioners, trusts and practices."""

    COMMISSIONER = "commissioner"
    LOCAL_OFFICE = "local_office"
    STP = "stp"
    ICB = "icb"
    REGION = "region"


FACETS: Mapping[Level, Facet] = {
    Level.LOCAL_OFFICE: Facet.LOCAL_OFFICE,
    Level.STP: Facet.STP,
    Level.ICB: Facet.ICB,
    Level.REGION: Facet.REGION,
}


InLevels = Mapping[Level, str]
"""The body of each level in which an organisation has to be."""

_PRACTICES = ", ".join(f"'{kind}'" for kind in sorted(PRACTICE_KINDS))


def _seen(row: str, facet: Facet) -> str:
    return f"max({row}.value) FILTER (WHERE {about(row, facet)})"


OWN = ", ".join(f"{_seen('b', facet)} AS {level}" for level, facet in FACETS.items())
"""Columns of the levels that are believed of one body, from all rows `b` that are believed of it on the day."""

_OF_ABOVE = ", ".join(f"{_seen('a', facet)} AS {level}" for level, facet in FACETS.items())

ABOVE = f"""
  LEFT JOIN LATERAL (
       SELECT {_OF_ABOVE}
         FROM organisation p JOIN organisation_belief a
           ON a.subject_id = p.id AND {about("a", *FACETS.values())} AND {holds("a")}
        WHERE p.code = seen.parent) above ON true
"""  # noqa: S608  (only names of ours are put in)
"""Joins the levels of the parent of the row `seen`."""

COLUMNS = f"""CASE WHEN seen.kind IN ({_PRACTICES}) THEN seen.parent END AS commissioner,
       {", ".join(f"coalesce(seen.{level}, above.{level}) AS {level}" for level in FACETS)}"""
"""The levels of the body in the rows `seen` and `above`."""


def within(level: Level, code: str) -> str:
    """Return SQL of the ids of the bodies that are in a body of a level on the day `$1`, as known at `$2`.

    `code` is the placeholder of the body of the level.
    """
    of = Facet.PARENT if level is Level.COMMISSIONER else FACETS[level]
    own = f"SELECT b.subject_id FROM organisation_belief b WHERE {about('b', of)} AND b.value = {code} AND {holds('b')}"  # noqa: S608  (only names of ours are put in)
    if level is Level.COMMISSIONER:
        return (
            f"{own} AND EXISTS (SELECT FROM organisation_belief k WHERE k.subject_id = b.subject_id "
            f"AND {about('k', Facet.KIND)} AND k.value IN ({_PRACTICES}) AND {holds('k')})"
        )
    return f"""
        {own}
         UNION
        SELECT m.subject_id
          FROM organisation_belief b JOIN organisation p ON p.id = b.subject_id
          JOIN organisation_belief m ON {about("m", Facet.PARENT)} AND m.value = p.code AND {holds("m")}
         WHERE {about("b", of)} AND b.value = {code} AND {holds("b")}
           AND NOT EXISTS (SELECT FROM organisation_belief o WHERE o.subject_id = m.subject_id
                              AND {about("o", of)} AND {holds("o")})
    """  # noqa: S608  (only names of ours are put in)


_LEVELS_ON = f"""
SELECT o.code, {COLUMNS}
  FROM organisation o
 CROSS JOIN LATERAL (
       SELECT {_seen("b", Facet.PARENT)} AS parent, {_seen("b", Facet.KIND)} AS kind, {OWN}
         FROM organisation_belief b WHERE b.subject_id = o.id AND {holds("b")}) seen
{ABOVE}
 WHERE o.code = ANY($3)
"""  # noqa: S608  (only names of ours are put in)


async def levels_on(
    db: Reads, codes: Collection[str], level: Level, *, as_at: date, as_known: datetime | None = None
) -> ByCode[str]:
    """Return the body of a level that each code is in on a day, as known at an instant; those in none are left out."""
    rows = await db.fetch(_LEVELS_ON, as_at, as_known or ALWAYS, sorted(codes))
    return {row["code"]: row[level] for row in rows if row[level] is not None}
