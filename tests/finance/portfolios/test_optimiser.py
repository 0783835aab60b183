"""The optimiser against trying every plan, and against a second solver with another formulation, to the penny."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from bench.portfolio import published
from services.finance.plans.bound import Multipliers, upper_bound
from services.finance.plans.checker import closures, violations
from services.finance.plans.problem import Alternatives, Custom, GoLives, Item, Problem, Start, Supplier
from services.finance.portfolios.optimiser import search
from services.finance.portfolios.optimiser.answer import answer, clashing, multipliers_in
from services.finance.portfolios.optimiser.builder import build, layout_of
from services.finance.portfolios.optimiser.clashes import Clashing, Give
from services.finance.portfolios.optimiser.neighbourhoods import Neighbourhoods
from services.finance.portfolios.optimiser.search import Best, Search
from services.finance.portfolios.optimiser.solutions import values_of
from services.finance.portfolios.optimiser.solver import Effort
from services.finance.portfolios.views import Verdict
from tests.finance.portfolios.instances import a_random_problem, best_by_trying
from tests.finance.portfolios.second_solver import best_by_another_solver

EXACTLY = Effort(gap=0, seconds=30)


def found(problem: Problem) -> Best:
    return Search(problem, EXACTLY).best()


def test_it_finds_what_trying_every_plan_finds_and_its_bounds_are_bounds() -> None:
    seen: Counter[str] = Counter()
    for seed in range(30):
        problem = a_random_problem(seed)
        best, tried = found(problem), best_by_trying(problem)
        if tried is None:
            assert best.plan is None, seed
            assert best.is_infeasible, seed
            seen["infeasible"] += 1
            continue
        assert best.plan is not None, seed
        assert violations(problem, best.plan) == [], seed
        assert best.value_pence == tried == best.bound_pence, seed
        assert upper_bound(problem, best.multipliers) >= tried, seed
        assert best.verified_pence >= tried, seed
        seen["closes"] += bool(closures(problem, best.plan))
        seen["solved"] += 1
    assert min(seen["infeasible"], seen["closes"]) >= 1
    assert seen["solved"] >= 20


def test_whatever_the_prices_are_weak_duality_is_a_bound() -> None:
    for seed in range(20):
        problem, chance = a_random_problem(seed), random.Random(seed)
        tried = best_by_trying(problem)
        if tried is None:
            continue
        years = range(problem.years)
        prices = Multipliers(
            budget={(year,): chance.randint(-(10**9), 3 * 10**9) for year in years},
            go_lives={
                (limit, quarter, year): chance.randint(0, 10**8)
                for limit in range(len(problem.go_lives))
                for quarter in range(1, 5)
                for year in years
            },
            dependency={
                (pair, year): chance.randint(0, 10**8) for pair in range(len(problem.dependencies)) for year in years
            },
            alternatives={(group,): chance.randint(0, 10**8) for group in range(len(problem.alternatives))},
            viability={
                (one, year): chance.randint(0, 10**9) for one in range(len(problem.suppliers)) for year in years
            },
            nobody_left={
                (one, contract, year): chance.randint(0, 10**8)
                for one, supplier in enumerate(problem.suppliers)
                for contract in range(len(supplier.customs))
                for year in years
            },
        )
        assert upper_bound(problem, prices) >= tried, seed


@pytest.mark.parametrize("seed", range(4))
def test_a_second_solver_with_another_formulation_agrees_to_the_penny(seed: int) -> None:
    problem = a_random_problem(seed + 100, items=18, years=4, suppliers=3)
    # One limit over all items: quarters are then decided by the years, in either formulation.
    problem = replace(problem, go_lives=(GoLives("", 1),), target_pence=None)
    best = found(problem)
    assert best.plan is not None
    assert best.value_pence == best_by_another_solver(problem)


def an_item(name: str, *values: int, cash: int = 100, **more: bool) -> Item:
    return Item(
        name, "payroll", tuple(Start(year, value, ((year, cash),)) for year, value in enumerate(values)), **more
    )


def test_a_budget_is_not_overspent_by_a_penny_that_a_double_does_not_show() -> None:
    pence = 10**12 + 1
    items = (an_item("a", 500, cash=pence), an_item("b", 400, cash=pence), an_item("c", 300, cash=pence - 1))
    problem = Problem(2026, 1, items, budgets_pence=(2 * pence - 1,))
    best = found(problem)
    assert best.plan is not None
    assert best.value_pence == 800
    assert best.bound_pence == 800


def test_a_gap_of_zero_is_optimal_and_the_bound_can_be_computed_again_from_what_is_stored() -> None:
    problem = a_random_problem(1)
    result = answer(problem, EXACTLY)
    assert result.verdict is Verdict.OPTIMAL
    assert (result.sentence, result.gap) == ("optimal", "0.00000")
    assert result.granularity_pence == 1
    assert result.verified_bound_pence == int(upper_bound(problem, multipliers_in(result.multipliers)) // 1)
    assert [point.percent for point in result.curve] == [80, 90, 110, 120]
    values = [point.value_pence for point in result.curve if point.value_pence is not None]
    assert values == sorted(values)


def test_each_item_says_what_it_would_rather_do_and_what_stands_in_the_way() -> None:
    rich = Problem(2026, 2, (an_item("a", 500, 100), an_item("b", 450, 90, cash=150)), budgets_pence=(200, 150))
    [wish] = answer(rich, EXACTLY, curve=False).explanation
    assert (wish.item, wish.planned, wish.prefers, wish.gains_pence) == ("b", "2027-28", "2026-27", 360)
    assert [(one.rule, one.year, one.short_pence) for one in wish.obstacles] == [("budget", "2026-27", 50)]


def test_every_wish_of_an_optimal_plan_has_something_in_its_way() -> None:
    wishes = [
        wish
        for seed in range(25)
        for wish in answer(
            replace(a_random_problem(seed, items=6), target_pence=None), EXACTLY, curve=False
        ).explanation
    ]
    assert len(wishes) > 20
    assert [wish for wish in wishes if not wish.obstacles] == []
    assert {one.rule for wish in wishes for one in wish.obstacles} == {
        *("budget", "go-lives", "dependency", "alternatives", "supplier"),
    }


def test_ranking_by_ratio_takes_the_cheap_one_first_and_loses_what_the_budget_could_have_bought() -> None:
    items = (an_item("cheap", 300, cash=100), an_item("dear", 500, cash=200))
    result = answer(Problem(2026, 1, items, budgets_pence=(200,)), EXACTLY, curve=False)
    assert result.value_pence == 500
    assert result.ranking is not None
    assert (result.ranking.value_pence, result.ranking.loses_pence) == (300, 200)


def test_a_supplier_closes_only_when_all_its_customers_have_left() -> None:
    items = (an_item("a", 500, 400, cash=0), an_item("b", -100, -50, cash=0))
    supplier = Supplier("CSU", 150, 0, (Custom((0,), 100), Custom((1,), 100)))
    result = answer(Problem(2026, 2, items, suppliers=(supplier,)), EXACTLY, curve=False)
    assert [one.year for one in result.items] == ["2026-27", "2026-27"]
    assert [(one.supplier, one.year) for one in result.closures] == [("CSU", "2026-27")]
    kept = replace(supplier, need_pence=100)
    assert [one.year for one in answer(Problem(2026, 2, items, suppliers=(kept,)), EXACTLY).items] == ["2026-27", None]


def test_items_that_find_no_quarters_together_are_kept_apart_whatever_else_is_done() -> None:
    late = Item("late", "payroll", (Start(0, 100_000, quarter=4),))
    after = Item("after", "payroll", (Start(0, 100_000), Start(1, 90_000)))
    others = tuple(Item(f"other {number}", "IT", (Start(0, 100 + number),)) for number in range(10))
    problem = Problem(2026, 2, (late, after, *others), go_lives=(GoLives("payroll", 1),), dependencies=((0, 1),))
    result = answer(problem, EXACTLY, curve=False)
    assert (result.verdict, result.value_pence) == (Verdict.OPTIMAL, 190_000 + 1_045)
    assert [one.year for one in result.items[:2]] == ["2026-27", "2027-28"]
    # Crowded out in every year but one: the later year is the only one left for it.
    forced = replace(problem, items=(late, replace(after, mandatory=True), *others))
    assert answer(forced, EXACTLY, curve=False).value_pence == 190_000 + 1_045


def test_where_every_notice_has_passed_the_plan_is_to_do_nothing() -> None:
    gone = Item("payroll of 06H", "payroll", ())
    custom = Supplier("CSU", 100, 0, (Custom((0,), 150),))
    problem = Problem(2026, 2, (gone,), budgets_pence=(0, 0), suppliers=(custom,))
    result = answer(problem, EXACTLY)
    assert (result.verdict, result.value_pence, result.verified_bound_pence) == (Verdict.OPTIMAL, 0, 0)
    assert [one.year for one in result.items] == [None]
    assert [point.verdict for point in result.curve] == [Verdict.OPTIMAL] * 4
    missed = answer(replace(problem, suppliers=(), target_pence=500), EXACTLY)
    assert missed.verdict is Verdict.INFEASIBLE
    assert [clash.sentence for clash in missed.clashes] == ["a savings target £5.00 lower"]


def test_what_clashes_is_said_in_pounds_and_by_group() -> None:
    items = tuple(an_item(f"item {number}", 100, cash=1_000, mandatory=True) for number in range(6))
    problem = Problem(2026, 1, items, budgets_pence=(4_500,), go_lives=(GoLives("payroll", 1),), target_pence=700)
    result = answer(problem, EXACTLY)
    assert result.verdict is Verdict.INFEASIBLE
    assert [clash.sentence for clash in result.clashes] == [
        "£15.00 more in 2026-27",
        "2 go-lives too many in 2026-27 for payroll",
        "a savings target £1.00 lower",
    ]
    assert result.clashes_are_least is True


def test_what_is_not_proven_to_be_the_least_is_not_called_so() -> None:
    problem = Problem(2026, 1, (an_item("a", 100, cash=1_000, mandatory=True),), budgets_pence=(400,))
    gives = [Give("budget", (0,), pence=600)]
    for found, least, words in (
        (Clashing(gives, is_least=True), True, "does not suffice"),
        (Clashing(gives), False, "whether less would do is not known"),
        (Clashing(None), None, "what would have to give is not known"),
        (Clashing(None, is_order=True), None, "see the clashes"),
    ):
        result = clashing(problem, EXACTLY, found)
        assert (result.verdict, result.clashes_are_least) == (Verdict.INFEASIBLE, least)
        assert words in result.sentence
        assert bool(result.clashes) is (found.gives is not None or found.is_order)
    # With no time at all nothing is claimed: neither that there is no plan, nor what would have to give.
    hard = a_random_problem(3, items=60, years=8, suppliers=6)
    hurried = answer(hard, Effort(gap=0, seconds=0), curve=False)
    assert hurried.verdict is not Verdict.OPTIMAL
    assert "minimal" not in hurried.sentence


def test_an_item_that_notice_bars_is_named_before_anything_is_solved() -> None:
    barred = Item("payroll of 06H", "payroll", (), mandatory=True)
    result = answer(Problem(2026, 1, (barred, an_item("a", 100))), EXACTLY)
    assert result.verdict is Verdict.INFEASIBLE
    assert [clash.sentence for clash in result.clashes] == [
        "payroll of 06H has to be done, and notice leaves it no year"
    ]
    either = Problem(2026, 1, (replace(barred, mandatory=False),), alternatives=(Alternatives((0,), mandatory=True),))
    assert answer(either, EXACTLY).clashes[0].subject == "payroll of 06H"


def test_with_one_item_and_no_limit_the_best_year_is_its_largest_value() -> None:
    result = answer(Problem(2026, 5, (an_item("a", -30, 10, 70, 40, 0),)), EXACTLY)
    assert result.items[0].year == "2028-29"
    assert result.value_pence == result.bound_pence == 70
    never = answer(Problem(2026, 2, (an_item("a", -30, -10),)), EXACTLY)
    assert (never.items[0].year, never.value_pence, never.verdict) == (None, 0, Verdict.OPTIMAL)


def test_a_plan_that_is_better_by_a_penny_is_not_passed_over() -> None:
    for seed in range(6):
        chance = random.Random(seed)
        dear = tuple(an_item(f"dear {n}", 10**9 + chance.randint(0, 9), cash=100 + n % 3) for n in range(7))
        problem = Problem(2026, 1, dear, budgets_pence=(chance.randint(200, 450),))
        best = found(problem)
        assert best.value_pence == best.bound_pence == best_by_trying(problem)


@pytest.mark.parametrize("seed", [1, 2])
def test_two_threads_in_company_find_what_one_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = published(seed, 24)
    alone = found(problem)
    monkeypatch.setattr(search, "_SMALL", 0)
    best = Search(problem, replace(EXACTLY, threads=2)).best()
    assert best.plan is not None
    assert violations(problem, best.plan) == []
    assert best.value_pence == best.bound_pence == alone.value_pence


def test_a_part_of_a_plan_leaves_the_rest_as_it_is_and_grows_while_it_is_solved() -> None:
    layout = layout_of(published(1, 60))
    rows = build(layout)
    never = values_of(layout, rows, (None,) * len(layout.problem.items))
    parts = Neighbourhoods(layout, rows, None)
    sizes = []
    for is_solved in (True, False) * 8:
        lower, upper = parts.bounds(never)
        free = lower < upper
        assert ((lower <= never) & (never <= upper)).all()
        sizes.append(int(free.sum()))
        parts.learn(is_solved=is_solved)
    assert min(sizes) > 0
    assert max(sizes) < len(never)
