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


class Hands(NamedTuple):
    """A change of hands of a signed contract: who left by it to whom, and all its customers afterwards."""

    leaving: frozenset[str]
    to_customer: str
    customers: frozenset[str]


def had_by(signed: Collection[str], code: str, hands: Iterable[Hands]) -> frozenset[str]:
    """Return those who signed whose part a body had after these changes of hands, in order; itself at least."""
    holder = {one: one for one in signed}
    for change in hands:
        for one, now in holder.items():
            if now in change.leaving:
                holder[one] = one if one in change.customers else change.to_customer
    return frozenset(one for one, now in holder.items() if now == code) or frozenset({code})


def parties_by_day(
    signed: Collection[str],
    mergers: Iterable[Merger],
    *,
    until: date,
    left: Iterable[tuple[date, frozenset[str]]] = (),
) -> Parties:
    """Return the parties of a contract by day: a successor replaces its predecessors from the merger's day.

    `left` are those who signed whose part of it ended otherwise, with the first day without them: it has no successor.
    """
    parties = [(date.min, frozenset(signed))]
    holder = {code: code for code in signed}
    leaving = sorted(left, key=lambda one: one[0])
    for merger in sorted(mergers, key=lambda one: (one.effective_on, one.key)):
        while leaving and leaving[0][0] <= merger.effective_on:
            parties += _without(holder, *leaving.pop(0))
        moved = [code for code, now in holder.items() if now in merger.predecessors and now != merger.successor]
        if moved and merger.effective_on <= until:
            holder |= dict.fromkeys(moved, merger.successor)
            parties.append((merger.effective_on, frozenset(holder.values())))
    for one in leaving:
        parties += _without(holder, *one)
    return parties


def _without(holder: dict[str, str], day: date, gone: frozenset[str]) -> Parties:
    """Take out who left, and return the parties from that day."""
    if not gone.intersection(holder):
        return []
    for code in gone.intersection(holder):
        del holder[code]
    return [(day, frozenset(holder.values()))]


def replaced(parties: Parties, leaving: Collection[str], successor: str, days: Iterable[date]) -> list[Difference]:
    """Return, from each of these days until the next, what a successor changes where it replaces who leaves.

    On days on which none of them is a party it changes nothing: what one had has ended by then.
    """
    bounds = sorted(set(days))
    found = []
    for day, end in pairwise([*bounds, LAST_DAY]):
        before = in_force(parties, day)
        if gone := before.intersection(leaving):
            found.append(Difference(Days(day, end), before, (before - gone) | {successor}))
    return found


def cut(changes: Iterable[Difference], days: Iterable[date]) -> list[Difference]:
    """Return the differences cut at these days, on each of which a contract has other lines or shares."""
    found, bounds = [], sorted(set(days))
    for one in changes:
        inner = [day for day in bounds if one.days.start < day < one.days.end]
        pieces = pairwise([one.days.start, *inner, one.days.end])
        found += [Difference(Days(start, end), one.before, one.after) for start, end in pieces]
    return found


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
