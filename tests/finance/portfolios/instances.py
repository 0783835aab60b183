"""Small random portfolios, and the best plan of each found by trying every one."""

import itertools
import random

from services.finance.plans.checker import violations
from services.finance.plans.problem import (
    QUARTERS,
    Alternatives,
    Custom,
    GoLives,
    Item,
    Plan,
    Problem,
    Start,
    Supplier,
    value_pence,
)


def a_random_problem(seed: int, *, items: int = 5, years: int = 3, suppliers: int = 2) -> Problem:
    """Items with values of both signs and cash of one or two years, under rules of every kind, some of them absent."""
    chance = random.Random(seed)
    made = tuple(_item(chance, number, years) for number in range(items))
    groups = (Alternatives((0, 1), mandatory=chance.random() < 0.3),) if chance.random() < 0.5 else ()
    pairs = {tuple(sorted(chance.sample(range(2, items), 2))) for _ in range(chance.choice([0, 1, 2]))}
    return Problem(
        first_year=2026,
        years=years,
        items=made,
        budgets_pence=_budgets(chance, years) if chance.random() < 0.9 else None,
        carry_over=chance.random() < 0.5,
        go_lives=tuple(
            limit for limit in (GoLives("", chance.choice([1, 2])), GoLives("a", 1)) if chance.random() < 0.5
        ),
        dependencies=tuple(sorted((before, after) for before, after in pairs)),
        alternatives=groups,
        suppliers=tuple(_supplier(chance, number, suppliers, items, bool(groups)) for number in range(suppliers)),
        target_pence=chance.choice([None, None, 10_000_000]),
    )


def _budgets(chance: random.Random, years: int) -> tuple[int, ...]:
    return tuple(chance.randint(100, 500) * 10_000 for _ in range(years))


def _item(chance: random.Random, number: int, years: int) -> Item:
    starts = tuple(
        Start(
            year,
            chance.randint(-200, 900) * 10_007,
            tuple(
                (when, chance.randint(0, 300) * 10_009)
                for when in range(year, min(years, year + chance.choice([1, 2])))
            ),
            chance.choice([1, 2, 3, 4, 4]),
        )
        for year in range(chance.choice([0, 0, 1]), years)
        if chance.random() < 0.9
    )
    return Item(f"item {number}", chance.choice("ab"), starts, mandatory=bool(starts) and chance.random() < 0.1)


def _supplier(chance: random.Random, number: int, suppliers: int, items: int, grouped: bool) -> Supplier:
    mine = [item for item in range(2 if grouped else 0, items) if item % suppliers == number]
    customs = [Custom((item,), chance.randint(50, 200) * 10_000) for item in mine]
    if grouped and number == 0:
        customs.append(Custom((0, 1), 1_000_000))
    outside = chance.choice([0, 500_000])
    total = outside + sum(custom.annual_pence for custom in customs)
    return Supplier(f"supplier {number}", int(total * chance.uniform(0.3, 0.6)), outside, tuple(customs))


def best_by_trying(problem: Problem) -> int | None:
    """The value of the best plan among all years and all quarters; None where no plan obeys the rules."""
    best: int | None = None
    for years in itertools.product(*[[None, *(start.year for start in item.starts)] for item in problem.items]):
        value = value_pence(problem, Plan(years, (None,) * len(years)))
        if (best is None or value > best) and _obeys(problem, years):
            best = value
    return best


def _obeys(problem: Problem, years: tuple[int | None, ...]) -> bool:
    """Whether some quarters obey the rules; with the last quarter for all, what else is broken shows at once."""
    last = Plan(years, tuple(None if year is None else QUARTERS[-1] for year in years))
    broken = {violation.rule for violation in violations(problem, last)}
    if broken - {"go-lives"}:
        return False
    if not broken:
        return True
    open_to = [
        [None] if year is None else range(next(start.quarter for start in item.starts if start.year == year), 5)
        for item, year in zip(problem.items, years, strict=True)
    ]
    return any(not violations(problem, Plan(years, quarters)) for quarters in itertools.product(*open_to))
