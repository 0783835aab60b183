"""Explains a plan: for each item the year that it would like best, and what stands in the way, by arrays at once."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.finance.plans.checker import remaining
from services.finance.plans.problem import QUARTERS, Plan
from services.finance.portfolios.optimiser.builder import Layout
from services.finance.portfolios.optimiser.columns import Ints


@dataclass(frozen=True, slots=True)
class Wish:
    """An item's best year, what it would bring more, and what stands in the way: rule, subject, year, pence."""

    item: int
    year: int | None
    gains_pence: int
    obstacles: tuple[tuple[str, str, int | None, int], ...]


_Obstacles = dict[int, list[tuple[str, str, int | None, int]]]


def wishes(layout: Layout, plan: Plan) -> list[Wish]:
    """Return the wish of every item that would be worth more in another year, or done at all."""
    columns, problem = layout.columns, layout.problem
    count = len(problem.items)
    planned = np.array([problem.years if year is None else year for year in plan.years], np.int64)
    now = np.flatnonzero(columns.year == planned[columns.item])
    worth = np.zeros(count, np.int64)
    worth[columns.item[now]] = columns.value[now]
    # The best start of each item: the last of its columns in the order of values, the earlier one of equals.
    order = np.lexsort((-columns.year, columns.value, columns.item))
    ends = np.flatnonzero(np.append(np.diff(columns.item[order]) > 0, True)) if columns.count else order
    best = np.full(count, -1, np.int64)
    best[columns.item[order[ends]]] = order[ends]
    most = np.where(best >= 0, columns.value[best], 0) if columns.count else np.zeros(count, np.int64)
    best[most <= 0] = -1
    fixed = np.array([item.is_fixed for item in problem.items], np.bool_)
    gains = np.maximum(most, 0) - worth
    wishing = np.flatnonzero((gains > 0) & ~(fixed & (best < 0)))
    moved = wishing[best[wishing] >= 0]
    found: _Obstacles = defaultdict(list)
    if len(moved):
        _money(layout, planned, moved, best[moved], found)
        _go_lives(layout, plan, planned, moved, best[moved], found)
    years = np.where(best >= 0, columns.year[best], problem.years) if columns.count else planned
    wish = dict(zip(wishing.tolist(), years[wishing].tolist(), strict=True))
    _order(layout, plan, wish, found)
    _suppliers(layout, planned, wish, found)
    return [
        Wish(
            int(item),
            int(columns.year[best[item]]) if best[item] >= 0 else None,
            int(gains[item]),
            tuple(found[int(item)]),
        )
        for item in wishing
    ]


def _money(layout: Layout, planned: Ints, items: Ints, wanted: Ints, found: _Obstacles) -> None:
    columns, problem = layout.columns, layout.problem
    if problem.budgets_pence is None:
        return
    done = columns.year == planned[columns.item]
    left = np.array(problem.budgets_pence) - columns.cash[done].sum(axis=0)
    present = np.zeros((len(problem.items), problem.years), np.int64)
    present[columns.item[done]] = columns.cash[done]
    more = columns.cash[wanted] - present[items]
    if problem.carry_over:
        left, more = np.cumsum(left), np.cumsum(more, axis=1)
    short = np.where(more > 0, more - left, 0)
    year = short.argmax(axis=1)
    for index in np.flatnonzero(short.max(axis=1) > 0):
        found[int(items[index])].append(("budget", "", int(year[index]), int(short[index, year[index]])))


def _go_lives(layout: Layout, plan: Plan, planned: Ints, items: Ints, wanted: Ints, found: _Obstacles) -> None:
    columns, problem = layout.columns, layout.problem
    quarters = np.array([quarter or 0 for quarter in plan.quarters], np.int64)
    done = np.flatnonzero(planned < problem.years)
    for limit in problem.go_lives:
        function = layout.functions.index(limit.function) if limit.function in layout.functions else -1
        those = done if not limit.function else done[columns.function[done] == function]
        used = np.zeros((problem.years, len(QUARTERS) + 1), np.int64)
        np.add.at(used, (planned[those], quarters[those]), 1)
        free = np.maximum(limit.per_quarter - used, 0)
        free[:, 0] = 0
        # Free places from each quarter on.
        later = np.cumsum(free[:, ::-1], axis=1)[:, ::-1]
        counts = np.ones(len(items), np.bool_) if not limit.function else columns.function[items] == function
        stays = columns.year[wanted] == planned[items]
        full = counts & ~stays & (later[columns.year[wanted], columns.quarter[wanted]] == 0)
        for index in np.flatnonzero(full):
            found[int(items[index])].append(("go-lives", limit.function, int(columns.year[wanted[index]]), 0))


def _order(layout: Layout, plan: Plan, wish: dict[int, int], found: _Obstacles) -> None:
    problem = layout.problem
    for before, after in problem.dependencies:
        first, second = plan.years[before], plan.years[after]
        if wish.get(after, problem.years) < problem.years and (first is None or first > wish[after]):
            found[after].append(("dependency", problem.items[before].name, first, 0))
        if before in wish and second is not None and second < wish[before]:
            found[before].append(("dependency", problem.items[after].name, second, 0))
    for group in problem.alternatives:
        done = [item for item in group.items if plan.years[item] is not None]
        for item in group.items:
            if item not in wish or not done:
                continue
            if item not in done:
                found[item].append(("alternatives", problem.items[done[0]].name, plan.years[done[0]], 0))
            elif group.mandatory and wish[item] == problem.years:
                found[item].append(("alternatives", "one of them has to be done", plan.years[item], 0))


def _suppliers(layout: Layout, planned: Ints, wish: dict[int, int], found: _Obstacles) -> None:
    """Find suppliers that an earlier exit would close for others, and those that are closed by a later one's time."""
    problem = layout.problem
    for number, supplier in enumerate(problem.suppliers):
        left_in = np.array([min(planned[item] for item in custom.items) for custom in supplier.customs], np.int64)
        charges = np.array(
            remaining(problem, supplier, [int(year) if year < problem.years else None for year in left_in]), np.int64
        )
        staying = (left_in[:, None] > np.arange(problem.years)).sum(axis=0)
        for item, place, pence in _customs(layout, number):
            if item not in wish or wish[item] == left_in[place]:
                continue
            first, last = sorted((wish[item], int(left_in[place])))
            is_earlier = wish[item] == first
            short = supplier.need_pence - charges[first:last] + (pence if is_earlier else -pence)
            stuck = (short > 0) & ((staying[first:last] > 1) | (not is_earlier))
            if stuck.any():
                at = int(stuck.argmax())
                found[item].append(("supplier", supplier.name, first + at, int(short[at])))


def _customs(layout: Layout, number: int) -> Iterator[tuple[int, int, int]]:
    for place, custom in enumerate(layout.problem.suppliers[number].customs):
        for item in custom.items:
            yield item, place, custom.annual_pence
