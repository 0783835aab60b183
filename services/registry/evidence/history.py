"""Who believed what of a body, when, from which source: its facts, its ties and who followed whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from libs.common.database.connection import Reads
from libs.common.temporal.believed import on_day
from libs.common.temporal.history import ALWAYS, LAST_DAY
from libs.organisations.statements import Facet
from services.registry.core.errors import OrganisationNotFound

# $2 is the day asked about, or none for all days; $3 the instant whose knowledge is shown.
_FACETS = f"""
SELECT b.facet::text, '', b.value, lower(b.valid), upper(b.valid), lower(b.known),
       CASE WHEN upper(b.known) <= $3 THEN upper(b.known) END
  FROM organisation_belief b JOIN organisation o ON o.id = b.subject_id
 WHERE o.code = $1 AND lower(b.known) <= $3 AND ($2::date IS NULL OR {on_day("b", "$2")})
 ORDER BY b.facet, lower(b.known), b.valid
"""  # noqa: S608  (only names of ours are put in)

_FACETS_SAID = """
SELECT s.facet::text, '', s.value, lower(s.valid), upper(s.valid), s.stated_at, s.fills_before, s.source, s.rank,
       s.recorded_by, s.recorded_at
  FROM organisation_statement s JOIN organisation o ON o.id = s.subject_id
 WHERE o.code = $1 AND s.stated_at <= $3
   AND ($2::date IS NULL OR s.valid @> $2 OR s.fills_before AND $2 < lower(s.valid))
 ORDER BY s.stated_at, s.rank, s.facet, s.id
"""

_TIES = f"""
SELECT t.sort, t.other, b.value, lower(b.valid), upper(b.valid), lower(b.known),
       CASE WHEN upper(b.known) <= $3 THEN upper(b.known) END
  FROM tie_belief b JOIN tie t ON t.id = b.subject_id
 WHERE t.code = $1 AND lower(b.known) <= $3 AND ($2::date IS NULL OR {on_day("b", "$2")})
 ORDER BY t.sort, t.other, lower(b.known), b.valid
"""  # noqa: S608  (only names of ours are put in)

_TIES_SAID = """
SELECT t.sort, t.other, s.value, lower(s.valid), upper(s.valid), s.stated_at, s.fills_before, s.source, s.rank,
       s.recorded_by, s.recorded_at
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


@dataclass(frozen=True, slots=True)
class Belief:
    """A belief: `value` was held true of the days, from `known_from` until `known_to` (None: until now).

    `other`: of what may hold several times at once, which body, role or code it is about.
    """

    about: str
    other: str
    value: str
    first_day: date | None
    last_day: date | None
    known_from: datetime
    known_to: datetime | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement: what a source said, and when. `observed`: it saw this, and did not say since when it is so."""

    about: str
    other: str
    value: str | None
    first_day: date | None
    last_day: date | None
    stated_at: datetime
    observed: bool
    source: str
    rank: int
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class BelievedSuccession:
    """That `successor` followed `code` was believed from `known_from` until `known_to` (None: until now)."""

    code: str
    successor: str
    effective_on: date
    shape: str
    share: str
    merger: str | None
    source: str
    known_from: datetime
    known_to: datetime | None


@dataclass(frozen=True, slots=True)
class StatedSuccession:
    """A source said that `successor` followed `code`; or, with `holds` false, that it did not."""

    code: str
    successor: str
    effective_on: date
    holds: bool
    shape: str
    share: str
    merger: str | None
    stated_at: datetime
    source: str
    rank: int
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """All that was believed of a body, and all that was said that it follows from."""

    beliefs: tuple[Belief, ...]
    statements: tuple[Statement, ...]
    successions: tuple[BelievedSuccession, ...]
    successions_stated: tuple[StatedSuccession, ...]


async def history_of(db: Reads, code: str, *, as_at: date | None = None, as_known: datetime | None = None) -> History:
    """Return what was believed and said of a body by an instant: of one day, or of all.

    Of successions: those that took effect by that day. Raises OrganisationNotFound.
    """
    if not await db.fetch("SELECT id FROM organisation WHERE code = $1", code):
        raise OrganisationNotFound(f"no organisation has the code {code}")
    asked = code, as_at, as_known or ALWAYS
    held = [*await db.fetch(_FACETS, *asked), *await db.fetch(_TIES, *asked)]
    said = [*await db.fetch(_FACETS_SAID, *asked), *await db.fetch(_TIES_SAID, *asked)]
    return History(
        beliefs=tuple(Belief(*_shown(row)) for row in held),
        statements=tuple(Statement(*_shown(row)) for row in said),
        successions=tuple(BelievedSuccession(*row) for row in await db.fetch(_SUCCESSIONS, *asked)),
        successions_stated=tuple(StatedSuccession(*row) for row in await db.fetch(_SUCCESSIONS_SAID, *asked)),
    )


def about(facet: Facet) -> str:
    """Return the word for a facet in answers."""
    return facet.name.lower()


def _shown(row: Sequence[Any]) -> tuple[Any, ...]:
    sort, other, value, first, end, *others = row
    word = about(Facet(int(sort))) if sort.isdigit() else sort
    return word, other, value, first, last_day(end), *others


def last_day(end: date | None) -> date | None:
    """Return the last day before `end`, None where there is no end."""
    return None if end in (None, LAST_DAY) else end - timedelta(days=1)
