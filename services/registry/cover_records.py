"""Who is stated to cover what, as known at an instant, read for the rules of cover in a few statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days
from libs.organisations.statements import Facet
from services.registry.cover_rules import (
    Commissioners,
    Subject,
    days_as_commissioner,
    days_required_of_area,
    days_required_of_practice,
)
from services.registry.kinds import Kind
from services.registry.lineage import ALWAYS
from services.registry.standings import Standing

# A part that goes from one living body to another, and another parent, carry nothing else along.
_BEFORE = """
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.code FROM succession s JOIN line ON s.successor = line.code
     WHERE s.known @> $2::timestamptz AND s.shape NOT IN ('boundary_change', 'parent_change')
)
SELECT code FROM line
"""

_AFTER = """
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.successor FROM succession s JOIN line ON s.code = line.code
     WHERE s.known @> $2::timestamptz AND s.shape NOT IN ('boundary_change', 'parent_change')
)
SELECT line.code, s.successor, s.effective_on
  FROM line
  LEFT JOIN succession s ON s.code = line.code AND s.known @> $2::timestamptz
   AND s.shape NOT IN ('boundary_change', 'parent_change')
"""

_LIVES = """
SELECT o.code, b.facet, b.value, lower(b.valid), upper(b.valid)
  FROM organisation o JOIN organisation_belief b ON b.subject_id = o.id AND b.facet IN (1, 4)
 WHERE o.code = ANY($1) AND (b.known @> $2::timestamptz) IS TRUE
 ORDER BY o.code, b.valid
"""

_PRACTICES = """
SELECT o.code, b.facet, b.value, lower(b.valid), upper(b.valid)
  FROM (SELECT p.subject_id AS id FROM organisation_belief p
         WHERE p.facet = 3 AND p.value = ANY($1) AND (p.known @> $3::timestamptz) IS TRUE
           AND coalesce(upper(p.valid) > $4, true)
         UNION
        SELECT id FROM organisation WHERE code = ANY($2)) wanted
  JOIN organisation o USING (id)
  JOIN organisation_belief b ON b.subject_id = o.id AND b.facet IN (1, 3, 4)
 WHERE (b.known @> $3::timestamptz) IS TRUE
 ORDER BY o.code, b.valid
"""

_AREAS = """
SELECT a.code, b.value, lower(b.valid), upper(b.valid)
  FROM (SELECT p.subject_id AS id FROM area_belief p
         WHERE p.value = ANY($1) AND (p.known @> $3::timestamptz) IS TRUE AND coalesce(upper(p.valid) > $4, true)
         UNION
        SELECT id FROM area WHERE code = ANY($2)) wanted
  JOIN area a USING (id)
  JOIN area_belief b ON b.subject_id = a.id
 WHERE (b.known @> $3::timestamptz) IS TRUE
 ORDER BY a.code, b.valid
"""


@dataclass(frozen=True, slots=True)
class Practice:
    """A body that may be a practice: what is known of its life, and the commissioners stated for it."""

    standing: Standing
    parents: tuple[tuple[Days, str], ...]

    def subject(self) -> Subject:
        """Return it as the rules see it."""
        return Subject(self.standing.code, days_required_of_practice(self.standing), self.parents)


@dataclass(frozen=True, slots=True)
class Records:
    """All that bears on what some bodies cover from a day on."""

    bodies: dict[str, Standing]
    followed: dict[str, tuple[tuple[str, date], ...]]
    practices: dict[str, Practice]
    areas: dict[str, Subject]

    def commissioners(self) -> Commissioners:
        """Return who can cover, by what is known."""
        return Commissioners({code: days_as_commissioner(body) for code, body in self.bodies.items()}, self.followed)


async def read(
    db: Reads,
    codes: Collection[str],
    *,
    since: date,
    practices: Collection[str] = (),
    areas: Collection[str] = (),
    as_known: datetime = ALWAYS,
) -> Records:
    """Return everything that these commissioners cover on or after a day, and these practices and areas beside it."""
    line = [row[0] for row in await db.fetch(_BEFORE, sorted(codes), as_known)]
    wanted_practices = await db.fetch(_PRACTICES, line, sorted(practices), as_known, since)
    found_practices = _practices(wanted_practices)
    found_areas = _areas(await db.fetch(_AREAS, line, sorted(areas), as_known, since), areas, since)
    named = set(line) | set(codes)
    named.update(parent for practice in found_practices.values() for _, parent in practice.parents)
    named.update(owner for area in found_areas.values() for _, owner in area.stated)
    bodies, followed = await read_bodies(db, named, as_known=as_known)
    return Records(bodies, followed, found_practices, found_areas)


async def read_bodies(
    db: Reads, codes: Collection[str], *, as_known: datetime = ALWAYS
) -> tuple[dict[str, Standing], dict[str, tuple[tuple[str, date], ...]]]:
    """Return these bodies and all that they live on in, and who follows whom among them, from which day."""
    followed: dict[str, list[tuple[str, date]]] = defaultdict(list)
    for code, successor, day in await db.fetch(_AFTER, sorted(codes), as_known):
        followed[code].extend([(successor, day)] if successor else [])
    rows = await db.fetch(_LIVES, sorted(followed), as_known)
    bodies = {code: _standing(code, facts) for code, facts in _by_code(rows).items()}
    return bodies, {code: tuple(onto) for code, onto in followed.items() if onto}


_Facts = dict[int, list[tuple[Days, Any]]]


def _by_code(rows: Iterable[Sequence[Any]]) -> dict[str, _Facts]:
    found: dict[str, _Facts] = {}
    for code, facet, value, start, end in rows:
        facts = found.setdefault(code, defaultdict(list))
        facts[facet].append((Days(start or FIRST_DAY, end or LAST_DAY), value))
    return found


def _standing(code: str, facts: _Facts) -> Standing:
    kinds = tuple((days, Kind(value)) for days, value in facts[Facet.KIND])
    return Standing(code, kinds[-1][1] if kinds else Kind.UNKNOWN, tuple(facts[Facet.LIFE]), kinds)


def _practices(rows: Iterable[Sequence[Any]]) -> dict[str, Practice]:
    return {
        code: Practice(_standing(code, facts), tuple(facts[Facet.PARENT])) for code, facts in _by_code(rows).items()
    }


def _areas(rows: Iterable[Sequence[Any]], named: Collection[str], since: date) -> dict[str, Subject]:
    """Return the areas; one that a command names has to be covered from that command's day on at the latest."""
    stated: dict[str, list[tuple[Days, str]]] = {code: [] for code in sorted(named)}
    for code, owner, start, end in rows:
        stated.setdefault(code, []).append((Days(start or FIRST_DAY, end or LAST_DAY), owner))
    first = {code: min((days.start for days, _ in spans), default=since) for code, spans in stated.items()}
    first.update({code: min(first[code], since) for code in named})
    return {code: Subject(code, days_required_of_area(first[code]), tuple(spans)) for code, spans in stated.items()}
