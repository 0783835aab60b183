"""Checks that a command leaves every practice and area in exactly one commissioner, on its day and later."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import asyncpg

from libs.common.database.connection import Reads
from libs.common.errors import Reason
from libs.common.temporal.believed import ALL_DAYS, about, as_known
from libs.common.temporal.history import ALWAYS, FIRST_DAY, LAST_DAY, Days
from libs.organisations.statements import Facet
from services.registry.core.believed import believed, believed_area
from services.registry.core.codes import ByCode
from services.registry.core.kinds import PRACTICE_KINDS, Kind
from services.registry.core.standing import Standing
from services.registry.cover.rules import (
    Commissioners,
    Listed,
    Sort,
    Subject,
    after_a_succession,
    days_as_commissioner,
    days_of_law_on,
    days_required_of_area,
    days_required_of_practice,
    overlap,
    reasons_against,
    reasons_between,
    restated,
)

# A boundary change between two bodies that continue, and a change of parent, move nothing else.
_BEFORE = f"""
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.code FROM succession s JOIN line ON s.successor = line.code
     WHERE {as_known("s")} AND s.shape NOT IN ('boundary_change', 'parent_change')
)
SELECT code FROM line
"""  # noqa: S608  (only names of ours are put in)

_AFTER = f"""
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.successor FROM succession s JOIN line ON s.code = line.code
     WHERE {as_known("s")} AND s.shape NOT IN ('boundary_change', 'parent_change')
)
SELECT line.code, s.successor, s.effective_on
  FROM line
  LEFT JOIN succession s ON s.code = line.code AND {as_known("s")}
   AND s.shape NOT IN ('boundary_change', 'parent_change')
"""  # noqa: S608  (only names of ours are put in)

_LIVES = f"""
SELECT o.code, b.facet, b.value, lower(b.valid), upper(b.valid)
  FROM organisation o JOIN {believed("b", Facet.LIFE, Facet.KIND, day=ALL_DAYS)}
 WHERE o.code = ANY($1)
 ORDER BY o.code, b.valid
"""  # noqa: S608  (only names of ours are put in)

_PRACTICES = f"""
SELECT o.code, b.facet, b.value, lower(b.valid), upper(b.valid)
  FROM (SELECT p.subject_id AS id FROM organisation_belief p
         WHERE {about("p", Facet.PARENT)} AND p.value = ANY($1) AND {as_known("p", "$3")}
           AND coalesce(upper(p.valid) > $4, true)
         UNION
        SELECT id FROM organisation WHERE code = ANY($2)) wanted
  JOIN organisation o USING (id)
  JOIN {believed("b", Facet.LIFE, Facet.PARENT, Facet.KIND, day=ALL_DAYS, known="$3")}
 ORDER BY o.code, b.valid
"""  # noqa: S608  (only names of ours are put in)

_AREAS = f"""
SELECT a.code, b.value, lower(b.valid), upper(b.valid)
  FROM (SELECT p.subject_id AS id FROM area_belief p
         WHERE p.value = ANY($1) AND {as_known("p", "$3")} AND coalesce(upper(p.valid) > $4, true)
         UNION
        SELECT id FROM area WHERE code = ANY($2)) wanted
  JOIN area a USING (id)
  JOIN {believed_area("b", day=ALL_DAYS, known="$3")}
 ORDER BY a.code, b.valid
