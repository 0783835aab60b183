"""Computes the parties of a contract on each day, from its signature and the mergers since: pure functions."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from libs.common.temporal.history import LAST_DAY, Days
from libs.organisations.mergers import Merger

Parties: TypeAlias = Sequence[tuple[date, frozenset[str]]]
"""The parties from each day, ordered by day, the first from the beginning of time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Days on which the parties are `after`, where `before` was believed."""

    days: Days
    before: frozenset[str]
    after: frozenset[str]


class Act(NamedTuple):
    """A merger, or its undoing, changed whom a draft names; `before` is None where that was not recorded."""

    merger: str
    before: frozenset[str] | None
    after: frozenset[str]


def parties_before(named: frozenset[str], acts: Iterable[Act]) -> tuple[frozenset[str], frozenset[str]]:
    """Return whom a draft named before these acts, latest first, and which mergers acted since.

    A revision shows where an act left the draft otherwise than the next one met it: it goes back no further.
    """
    mergers: set[str] = set()
    for act in acts:
        if act.before is None or act.after != named:
            break
        named = act.before
        mergers.add(act.merger)
    return named, frozenset(mergers)


def parties_by_day(signed: Collection[str], mergers: Iterable[Merger], *, until: date) -> Parties:
    """Return the parties of a contract by day: a successor replaces its predecessors from the merger's day."""
    parties = [(date.min, frozenset(signed))]
    for merger in sorted(mergers, key=lambda one: (one.effective_on, one.key)):
        _, now = parties[-1]
        leaving = now.intersection(merger.predecessors) - {merger.successor}
        if leaving and merger.effective_on <= until:
            parties.append((merger.effective_on, (now - leaving) | {merger.successor}))
    return parties


def parties_of(
    pieces: Sequence[tuple[str, date | None, date | None]], *, otherwise: frozenset[str] = frozenset()
) -> Parties:
    """Return the parties by day from pieces of a timeline: a code, its first day and its end."""
    bounds = sorted({date.min, *(day for _, *days in pieces for day in days if day is not None)})
    return [
        (
            day,
            frozenset(
                code for code, first, end in pieces if (first is None or first <= day) and (end is None or day < end)
            )
            or otherwise,
        )
        for day in bounds
    ]


def differences(believed: Parties, wanted: Parties, since: date) -> list[Difference]:
    """Return the days from a day on which the parties differ from those believed.

    A correction would be read to apply to later days too, so where nothing was published for a day, it is repeated.
    """
    bounds = sorted({since, *(day for day, _ in (*believed, *wanted) if day > since)})
    different: list[Difference] = []
    for day, end in pairwise([*bounds, LAST_DAY]):
        before, after = in_force(believed, day), in_force(wanted, day)
        goes_on = bool(different) and different[-1].days.end == day and different[-1].before == before
        if before != after or (goes_on and different[-1].after != after):
            different.append(Difference(Days(day, end), before, after))
    return different


def in_force(parties: Parties, day: date) -> frozenset[str]:
    """Return the parties on a day; of several changes of one day the last counts."""
    return parties[bisect_right([since for since, _ in parties], day) - 1][1]
