"""Stores and reads where sources disagree: candidates by SQL, judged by `conflict_rules`."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import asyncpg

from libs.common.database.connection import Reads
from libs.common.temporal.believed import as_known as known_at
from libs.common.temporal.history import ALWAYS, FIRST_DAY, LAST_DAY, Days
from libs.organisations.statements import Facet
from services.registry.core.settlement import Touched
from services.registry.core.sources import family_of
from services.registry.core.views import ConflictNoteView
from services.registry.evidence.conflict_rules import Claim, Differing, differing
from services.registry.evidence.models import IN_SUCCESSION

SUCCESSION = "succession"
NOT_FOLLOWED = "not followed by anybody"
"""The claim of a source about the days before the first succession that it names."""
_CANDIDATES_AT_ONCE = 500
_STORED_AT_ONCE = 20_000

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
HAVING min(split_part(s.source, ':', 1)) <> max(split_part(s.source, ':', 1))
   AND min(lower(coalesce(s.value, ''))) <> max(lower(coalesce(s.value, '')))
 ORDER BY s.subject_id, s.facet LIMIT $6
"""

# Of the same statement in several documents of a family the last stands for all: it claims what they did.
_CLAIMS = """
SELECT DISTINCT ON (s.subject_id, s.facet, split_part(s.source, ':', 1), s.value, s.valid, s.fills_before, ahead)
       s.subject_id, s.facet, s.source, s.rank, s.value, lower(s.valid), upper(s.valid), s.stated_at, s.fills_before
  FROM organisation_statement s
  JOIN unnest($2::int[], $3::smallint[]) AS pair (subject, facet)
    ON s.subject_id = pair.subject AND s.facet = pair.facet
 CROSS JOIN LATERAL (SELECT lower(s.valid) > (s.stated_at AT TIME ZONE 'UTC')::date AS ahead) plan
 WHERE s.stated_at <= $1
 ORDER BY s.subject_id, s.facet, split_part(s.source, ':', 1), s.value, s.valid, s.fills_before, ahead,
          s.stated_at DESC, s.rank DESC, s.source DESC
"""

_BELIEVED = f"""
SELECT b.subject_id, b.facet, b.value, lower(b.valid), upper(b.valid)
  FROM organisation_belief b
  JOIN unnest($2::int[], $3::smallint[]) AS pair (subject, facet)
    ON b.subject_id = pair.subject AND b.facet = pair.facet
 WHERE {known_at("b", "$1")}
"""  # noqa: S608  (only names of ours are put in)

# The candidates among what a transaction touched.
_CONTESTED = """
SELECT s.subject_id, s.facet, min(o.code) AS code
  FROM unnest($1::int[], $2::smallint[]) AS pair (subject, facet)
  JOIN organisation_statement s ON s.subject_id = pair.subject AND s.facet = pair.facet
  JOIN organisation o ON o.id = s.subject_id
 GROUP BY s.subject_id, s.facet
HAVING min(split_part(s.source, ':', 1)) <> max(split_part(s.source, ':', 1))
   AND min(lower(coalesce(s.value, ''))) <> max(lower(coalesce(s.value, '')))
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


_SUCCESSIONS_BELIEVED = f"""
SELECT s.code, s.successor, s.effective_on FROM succession s WHERE s.code = ANY($2) AND {known_at("s", "$1")}
"""  # noqa: S608  (only names of ours are put in)

_STORED = f"""
SELECT code, facet, subject_id, differs FROM disagreement
 WHERE facet <> {IN_SUCCESSION} AND ($1::smallint IS NULL OR facet = $1) AND ($2::text IS NULL OR code = $2)
   AND (subject_id, facet) > ($3::int, $4::smallint) AND ($6::date IS NULL OR days @> $6)
 ORDER BY subject_id, facet LIMIT $5
