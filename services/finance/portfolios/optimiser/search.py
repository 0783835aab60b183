"""Searches the best plan: which suppliers close first, then every pound; a plan counts once the checker passes it.

With two threads one proves the bound from the start, and the other looks for better plans: it frees a part of the best
plan at a time, solves that part, and hands over what it finds. With one thread both come one after the other.
"""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor, isfinite
from threading import Event

import numpy as np

from services.finance.plans.bound import Multipliers, upper_bound
from services.finance.plans.checker import violations
from services.finance.plans.problem import Plan, Problem, value_pence
from services.finance.portfolios.optimiser.builder import UNIT, Block, Rows, build, layout_of, with_blocks
from services.finance.portfolios.optimiser.columns import NONE, Floats
from services.finance.portfolios.optimiser.incumbent import Incumbent
from services.finance.portfolios.optimiser.neighbourhoods import Neighbourhoods
from services.finance.portfolios.optimiser.places import crowded, quarters_of
from services.finance.portfolios.optimiser.solutions import multipliers_of, values_of, years_of
from services.finance.portfolios.optimiser.solver import Company, Effort, Relaxation, Solution, relax, solve

PROVEN = Fraction(1, 10_000)
"""The gap up to which a plan is called optimal."""
_FATES_GRAIN_PENCE = 2_500_000
_FATES_GAP, _FIXED_GAP = 1e-3, 3e-4
_ROUGH_FATES_GAP, _ROUGH_FIXED_GAP = 3e-3, 2e-3
"""Enough where parts of the plan are improved afterwards."""
_PART_GAP, _PART_SECONDS, _LEAST_SECONDS = 1e-4, 3.0, 0.5
"""How well, and how long at most, a part of a plan is solved; with less time left none is begun."""
_PATIENCE = 0.1
"""Seconds until it is asked again whether there is a plan of which a part could be solved."""
_SMALL = 600
"""Starts up to which the problem is solved as it is, without looking for the suppliers' fates first."""
_SHARE = 0.25
"""The part of the time for the fates, and the part for the plan that they give."""
_MOST_ROUNDS = 25
_DIGITS = 0.1
_NO_VALUE = 1e13
"""From so much on a solver says that there is no value yet."""

Say = Callable[[str, int | None, int | None], None]
"""Gets the stage, and the best value and the bound in pence where there are any."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best plan: its value, the solver's bound, the verified one with its multipliers; None: there is no plan.

    `bound_pence` is the lower of the two bounds. `is_infeasible` says that no plan obeys the rules; without a plan and
    without that, the time was not enough.
    """

    plan: Plan | None
    value_pence: int
    bound_pence: int
    verified_pence: int
    multipliers: Multipliers
    is_infeasible: bool
    solver_seconds: float
    """Processor time inside the solver."""

    @property
    def gap(self) -> Fraction:
        """How far the plan may be from the best possible, as a part of its value."""
        short = max(0, self.bound_pence - self.value_pence)
        return Fraction(short, max(1, abs(self.value_pence))) if short else Fraction(0)

    @property
    def is_proven(self) -> bool:
        """Whether the plan may be called optimal."""
        return self.plan is not None and self.gap <= PROVEN


def unheard(_: str, __: int | None, ___: int | None) -> None:
    """Say nothing."""


