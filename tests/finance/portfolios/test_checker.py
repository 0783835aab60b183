"""The checker passes a plan that obeys every rule, and refuses it once it is changed, each time for that reason."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.finance.plans.checker import Violation, violations
from services.finance.plans.problem import (
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
from services.finance.plans.quarters import assign


def an_item(name: str, *, function: str = "payroll", first: int = 0, quarter: int = 1, **more: bool) -> Item:
    starts = tuple(Start(year, 100 - year, ((year, 50),), quarter) for year in range(first, 3))
    return Item(name, function, starts, **more)


PROBLEM = Problem(
    first_year=2026,
    years=3,
    items=(
        an_item("shared service", mandatory=True),
        an_item("joins it"),
        an_item("on notice", first=1, quarter=3),
        Item("served", "estates", (Start(1, 10, ((1, 20),)),), committed=True),
        an_item("or this", function="estates"),
        an_item("or that", function="estates"),
    ),
    budgets_pence=(100, 120, 100),
    go_lives=(GoLives("", 2), GoLives("payroll", 1)),
    dependencies=((0, 1),),
    alternatives=(Alternatives((4, 5), mandatory=True),),
    suppliers=(Supplier("CSU", 150, 0, (Custom((1,), 100), Custom((2,), 100))),),
    target_pence=380,
)
PLAN = Plan((0, 1, 1, 1, 2, None), (1, 1, 3, 1, 1, None))

YEARS, QUARTERS = list(PLAN.years), list(PLAN.quarters)


def moved(number: int, year: int | None, quarter: int | None) -> Plan:
    years, quarters = [*YEARS], [*QUARTERS]
    years[number], quarters[number] = year, quarter
    return Plan(tuple(years), tuple(quarters))


def test_a_plan_that_obeys_every_rule_passes() -> None:
    assert violations(PROBLEM, PLAN) == []
    assert value_pence(PROBLEM, PLAN) == 100 + 99 + 99 + 10 + 98


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        (moved(2, 0, 3), "notice"),
        (moved(2, 1, 2), "quarter"),
        (moved(2, 1, 5), "quarter"),
        (moved(2, 1, None), "quarter"),
        (moved(0, None, None), "mandatory"),
        (moved(3, None, None), "committed"),
        (moved(4, None, None), "mandatory"),
        (moved(5, 2, 2), "alternatives"),
        (moved(4, 1, 4), "budget"),
        (moved(0, 2, 1), "dependency"),
        (replace(moved(0, 1, 4), quarters=(4, 1, 3, 1, 1, None)), "dependency"),
        (moved(1, 1, 3), "go-lives"),
        (moved(1, 2, 1), "supplier"),
        (moved(1, None, None), "supplier"),
        (Plan(PLAN.years[:-1], PLAN.quarters[:-1]), "size"),
    ],
)
def test_a_plan_that_was_changed_is_refused_for_that_reason(plan: Plan, rule: str) -> None:
    assert rule in {violation.rule for violation in violations(PROBLEM, plan)}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda one: replace(one, budgets_pence=(49, 120, 100)), Violation("budget", "budget", 0, 1)),
        (lambda one: replace(one, target_pence=407), Violation("target", "savings target", None, 1)),
        (
            lambda one: replace(one, suppliers=(replace(one.suppliers[0], outside_pence=100, need_pence=301),)),
            Violation("supplier", "CSU", 0, 1),
        ),
    ],
)
def test_a_penny_is_enough(change: Callable[[Problem], Problem], expected: Violation) -> None:
    assert violations(change(PROBLEM), PLAN) == [expected]


def test_money_is_carried_over_only_where_that_is_allowed_and_never_backwards() -> None:
    saved = replace(PROBLEM, budgets_pence=(110, 60, 100))
    assert [violation.rule for violation in violations(saved, PLAN)] == ["budget"]
    assert violations(replace(saved, carry_over=True), PLAN) == []
    late = replace(PROBLEM, budgets_pence=(50, 100, 500), carry_over=True)
    assert violations(late, PLAN) == [Violation("budget", "budget", 1, 20)]


def test_quarters_are_given_after_notice_and_dependencies_within_the_limits() -> None:
    assert assign(PROBLEM, 1, PLAN.years) == {1: 1, 3: 1, 2: 3}
    assert assign(PROBLEM, 0, (0, 0, None, None, None, None)) == {0: 1, 1: 2}
    full = replace(PROBLEM, go_lives=(GoLives("", 1),), items=tuple(an_item(str(n), quarter=2) for n in range(4)))
    assert assign(replace(full, dependencies=()), 0, (0, 0, 0, None)) == {0: 2, 1: 3, 2: 4}
    assert assign(replace(full, dependencies=()), 0, (0, 0, 0, 0)) is None
