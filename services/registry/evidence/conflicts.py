"""Reads where sources disagree: candidates by SQL, judged by `conflict_rules`."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.temporal.history import ALWAYS, FIRST_DAY, LAST_DAY, Days
from libs.organisations.statements import Facet
from services.registry.core.sources import family_of
from services.registry.evidence.conflict_rules import Claim, Differing, differing

SUCCESSION = "succession"
NOT_FOLLOWED = "not followed by anybody"
"""The claim of a source about the days before the first succession that it names."""
_CANDIDATES_AT_ONCE = 500

# The index has the statements of one subject and facet side by side, so only those of the page are read. A statement
# that begins after a day, or a definite one that ended before it, claims nothing about that day.
_CANDIDATES = """
SELECT s.subject_id, s.facet, min(o.code) AS code
  FROM organisation_statement s JOIN organisation o ON o.id = s.subject_id
 WHERE s.stated_at <= $1 AND ($2::smallint IS NULL OR s.facet = $2) AND ($3::text IS NULL OR o.code = $3)
   AND (s.subject_id, s.facet) > ($4::int, $5::smallint)
   AND ($7::date IS NULL OR ((lower(s.valid) IS NULL OR lower(s.valid) <= $7)
                             AND (s.fills_before OR upper(s.valid) IS NULL OR upper(s.valid) > $7)))
 GROUP BY s.subject_id, s.facet
HAVING count(DISTINCT split_part(s.source, ':', 1)) > 1 AND count(DISTINCT lower(coalesce(s.value, ''))) > 1
 ORDER BY s.subject_id, s.facet LIMIT $6
"""

_CLAIMS = """
SELECT s.subject_id, s.facet, s.source, s.rank, s.value, lower(s.valid), upper(s.valid), s.stated_at, s.fills_before
  FROM organisation_statement s
  JOIN unnest($2::int[], $3::smallint[]) AS wanted (subject, facet)
    ON s.subject_id = wanted.subject AND s.facet = wanted.facet
 WHERE s.stated_at <= $1
"""

_FOLLOWED = """
SELECT s.code FROM succession_statement s
 WHERE s.stated_at <= $1 AND ($2::text IS NULL OR s.code = $2) AND s.code > $3
 GROUP BY s.code
HAVING count(DISTINCT split_part(s.source, ':', 1)) > 1 AND count(DISTINCT (s.successor, s.effective_on, s.holds)) > 1
 ORDER BY s.code LIMIT $4
"""

_SUCCESSION_CLAIMS = """
SELECT s.code, s.source, s.rank, s.successor, s.effective_on, s.holds, s.stated_at
  FROM succession_statement s WHERE s.code = ANY($2) AND s.stated_at <= $1
 ORDER BY s.code, s.stated_at, s.source, s.successor, s.effective_on
"""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources disagree about one facet of one body."""

    code: str
    about: str
    differs: tuple[Differing, ...]
    place: tuple[int | str, int]
    """The cursor of the conflict."""


@dataclass(frozen=True, slots=True)
class ConflictFilter:
    """Filters of the list of conflicts; None leaves a filter out."""

    facet: Facet | None = None
    succession: bool = False
    """Only successions."""
    code: str | None = None
    as_at: date | None = None


async def conflicts(
    db: Reads, about: ConflictFilter, *, as_known: datetime | None, after: tuple[int | str, int] | None, limit: int
) -> list[Conflict]:
    """Return conflicts after the cursor, as known at an instant, in the order in which the bodies became known.

    Those about successions come last.
    """
    found: list[Conflict] = []
    known = as_known or ALWAYS
    in_successions = after is not None and isinstance(after[0], str)
    if not about.succession and not in_successions:
        async for one in _of_facets(db, about, known, after or (0, 0)):
            found.append(one)
            if len(found) == limit:
                return found
    if about.facet is None:
        async for one in _of_successions(db, about, known, str(after[0]) if after and in_successions else ""):
            found.append(one)
            if len(found) == limit:
                return found
    return found


async def _of_facets(
    db: Reads, about: ConflictFilter, known: datetime, after: tuple[int | str, int]
) -> AsyncIterator[Conflict]:
    while True:
        asked = known, about.facet, about.code, *after, _CANDIDATES_AT_ONCE, about.as_at
        candidates = await db.fetch(_CANDIDATES, *asked)
        subjects = [row["subject_id"] for row in candidates]
        facets = [row["facet"] for row in candidates]
        claims: dict[tuple[int, int], list[Claim]] = defaultdict(list)
        for subject, facet, source, rank, value, start, end, at, seen in await db.fetch(
            _CLAIMS, known, subjects, facets
        ):
            days = Days(start or FIRST_DAY, end or LAST_DAY)
            claims[subject, facet].append(Claim(source, rank, value, days, at, seen))
        for row in candidates:
            key = row["subject_id"], row["facet"]
            differs = _asked(differing(claims[key]), about.as_at)
            if differs:
                yield Conflict(row["code"], Facet(row["facet"]).name.lower(), differs, key)
            after = key
        if len(candidates) < _CANDIDATES_AT_ONCE:
            return


def _asked(differs: Iterable[Differing], as_at: date | None) -> tuple[Differing, ...]:
    return tuple(one for one in differs if as_at is None or as_at in one.days)


async def _of_successions(db: Reads, about: ConflictFilter, known: datetime, after: str) -> AsyncIterator[Conflict]:
    while True:
        codes = [row["code"] for row in await db.fetch(_FOLLOWED, known, about.code, after, _CANDIDATES_AT_ONCE)]
        stated: dict[str, list[Any]] = defaultdict(list)
        for row in await db.fetch(_SUCCESSION_CLAIMS, known, codes):
            stated[row["code"]].append(row)
        for code in codes:
            differs = _asked(differing(_claims(stated[code])), about.as_at)
            if differs:
                yield Conflict(code, SUCCESSION, differs, (code, 0))
        if len(codes) < _CANDIDATES_AT_ONCE:
            return
        after = codes[-1]


def _claims(rows: Sequence[Any]) -> list[Claim]:
    """Return the successors of a code by each family's latest statements, all of one day together."""
    latest: dict[tuple[str, str, date], Any] = {}
    for row in rows:
        latest[family_of(row["source"]), row["successor"], row["effective_on"]] = row
    by_family: dict[str, dict[date, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for (family, _, day), row in latest.items():
        if row["holds"]:
            by_family[family][day].append(row)
    claims: list[Claim] = []
    for by_day in by_family.values():
        days = sorted(by_day)
        periods = [(Days(FIRST_DAY, days[0]), by_day[days[0]], NOT_FOLLOWED)]
        for day, end in zip(days, [*days[1:], LAST_DAY], strict=True):
            periods.append((Days(day, end), by_day[day], " + ".join(sorted(row["successor"] for row in by_day[day]))))
        for period, stated, value in periods:
            last = max(stated, key=lambda row: row["stated_at"])
            claims.append(Claim(last["source"], last["rank"], value, period, last["stated_at"]))
    return claims