"""  # noqa: S608  (only a number of ours is put in)

_SUCCESSIONS_STORED = f"""
SELECT code, facet, subject_id, differs FROM disagreement
 WHERE facet = {IN_SUCCESSION} AND ($1::text IS NULL OR code = $1) AND code > $2 AND ($4::date IS NULL OR days @> $4)
 ORDER BY code LIMIT $3
"""  # noqa: S608  (only a number of ours is put in)

_SUCCESSIONS_OF = (
    f"SELECT code, differs FROM disagreement WHERE facet = {IN_SUCCESSION} AND code = ANY($1) ORDER BY code"  # noqa: S608  (a number of ours)
)

# All of one body on a day, in one look instead of one for its facets and one for its successions.
_OF_ONE = f"""
SELECT code, facet, subject_id, differs FROM disagreement WHERE code = $1 AND days @> $2::date
 ORDER BY facet = {IN_SUCCESSION}, subject_id, facet
"""  # noqa: S608  (only a number of ours is put in)

_FORGET = """
DELETE FROM disagreement old USING unnest($1::int[], $2::smallint[]) AS pair (subject, facet)
 WHERE old.subject_id = pair.subject AND old.facet = pair.facet
"""

_FORGET_SUCCESSIONS = f"DELETE FROM disagreement WHERE facet = {IN_SUCCESSION} AND code = ANY($1)"  # noqa: S608  (a number of ours)

_STORE = """
INSERT INTO disagreement (code, facet, subject_id, days, differs)
SELECT c, f, i, m::datemultirange, d::jsonb
  FROM unnest($1::text[], $2::smallint[], $3::int[], $4::text[], $5::text[]) AS new (c, f, i, m, d)
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

    Those about successions come last. What is known now is stored as it arises; of an earlier instant it is computed.
    """
    found: list[Conflict] = []
    in_successions = after is not None and isinstance(after[0], str)
    stored = as_known is None
    if not about.succession and not in_successions:
        of_facets = (
            _stored(db, about, after or (0, 0), limit)
            if stored
            else _computed(db, about, as_known or ALWAYS, after or (0, 0))
        )
        async for one in of_facets:
            found.append(one)
            if len(found) == limit:
                return found
    if about.facet is None:
        start = str(after[0]) if after and in_successions else ""
        of_successions = (
            _successions_stored(db, about, start, limit)
            if stored
            else _successions_computed(db, about, as_known or ALWAYS, start)
        )
        async for one in of_successions:
            found.append(one)
            if len(found) == limit:
                return found
    return found


async def _stored(
    db: Reads, about: ConflictFilter, after: tuple[int | str, int], limit: int
) -> AsyncIterator[Conflict]:
    for row in await db.fetch(_STORED, about.facet, about.code, *after, limit, about.as_at):
        yield _conflict(row, about.as_at)


async def _successions_stored(db: Reads, about: ConflictFilter, after: str, limit: int) -> AsyncIterator[Conflict]:
    for row in await db.fetch(_SUCCESSIONS_STORED, about.code, after, limit, about.as_at):
        yield _conflict(row, about.as_at)


def _conflict(row: asyncpg.Record, as_at: date | None) -> Conflict:
    differs = _asked(_read(row["differs"]), as_at)
    if row["facet"] == IN_SUCCESSION:
        return Conflict(row["code"], SUCCESSION, differs, (row["code"], 0))
    return Conflict(row["code"], Facet(row["facet"]).name.lower(), differs, (row["subject_id"], row["facet"]))


async def _computed(
    db: Reads, about: ConflictFilter, known: datetime, after: tuple[int | str, int]
) -> AsyncIterator[Conflict]:
    while True:
        asked = known, about.facet, about.code, *after, _CANDIDATES_AT_ONCE, about.as_at
        candidates = await db.fetch(_CANDIDATES, *asked)
        for one in await _judged(db, candidates, known):
            if differs := _asked(one.differs, about.as_at):
                yield Conflict(one.code, one.about, differs, one.place)
        if len(candidates) < _CANDIDATES_AT_ONCE:
            return
        after = candidates[-1]["subject_id"], candidates[-1]["facet"]


async def _judged(db: Reads, candidates: Sequence[Any], known: datetime) -> list[Conflict]:
    """Return the conflicts among the candidates, as known at an instant."""
    pairs = [row["subject_id"] for row in candidates], [row["facet"] for row in candidates]
    claims: dict[tuple[int, int], list[Claim]] = defaultdict(list)
    for subject, facet, source, rank, value, start, end, at, seen in await db.fetch(_CLAIMS, known, *pairs):
        claims[subject, facet].append(Claim(source, rank, value, Days(start or FIRST_DAY, end or LAST_DAY), at, seen))
    believed: dict[tuple[int, int], list[tuple[Days, str]]] = defaultdict(list)
    for subject, facet, value, start, end in await db.fetch(_BELIEVED, known, *pairs):
        believed[subject, facet].append((Days(start or FIRST_DAY, end or LAST_DAY), value))
    found: list[Conflict] = []
    for row in candidates:
        key = row["subject_id"], row["facet"]
        if differs := differing(claims[key], believed[key]):
            found.append(Conflict(row["code"], Facet(row["facet"]).name.lower(), tuple(differs), key))
    return found


def _asked(differs: Iterable[Differing], as_at: date | None) -> tuple[Differing, ...]:
    return tuple(one for one in differs if as_at is None or as_at in one.days)


async def _successions_computed(
    db: Reads, about: ConflictFilter, known: datetime, after: str
) -> AsyncIterator[Conflict]:
    while True:
        codes = [row["code"] for row in await db.fetch(_FOLLOWED, known, about.code, after, _CANDIDATES_AT_ONCE)]
        for one in await _successions_judged(db, codes, known):
            if differs := _asked(one.differs, about.as_at):
                yield Conflict(one.code, one.about, differs, one.place)
        if len(codes) < _CANDIDATES_AT_ONCE:
            return
        after = codes[-1]


async def _successions_judged(db: Reads, codes: Sequence[str], known: datetime) -> list[Conflict]:
    stated: dict[str, list[Any]] = defaultdict(list)
    for row in await db.fetch(_SUCCESSION_CLAIMS, known, codes):
        stated[row["code"]].append(row)
    followed: dict[str, dict[date, list[str]]] = defaultdict(lambda: defaultdict(list))
    for code, successor, day in await db.fetch(_SUCCESSIONS_BELIEVED, known, codes):
        followed[code][day].append(successor)
    found: list[Conflict] = []
    for code in codes:
        believed = [(days, value) for days, value, _ in _periods(followed[code], str)]
        if differs := differing(_claims(stated[code]), believed, otherwise="stated"):
            found.append(Conflict(code, SUCCESSION, tuple(differs), (code, 0)))
    return found


async def of_successions(db: Reads, codes: Collection[str], *, as_known: datetime | None) -> list[Conflict]:
    """Return where sources disagree about who followed these bodies, or when, as known at an instant."""
    if as_known is not None:
        return await _successions_judged(db, sorted(codes), as_known)
    rows = await db.fetch(_SUCCESSIONS_OF, sorted(codes))
    return [Conflict(row["code"], SUCCESSION, tuple(_read(row["differs"])), (row["code"], 0)) for row in rows]


async def notes_on(db: Reads, code: str, *, as_at: date, as_known: datetime | None) -> list[ConflictNoteView]:
    """Return what sources disagree about a body on a day, as known at an instant."""
    if as_known is None:
        found = [_conflict(row, as_at) for row in await db.fetch(_OF_ONE, code, as_at)]
    else:
        asked = ConflictFilter(code=code, as_at=as_at)
        found = await conflicts(db, asked, as_known=as_known, after=None, limit=len(Facet) + 1)
    return [
        ConflictNoteView(about=one.about, rules=span.rules, why=span.why, because=span.because)
        for one in found
        for span in one.differs
    ]


async def store(connection: asyncpg.Connection, touched: Touched) -> None:
    """Compute and store the conflicts about what a transaction touched."""
    keys = sorted(touched.stated)
    for start in range(0, len(keys), _STORED_AT_ONCE):
        pairs = list(zip(*keys[start : start + _STORED_AT_ONCE], strict=True))
        await connection.execute(_FORGET, *pairs)
        candidates = await connection.fetch(_CONTESTED, *pairs)
        for first in range(0, len(candidates), _CANDIDATES_AT_ONCE):
            some = candidates[first : first + _CANDIDATES_AT_ONCE]
            await _insert(connection, await _judged(connection, some, ALWAYS))
    if codes := sorted(touched.followed):
        await connection.execute(_FORGET_SUCCESSIONS, codes)
        await _insert(connection, await _successions_judged(connection, codes, ALWAYS))


async def store_all(connection: asyncpg.Connection) -> None:
    """Compute and store every conflict anew, from all statements."""
    pairs = await connection.fetch("SELECT DISTINCT subject_id, facet FROM organisation_statement")
    codes = await connection.fetch("SELECT DISTINCT code FROM succession_statement")
    stated, followed = {(row[0], row[1]) for row in pairs}, {row[0] for row in codes}
    await store(connection, Touched(stated=stated, followed=followed))


async def _insert(connection: asyncpg.Connection, found: Sequence[Conflict]) -> None:
    rows = [
        (
            one.code,
            IN_SUCCESSION if one.about == SUCCESSION else one.place[1],
            None if one.about == SUCCESSION else one.place[0],
            "{" + ",".join(_range(differs.days) for differs in one.differs) + "}",
            json.dumps([_written(differs) for differs in one.differs]),
        )
        for one in found
    ]
    if rows:
        await connection.execute(_STORE, *zip(*rows, strict=True))


def _range(days: Days) -> str:
    start, end = ("" if day in (FIRST_DAY, LAST_DAY) else day.isoformat() for day in (days.start, days.end))
    return f"[{start},{end})"


def _written(one: Differing) -> dict[str, Any]:
    claims = [
        [claim.source, claim.rank, claim.value, *_bounds(claim.days), claim.stated_at.isoformat(), claim.observed]
        for claim in one.words
    ]
    return {"days": _bounds(one.days), "words": claims, "rules": one.rules, "why": one.why, "because": one.because}


def _bounds(days: Days) -> tuple[str, str]:
    return days.start.isoformat(), days.end.isoformat()


def _read(differs: str) -> list[Differing]:
    return [
        Differing(
            _days(one["days"]),
            tuple(
                Claim(source, rank, value, _days(days), datetime.fromisoformat(at), seen)
                for source, rank, value, *days, at, seen in one["words"]
            ),
            one["rules"],
            one["why"],
            one["because"],
        )
        for one in json.loads(differs)
    ]


def _days(bounds: Sequence[str]) -> Days:
    return Days(*map(date.fromisoformat, bounds))


_Row = TypeVar("_Row")


def _periods(
    by_day: Mapping[date, list[_Row]], successor_of: Callable[[_Row], str]
) -> Iterator[tuple[Days, str, list[_Row]]]:
    """Yield from when until when which bodies are named as the ones that followed, with the rows that name them."""
    days = sorted(by_day)
    if not days:
        yield Days(), NOT_FOLLOWED, []
        return
    yield Days(FIRST_DAY, days[0]), NOT_FOLLOWED, by_day[days[0]]
    for day, end in zip(days, [*days[1:], LAST_DAY], strict=True):
        yield Days(day, end), " + ".join(sorted(map(successor_of, by_day[day]))), by_day[day]


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
        for period, value, stated in _periods(by_day, lambda row: str(row["successor"])):
            last = max(stated, key=lambda row: row["stated_at"])
            claims.append(Claim(last["source"], last["rank"], value, period, last["stated_at"], lasting=True))
    return claims
