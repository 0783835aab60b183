"""A problem as arrays: one column for each start of each item, in the order of the items."""

from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from services.finance.plans.problem import Problem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NONE = -1


@dataclass(frozen=True, slots=True)
class Columns:
    """The starts of all items: item, year, value, quarter; and which column stands for "done by year t".

    `by_year[i, t]` is the column of the latest start of item i up to year t, NONE before the first. `is_last` marks the
    last start of an item, and `cash` is a column's money by year. Amounts are whole pence.
    """

    item: Ints
    year: Ints
    value: Ints
    quarter: Ints
    cash: Ints
    by_year: Ints
    has_earlier: Bools
    is_last: Bools
    function: Ints
    fixed: Bools

    @property
    def count(self) -> int:
        """The number of columns."""
        return len(self.item)

    def by_done(self, per_start: Floats) -> Floats:
        """Return coefficients of starts as coefficients of "done by": x(t) = y(t) - y(t-1)."""
        result = per_start.copy()
        result[:-1][~self.is_last[:-1]] -= per_start[1:][self.has_earlier[1:]]
        return result


def columns_of(problem: Problem) -> tuple[Columns, list[str]]:
    """Return the columns, and the functions in the order of their numbers."""
    items = problem.items
    starts = list(chain.from_iterable(item.starts for item in items))
    counts = np.fromiter((len(item.starts) for item in items), np.int64, len(items))
    item = np.repeat(np.arange(len(items)), counts)
    year = np.fromiter((start.year for start in starts), np.int64, len(starts))
    money = [(column, when, pence) for column, start in enumerate(starts) for when, pence in start.cash_pence]
    cash = np.zeros((len(starts), problem.years), np.int64)
    if money:
        rows, years, pence = np.array(money, np.int64).T
        np.add.at(cash, (rows, years), pence)
    by_year = np.full((len(items), problem.years), NONE, np.int64)
    by_year[item, year] = np.arange(len(starts))
    np.maximum.accumulate(by_year, axis=1, out=by_year)
    has_earlier = np.zeros(len(starts), np.bool_)
    has_earlier[1:] = item[1:] == item[:-1]
    is_last = np.ones(len(starts), np.bool_)
    is_last[:-1] = ~has_earlier[1:]
    functions = sorted({item.function for item in items})
    number = {name: index for index, name in enumerate(functions)}
    of_item = np.fromiter((number[item.function] for item in items), np.int64, len(items))
    fixed = np.fromiter((item.is_fixed for item in items), np.bool_, len(items))
    return Columns(
        item=item,
        year=year,
        value=np.fromiter((start.value_pence for start in starts), np.int64, len(starts)),
        quarter=np.fromiter((start.quarter for start in starts), np.int64, len(starts)),
        cash=cash,
        by_year=by_year,
        has_earlier=has_earlier,
        is_last=is_last,
        function=of_item,
        fixed=fixed,
    ), functions
