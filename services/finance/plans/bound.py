"""Computes an upper bound of what any plan can be worth, exactly, from stored multipliers. Knows no solver.

Weak duality: each rule but "once" and "closed for good" is given a price of zero or more, and is dropped. What is left
falls apart into the best start of each item and the best last year of each supplier, and can only be worth more. So
the bound holds whatever the prices are; good prices only make it lower. All of it is integer arithmetic.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate

from services.finance.plans.problem import QUARTERS, Item, Problem

SCALE = 10**9
"""Multipliers are whole multiples of a billionth: of a pound for a pound, or of £1m for an item."""
_OF_A_MILLION = 10**8
"""Pence in £1m."""

Prices = Mapping[tuple[int, ...], int]


@dataclass(frozen=True, slots=True)
class Multipliers:
    """A price for each rule, in billionths; what is not named has none.

    `budget` by (year), `go_lives` by (limit, quarter, year) for what goes live in that quarter or later, `dependency`
    by (dependency, year), `alternatives` by (group), `viability` by (supplier, year), `nobody_left` by (supplier,
    contract, year).
    """

    budget: Prices = field(default_factory=dict)
    go_lives: Prices = field(default_factory=dict)
    dependency: Prices = field(default_factory=dict)
    alternatives: Prices = field(default_factory=dict)
    viability: Prices = field(default_factory=dict)
    nobody_left: Prices = field(default_factory=dict)


def upper_bound(problem: Problem, multipliers: Multipliers) -> Fraction:
    """Return the bound in pence. A negative multiplier counts as none.

    With carry-over, the price of money never rises from one year to the next: it is raised where it would.
    """
    # What an item adds by a start, and by being done in a year, in billionths of a penny.
    starts = [{start.year: start.value_pence * SCALE for start in item.starts} for item in problem.items]
    done = [[0] * problem.years for _ in problem.items]
    total = _money(problem, multipliers, starts)
    total += _go_lives(problem, multipliers, starts)
    total += _order(problem, multipliers, done)
    total += _suppliers(problem, multipliers, done)
    total += sum(_best(*of) for of in zip(problem.items, starts, done, strict=True))
    return Fraction(total, SCALE)


def _money(problem: Problem, prices: Multipliers, starts: list[dict[int, int]]) -> int:
    if problem.budgets_pence is None:
        return 0
    of_year = [max(0, prices.budget.get((year,), 0)) for year in range(problem.years)]
    if problem.carry_over:
        of_year = list(accumulate(reversed(of_year), max))[::-1]
    for number, item in enumerate(problem.items):
        for start in item.starts:
            starts[number][start.year] -= sum(of_year[year] * pence for year, pence in start.cash_pence)
    return sum(price * budget for price, budget in zip(of_year, problem.budgets_pence, strict=True))


def _go_lives(problem: Problem, prices: Multipliers, starts: list[dict[int, int]]) -> int:
    by_start: dict[tuple[str, int, int], int] = defaultdict(int)
    total = 0
    for (limit, quarter, year), price in prices.go_lives.items():
        if price > 0:
            bound = problem.go_lives[limit]
            total += price * _OF_A_MILLION * bound.per_quarter * (len(QUARTERS) + 1 - quarter)
            by_start[bound.function, quarter, year] += price * _OF_A_MILLION
    for number, item in enumerate(problem.items):
        for start in item.starts:
            starts[number][start.year] -= sum(
                by_start.get((function, quarter, start.year), 0)
                for function in {"", item.function}
                for quarter in range(1, start.quarter + 1)
            )
    return total


def _order(problem: Problem, prices: Multipliers, done: list[list[int]]) -> int:
    """Price dependencies and alternatives: y(after) <= y(before), sum of y(last) <= 1."""
    total = 0
    for (pair, year), price in prices.dependency.items():
        if price > 0:
            before, after = problem.dependencies[pair]
            done[after][year] -= price * _OF_A_MILLION
            done[before][year] += price * _OF_A_MILLION
    for (group,), price in prices.alternatives.items():
        if price > 0:
            total += price * _OF_A_MILLION
            for number in problem.alternatives[group].items:
                done[number][problem.years - 1] -= price * _OF_A_MILLION
    return total


def _suppliers(problem: Problem, prices: Multipliers, done: list[list[int]]) -> int:
    total = 0
    works = [[0] * problem.years for _ in problem.suppliers]
    for (number, year), price in prices.viability.items():
        if price > 0:
            supplier = problem.suppliers[number]
            total += price * supplier.total_pence
            works[number][year] -= price * supplier.need_pence
            for custom in supplier.customs:
                for item in custom.items:
                    done[item][year] -= price * custom.annual_pence
    for (number, contract, year), price in prices.nobody_left.items():
        if price > 0:
            total -= price * _OF_A_MILLION
            works[number][year] += price * _OF_A_MILLION
            for item in problem.suppliers[number].customs[contract].items:
                done[item][year] += price * _OF_A_MILLION
    # A supplier works up to some last year, or in none.
    return total + sum(max(0, *accumulate(years)) for years in works)


def _best(item: Item, starts: dict[int, int], done: list[int]) -> int:
    """Return the most that an item can add: by its best start, or by never being done where that is open."""
    from_then_on = list(accumulate(reversed(done)))[::-1]
    options = [amount + from_then_on[year] for year, amount in starts.items()]
    return max(options if item.is_fixed else [0, *options])
