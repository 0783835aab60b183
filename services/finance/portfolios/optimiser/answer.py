"""Answers a problem whole: plan, bound, explanation, ranking, what other budgets would give, or what clashes."""

import time
from collections import Counter
from dataclasses import asdict, replace
from fractions import Fraction
from math import floor

from libs.common.money import pounds
from services.finance.core.years import FinancialYear
from services.finance.plans.bound import Multipliers, upper_bound
from services.finance.plans.checker import closures
from services.finance.plans.problem import Plan, Problem, funds, spending, starts_of, value_pence
from services.finance.portfolios.optimiser.builder import layout_of
from services.finance.portfolios.optimiser.clashes import Clashing, Give, barred, clashes
from services.finance.portfolios.optimiser.explanation import wishes
from services.finance.portfolios.optimiser.ratios import ranked
from services.finance.portfolios.optimiser.search import Best, Say, Search, unheard
from services.finance.portfolios.optimiser.solver import VERSION, Effort
from services.finance.portfolios.views import (
    Answer,
    Clash,
    Closure,
    CurvePoint,
    ItemExplanation,
    Obstacle,
    PlannedItem,
    PlannedYear,
    Price,
    Ranking,
    Verdict,
)

CURVE = (80, 90, 110, 120)
"""Per cent of the budgets for which the problem is solved again. Less than the gap would show nothing."""
_CURVE_SHARE = 0.2
"""The time for each point, as a part of the whole."""


def answer(problem: Problem, effort: Effort, say: Say = unheard, *, curve: bool = True) -> Answer:
    """Return the whole answer; `say` gets the stage, the best value and the bound as it proceeds."""
    began = time.process_time()
    layout = layout_of(problem)
    if names := barred(layout):
        return _without_plan(effort, Verdict.INFEASIBLE, [_barred(name) for name in names])
    best = Search(problem, effort, say).best()
    if best.plan is None:
        if not best.is_infeasible:
            return _without_plan(effort, Verdict.NO_PLAN_IN_TIME, [])
        say("what clashes", None, None)
        return clashing(problem, effort, clashes(layout, effort))
    say("explanation", best.value_pence, best.bound_pence)
    whole = _of_plan(problem, effort, best, best.plan)
    own = round(time.process_time() - began - best.solver_seconds, 3)
    points = _curve(problem, effort, best, say) if curve and problem.budgets_pence is not None else []
    return whole.model_copy(update={"own_seconds": own, "curve": tuple(points)})


def year_name(problem: Problem, year: int | None) -> str | None:
    """Return a year as the NHS writes it."""
    return None if year is None else str(FinancialYear(problem.first_year + year))


def decimal(gap: Fraction) -> str:
    """Return a gap as decimal text, rounded up to five places so that it is never understated."""
    return f"{-floor(-gap * 100_000) / 100_000:.5f}"


def _of_plan(problem: Problem, effort: Effort, best: Best, plan: Plan) -> Answer:
    verdict = Verdict.OPTIMAL if best.is_proven else Verdict.BEST_FOUND
    gap = decimal(best.gap)
    sentence = verdict.value if best.is_proven else f"best found, at most {gap} of its value from the best possible"
    return Answer(
        verdict=verdict,
        value_pence=best.value_pence,
        bound_pence=best.bound_pence,
        verified_bound_pence=best.verified_pence,
        gap=gap,
        granularity_pence=1,
        sentence=sentence,
        items=_items(problem, plan.years, plan.quarters),
        years=_years(problem, plan),
        closures=tuple(
            Closure(supplier=name, year=year_name(problem, year) or "")
            for name, year in closures(problem, plan).items()
        ),
        ranking=_ranking(problem, best.value_pence),
        explanation=_explanation(problem, plan),
        curve=(),
        clashes=(),
        multipliers=_prices(best.multipliers),
        solver=VERSION,
        threads=effort.threads,
        solver_seconds=round(best.solver_seconds, 3),
        own_seconds=0,
    )


_INFEASIBLE = "no plan obeys all rules"
_NO_PLAN_IN_TIME = "the time was not enough to find any plan, and whether there is one is not known: give it more"
_IS_LEAST = f"{_INFEASIBLE}: the clashes say what has to give, and less than that, by more than 0.1 %, does not suffice"
_IS_ENOUGH = f"{_INFEASIBLE}: what the clashes say suffices; whether less would do is not known, as the time was over"
_IS_UNKNOWN = f"{_INFEASIBLE}; what would have to give is not known, as the time was over: give it more"


def clashing(problem: Problem, effort: Effort, found: Clashing) -> Answer:
    """Return an answer that says what has to give, and whether less would do, or that this is not known."""
    if found.is_order:
        return _without_plan(effort, Verdict.INFEASIBLE, [_order_clash()])
    if found.gives is None:
        return _without_plan(effort, Verdict.INFEASIBLE, [], _IS_UNKNOWN)
    # Nothing gives where only the quarters of one year, which the slack does not see, rule every plan out.
    shown = [_clash(problem, give) for give in found.gives] or [_quarters_clash()]
    sentence = _IS_LEAST if found.is_least else _IS_ENOUGH
    is_least = found.is_least if found.gives else None
    return _without_plan(effort, Verdict.INFEASIBLE, shown, sentence if found.gives else _INFEASIBLE, is_least=is_least)


