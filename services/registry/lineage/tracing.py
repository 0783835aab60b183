"""Computes where a body lives on, with exact shares along chains of successions. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from libs.organisations.successions import Shape

WHOLE = Fraction(1)
PARENT_CHANGE = "parent_change"
"""A shape that moves a body under another parent and nothing out of it."""

_ENDS_IT = frozenset({Shape.MERGER, Shape.ACQUISITION, Shape.ABOLITION})

Ends = tuple[tuple[str, Fraction | None], ...]
"""Codes that a body lives on in, each with its share of the body; None where no source states the share."""


@dataclass(frozen=True, slots=True)
class Step:
    """One succession of a chain, known from an instant."""

    code: str
    successor: str
    effective_on: date
    known_from: datetime
    merger: str | None
    source: str
    shape: str = ""
    share: str = ""


@dataclass(slots=True)
class _Group:
    """The successions of one code on one day."""

    parts: dict[str, Fraction | None] = field(default_factory=dict)
    """Parts that go to others while the code itself may live on: boundary changes."""
    rest: dict[str, Fraction | None] = field(default_factory=dict)
    """Successors that replace the code."""
    lives_on: bool = False
    shapes: set[str] = field(default_factory=set)

    def shares(self) -> tuple[dict[str, Fraction | None], Fraction | None]:
        """Return each successor's share of the code on this day, and the share that stays with the code."""
        stated = self.parts | self.rest
        missing = [code for code, share in stated.items() if share is None]
        total = sum((share for share in stated.values() if share is not None), Fraction(0))
        if total > WHOLE:
            return dict.fromkeys(stated), None if self.lives_on else Fraction(0)
        if missing and total == WHOLE:
            return {code: share or Fraction(0) for code, share in stated.items()}, Fraction(0)
        if missing == [*self.rest] and len(missing) == 1 and not self.lives_on:
            return stated | {missing[0]: WHOLE - total}, Fraction(0)
        if not self.lives_on:
            return stated, Fraction(0)
        return stated, None if missing else WHOLE - total


_Groups = Mapping[str, Sequence[tuple[date, _Group]]]


def living(steps: Iterable[Step], codes: Collection[str], *, since: date = date.min) -> dict[str, Ends]:
    """Return the bodies that each code lives on in by the end of the steps, by successions from `since`.

    Time goes forward only: a share that came to a body moves on with that body's successions from the same day, so that
    circles and self-references end. A single successor takes all of a body; of several, each has the share that a
    source states, and None where none does. A body that continues (a boundary change, or a row that names itself beside
    others) keeps the rest. A body with successors on several days, by sources that state no shape, lived on in between.
    """
    groups = _grouped(step for step in steps if step.effective_on >= since)
    return {code: _ends(code, groups) if code in groups else ((code, WHOLE),) for code in codes}


def _grouped(steps: Iterable[Step]) -> _Groups:
    days: dict[str, dict[date, _Group]] = defaultdict(lambda: defaultdict(_Group))
    for step in steps:
        if step.shape == PARENT_CHANGE:
            continue
        group = days[step.code][step.effective_on]
        if step.successor == step.code:
            group.lives_on = True
            continue
        group.shapes.add(step.shape)
        where = group.parts if step.shape == Shape.BOUNDARY_CHANGE else group.rest
        where[step.successor] = Fraction(step.share) if step.share else where.get(step.successor)
    grouped: dict[str, list[tuple[date, _Group]]] = {}
    for code, by_day in days.items():
        told = sorted((day, group) for day, group in by_day.items() if group.parts or group.rest)
        for number, (_, group) in enumerate(told):
            goes_on = number + 1 < len(told) and not group.shapes & _ENDS_IT
            group.lives_on = group.lives_on or not group.rest or goes_on
        if told:
            grouped[code] = told
    return grouped


class _Walk:
    """The shares of one body by the bodies that have them, day by day."""

    def __init__(self, code: str) -> None:
        self.held: dict[str, Fraction | None] = {code: WHOLE}
        self.since: dict[str, date] = {code: date.min}
        self.lost = False
        """Whether the stated shares leave a part, and no source says where it went."""

    def next_day(self, groups: _Groups) -> date | None:
        """Return the first day on which a body with a share has a succession."""
        days = (day for code in self.held for day, _ in groups.get(code, ()) if day >= self.since[code])
        return min(days, default=None)

    def move(self, day: date, groups: _Groups) -> None:
        """Apply all successions of this day, also to shares that arrive on it, each code once."""
        moved: set[str] = set()
        arrived: set[str] = set()
        while ready := self._ready(day, groups, moved, arrived):
            onto = {successor for group in ready.values() for successor in group.shares()[0]}
            # Shares that others still bring on this day move on with the rest; in a circle one code has to be first.
            code = next((code for code in sorted(ready) if code not in onto), min(ready))
            moved.add(code)
            arrived |= self._split(code, ready[code], day)
        for code in self.held:
            self.since[code] = max(self.since[code], day + timedelta(days=1))

    def _ready(self, day: date, groups: _Groups, moved: set[str], arrived: set[str]) -> dict[str, _Group]:
        """Return the day's successions of codes with a share; one that arrived on it gives away no part."""
        return {
            code: group
            for code in self.held.keys() - moved
            if self.since[code] <= day
            for on, group in groups.get(code, ())
            if on == day and (group.rest or code not in arrived)
        }

    def _split(self, code: str, group: _Group, day: date) -> set[str]:
        mass = self.held.pop(code)
        shares, kept = group.shares()
        told = _sum(shares.values(), kept)
        self.lost = self.lost or (told is not None and told < WHOLE)
        arrived: set[str] = set()
        for successor, share in [*shares.items(), (code, kept)]:
            if share == 0:
                continue
            here = None if mass is None or share is None else mass * share
            if successor in self.held:
                here = _sum([self.held[successor]], here)
            else:
                arrived.add(successor)
                self.since[successor] = day
            self.held[successor] = here
        return arrived


def _sum(shares: Iterable[Fraction | None], last: Fraction | None) -> Fraction | None:
    """Return the sum, None where a part of it is not stated."""
    total: Fraction | None = last
    for share in shares:
        total = None if total is None or share is None else total + share
    return total


def _ends(code: str, groups: _Groups) -> Ends:
    walk = _Walk(code)
    while (day := walk.next_day(groups)) is not None:
        walk.move(day, groups)
    [*held] = walk.held.items()
    if len(held) == 1 and held[0][1] is None and not walk.lost:
        return ((held[0][0], WHOLE),)
    return tuple(sorted(held, key=lambda end: end[0]))
