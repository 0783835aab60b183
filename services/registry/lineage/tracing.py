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

_INTO_A_LIVING_BODY = frozenset({Shape.ACQUISITION, Shape.BOUNDARY_CHANGE})
_CONTINUES_OTHERS = frozenset({Shape.MERGER, Shape.SPLIT})
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


class Origins:
    """What came into each body, and which bodies were there before it: whether all of a body came from one code.

    A stated share is one of the whole body. What it says of a part of that body, which came from one predecessor among
    several, no source states: the part may have gone to one successor alone.
    """

    def __init__(self, steps: Iterable[Step], opens: Mapping[str, date] | None = None) -> None:
        self._into: dict[str, list[Step]] = defaultdict(list)
        for step in dict.fromkeys(steps):
            if step.shape != PARENT_CHANGE and step.code != step.successor:
                self._into[step.successor].append(step)
        self._opens = opens or {}

    def is_first(self, code: str) -> bool:
        """Whether a body followed none, or took over others as a body of its own: an acquirer, by shape or by life.

        One that came of a merger or a split is what its predecessors continue in.
        """
        shapes = {step.shape for step in self._into.get(code, ())}
        if shapes & _INTO_A_LIVING_BODY or not shapes:
            return True
        return not shapes <= _CONTINUES_OTHERS and self._was_there_before(code)

    def _was_there_before(self, code: str) -> bool:
        into = self._into.get(code)
        if not into:
            return True
        opens = self._opens.get(code)
        if opens is not None:
            return opens < min(step.effective_on for step in into)
        return any(step.shape in _INTO_A_LIVING_BODY for step in into)

    def are(self, code: str, body: str, *, since: date, until: date) -> bool:
        """Whether all of `body` on the day `until` came from `code`, as this was on the day before `since`."""
        reached, open_ends = {(body, until)}, [(body, until)]
        while open_ends:
            one, day = open_ends.pop()
            if one == code and since == date.min:
                continue
            if one != code and self._was_there_before(one):
                return False
            for step in self._into.get(one, ()):
                if step.effective_on > day or (one == code and step.effective_on < since):
                    continue
                before = (step.code, step.effective_on)
                if before not in reached:
                    reached.add(before)
                    open_ends.append(before)
        return True


def living(
    steps: Iterable[Step], codes: Collection[str], *, since: date = date.min, origins: Origins | None = None
) -> dict[str, Ends]:
    """Return the bodies that each code lives on in by the end of the steps, by successions from `since`.

    Time goes forward only: a share that came to a body moves on with that body's successions from the same day, so that
    circles and self-references end. A single successor takes all of a body; of several, each has the share that a
    source states, and None where none does. A body that continues (a boundary change, or a row that names itself beside
    others) keeps the rest. A body with successors on several days, by sources that state no shape, lived on in between.

    A stated share counts for a code where all of the body that was divided came from that code (`origins`, by default
    those of the steps): of a body that merged with others before, no source states which successor got how much.
    """
    steps = tuple(steps)
    origins = origins or Origins(steps)
    groups = _grouped(step for step in steps if step.effective_on >= since)
    return {code: _ends(_Walk(code, since, origins), groups) if code in groups else ((code, WHOLE),) for code in codes}


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

    def __init__(self, code: str, begins: date, origins: Origins) -> None:
        self.code, self.begins, self.origins = code, begins, origins
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
        if WHOLE not in (*shares.values(), kept) and not self._is_all_of(code, group, day):
            shares, kept = dict.fromkeys(shares), None if kept != 0 else kept
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

    def _is_all_of(self, body: str, group: _Group, day: date) -> bool:
        # What arrives on the day itself has no part in what a boundary change gives away.
        until = day if group.rest else day - timedelta(days=1)
        return self.origins.are(self.code, body, since=self.begins, until=until)


def _sum(shares: Iterable[Fraction | None], last: Fraction | None) -> Fraction | None:
    """Return the sum, None where a part of it is not stated."""
    total: Fraction | None = last
    for share in shares:
        total = None if total is None or share is None else total + share
    return total


def _ends(walk: _Walk, groups: _Groups) -> Ends:
    while (day := walk.next_day(groups)) is not None:
        walk.move(day, groups)
    [*held] = walk.held.items()
    if len(held) == 1 and held[0][1] is None and not walk.lost:
        return ((held[0][0], WHOLE),)
    return tuple(sorted(held, key=lambda end: end[0]))
