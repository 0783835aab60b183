"""A run on its page: under way, then its plan by year and why each choice is made."""

import re
from pathlib import Path
from typing import Any

from console.finance import portfolio_shaping as shaping
from tests.console.apps import console_over, refusal
from tests.console.finance.answers import CURVE, EXPLANATION, OF_RUN, RUN

PAGE = f"/finance/runs/{RUN['run']}"


async def test_a_plan_is_shown_by_year_with_why_each_choice(tmp_path: Path) -> None:
    async with console_over(OF_RUN, tmp_path) as browser:
        shown = (await browser.get(PAGE)).text
        assert len(browser.transport.asked) == 4
        items = (await browser.get(f"{PAGE}/items.csv")).text
        curve = (await browser.get(f"{PAGE}/curve.csv")).text
    for value in ("£400,000", "£401,000", "£60,000", "2032-33, quarter 2", "the budget in 2032-33, £2,222.00 short"):
        assert value in shown
    assert "Would be worth £12,345.00 more in 2032-33." in shown
    assert "Tower,2032-33,2,30000000,5000000,False" in items
    assert "100,best found,40000000,40100000,0.0025" in curve
    assert re.search(r"100%</td>.*£400,000</td>.*£401,000</td>", shown, re.DOTALL)
    assert "data-again" not in shown


async def test_a_run_under_way_looks_again_and_can_be_cancelled(tmp_path: Path) -> None:
    waiting = refusal("run-not-done", "The run is not done")
    running = {
        **RUN,
        "state": "running",
        "plan": None,
        "progress": {"stage": "every pound", "value_pence": 5_000_00, "bound_pence": 9_000_00},
    }
    parts = {f"finance GET /runs/{RUN['run']}/{part}": waiting for part in ("explanation", "curve", "clashes")}
    answers: dict[str, Any] = {
        **parts,
        f"finance GET /runs/{RUN['run']}": running,
        f"finance POST /runs/{RUN['run']}/cancellation": {**running, "state": "cancelled"},
    }
    async with console_over(answers, tmp_path) as browser:
        shown = (await browser.get(PAGE)).text
        assert 'data-again="2"' in shown
        assert "The best plan so far is worth £5,000; no plan is worth more than £9,000." in shown
        cancelled = await browser.submit(f"{PAGE}/cancellation")
        assert "The run is cancelled." in cancelled.text


def test_money_is_compared_with_what_it_buys_from_the_least_on() -> None:
    chart = shaping.curve_of(RUN["plan"], CURVE["points"])
    assert chart is not None
    rows = [row for row in chart.wide["data"]["values"] if row["line"] == 0]
    assert [(row["x"], row["value"]) for row in rows] == [
        ("90%", 380_000_00),
        ("100%", 400_000_00),
        ("110%", 431_000_00),
    ]


def test_budgets_stand_in_their_order_though_one_of_them_has_no_plan() -> None:
    points = [{**CURVE["points"][0], "value_pence": None}, CURVE["points"][1]]
    chart = shaping.curve_of(RUN["plan"], points)
    assert chart is not None
    assert list(dict.fromkeys(row["x"] for row in chart.wide["data"]["values"])) == ["90%", "100%", "110%"]


def test_what_is_best_left_undone_is_not_said_to_be_in_its_year() -> None:
    never: dict[str, Any] = {"item": "Tent", "planned": None, "prefers": None, "gains_pence": 0, "obstacles": []}
    assert shaping.choices_of(RUN["plan"], [never])[1].reasons == ["It is worth most if it is never done."]


async def test_without_an_explanation_no_reason_is_made_up(tmp_path: Path) -> None:
    silent = {**OF_RUN, f"finance GET /runs/{RUN['run']}/explanation": None}
    async with console_over(silent, tmp_path) as browser:
        shown = (await browser.get(PAGE)).text
    assert "Finance does not answer at the moment." in shown
    assert "As planned" not in shown


def test_an_item_that_was_not_explained_has_no_reason_of_our_own() -> None:
    first, second = shaping.choices_of(RUN["plan"], EXPLANATION["items"])
    assert first.reasons == []
    assert second.when == "Never"