class Search:
    """One problem, solved within its time; later searches of the same items may start from an earlier plan."""

    def __init__(self, problem: Problem, effort: Effort, say: Say = unheard) -> None:
        self._problem, self._effort, self._say = problem, effort, say
        self._began = time.monotonic()
        # Each thread adds its own: the sum is taken when they have ended.
        self._in_solver: list[float] = []
        self._is_over, self._in_company = Event(), False
        self._found_by_bound: deque[Floats] = deque(maxlen=1)
        self._incumbent = Incumbent(problem)
        self._layout = layout_of(problem)
        self._rows = build(self._layout)

    def best(self, start: Plan | None = None) -> Best:
        """Return the best plan that the time allows, checked in whole pence."""
        self._say("bound", None, None)
        if not self._layout.columns.count:
            return self._nothing()
        relaxed = relax(self._rows, self._effort)
        self._in_solver.append(relaxed.processor_seconds)
        if relaxed.is_infeasible:
            return self._without_plan(is_infeasible=True)
        prices = relaxed.prices
        multipliers = Multipliers() if prices is None else multipliers_of(self._rows, prices)
        values = None if start is None else values_of(self._layout, self._rows, start.years)
        self._offer(values)
        return self._solve(values, relaxed, multipliers)

    def _solve(self, values: Floats | None, relaxed: Relaxation, multipliers: Multipliers) -> Best:
        is_large = self._layout.columns.count > _SMALL
        if is_large and self._effort.threads > 1:
            self._in_company = True
            with ThreadPoolExecutor(max_workers=1) as other:
                seeking = other.submit(self._seek, relaxed.values)
                try:
                    bound, is_infeasible = self._bound(values)
                finally:
                    self._is_over.set()
                seeking.result()
        else:
            if is_large and values is None:
                values = self._by_fates()
                self._offer(values)
            bound, is_infeasible = self._bound(values)
        if self._incumbent.plan is None or is_infeasible:
            return self._without_plan(is_infeasible=is_infeasible)
        return self._found(self._incumbent.plan, bound, multipliers)

    def _nothing(self) -> Best:
        """Return the one plan there is where nothing can be done: solvers refuse a problem without columns."""
        never = (None,) * len(self._problem.items)
        plan = Plan(never, never)
        if violations(self._problem, plan):
            return self._without_plan(is_infeasible=True)
        return Best(plan, 0, 0, floor(upper_bound(self._problem, Multipliers())), Multipliers(), False, 0)

    def _left(self) -> float:
        return self._effort.seconds - (time.monotonic() - self._began)

    def _solved(
        self,
        rows: Rows,
        *,
        gap: float,
        seconds: float,
        stage: str = "",
        start: Floats | None = None,
        bounds: tuple[Floats, Floats] | None = None,
        company: Company | None = None,
    ) -> Solution:
        def report(value: float, bound: float) -> None:
            found, known = _pence(value), self._incumbent.value_pence
            self._say(stage, found if known is None else max(known, found or known), _pence(bound))

        effort = replace(self._effort, gap=gap, seconds=min(seconds, self._left()))
        solution = solve(rows, effort, start=start, bounds=bounds, report=report if stage else None, company=company)
        self._in_solver.append(solution.processor_seconds)
        return solution

    def _seek(self, relaxed: Floats | None) -> None:
        """Look for better plans until it is over: a first one by the suppliers' fates, then part by part."""
        if self._incumbent.plan is None and self._problem.suppliers:
            self._offer(self._by_fates())
        parts, alone = Neighbourhoods(self._layout, self._rows, relaxed), Company(is_over=self._is_over.is_set)
        while not self._is_over.is_set() and self._left() > _LEAST_SECONDS:
            # Checked here: inside the other solver's call nothing else is solved.
            if self._found_by_bound:
                self._offer(self._found_by_bound.pop())
            plan = self._incumbent.plan
            if plan is None:
                self._is_over.wait(_PATIENCE)
                continue
            values = values_of(self._layout, self._rows, plan.years)
            solution = self._solved(
                *(self._rows,),
                gap=_PART_GAP,
                seconds=_PART_SECONDS,
                start=values,
                bounds=parts.bounds(values),
                company=alone,
            )
            parts.learn(is_solved=solution.is_solved)
            self._offer(solution.values)

    def _by_fates(self) -> Floats | None:
        """Return a plan found by first deciding, on coarse costs, which suppliers close and when."""
        if not self._problem.suppliers:
            return None
        share, alone = self._effort.seconds * _SHARE, Company(is_over=self._is_over.is_set)
        coarse = build(self._layout, grain_pence=_FATES_GRAIN_PENCE)
        stage = "" if self._in_company else "which suppliers close"
        is_rough = self._in_company
        gap = _ROUGH_FATES_GAP if is_rough else _FATES_GAP
        fates = self._solved(coarse, gap=gap, seconds=share, stage=stage, company=alone)
        if fates.values is None:
            return None
        those = slice(coarse.starts, coarse.starts + coarse.works)
        lower, upper = self._rows.lower.copy(), self._rows.upper.copy()
        lower[those] = upper[those] = np.rint(fates.values[those])
        stage = stage and "a first plan"
        return self._solved(
            *(self._rows,),
            gap=_ROUGH_FIXED_GAP if is_rough else _FIXED_GAP,
            seconds=share,
            stage=stage,
            bounds=(lower, upper),
            company=alone,
        ).values

    def _bound(self, values: Floats | None) -> tuple[float, bool]:
        """Solve in exact pounds, and return the bound, and whether there is no plan at all.

        A plan that the checker refuses is cut off, and it is solved again.
        """
        rows = self._rows
        for rounds_left in reversed(range(_MOST_ROUNDS)):
            known = self._incumbent.plan
            begin = values if known is None else values_of(self._layout, rows, known.years)
            company = Company(better=self._news(rows), found=self._found_by_bound.append) if self._in_company else None
            solution = self._solved(
                *(rows,),
                gap=self._effort.gap,
                seconds=self._left(),
                stage="every pound",
                start=begin,
                company=company,
            )
            if solution.is_infeasible:
                return -np.inf, True
            years = None if solution.values is None else years_of(self._layout, solution.values)
            if self._offer(solution.values) or years is None or not rounds_left or self._left() <= 0:
                return solution.bound, False
            rows = with_blocks(rows, [self._cut(years)])
            values = None
        raise AssertionError("the last round returns")

    def _news(self, rows: Rows) -> Callable[[], Floats | None]:
        """Return what gives the columns of a plan that was found since it was last asked."""
        seen = self._incumbent.plan

        def better() -> Floats | None:
            nonlocal seen
            plan = self._incumbent.plan
            if plan is None or plan is seen:
                return None
            seen = plan
            return values_of(self._layout, rows, plan.years)

        return better

    def _offer(self, values: Floats | None) -> bool:
        """Take a plan that passes the checker, if it is better than the one there is; return whether it passed."""
        if values is None:
            return False
        years = years_of(self._layout, values)
        quarters = quarters_of(self._problem, years)
        if quarters is None:
            return False
        plan = Plan(years, quarters)
        if violations(self._problem, plan):
            return False
        self._incumbent.offer(plan)
        return True

    def _cut(self, years: tuple[int | None, ...]) -> Block:
        """Return the row that excludes what no quarters are found for in one year, or else exactly this plan."""
        columns = self._layout.columns
        crowd = crowded(self._problem, years)
        of_item = np.array([NONE if year is None else year for year in years], np.int64)
        counts = np.isin(columns.item, crowd) if crowd else np.ones(columns.count, np.bool_)
        done = np.flatnonzero(counts & (columns.year == of_item[columns.item]))
        earlier = done[columns.has_earlier[done]] - 1
        never = np.flatnonzero(counts & columns.is_last & (of_item[columns.item] == NONE))
        column = np.concatenate([done, earlier, never])
        coefficient = np.concatenate([np.ones(len(done)), -np.ones(len(earlier) + len(never))])
        at_most = np.array([len(done) - 1.0])
        return Block("cut", np.zeros(len(column), np.int64), column, coefficient, at_most, np.zeros((1, 1), np.int64))

    def _found(self, plan: Plan, bound: float, multipliers: Multipliers) -> Best:
        value, verified = value_pence(self._problem, plan), floor(upper_bound(self._problem, multipliers))
        # An optimum is whole pence: the last digits of a double are no penny.
        lower = min(verified, ceil(bound * UNIT - _DIGITS)) if isfinite(bound) else verified
        return Best(plan, value, max(value, lower), verified, multipliers, False, sum(self._in_solver))

    def _without_plan(self, *, is_infeasible: bool) -> Best:
        return Best(None, 0, 0, 0, Multipliers(), is_infeasible, sum(self._in_solver))


def _pence(units: float) -> int | None:
    return round(units * UNIT) if isfinite(units) and abs(units) < _NO_VALUE else None
