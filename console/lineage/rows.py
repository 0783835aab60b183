"""Which row each body of a family is drawn in, so that links cross each other and other lanes as little as can be."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import combinations

from console.lineage.family import Family, Succession

MOST_WORK = 400_000
"""Links and lanes that are compared before the best order so far is taken: about a quarter of a second."""

_CROSSING = 1_000_000
"""One crossing costs more than any length of links."""

Rows = dict[str, int]


def rows_of(family: Family) -> Rows:
    """Return the row of each body, from 0. A family of mergers alone is drawn without a crossing."""
    rows = first_rows(family)
    if not crossings(family, rows):
        return rows
    return _improved(family, rows)


def first_rows(family: Family) -> Rows:
    """Walk back from the last bodies, predecessors by day and code; a successor continues in the middle one's row."""
    rows: Rows = {}
    heirs = _heirs(family)
    taken = 0
    for last in _last_bodies(family):
        for code in _back_from(family, last, rows.keys()):
            heir = heirs.get(code)
            if heir is not None and heir in rows:
                rows[code] = rows[heir]
            else:
                rows[code] = taken
                taken += 1
    return rows


def _last_bodies(family: Family) -> list[str]:
    """Return the bodies that the walk begins at: those without a successor, then whatever a circle leaves."""
    last = [code for code in family.codes if code not in family.after]
    first_event = {
        code: min((step.on for step in family.steps if step.successor == code), default=date.max) for code in last
    }
    return [*sorted(last, key=lambda code: (first_event[code], code)), *family.codes]


def _back_from(family: Family, last: str, known: Iterable[str]) -> list[str]:
    """Return a body and all that led to it, each after its predecessors, without recursion."""
    order: list[str] = []
    seen: set[str] = set(known)
    open_: list[tuple[str, bool]] = [(last, False)]
    while open_:
        code, ready = open_.pop()
        if ready:
            order.append(code)
        elif code not in seen:
            seen.add(code)
            before = family.before.get(code, [])
            if code in family.founders or family.first_day(code) is None:
                order.append(code)
            else:
                first = [step for step in before if step.on == before[0].on]
                later = before[len(first) :]
                open_ += [(step.code, False) for step in reversed(later)]
                open_.append((code, True))
                before = first
            open_ += [(step.code, False) for step in reversed(before)]
    return order


def _heirs(family: Family) -> dict[str, str]:
    """Return for each successor the predecessor in whose row it continues; no row has two bodies at one time."""
    heirs: dict[str, str] = {}
    given: set[str] = set()
    for successor in sorted(family.before, key=lambda code: (family.before[code][0].on, code)):
        first = family.first_day(successor)
        able = [
            step
            for step in family.before[successor]
            if step.on == first and family.last_day(step.code) == first and _largest(family, step)
        ]
        able = [step for step in able if step.code not in given]
        if able:
            heirs[successor] = able[len(able) // 2].code
            given.add(heirs[successor])
    return heirs


def _largest(family: Family, step: Succession) -> bool:
    shares = [_share(one) for one in family.after[step.code] if one.on == step.on]
    return _share(step) == max(shares)


def _share(step: Succession) -> Fraction:
    return Fraction(step.share) if step.share else Fraction(0)


def crossings(family: Family, rows: Mapping[str, int]) -> int:
    """Return how many links cross each other, or a lane that continues through their day."""
    return _Cost(family)(rows) // _CROSSING


class _Cost:
    """What an order of rows costs: its crossings first, then the length of its links."""

    def __init__(self, family: Family) -> None:
        by_day: dict[date, list[Succession]] = defaultdict(list)
        for step in family.steps:
            if step.code != step.successor:
                by_day[step.on].append(step)
        lives = [(code, family.first_day(code), family.last_day(code)) for code in family.codes]
        self._days = [
            (
                [(step.code, step.successor) for step in steps],
                [code for code, first, last in lives if (first or date.min) < on < (last or date.max)],
            )
            for on, steps in by_day.items()
        ]
        self.work = sum(len(links) + len(alive) for links, alive in self._days) + 1

    def of_day(self, rows: Mapping[str, int], steps: Sequence[tuple[str, str]], alive: Sequence[str]) -> int:
        """Return what one day costs."""
        links = [(rows[code], rows[successor]) for code, successor in steps]
        passed = sorted({rows[code] for code in alive})
        crossed = sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in combinations(links, 2))
        crossed += sum(max(0, bisect_left(passed, max(link)) - bisect_right(passed, min(link))) for link in links)
        return _CROSSING * crossed + sum(abs(before - after) for before, after in links)

    def __call__(self, rows: Mapping[str, int]) -> int:
        return sum(self.of_day(rows, steps, alive) for steps, alive in self._days)

    def crossed_rows(self, rows: Mapping[str, int]) -> list[int]:
        """Return the rows of the bodies that act on the days with a crossing."""
        return sorted(
            {
                rows[code]
                for steps, alive in self._days
                if self.of_day(rows, steps, alive) >= _CROSSING
                for step in steps
                for code in step
            }
        )


def _improved(family: Family, rows: Rows) -> Rows:
    """Move one row at a time to where it costs least, while that helps and work is left."""
    cost = _Cost(family)
    trials = MOST_WORK // cost.work
    best, improved = cost(rows), True
    while improved:
        improved = False
        for row in cost.crossed_rows(rows):
            others = [position for position in range(max(rows.values()) + 1) if position != row][:trials]
            trials -= len(others)
            moved = min(
                ((cost(new), position) for position in others if (new := _moved(rows, row, position))), default=None
            )
            if moved is not None and moved[0] < best:
                best, rows, improved = moved[0], _moved(rows, row, moved[1]), True
                break
    return rows


def _moved(rows: Rows, row: int, position: int) -> Rows:
    order = list(range(max(rows.values()) + 1))
    order.insert(position, order.pop(row))
    new = {old: number for number, old in enumerate(order)}
    return {code: new[old] for code, old in rows.items()}