"""  # noqa: S608  (only names of ours are put in)


@dataclass(frozen=True, slots=True)
class Practice:
    """A body that may be a practice: its known life, and the commissioners stated for it."""

    standing: Standing
    parents: tuple[tuple[Days, str], ...]

    def subject(self) -> Subject:
        """Return it in the form that the rules read."""
        return Subject(self.standing.code, days_required_of_practice(self.standing), self.parents)


@dataclass(frozen=True, slots=True)
class Records:
    """What the checks read about some bodies and what they cover from a day."""

    bodies: dict[str, Standing]
    followed: dict[str, tuple[tuple[str, date], ...]]
    practices: dict[str, Practice]
    areas: dict[str, Subject]

    def commissioners(self) -> Commissioners:
        """Return which bodies can cover, by what is known."""
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
) -> tuple[ByCode[Standing], ByCode[tuple[tuple[str, date], ...]]]:
    """Return these bodies with all their successors, and the successions among them with their days."""
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
    """Return the areas; one that a command names has to be covered from the command's day at the latest."""
    stated: dict[str, list[tuple[Days, str]]] = {code: [] for code in sorted(named)}
    for code, owner, start, end in rows:
        stated.setdefault(code, []).append((Days(start or FIRST_DAY, end or LAST_DAY), owner))
    first = {code: min((days.start for days, _ in spans), default=since) for code, spans in stated.items()}
    first.update({code: min(first[code], since) for code in named})
    return {code: Subject(code, days_required_of_area(first[code]), tuple(spans)) for code, spans in stated.items()}


# Two commands that each respect the invariants may break them together, so only one runs at a time.
_TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtextextended('cover', 0))"


def listed_practices(lists: Mapping[str, Listed]) -> frozenset[str]:
    """Return every practice that a list names."""
    return frozenset().union(*(one.practices or () for one in lists.values()))


def listed_areas(lists: Mapping[str, Listed]) -> frozenset[str]:
    """Return every area that a list names."""
    return frozenset().union(*(one.areas or () for one in lists.values()))


async def records_of(
    connection: asyncpg.Connection, lists: Mapping[str, Listed], since: date, others: Collection[str] = ()
) -> Records:
    """Read what the checks of these lists need, once no other command can change it.

    The caller has locked the organisations that it changes: they come first, then cover.
    """
    await connection.execute(_TAKE_TURNS)
    return await read(
        connection,
        {*lists, *others},
        since=since,
        practices=listed_practices(lists),
        areas=listed_areas(lists),
    )


def against_lists(
    records: Records, lists: Mapping[str, Listed], day: date, *, after: Commissioners | None = None
) -> list[Reason]:
    """Return a reason for each practice and area that would not be covered exactly once from that day.

    `after`: which bodies can cover once the command is done, where that differs.
    """
    before = records.commissioners()
    then = after or before
    practices = [one.subject() for one in records.practices.values()]
    return [
        *reasons_against("practices", practices, before, then, lists, day),
        *reasons_against("areas", records.areas.values(), before, then, lists, day),
    ]


def reasons_against_list(
    sort: Sort, codes: Sequence[str], records: Records, day: date, *, place: str
) -> Iterator[Reason]:
    """Yield a reason for each wrong code in a list of practices or areas."""
    for code, count in Counter(codes).items():
        if count > 1:
            yield Reason(f"{code} occurs {count} times in one list", place)
        if sort == "practices":
            yield from (Reason(message, place) for message in _against(code, records, day))


def _against(code: str, records: Records, day: date) -> Iterator[str]:
    practice = records.practices.get(code)
    if practice is None:
        yield f"{code} is not known"
    elif practice.standing.kind_on(day) not in PRACTICE_KINDS:
        yield f"{code} is no practice but of the kind {practice.standing.kind_on(day)}"
    elif practice.standing.on(day) != "open":
        yield f"{code} is {practice.standing.on(day)} on {day}"


def against_change(before: Records, after: Records, day: date) -> list[Reason]:
    """Return a reason for each practice and area that is no longer covered exactly once after the change."""
    held, then = before.commissioners(), after.commissioners()
    practices_before = {code: one.subject() for code, one in before.practices.items()}
    practices = [one.subject() for one in after.practices.values()]
    return [
        *reasons_between("practices", practices_before, practices, held, then, day),
        *reasons_between("areas", before.areas, after.areas.values(), held, then, day),
    ]