def _without_plan(
    effort: Effort, verdict: Verdict, found: list[Clash], sentence: str = "", *, is_least: bool | None = None
) -> Answer:
    sentences = {Verdict.INFEASIBLE: f"{_INFEASIBLE}: see the clashes", Verdict.NO_PLAN_IN_TIME: _NO_PLAN_IN_TIME}
    return Answer(
        verdict=verdict,
        value_pence=None,
        bound_pence=None,
        verified_bound_pence=None,
        gap=None,
        granularity_pence=1,
        sentence=sentence or sentences[verdict],
        items=(),
        years=(),
        closures=(),
        ranking=None,
        explanation=(),
        curve=(),
        clashes=tuple(found),
        clashes_are_least=is_least,
        multipliers=(),
        solver=VERSION,
        threads=effort.threads,
        solver_seconds=0,
        own_seconds=0,
    )


def _items(
    problem: Problem, years: tuple[int | None, ...], quarters: tuple[int | None, ...]
) -> tuple[PlannedItem, ...]:
    done = {number: start for number, _, start in starts_of(problem, years)}
    return tuple(
        PlannedItem(
            item=item.name,
            year=year_name(problem, years[number]),
            quarter=quarters[number],
            value_pence=done[number].value_pence if number in done else 0,
            cash_pence=sum(pence for _, pence in done[number].cash_pence) if number in done else 0,
            committed=item.committed,
        )
        for number, item in enumerate(problem.items)
    )


def _years(problem: Problem, plan: Plan) -> tuple[PlannedYear, ...]:
    spent = spending(problem, plan.years)
    left = funds(problem, spent)
    go_lives = Counter(plan.years)
    return tuple(
        PlannedYear(
            year=year_name(problem, year) or "",
            budget_pence=None if problem.budgets_pence is None else problem.budgets_pence[year],
            spent_pence=spent[year],
            left_pence=None if problem.budgets_pence is None else left[year],
            go_lives=go_lives[year],
        )
        for year in range(problem.years)
    )


def _ranking(problem: Problem, value: int) -> Ranking:
    years, left_out = ranked(problem)
    worth = value_pence(problem, Plan(years, (None,) * len(years)))
    return Ranking(
        value_pence=worth,
        loses_pence=value - worth,
        items=_items(problem, years, (None,) * len(years)),
        left_out=tuple(problem.items[number].name for number in left_out),
    )


def _explanation(problem: Problem, plan: Plan) -> tuple[ItemExplanation, ...]:
    return tuple(
        ItemExplanation(
            item=problem.items[wish.item].name,
            planned=year_name(problem, plan.years[wish.item]),
            prefers=year_name(problem, wish.year),
            gains_pence=wish.gains_pence,
            obstacles=tuple(
                Obstacle(rule=rule, subject=subject, year=year_name(problem, year), short_pence=pence)
                for rule, subject, year, pence in wish.obstacles
            ),
        )
        for wish in wishes(layout_of(problem), plan)
    )


def _curve(problem: Problem, effort: Effort, best: Best, say: Say) -> list[CurvePoint]:
    """Solve again with less and with more money, each from the plan before it."""
    points: list[CurvePoint] = []
    budgets = problem.budgets_pence or ()
    again = replace(effort, seconds=max(1.0, effort.seconds * _CURVE_SHARE))
    plan = best.plan
    for percent in CURVE:
        say(f"with {percent} % of the money", None, None)
        other = replace(problem, budgets_pence=tuple(pence * percent // 100 for pence in budgets))
        result = Search(other, again).best(start=plan)
        if result.plan is None:
            verdict = Verdict.INFEASIBLE if result.is_infeasible else Verdict.NO_PLAN_IN_TIME
            points.append(CurvePoint(percent=percent, verdict=verdict, value_pence=None, bound_pence=None, gap=None))
            continue
        plan = result.plan
        bound = min(result.bound_pence, floor(upper_bound(other, best.multipliers)))
        points.append(
            CurvePoint(
                percent=percent,
                verdict=Verdict.OPTIMAL if result.is_proven else Verdict.BEST_FOUND,
                value_pence=result.value_pence,
                bound_pence=max(bound, result.value_pence),
                gap=decimal(result.gap),
            )
        )
    return points


def _prices(multipliers: Multipliers) -> tuple[Price, ...]:
    return tuple(
        Price(rule=rule, about=about, billionths=price)
        for rule, prices in asdict(multipliers).items()
        for about, price in prices.items()
    )


def multipliers_in(prices: tuple[Price, ...]) -> Multipliers:
    """Return stored multipliers as they are computed with."""
    found: dict[str, dict[tuple[int, ...], int]] = {}
    for price in prices:
        found.setdefault(price.rule, {})[price.about] = price.billionths
    return Multipliers(**found)


def _barred(name: str) -> Clash:
    return Clash(
        rule="notice",
        subject=name,
        year=None,
        more_pence=0,
        more_items=0,
        sentence=f"{name} has to be done, and notice leaves it no year",
    )


def _order_clash() -> Clash:
    return Clash(
        rule="dependency",
        subject="",
        year=None,
        more_pence=0,
        more_items=0,
        sentence="dependencies, alternatives and suppliers rule every plan out, whatever the money",
    )


def _quarters_clash() -> Clash:
    return Clash(
        rule="go-lives",
        subject="",
        year=None,
        more_pence=0,
        more_items=0,
        sentence="what has to be done in one year finds no quarters together: limits by function and dependencies",
    )


def _clash(problem: Problem, give: Give) -> Clash:
    year = year_name(problem, give.about[-1]) if give.rule != "target" else None
    subject = problem.go_lives[give.about[0]].function if give.rule == "go_lives" else ""
    sentences = {
        "budget": f"{pounds(give.pence)} more in {year}",
        "go_lives": f"{give.items} go-lives too many in {year}" + (f" for {subject}" if subject else ""),
        "target": f"a savings target {pounds(give.pence)} lower",
    }
    return Clash(
        rule=give.rule.replace("_", "-"),
        subject=subject,
        year=year,
        more_pence=give.pence,
        more_items=give.items,
        sentence=sentences[give.rule],
    )
