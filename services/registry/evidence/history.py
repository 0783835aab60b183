"""Reads what was believed and stated of a body: its facets, its links and its successions."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from libs.common.database.connection import Reads
from libs.common.temporal.believed import on_day
from libs.common.temporal.history import ALWAYS, LAST_DAY
from libs.organisations.statements import Facet
from services.registry.core.errors import OrganisationNotFound
from services.registry.core.sight import Sight
from services.registry.evidence.views import (
    BeliefView,
    BelievedSuccessionView,
    HistoryView,
    StatedSuccessionView,
    StatementView,
)

# $2 is the day, or null for all days; $3 the instant as known.
_FACETS = f"""
SELECT b.facet::text AS about, '' AS other, b.value, lower(b.valid) AS first_day, upper(b.valid) AS last_day,
       lower(b.known) AS known_from, CASE WHEN upper(b.known) <= $3 THEN upper(b.known) END AS known_to
  FROM organisation_belief b JOIN organisation o ON o.id = b.subject_id
 WHERE o.code = $1 AND lower(b.known) <= $3 AND ($2::date IS NULL OR {on_day("b", "$2")})
 ORDER BY b.facet, lower(b.known), b.valid
"""  # noqa: S608  (only names of ours are put in)

_FACETS_SAID = """
SELECT s.facet::text AS about, '' AS other, s.value, lower(s.valid) AS first_day, upper(s.valid) AS last_day,
       s.stated_at, s.fills_before AS observed, s.source, s.rank, s.recorded_by, s.recorded_at
  FROM organisation_statement s JOIN organisation o ON o.id = s.subject_id
 WHERE o.code = $1 AND s.stated_at <= $3
   AND ($2::date IS NULL OR s.valid @> $2 OR s.fills_before AND $2 < lower(s.valid))
 ORDER BY s.stated_at, s.rank, s.facet, s.id
"""

_TIES = f"""
SELECT t.sort AS about, t.other, b.value, lower(b.valid) AS first_day, upper(b.valid) AS last_day,
       lower(b.known) AS known_from, CASE WHEN upper(b.known) <= $3 THEN upper(b.known) END AS known_to
  FROM tie_belief b JOIN tie t ON t.id = b.subject_id
 WHERE t.code = $1 AND lower(b.known) <= $3 AND ($2::date IS NULL OR {on_day("b", "$2")})
 ORDER BY t.sort, t.other, lower(b.known), b.valid
"""  # noqa: S608  (only names of ours are put in)

_TIES_SAID = """
SELECT t.sort AS about, t.other, s.value, lower(s.valid) AS first_day, upper(s.valid) AS last_day,
       s.stated_at, s.fills_before AS observed, s.source, s.rank, s.recorded_by, s.recorded_at
  FROM tie_statement s JOIN tie t ON t.id = s.subject_id
 WHERE t.code = $1 AND s.stated_at <= $3 AND ($2::date IS NULL OR s.valid @> $2)
 ORDER BY s.stated_at, s.rank, t.sort, s.id
"""

_SUCCESSIONS = """
SELECT code, successor, effective_on, shape, share, nullif(merger, '') AS merger, source, lower(known) AS known_from,
       CASE WHEN upper(known) <= $3 THEN upper(known) END AS known_to
  FROM succession
 WHERE (code = $1 OR successor = $1) AND lower(known) <= $3 AND ($2::date IS NULL OR effective_on <= $2)
 ORDER BY effective_on, code, successor, known
"""

_SUCCESSIONS_SAID = """
SELECT code, successor, effective_on, holds, shape, share, nullif(merger, '') AS merger, stated_at, source, rank,
       recorded_by, recorded_at
  FROM succession_statement
 WHERE (code = $1 OR successor = $1) AND stated_at <= $3 AND ($2::date IS NULL OR effective_on <= $2)
 ORDER BY stated_at, rank, effective_on, code, successor, id
"""


async def history_of(
    db: Reads, code: str, *, sight: Sight, as_at: date | None = None, as_known: datetime | None = None
) -> HistoryView:
    """Return what was believed and stated about a body by an instant, on one day or on all.

    It includes successions that took effect by that day. Who recorded a statement is for the body itself. Raises
    OrganisationNotFound.
    """
    if not await db.fetch("SELECT id FROM organisation WHERE code = $1", code):
        raise OrganisationNotFound(f"no organisation has the code {code}")
    asked = code, as_at, as_known or ALWAYS
    hidden: dict[str, None] = {} if sight.sees(code) else {"recorded_by": None}
    beliefs = [*await db.fetch(_FACETS, *asked), *await db.fetch(_TIES, *asked)]
    statements = [*await db.fetch(_FACETS_SAID, *asked), *await db.fetch(_TIES_SAID, *asked)]
    return HistoryView(
        code=code,
        as_at=as_at,
        as_known=as_known,
        beliefs=[BeliefView(**_shown(row)) for row in beliefs],
        statements=[StatementView(**{**_shown(row), **hidden}) for row in statements],
        successions=[BelievedSuccessionView(**dict(row)) for row in await db.fetch(_SUCCESSIONS, *asked)],
        successions_stated=[
            StatedSuccessionView(**{**row, **hidden}) for row in await db.fetch(_SUCCESSIONS_SAID, *asked)
        ],
    )


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    about: str = row["about"]
    name = Facet(int(about)).name.lower() if about.isdigit() else about
    return {**row, "about": name, "last_day": last_day(row["last_day"])}


def last_day(end: date | None) -> date | None:
    """Return the last day before `end`, None where there is no end."""
    return None if end in (None, LAST_DAY) else end - timedelta(days=1)
