"""What predecessors leave: the people of a body of which nobody counted any, from those that it wholly took over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from libs.common.database.connection import Reads
from services.registry.lineage import resolve, steps_to
from services.registry.living import PARENT_CHANGE
from services.registry.populations import Count, counts_of


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
