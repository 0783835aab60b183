"""Reads a solver's numbers: rounds them to a plan, its prices to multipliers; both are checked elsewhere."""

import numpy as np

from services.finance.plans.bound import SCALE, Multipliers
from services.finance.plans.problem import Problem
from services.finance.portfolios.optimiser.builder import MILLION, UNIT, Layout, Rows
from services.finance.portfolios.optimiser.columns import Floats

_PRICED = ("budget", "go_lives", "dependency", "alternatives", "viability", "nobody_left")


def years_of(layout: Layout, values: Floats) -> tuple[int | None, ...]:
    """Return the year in which each item is done, None for never."""
    columns = layout.columns
    done = values[: columns.count] > 0.5
    begins = done.copy()
    begins[1:] &= ~(done[:-1] & columns.has_earlier[1:])
    year = np.full(len(layout.problem.items), -1, np.int64)
    year[columns.item[begins]] = columns.year[begins]
    return tuple(None if one < 0 else int(one) for one in year)


def values_of(layout: Layout, rows: Rows, years: tuple[int | None, ...]) -> Floats:
    """Return the columns' values for a plan, to start a solver with: suppliers work while they can."""
    problem, columns = layout.problem, layout.columns
    of_item = np.array([problem.years if year is None else year for year in years], np.int64)
    values = np.zeros(len(rows.objective))
    values[: columns.count] = columns.year >= of_item[columns.item]
    values[rows.starts : rows.starts + rows.works] = _works(problem, of_item).ravel()
    if len(values) > rows.starts + rows.works:
        values[rows.starts + rows.works :] = _carried(layout, of_item)
    return values


def _works(problem: Problem, of_item: "np.typing.NDArray[np.int64]") -> Floats:
    works = np.ones((len(problem.suppliers), problem.years))
    years = np.arange(problem.years)
    for number, supplier in enumerate(problem.suppliers):
        left_in = np.array([min(of_item[item] for item in custom.items) for custom in supplier.customs], np.int64)
        charges = np.array([custom.annual_pence for custom in supplier.customs], np.int64)
        gone = (left_in[:, None] <= years) * charges[:, None]
        works[number] = supplier.total_pence - gone.sum(axis=0) >= supplier.need_pence
    return works


def _carried(layout: Layout, of_item: "np.typing.NDArray[np.int64]") -> Floats:
    columns = layout.columns
    done = columns.year == of_item[columns.item]
    left = np.cumsum(np.array(layout.problem.budgets_pence) - columns.cash[done].sum(axis=0))
    carried: Floats = left / 1e8
    return carried


def multipliers_of(rows: Rows, prices: Floats) -> Multipliers:
    """Return the prices of the priced rules in billionths; those of the wrong sign, and zeros, are left out."""
    found: dict[str, dict[tuple[int, ...], int]] = {}
    for rule in _PRICED:
        if rule not in rows.spans:
            continue
        first, last = rows.spans[rule]
        whole = np.rint(prices[first:last] * (UNIT / MILLION * SCALE)).astype(np.int64)
        those = np.flatnonzero(whole > 0)
        found[rule] = dict(zip(map(tuple, rows.about[rule][those].tolist()), whole[those].tolist(), strict=True))
    return Multipliers(**found)
