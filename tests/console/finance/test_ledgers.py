"""Savings, allowances and series on their pages, from answers of another world."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from console.finance import allowance_shaping as shaping
from tests.console.apps import console_over, refusal
from tests.console.finance.answers import ALLOWANCE, BRIDGE, HISTORY, SAVINGS, row


async def test_the_ledger_leads_from_forecast_to_what_arrived(tmp_path: Path) -> None:
    answers = {"finance GET /initiatives/MOON-HR/savings": SAVINGS}
    async with console_over(answers, tmp_path) as browser:
        shown = (await browser.get("/finance/savings?initiative=MOON-HR&as_at=2032-03-31")).text
        table = (await browser.get("/finance/savings/MOON-HR/ledger.csv")).text
    for value in ("£90,000", "£80,000", "£70,000", "£20,000", "Amber", "Keeper of the tower", "Q8Y £5,000.00."):
        assert value in shown
    assert "answer=%2Fv1%2Finitiatives%2FMOON-HR%2Fsavings" in shown
    assert "Q9X,Q9X,payroll,2031-32,True,Keeper of the tower,BL-1,50000000" in table


async def test_an_allowance_shows_what_it_was_set_to_and_what_mergers_moved(tmp_path: Path) -> None:
    answers = {
        "finance GET /allowances/Q9X/2031-32": ALLOWANCE,
        "finance GET /allowances/Q9X/2031-32/history": HISTORY,
        "finance GET /allowances": None,
    }
    async with console_over(answers, tmp_path) as browser:
        shown = (await browser.get("/finance/allowances/Q9X/2031-32")).text
    for value in ("£24,680", "£30,000", "£5,320.00", "1,234 people at £20.00", "Finance does not answer"):
        assert value in shown


async def test_a_year_that_is_none_is_refused_beside_its_field(tmp_path: Path) -> None:
    answers = {
        "finance GET /allowances": refusal("invalid-request", "Invalid", ("2018 is no year", "year"), status=422)
    }
    async with console_over(answers, tmp_path) as browser:
        shown = await browser.get("/finance/allowances?year=2018")
    assert shown.status_code == 422
    assert shown.text.count("2018 is no year") == 2
    assert "<title>Error: Allowances" in shown.text


async def test_both_series_and_the_bridge_are_shown_and_can_be_had(tmp_path: Path) -> None:
    boundaries = "boundaries_on=2032-04-01&from_year=1990-91&to_year=2089-90&limit=500"
    asked = f"organisation=Q9X&measure=population&{boundaries}"
    answers = {
        f"finance GET /series?series=statutory&{asked}": {"items": [row("2031-32", 1_234)], "next": None},
        f"finance GET /series?series=management&{asked}": {"items": [row("2031-32", 5_555)], "next": None},
        "finance GET /bridges": BRIDGE,
    }
    query = "organisation=q9x&measure=population&year=2031-32&as_at=2032-04-01"
    async with console_over(answers, tmp_path) as browser:
        shown = (await browser.get(f"/finance/series?{query}")).text
        years = (await browser.get(f"/finance/series/years.csv?{query}")).text
        bridge = (await browser.get(f"/finance/series/bridge.csv?{query}")).text
        for key in answers:
            if "series=management" in key:
                browser.transport.answers[key] = {"items": [row("2031-32", 5_555)], "next": "/v1/series?after=x"}
        assert "Finance has more figures of it" in (await browser.get(f"/finance/series?{query}")).text
    assert "Finance has more figures of it" not in shown
    for value in ("1,234", "5,555", "4,321", "1/2", "1 October 2031"):
        assert value in shown
    assert "2031-32,1234,5555" in years
    assert "merger,,Q8Y,1/2,2031-10-01,Q9X-2031-10-01,4321" in bridge


def test_steps_are_drawn_only_where_they_sum_to_the_allowance() -> None:
    moves = shaping.moves_of(ALLOWANCE)
    whole = shaping.steps_of(ALLOWANCE, moves, {})
    less = shaping.steps_of({**ALLOWANCE, "amount_pence": 1, "amount": "£0.01"}, moves, {})
    assert whole is not None
    assert less is not None
    assert [one["low"] for one in whole.wide["data"]["values"]] == [0, 24_680_00, 0]
    assert [one["low"] for one in less.wide["data"]["values"]] == [0, 0, 0]


@given(st.lists(st.integers(-(10**9), 10**9), max_size=20), st.integers(0, 10**9))
def test_a_bridge_is_drawn_from_the_published_figure_to_the_restated_one(amounts: list[int], statutory: int) -> None:
    lines = [{**BRIDGE["lines"][0], "amount": amount} for amount in amounts]
    chart = shaping.bridge_of(
        {**BRIDGE, "statutory": statutory, "lines": lines, "management": statutory + sum(amounts)}, {}
    )
    assert chart is not None
    rows = chart.wide["data"]["values"]
    assert rows[-2]["end"] == rows[-1]["end"]


def test_years_stand_in_their_order_though_a_series_lacks_some() -> None:
    years = shaping.years_of("Q9X", "", [row("2031-32", 5)], [row("2021-22", 3), row("2031-32", 5)])
    chart = shaping.both_of(years, "population")
    assert chart is not None
    assert [one["x"] for one in chart.wide["data"]["values"]] == ["2021-22", "2031-32", "2031-32"]
