"""What predecessors leave: the people of a body of which nobody counted any, from those that it wholly took over."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from libs.common.database.connection import Reads
from libs.common.temporal.history import ALWAYS
from services.registry.core.sources import family_of
from services.registry.lineage.queries import resolve, steps_to
from services.registry.lineage.tracing import PARENT_CHANGE

_COUNTS = """
SELECT code, basis, people, effective_on, source, rank, stated_at, recorded_by
  FROM population_statement
 WHERE code = ANY($1) AND effective_on <= $2 AND stated_at <= $3
 ORDER BY code, basis, effective_on DESC, stated_at DESC, people DESC, source
"""


_SAID = """
SELECT id, basis, people, effective_on, source, rank, stated_at, recorded_by, recorded_at
  FROM population_statement
 WHERE code = $1 AND stated_at <= $2 AND ($3::text IS NULL OR basis = $3) AND ($4::bigint IS NULL OR id > $4)
 ORDER BY id LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Count:
    """What one source says of a body's people."""

    code: str
    basis: str
    people: int
    effective_on: date
    source: str
    rank: int
    stated_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class RecordedCount:
    """One count as it was put on record; `id` is its place there."""

    id: int
    basis: str
    people: int
    effective_on: date
    source: str
    rank: int
    stated_at: datetime
    recorded_by: str
    recorded_at: datetime


async def counts_of(
    db: Reads, codes: Iterable[str], *, as_at: date, as_known: datetime | None
) -> dict[str, dict[str, list[Count]]]:
    """Return by code and basis what each family of sources says last of a day, the one that rules first.

    A source of a higher rank rules, whenever a lower one speaks; among equals the later count, then the later word.
    """
    found: dict[str, dict[str, dict[str, Count]]] = defaultdict(lambda: defaultdict(dict))
    for row in await db.fetch(_COUNTS, sorted(set(codes)), as_at, as_known or ALWAYS):
        count = Count(*row)
        found[count.code][count.basis].setdefault(family_of(count.source), count)
    return {
        code: {basis: in_order(by_family.values()) for basis, by_family in sorted(bases.items())}
        for code, bases in found.items()
    }


def in_order(counts: Iterable[Count]) -> list[Count]:
    """Return the counts of several sources, the one that rules first."""
    return sorted(
        counts, key=lambda count: (count.rank, count.effective_on, count.stated_at, count.source), reverse=True
    )


async def list_statements(
    db: Reads, code: str, *, basis: str | None, as_known: datetime | None, after: int | None, limit: int
) -> list[RecordedCount]:
    """Return what was ever said of a body's people, in the order in which it was put on record."""
    rows = await db.fetch(_SAID, code, as_known or ALWAYS, basis, after, limit)
    return [RecordedCount(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Part:
    """What one predecessor brings. No count: nobody counted it, or only a share of it went over."""

    code: str
    count: Count | None


@dataclass(frozen=True, slots=True)
class Population:
    """A body's people, counted in one way, as at a day.

    `people` is what the ruling source says or, where only predecessors were counted, their sum (`carried`); None where
    one of them was not, or went over only in part: that is never guessed. `counts` shows what every source says, the
    one that rules first; `parts` the predecessors of a carried one.
    """

    basis: str
    people: int | None
    carried: bool
    counts: tuple[Count, ...] = ()
    parts: tuple[Part, ...] = ()


_Counts = Mapping[str, Mapping[str, list[Count]]]


async def populations_of(db: Reads, code: str, *, as_at: date, as_known: datetime | None) -> list[Population]:
    """Return a body's populations as at a day, as known at an instant, in the order of their bases."""
    steps = [
        step
        for step in await steps_to(db, [code], as_at, as_known)
        if step.successor != step.code and step.shape != PARENT_CHANGE
    ]
    before: dict[str, list[str]] = {}
    for step in steps:
        if step.code not in before.setdefault(step.successor, []):
            before[step.successor].append(step.code)
    codes = {code, *(step.code for step in steps)}
    ends = await resolve(db, codes, as_at, as_known)
    whole = {one for one in codes if ends[one] == ends[code] or ends[one] == ((code, Fraction(1)),)}
    counts = await counts_of(db, codes, as_at=as_at, as_known=as_known)
    bases = sorted({basis for found in counts.values() for basis in found})
    return [_population(code, basis, counts, before, whole) for basis in bases]


def _population(code: str, basis: str, counts: _Counts, before: Mapping[str, list[str]], whole: set[str]) -> Population:
    own = counts.get(code, {}).get(basis, [])
    if own:
        return Population(basis, own[0].people, carried=False, counts=tuple(own))
    parts = _parts(code, basis, counts, before, whole, {code})
    known = [part.count.people for part in parts if part.count is not None]
    people = sum(known) if len(known) == len(parts) else None
    return Population(basis, people, carried=True, parts=tuple(parts))


def _parts(
    code: str, basis: str, counts: _Counts, before: Mapping[str, list[str]], whole: set[str], seen: set[str]
) -> list[Part]:
    """Return what each predecessor brings, by way of its own predecessors where it was never counted itself."""
    parts: list[Part] = []
    for one in sorted(before.get(code, ())):
        if one in seen:
            continue
        seen.add(one)
        counted = counts.get(one, {}).get(basis)
        if one in whole and not counted and before.get(one):
            parts.extend(_parts(one, basis, counts, before, whole, seen))
        else:
            parts.append(Part(one, counted[0] if counted and one in whole else None))
    return parts


REGISTERED = "registered"
"""The basis of the counts that tell how many people a commissioner serves."""


async def people_of(
    db: Reads, codes: Iterable[str], *, as_at: date, as_known: datetime | None
) -> dict[str, int | None]:
    """Return the registered population of each code on a day, None where none is known."""
    people: dict[str, int | None] = dict.fromkeys(codes)
    for code in people:
        found = await populations_of(db, code, as_at=as_at, as_known=as_known)
        people[code] = next((one.people for one in found if one.basis == REGISTERED), None)
    return people
