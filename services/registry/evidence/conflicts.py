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
"""What a source says of the days before the first succession that it names."""
_CANDIDATES_AT_ONCE = 500

# Of one subject and facet the index holds the statements side by side: what a page needs is read, and no more. Of a day
# no source claims anything by a statement that begins later, nor by a definite one that ended before.
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

_WORDS = """
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

_FOLLOWED_WORDS = """
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
    """Where it stands among all conflicts."""


@dataclass(frozen=True, slots=True)
class ConflictFilter:
    """Which conflicts are asked for; None leaves a filter out."""

    facet: Facet | None = None
    succession: bool = False
    """Only about who followed whom."""
    code: str | None = None
    as_at: date | None = None


async def conflicts(
    db: Reads, about: ConflictFilter, *, as_known: datetime | None, after: tuple[int | str, int] | None, limit: int
) -> list[Conflict]:
    """Return conflicts behind a place, as known at an instant, in the order in which the bodies became known.

    Those about who followed whom come last.
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
        wanted = await db.fetch(_CANDIDATES, *asked)
        subjects, facets = [row["subject_id"] for row in wanted], [row["facet"] for row in wanted]
        words: dict[tuple[int, int], list[Claim]] = defaultdict(list)
        for subject, facet, source, rank, value, start, end, at, seen in await db.fetch(
            _WORDS, known, subjects, facets
        ):
            days = Days(start or FIRST_DAY, end or LAST_DAY)
            words[subject, facet].append(Claim(source, rank, value, days, at, seen))
        for row in wanted:
            key = row["subject_id"], row["facet"]
            differs = _asked(differing(words[key]), about.as_at)
            if differs:
                yield Conflict(row["code"], Facet(row["facet"]).name.lower(), differs, key)
            after = key
        if len(wanted) < _CANDIDATES_AT_ONCE:
            return


def _asked(differs: Iterable[Differing], as_at: date | None) -> tuple[Differing, ...]:
    return tuple(one for one in differs if as_at is None or as_at in one.days)


async def _of_successions(db: Reads, about: ConflictFilter, known: datetime, after: str) -> AsyncIterator[Conflict]:
    while True:
        codes = [row["code"] for row in await db.fetch(_FOLLOWED, known, about.code, after, _CANDIDATES_AT_ONCE)]
        said: dict[str, list[Any]] = defaultdict(list)
        for row in await db.fetch(_FOLLOWED_WORDS, known, codes):
            said[row["code"]].append(row)
        for code in codes:
            differs = _asked(differing(_as_words(said[code])), about.as_at)
            if differs:
                yield Conflict(code, SUCCESSION, differs, (code, 0))
        if len(codes) < _CANDIDATES_AT_ONCE:
            return
        after = codes[-1]


def _as_words(rows: Sequence[Any]) -> list[Claim]:
    """Return what each family says followed a code, by its latest word on each succession: all of one day together."""
    latest: dict[tuple[str, str, date], Any] = {}
    for row in rows:
        latest[family_of(row["source"]), row["successor"], row["effective_on"]] = row
    by_family: dict[str, dict[date, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for (family, _, day), row in latest.items():
        if row["holds"]:
            by_family[family][day].append(row)
    words: list[Claim] = []
    for by_day in by_family.values():
        days = sorted(by_day)
        spans = [(Days(FIRST_DAY, days[0]), by_day[days[0]], NOT_FOLLOWED)]
        for day, end in zip(days, [*days[1:], LAST_DAY], strict=True):
            spans.append((Days(day, end), by_day[day], " + ".join(sorted(row["successor"] for row in by_day[day]))))
        for span, said, value in spans:
            last = max(said, key=lambda row: row["stated_at"])
            words.append(Claim(last["source"], last["rank"], value, span, last["stated_at"]))
    return words
