"""Chooses which part of a plan is solved again while the rest stays: suppliers, years, or where the relaxation differs.

Each choice is a mask of items that are free. A part that is solved at once grows, one that takes too long shrinks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.finance.portfolios.optimiser.builder import Layout, Rows
from services.finance.portfolios.optimiser.columns import Bools, Floats, Ints

_KINDS = 4
"""The turns of a round: what is done in some years brings the most, so it comes twice."""
_FIRST_SHARE, _LEAST_SHARE, _MOST_SHARE = 0.2, 0.05, 0.9
_GROWS, _SHRINKS = 1.25, 0.75
_APART = 0.1
"""From so much on the relaxation differs from the plan."""


@dataclass
class Neighbourhoods:
    """The parts of one problem that are solved again, in turn; `relaxed` are the columns of the relaxation."""

    layout: Layout
    rows: Rows
    relaxed: Floats | None
    _shares: list[float] = field(default_factory=lambda: [_FIRST_SHARE] * _KINDS)
    _turn: int = -1
    _random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    def bounds(self, values: Floats) -> tuple[Floats, Floats]:
        """Return the bounds of the columns in which the next part is free and everything else as in a plan."""
        self._turn = (self._turn + 1) % len(self._shares)
        choices: Sequence[Callable[[Floats, float], Bools]] = (self._years, self._apart, self._years, self._suppliers)
        free = choices[self._turn](values, self._shares[self._turn])
        columns, rows = self.layout.columns, self.rows
        lower, upper = rows.lower.copy(), rows.upper.copy()
        fixed = np.flatnonzero(~free[columns.item])
        lower[fixed] = upper[fixed] = values[fixed]
        works = rows.starts + np.flatnonzero(~np.repeat(self._of_suppliers(free), self.layout.problem.years))
        lower[works] = upper[works] = values[works]
        return lower, upper

    def learn(self, *, is_solved: bool) -> None:
        """Let the parts of the kind that came last grow where it was solved within its time, and shrink otherwise."""
        share = self._shares[self._turn] * (_GROWS if is_solved else _SHRINKS)
        self._shares[self._turn] = min(_MOST_SHARE, max(_LEAST_SHARE, share))

    def _of_suppliers(self, free: Bools) -> Bools:
        """Return the suppliers of which any contract is free."""
        return np.array(
            [
                any(free[item] for custom in one.customs for item in custom.items)
                for one in self.layout.problem.suppliers
            ],
            np.bool_,
        )

    def _suppliers(self, _: Floats, share: float) -> Bools:
        """Free all contracts of some suppliers; without suppliers some items."""
        problem = self.layout.problem
        free = np.zeros(len(problem.items), np.bool_)
        count = max(2, round(share * len(problem.suppliers)))
        for number in self._random.permutation(len(problem.suppliers))[:count]:
            free[[item for custom in problem.suppliers[number].customs for item in custom.items]] = True
        alone = ~np.isin(np.arange(len(free)), [i for s in problem.suppliers for c in s.customs for i in c.items])
        with_alone: Bools = free | (alone & (self._random.random(len(free)) < share))
        return with_alone

    def _years(self, values: Floats, share: float) -> Bools:
        """Free what is done in some years, and as many of what is never done."""
        problem = self.layout.problem
        year = self._planned(values)
        free = np.zeros(len(problem.items), np.bool_)
        for one in self._random.permutation(problem.years):
            free |= year == one
            if free.mean() >= share:
                break
        never = year == problem.years
        with_never: Bools = free | (never & (self._random.random(len(free)) < share))
        return with_never

    def _apart(self, values: Floats, share: float) -> Bools:
        """Free the items in which the relaxation differs from the plan, the most first, and some others."""
        count = max(2, round(share * len(self.layout.problem.items)))
        distance = self._random.random(len(self.layout.problem.items)) * _APART
        if self.relaxed is not None:
            columns = self.layout.columns
            np.add.at(distance, columns.item, np.abs(self.relaxed[: columns.count] - values[: columns.count]))
        free = np.zeros(len(distance), np.bool_)
        free[np.argsort(-distance)[:count]] = True
        return free

    def _planned(self, values: Floats) -> Ints:
        columns = self.layout.columns
        year: npt.NDArray[np.int64] = np.full(len(self.layout.problem.items), self.layout.problem.years, np.int64)
        done = np.flatnonzero(values[: columns.count] > 0.5)
        np.minimum.at(year, columns.item[done], columns.year[done])
        return year
