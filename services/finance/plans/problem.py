"""States a portfolio problem in whole pence, and a plan for it: plain values, which a solver never changes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import TypeAdapter

QUARTERS = range(1, 5)


@dataclass(frozen=True, slots=True)
class Start:
    """An item done at the start of a year: its value against never, the cash that it needs by year, the quarter.

    Years count from 0. `quarter` is the first one of the year in which notice lets it go live.
    """

    year: int
    value_pence: int
    cash_pence: tuple[tuple[int, int], ...] = ()
    quarter: int = 1


@dataclass(frozen=True, slots=True)
class Item:
    """An exit, a buy-out or an opening, done at one of its starts or never.

    One that is `committed` has one start and is done then.
    """

    name: str
    function: str
    starts: tuple[Start, ...]
    mandatory: bool = False
    committed: bool = False

    @property
    def is_fixed(self) -> bool:
        """Whether it has to be done."""
        return self.mandatory or self.committed


@dataclass(frozen=True, slots=True)
class GoLives:
    """At most so many items of a function (empty: of all) go live in one quarter."""

    function: str
    per_quarter: int


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Items of which at most one is done; of mandatory ones exactly one."""

    items: tuple[int, ...]
    mandatory: bool = False


@dataclass(frozen=True, slots=True)
class Custom:
    """A contract of a supplier: the items by which it may be left, alternatives where there are several."""

    items: tuple[int, ...]
    annual_pence: int


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier closes, for good, once its charges fall below what it needs; then all these contracts have left.

    `outside_pence` are the annual charges that it has besides.
    """

    name: str
    need_pence: int
    outside_pence: int
    customs: tuple[Custom, ...]

    @property
    def total_pence(self) -> int:
        """What it charges a year before any contract has left."""
        return self.outside_pence + sum(custom.annual_pence for custom in self.customs)


@dataclass(frozen=True, slots=True)
class Problem:
    """Items under budgets by year (none: no limit), limits of go-lives, dependencies, and needs of suppliers.

    `first_year` is the calendar year in which year 0 begins. A dependency is a pair (before, after) of items: the
    second is not done unless the first is, and not before it.
    """

    first_year: int
    years: int
    items: tuple[Item, ...]
    budgets_pence: tuple[int, ...] | None = None
    carry_over: bool = False
    go_lives: tuple[GoLives, ...] = ()
    dependencies: tuple[tuple[int, int], ...] = ()
    alternatives: tuple[Alternatives, ...] = ()
    suppliers: tuple[Supplier, ...] = ()
    target_pence: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The year in which each item is done (None: never), and the quarter in which it goes live."""

    years: tuple[int | None, ...]
    quarters: tuple[int | None, ...]


PROBLEM: TypeAdapter[Problem] = TypeAdapter(Problem)


def digest(problem: Problem, effort: str) -> str:
    """Return the SHA-256 of a problem and of how it is to be solved: equal inputs have one answer."""
    return hashlib.sha256(PROBLEM.dump_json(problem) + b"\n" + effort.encode()).hexdigest()


def starts_of(problem: Problem, years: tuple[int | None, ...]) -> Iterator[tuple[int, Item, Start]]:
    """Yield each item that is done, with its number and the start. Raises ValueError where it has none that year."""
    for number, (item, year) in enumerate(zip(problem.items, years, strict=True)):
        if year is None:
            continue
        start = next((start for start in item.starts if start.year == year), None)
        if start is None:
            raise ValueError(f"{item.name} cannot be done in year {year}")
        yield number, item, start


def value_pence(problem: Problem, plan: Plan) -> int:
    """Return what a plan is worth against doing nothing."""
    return sum(start.value_pence for _, _, start in starts_of(problem, plan.years))


def spending(problem: Problem, years: tuple[int | None, ...]) -> list[int]:
    """Return the cash that the items need in each year."""
    spent = [0] * problem.years
    for _, _, start in starts_of(problem, years):
        for year, pence in start.cash_pence:
            spent[year] += pence
    return spent


def funds(problem: Problem, spent: list[int]) -> list[int]:
    """Return the money that each year has left, with what is carried over; negative where it is overspent."""
    left: list[int] = []
    for budget, cost in zip(problem.budgets_pence or (), spent, strict=False):
        carried = max(0, left[-1]) if left and problem.carry_over else 0
        left.append(budget + carried - cost)
    return left