async def reasons_against_merger(
    connection: asyncpg.Connection,
    successor: str,
    predecessors: Collection[str],
    effective_on: date,
    *,
    kind: Kind,
    practices: Sequence[str] | None = None,
    areas: Sequence[str] | None = None,
) -> list[Reason]:
    """Return a reason for each practice and area that a merger of commissioners would leave in none, or in two.

    Without lists the successor takes over all that its predecessors cover. With them it covers exactly what they name:
    what a predecessor covers and they leave out would be in none, what another body covers and they name in two.
    The caller has locked the organisations.
    """
    lists = {}
    if practices is not None or areas is not None:
        lists[successor] = Listed(
            None if practices is None else frozenset(practices), None if areas is None else frozenset(areas)
        )
    records = await records_of(connection, lists, effective_on, others={successor, *predecessors})
    after = after_a_succession(
        records.commissioners(),
        effective_on,
        closed=predecessors,
        successors=[Standing(successor, kind, ((Days(effective_on), "open"),))],
    )
    return [
        *reasons_against_list("practices", practices or (), records, effective_on, place="practices"),
        *reasons_against_list("areas", areas or (), records, effective_on, place="areas"),
        *against_lists(records, lists, effective_on, after=after),
    ]


async def reasons_against_opening(
    connection: asyncpg.Connection, opened: Sequence[Standing], parents: Mapping[str, str]
) -> list[Reason]:
    """Return a reason for each practice that would not be in exactly one commissioner from its first day on.

    `opened` are all bodies that a command opens, with their future standing, `parents` those that some of them belong
    to.
    """
    await connection.execute(_TAKE_TURNS)
    bodies, followed = await read_bodies(connection, sorted(set(parents.values())))
    bodies.update((body.code, body) for body in opened)
    who = Commissioners({code: days_as_commissioner(body) for code, body in bodies.items()}, followed)
    reasons: list[Reason] = []
    for body in opened:
        if parent := parents.get(body.code):
            day = body.first_day_open() or LAST_DAY
            # What ends with that law ends for every body, so this opening is not at fault.
            spans = [overlap(days, days_of_law_on(day)) for days in days_required_of_practice(body)]
            then = Subject(body.code, tuple(days for days in spans if days), ((Days(day), parent),))
            reasons.extend(reasons_between("practices", {body.code: Subject(body.code)}, [then], who, who, day))
    return reasons


async def reasons_against_closing(connection: asyncpg.Connection, code: str, effective_on: date) -> list[Reason]:
    """Return a reason for each practice and area that would be in none after the body closes without a successor.

    The caller has locked the organisation.
    """
    records = await records_of(connection, {}, effective_on, others=[code])
    after = after_a_succession(records.commissioners(), effective_on, closed=[code], successors=[])
    return against_lists(records, {}, effective_on, after=after)


async def reasons_against_parent(
    connection: asyncpg.Connection, code: str, parent: str, effective_on: date
) -> list[Reason]:
    """Return the reason against a new parent for a body: a practice that would then be in no commissioner.

    The caller has locked the body.
    """
    lists = {parent: Listed(practices=frozenset([code]))}
    records = await records_of(connection, lists, effective_on)
    before = records.commissioners()
    if code not in records.practices:
        return []
    practice = records.practices[code].subject()
    then = restated(practice, [parent], records.bodies.keys(), before, effective_on)
    return reasons_between("practices", {code: practice}, [then], before, before, effective_on)


async def reasons_against_kind(
    connection: asyncpg.Connection, code: str, kind: Kind, effective_on: date
) -> list[Reason]:
    """Return a reason for each practice and area of a body that could no longer cover them as another kind of body.

    The caller has locked the body.
    """
    records = await records_of(connection, {}, effective_on, others=[code])
    if code not in records.bodies:
        return []
    then = as_kind(records.bodies[code], kind, effective_on)
    after = after_a_succession(records.commissioners(), effective_on, closed=[], successors=[then])
    return against_lists(records, {}, effective_on, after=after)


def as_kind(body: Standing, kind: Kind, day: date) -> Standing:
    """Return a body's standing once it has another kind from a day up to the next known kind."""
    earlier = [(overlap(days, Days(end=day)), held) for days, held in body.kinds]
    later = tuple((days, held) for days, held in body.kinds if days.start > day)
    new = (Days(day, later[0][0].start if later else LAST_DAY), kind)
    kinds = (*((days, held) for days, held in earlier if days), new, *later)
    return replace(body, kind=kinds[-1][1], kinds=kinds)
