"""A simulation is asked for by a form, refused beside its fields, and followed until it is done."""

import json
from pathlib import Path

from console.finance import simulation_shaping as shaping
from tests.console.apps import console_over, refusal
from tests.console.finance.answers import CASE, OF_CASE, appraisal, option

PAGE = "/finance/cases/MOON-1/versions/2/simulations"
ONE = "00000000-0000-4000-8000-000000000002"
QUEUED = {
    "simulation": ONE,
    "case": "MOON-1",
    "version": 2,
    "revision": 3,
    "state": "queued",
    "digest": "d" * 64,
    "requested_at": "2032-05-04T09:00:00Z",
    "progress": None,
    "reason": None,
    "terms": None,
    "answer": None,
}


async def test_a_form_asks_for_what_is_uncertain_and_follows_it(tmp_path: Path) -> None:
    wrong = refusal(
        "simulation-unsound", "It does not fit", ("lies from 3 to 2", "inputs.0.distribution.high"), status=422
    )
    answers = {
        **OF_CASE,
        f"finance GET {CASE}/simulations": {"items": [], "next": None},
        f"finance POST {CASE}/simulations": wrong,
        f"finance GET {CASE}/simulations/{ONE}": QUEUED,
    }
    fields = {
        "low-rent": "90,000.50",
        "mode-rent": "£100000",
        "high-rent": "80000",
        "runs": "2,000",
        "shape": "triangular",
    }
    async with console_over(answers, tmp_path) as browser:
        assert "This version has not been simulated." in (await browser.get(PAGE)).text
        nothing = await browser.submit(PAGE, {"shape": "pert"})
        assert "Say of at least one input" in nothing.text
        refused = await browser.submit(PAGE, fields)
        assert refused.status_code == 422
        assert 'href="#high-rent">lies from 3 to 2' in refused.text
        assert 'value="90,000.50"' in refused.text
        browser.transport.answers[f"finance POST {CASE}/simulations"] = (202, QUEUED)
        followed = await browser.submit(PAGE, fields)
        assert "It waits for its turn." in followed.text
        assert 'data-again="2"' in followed.text
        sent = [json.loads(one.content) for one in browser.transport.sent if one.url.path.endswith("/simulations")]
    values = {"distribution": "triangular", "low": "9000050", "mode": "10000000", "high": "8000000"}
    assert sent[-1] == {"option": "tower", "inputs": [{"input": "rent", "distribution": values}], "runs": 2000}


async def test_an_amount_that_is_no_whole_penny_is_shown_to_the_nearest_one(tmp_path: Path) -> None:
    exact = option("tower", "One tower", 5)
    exact["items"][1]["value"] = "30925801/3"
    answers = {
        f"finance GET {CASE}/appraisal": appraisal(options=[exact]),
        f"finance GET {CASE}/simulations": {"items": [], "next": None},
    }
    async with console_over(answers, tmp_path) as browser:
        assert "As stated: £103,086.00." in (await browser.get(PAGE)).text


def test_what_is_no_number_is_left_for_the_service_to_refuse() -> None:
    rows = shaping.uncertain_rows(option("tower", "One tower", 5))
    terms = shaping.terms_of({"low-rent": "many", "runs": "lots"}, rows, "tower")
    assert terms["inputs"][0]["distribution"]["low"] == "many"
    assert terms["runs"] == "lots"


def test_bins_are_drawn_together_where_there_are_many_and_none_is_lost() -> None:
    bins = [{"from_pence": at, "to_pence": at + 1, "runs": at} for at in range(-20, 21)]
    chart = shaping.histogram_of({"histogram": bins})
    assert chart is not None
    assert sum(row["end"] for row in chart.wide["data"]["values"]) == sum(one["runs"] for one in bins)
    assert chart.marks <= 20
