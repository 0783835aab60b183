"""Counts the months of a delay: from the day on which a decision was due, without lawful deferrals. Pure."""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Stop:
    """A period in which the clock stands: a lawful deferral, or from a decision on; `until` is its first day after."""

    start: date
    until: date | None
    why: str


@dataclass(frozen=True, slots=True)
class Counted:
    """The months of a delay by a day, and whether the clock runs on that day."""

    months: int
    running: bool


def whole_months(start: date, end: date) -> int:
    """Return the whole calendar months from a day to another; a month ends on its corresponding day, clamped."""
    if end <= start:
        return 0
    months = (end.year - start.year) * 12 + end.month - start.month
    last = calendar.monthrange(end.year, end.month)[1]
    return months - (end.day < min(start.day, last))


def count_months(due_on: date, stops: Iterable[Stop], *, as_at: date) -> Counted:
    """Return the whole months of a delay by a day: each stretch between two stops counts its own."""
    edges: list[tuple[date, date | None]] = []
    for stop in sorted(stops, key=lambda each: (each.start, each.until or date.max)):
        if edges and (edges[-1][1] is None or stop.start <= edges[-1][1]):
            before, until = edges[-1]
            edges[-1] = before, None if until is None or stop.until is None else max(until, stop.until)
        else:
            edges.append((stop.start, stop.until))
    bounds = [due_on]
    for start, until in edges:
        bounds += [max(start, due_on), max(until, due_on) if until is not None else date.max]
    bounds.append(date.max)
    stretches = list(pairwise(bounds))[::2]
    months = sum(whole_months(start, min(end, as_at)) for start, end in stretches if start < as_at)
    return Counted(months, any(start < as_at <= end for start, end in stretches))


def reached_on(due_on: date, stops: Sequence[Stop], *, as_at: date) -> date:
    """Return the day from which a delay has had the months that it has by a day; the due day where it has none."""
    months = count_months(due_on, stops, as_at=as_at).months
    first, last = due_on, max(due_on, as_at)
    while first < last:
        middle = first + (last - first) // 2
        if count_months(due_on, stops, as_at=middle).months >= months:
            last = middle
        else:
            first = middle + timedelta(days=1)
    return first
