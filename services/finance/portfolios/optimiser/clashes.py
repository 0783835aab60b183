"""Says what clashes where no plan obeys the rules: how much more money, which go-lives, how much less of the target.

The objective is dropped, each group of rules may give, and the least that has to give is found with the mandatory items
done. Dependencies, notice and suppliers never give.
"""

from dataclasses import dataclass, replace

import numpy as np

from services.finance.plans.problem import Problem, funds, spending, starts_of
from services.finance.portfolios.optimiser.builder import Layout, Rows, build
from services.finance.portfolios.optimiser.solutions import years_of
from services.finance.portfolios.optimiser.solver import Effort, solve

_GO_LIFE_WEIGHT = 0.1
"""A go-live above the limit counts as much as £100,000."""
LEAST = 1e-3
"""The gap up to which what gives is called the least."""
_TOLERANCE = 1e-6
_GIVES = ("budget", "go_lives", "target")


@dataclass(frozen=True, slots=True)
class Give:
    """What one rule has to give: pence, or items; `about` is the year, or the limit and the year."""

    rule: str
    about: tuple[int, ...]
    pence: int = 0
    items: int = 0


def barred(layout: Layout) -> list[str]:
    """Return what has to be done and has no start: notice bars it before anything is solved."""
    problem = layout.problem
    groups = [group for group in problem.alternatives if group.mandatory]
    return [item.name for item in problem.items if item.is_fixed and not item.starts] + [
        " or ".join(problem.items[item].name for item in group.items)
        for group in groups
        if not any(problem.items[item].starts for item in group.items)
    ]


@dataclass(frozen=True, slots=True)
class Clashing:
    """What has to give. `gives` is None where the time was not enough to find anything that suffices.

    `is_least` says that it was proven that no less suffices, to a thousandth. `is_order` says that it was proven that
    whatever money, go-lives and target give, dependencies, alternatives and suppliers still rule every plan out.
    """

    gives: list[Give] | None
    is_least: bool = False
    is_order: bool = False


def clashes(layout: Layout, effort: Effort) -> Clashing:
    """Return the least that has to give, as far as the time allows to find and to prove it."""
    rows = build(layout)
    relaxed, slacks = _with_slack(rows)
    solution = solve(relaxed, replace(effort, gap=LEAST))
    if solution.values is None:
        return Clashing(None, is_order=solution.is_infeasible)
    years = years_of(layout, solution.values)
    amounts = solution.values[len(rows.objective) :]
    items = [
        Give(rule, about, items=round(float(amount)))
        for (rule, about), amount in zip(slacks, amounts, strict=True)
        if rule == "go_lives" and amount > _TOLERANCE
    ]
    gives = [*_money(layout.problem, years), *items, *_target(layout.problem, years)]
    return Clashing(gives, is_least=solution.is_solved)


def _money(problem: Problem, years: tuple[int | None, ...]) -> list[Give]:
    """Return what each year is short of, in whole pence: the solver only chose who leaves when."""
    left = funds(problem, spending(problem, years))
    return [Give("budget", (year,), pence=-pence) for year, pence in enumerate(left) if pence < 0]


def _target(problem: Problem, years: tuple[int | None, ...]) -> list[Give]:
    worth = sum(start.value_pence for _, _, start in starts_of(problem, years))
    short = (problem.target_pence or worth) - worth
    return [Give("target", (), pence=short)] if problem.target_pence is not None and short > 0 else []


def _with_slack(rows: Rows) -> tuple[Rows, list[tuple[str, tuple[int, ...]]]]:
    """Return the rows, each group of them with a column that loosens it, and the objective to loosen the least."""
    groups: dict[tuple[str, tuple[int, ...]], int] = {}
    column = np.full(len(rows.at_most), -1, np.int64)
    for rule in _GIVES:
        if rule not in rows.spans:
            continue
        first, _ = rows.spans[rule]
        for offset, about in enumerate(rows.about[rule].tolist()):
            # All quarters of a limit and year loosen together.
            key = (rule, (about[0], about[2]) if rule == "go_lives" else tuple(about))
            column[first + offset] = groups.setdefault(key, len(groups))
    count, slacks = len(rows.objective), list(groups)
    loosened = np.flatnonzero(column >= 0)
    row = np.concatenate([np.repeat(np.arange(len(rows.at_most)), np.diff(rows.first)), loosened])
    order = np.argsort(row, kind="stable")
    weights = [-_GO_LIFE_WEIGHT if rule == "go_lives" else -1.0 for rule, _ in slacks]
    return replace(
        rows,
        objective=np.concatenate([np.zeros(count), weights]),
        lower=np.concatenate([rows.lower, np.zeros(len(slacks))]),
        upper=np.concatenate([rows.upper, np.full(len(slacks), np.inf)]),
        is_whole=np.concatenate([rows.is_whole, [float(rule == "go_lives") for rule, _ in slacks]]),
        first=np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(rows.at_most)))]),
        column=np.concatenate([rows.column, count + column[loosened]])[order],
        coefficient=np.concatenate([rows.coefficient, -np.ones(len(loosened))])[order],
    ), slacks
