"""Places a plan's items into quarters: greedily, and by a small whole-number problem where that finds no place."""

from collections.abc import Sequence

import highspy

from services.finance.plans.problem import QUARTERS, Problem
from services.finance.plans.quarters import assign, first_quarters
from services.finance.portfolios.optimiser.solver import silent


def quarters_of(problem: Problem, years: tuple[int | None, ...]) -> tuple[int | None, ...] | None:
    """Return the quarter of each item, None for one that is not done; None where a year's items do not fit."""
    quarters: list[int | None] = [None] * len(years)
    for year in sorted({year for year in years if year is not None}):
        placed = assign(problem, year, years) or _exactly(problem, year, years)
        if placed is None:
            return None
        for number, quarter in placed.items():
            quarters[number] = quarter
    return tuple(quarters)


def crowded(problem: Problem, years: tuple[int | None, ...]) -> list[int]:
    """Return items that find no quarters together in their year, as few as leaving some out shows; none where all do.

    Whatever else is done in that year, these are too many: fewer items only leave more room.
    """
    for year in sorted({year for year in years if year is not None}):
        crowd = [number for number, done_in in enumerate(years) if done_in == year]
        if _fits(problem, year, crowd):
            continue
        size = len(crowd) // 2
        while size:
            first = 0
            while first < len(crowd):
                fewer = crowd[:first] + crowd[first + size :]
                if _fits(problem, year, fewer):
                    first += size
                else:
                    crowd = fewer
            size //= 2
        return crowd
    return []


def _fits(problem: Problem, year: int, items: Sequence[int]) -> bool:
    years: list[int | None] = [None] * len(problem.items)
    for number in items:
        years[number] = year
    return not items or (assign(problem, year, years) or _exactly(problem, year, years)) is not None


def _exactly(problem: Problem, year: int, years: Sequence[int | None]) -> dict[int, int] | None:
    """Return the quarters by a solver, which is asked only where limits by function stand in each other's way."""
    first = first_quarters(problem, year, years)
    highs = silent()
    by = {(number, quarter): highs.addBinary() for number in first for quarter in QUARTERS if quarter >= first[number]}
    for number in first:
        highs.addConstr(highs.qsum([one for (item, _), one in by.items() if item == number]) == 1)
    for limit in problem.go_lives:
        for quarter in QUARTERS:
            those = [
                one
                for (item, when), one in by.items()
                if when == quarter and limit.function in ("", problem.items[item].function)
            ]
            if those:
                highs.addConstr(highs.qsum(those) <= limit.per_quarter)
    for before, after in problem.dependencies:
        if before in first and after in first:
            for last in QUARTERS:
                earlier = [one for (item, quarter), one in by.items() if item == before and quarter <= last]
                later = [one for (item, quarter), one in by.items() if item == after and quarter <= last]
                if later:
                    highs.addConstr(highs.qsum(later) <= highs.qsum(earlier))
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return {item: quarter for (item, quarter), one in by.items() if highs.val(one) > 0.5}
