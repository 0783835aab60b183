"""A run's plan as the page shows it: years, choices with their reasons, what more money is worth. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.charts.bars import Bar, bars
from console.charts.lines import Line, Point, lines
from console.charts.look import Chart, Tone
from console.core.words import pounds

Answered = Mapping[str, Any]

_IN_THE_WAY = {
    "budget": "the budget",
    "go-lives": "the limit of go-lives",
    "dependency": "what has to come before",
    "alternatives": "an alternative that is chosen",
    "supplier": "what the supplier needs",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """An item of the plan: when, what that is worth, and why not otherwise."""

    item: str
    when: str
    value_pence: int
    cash_pence: int
    committed: bool
    reasons: Sequence[str]


def is_open(state: str) -> bool:
    """Whether a computation still waits or runs."""
    return state in ("queued", "running")


def choices_of(plan: Answered, explanations: Sequence[Answered]) -> list[Choice]:
    """Return the plan's items with what each would rather do and what stands in the way, in words."""
    why = {one["item"]: one for one in explanations}
    return [
        Choice(
            item=item["item"],
            when=_when(item),
            value_pence=item["value_pence"],
            cash_pence=item["cash_pence"],
            committed=item["committed"],
            reasons=_reasons(item, why.get(item["item"])),
        )
        for item in plan["items"]
    ]


def _when(item: Answered) -> str:
    if item["year"] is None:
        return "Never"
    return f"{item['year']}, quarter {item['quarter']}" if item["quarter"] else str(item["year"])


def _reasons(item: Answered, why: Answered | None) -> list[str]:
    if item["committed"]:
        return ["Committed already."]
    if why is None:
        return []
    if why["prefers"] == why["planned"]:
        return [
            "This is the year that it is worth most." if why["planned"] else "It is worth most if it is never done."
        ]
    rather = f"in {why['prefers']}" if why["prefers"] else "never"
    return [
        f"Would be worth {pounds(why['gains_pence'])} more {rather}.",
        *(f"In the way: {_obstacle(one)}." for one in why["obstacles"]),
    ]


def _obstacle(one: Answered) -> str:
    what = _IN_THE_WAY.get(one["rule"], one["rule"])
    of = f" of {one['subject']}" if one["subject"] else ""
    year = f" in {one['year']}" if one["year"] else ""
    short = f", {pounds(one['short_pence'])} short" if one["short_pence"] else ""
    return f"{what}{of}{year}{short}"


def years_of(plan: Answered) -> Chart | None:
    """Return each year's budget and what is spent of it as bars."""
    marks = []
    for year in plan["years"]:
        if year["budget_pence"] is not None:
            budget = year["budget_pence"]
            marks.append(Bar(f"{year['year']} budget", budget, pounds(budget, 0), Tone.OTHER))
        marks.append(Bar(f"{year['year']} spent", year["spent_pence"], pounds(year["spent_pence"], 0)))
    return bars("What each year spends of its budget", marks)


def curve_of(plan: Answered, points: Sequence[Answered]) -> Chart | None:
    """Return the best plan's value, and what no plan is worth more than, against the budget; None without a curve."""
    if not points:
        return None
    ordered = points_of(plan, points)
    return lines(
        "Value against budget",
        [
            Line(name, _points(ordered, field))
            for name, field in (("Best plan", "value_pence"), ("No plan is worth more", "bound_pence"))
        ],
        order=[_percent(point) for point in ordered],
    )


def points_of(plan: Answered, points: Sequence[Answered]) -> list[Answered]:
    """Return the plans with other budgets, and among them the plan itself, with the budgets as they are."""
    own = {name: plan[name] for name in ("verdict", "value_pence", "bound_pence", "gap")}
    return sorted([*points, {"percent": 100, **own}], key=lambda point: int(point["percent"]))


def _percent(point: Answered) -> str:
    return f"{point['percent']}%"


def _points(ordered: Sequence[Answered], field: str) -> list[Point]:
    return [
        Point(
            _percent(point),
            point[field],
            pounds(point[field], 0),
            is_marked=point["percent"] == 100 and field == "value_pence",
        )
        for point in ordered
        if point[field] is not None
    ]


Table = tuple[Sequence[str], Sequence[Sequence[Any]]]


def curve_table(points: Sequence[Answered]) -> Table:
    """Return the best plan's value with other budgets."""
    heads = ("percent", "verdict", "value_pence", "bound_pence", "gap")
    return heads, [tuple(point[head] for head in heads) for point in points]


def years_table(plan: Answered) -> Table:
    """Return the plan's years."""
    heads = ("year", "budget_pence", "spent_pence", "left_pence", "go_lives")
    return heads, [tuple(year[head] for head in heads) for year in plan["years"]]


def items_table(plan: Answered) -> Table:
    """Return the plan's items."""
    heads = ("item", "year", "quarter", "value_pence", "cash_pence", "committed")
    return heads, [tuple(item[head] for head in heads) for item in plan["items"]]
