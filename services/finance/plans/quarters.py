"""Places the items of one year into its quarters: after notice, after what each depends on, within the limits."""

from collections import Counter
from collections.abc import Mapping, Sequence

from services.finance.plans.problem import QUARTERS, Problem


def first_quarters(problem: Problem, year: int, years: Sequence[int | None]) -> dict[int, int]:
    """Return for each item of the year the first quarter that notice and its dependencies allow."""
    first = {
        number: next(start.quarter for start in problem.items[number].starts if start.year == year)
        for number, done_in in enumerate(years)
        if done_in == year
    }
    inside = [(before, after) for before, after in problem.dependencies if before in first and after in first]
    # A chain is at most as long as there are pairs; a longer one would be a circle.
    for _ in inside:
        moved = {after: first[before] for before, after in inside if first[before] > first[after]}
        if not moved:
            break
        for after in moved:
            first[after] = max(first[before] for before, then in inside if then == after)
    return first


def order_of(problem: Problem, first: Mapping[int, int]) -> list[int]:
    """Return the items so that nothing comes before what it depends on, the scarcer function first."""
    inside = [(before, after) for before, after in problem.dependencies if before in first and after in first]
    depth = dict.fromkeys(first, 0)
    for _ in inside:
        deeper = {after: depth[before] + 1 for before, after in inside if depth[before] >= depth[after]}
        if not deeper:
            break
        depth |= deeper
    limits = {limit.function: limit.per_quarter for limit in problem.go_lives if limit.function}
    load = Counter(problem.items[number].function for number in first)

    def key(number: int) -> tuple[int, int, float, int]:
        function = problem.items[number].function
        spare = limits[function] * len(QUARTERS) - load[function] if function in limits else len(first)
        return first[number], depth[number], spare, number

    return sorted(first, key=key)


def assign(problem: Problem, year: int, years: Sequence[int | None]) -> dict[int, int] | None:
    """Return the quarter of each item of the year, the earliest that is free; None where one finds no quarter.

    With one limit over all items, one is found whenever there is one: all have the same last quarter, so the earliest
    free quarter is never a mistake. With limits by function beside it, a failure proves nothing.
    """
    first = first_quarters(problem, year, years)
    limits = {limit.function: limit.per_quarter for limit in problem.go_lives}
    used: Counter[tuple[str, int]] = Counter()
    needs = {number: [before for before, after in problem.dependencies if after == number] for number in first}
    placed: dict[int, int] = {}
    for number in order_of(problem, first):
        function = problem.items[number].function
        named = [name for name in {"", function} if name in limits]
        earliest = max([first[number], *(placed[before] for before in needs[number] if before in placed)])
        quarter = next(
            (q for q in QUARTERS if q >= earliest and all(used[name, q] < limits[name] for name in named)), None
        )
        if quarter is None:
            return None
        placed[number] = quarter
        used.update((name, quarter) for name in named)
    return placed
