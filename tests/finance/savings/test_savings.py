"""A saving is realised by a reduction of its line, posted after it, once, and until the line is restored."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from libs.common.events.contracts import ConsolidationAgreed, ConsolidationPlanned, ConsolidationWithdrawn
from libs.common.events.registry import SuccessionUndone
from services.finance.charts.rules import charts_of_savings
from tests.finance.budgets.conftest import Budgets
from tests.support.finance_harness import at, bucks_merges
from tests.support.report_documents import assert_figures_are_listed, assert_pdf_equals, cells_of
from tests.support.report_pages import assert_page_equals, assert_table_equals

YEAR = "2018-19"
OF = {"organisation": "10H", "function": "payroll", "financial_year": YEAR}


async def state(budgets: Budgets, ref: str, pence: int, *, expect: int = 201, **more: Any) -> Any:
    body = OF | {"amount_pence": pence, "recurrent": True} | more
    return await budgets.call("POST", f"/initiatives/{ref}/savings", json=body, expect=expect)


async def claim(budgets: Budgets, ref: str, line: str, pence: int, *, expect: int = 201, **more: Any) -> Any:
    body = OF | {"line": line, "amount_pence": pence} | more
    answer = await budgets.call("POST", f"/initiatives/{ref}/savings/claims", json=body, expect=expect)
    return answer["savings"][0] if expect == 201 else answer


async def realised(budgets: Budgets, ref: str, **asked: str) -> int:
    found = await budgets.call("GET", f"/initiatives/{ref}/savings", params=asked)
    return int(found["realised_pence"])


@pytest.mark.parametrize(
    ("fall", "asked", "got", "refused"),
    [
        (900_000_00, (600_000_00, 500_000_00), (600_000_00, 300_000_00), 200_000_00),
        (777_77, (500_01, 300_00), (500_01, 277_76), 22_24),
    ],
)
async def test_golden_28_what_a_line_fell_by_is_claimed_once_in_the_order_of_statements(
    budgets: Budgets, fall: int, asked: tuple[int, int], got: tuple[int, int], refused: int
) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=fall * 2)
    for ref, pence in zip(("A-1", "B-1"), asked, strict=True):
        await state(budgets, ref, pence, line=line, owner="10H/chief-finance-officer", baseline_pence=fall * 2)
    await state(budgets, "C-1", 1)
    await budgets.post("10H", YEAR, line, "reductions", amount_pence=fall, initiative="A-1")
    first = await claim(budgets, "A-1", line, asked[0])
    second = await claim(budgets, "B-1", line, asked[1])
    assert (first["realised_pence"], first["refused_pence"]) == (got[0], 0)
    assert (second["realised_pence"], second["refused_pence"], second["claims"][0]["waiting_pence"]) == (
        got[1],
        refused,
        0,
    )
    third = await claim(budgets, "C-1", line, 1, expect=409)
    assert third["type"].endswith("/reduction-claimed")
    assert "A-1, B-1" in third["detail"]
    assert [one["amount_pence"] for one in await budgets.told("SavingRealised")] == list(got)
    await _is_reported_and_leads_to_events(budgets, got[0])


async def _is_reported_and_leads_to_events(budgets: Budgets, got: int) -> None:
    path = "/initiatives/A-1/savings"
    document = await budgets.call("GET", f"{path}/report")
    shown = document["statement"]
    assert (shown, shown["realised_pence"]) == (await budgets.call("GET", path), got)
    page = await budgets.client.get(f"/v1{path}/report", params={"format": "html"})
    assert_page_equals(page.text, document, charts_of_savings(document))
    assert_table_equals((await budgets.client.get(f"/v1{path}/report", params={"format": "csv"})).text, document)
    assert_pdf_equals(document, charts_of_savings(document))
    cells = cells_of(assert_figures_are_listed(document), "Savings")
    sums = 5 + len(shown["savings"])
    assert [round(cells[f"E{row}"] * 100) for row in (sums, sums + 1, sums + 2)] == [got, got, 0]
    origin = await budgets.call(
        "GET", f"/figures/{shown['digest']}~realised_pence/provenance", params={"answer": f"/v1{path}"}
    )
    assert (origin["value"], origin["answer"], origin["lens"]) == (got, "savings", "organisation")
    names = [event["type"].split(".")[3] for event in origin["events"]]
    assert sorted(set(names)) == ["BudgetReduced", "BudgetSet", "SavingForecast", "SavingRealised"]
    assert document["provenance"]["events"] == origin["events"]


async def test_claims_that_wait_are_served_in_the_order_of_statements(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=1_000)
    for ref, pence in (("A-1", 600), ("B-1", 500)):
        await state(budgets, ref, pence)
        waits = await claim(budgets, ref, line, pence)
        assert (waits["realised_pence"], waits["claims"][0]["waiting_pence"]) == (0, pence)
    reduced = await budgets.post("10H", YEAR, line, "reductions", amount_pence=900)
    assert (await realised(budgets, "A-1"), await realised(budgets, "B-1")) == (600, 300)
    [reduction] = [one["reduction"] for one in reduced["entries"] if one["reduction"]]
    await budgets.post("10H", YEAR, line, "restorations", amount_pence=400, reduction=reduction)
    assert (await realised(budgets, "A-1"), await realised(budgets, "B-1")) == (500, 0)
    told = await budgets.told("SavingReversed")
    assert sorted((one["initiative"], one["amount_pence"]) for one in told) == [("A-1", 100), ("B-1", 300)]


async def test_a_reduction_before_the_saving_realises_nothing(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=1_000)
    unknown = await budgets.post("10H", YEAR, line, "reductions", amount_pence=500, initiative="A-1", expect=409)
    assert (unknown["type"].rpartition("/")[2], unknown["reasons"][0]["field"]) == ("initiative-unknown", "initiative")
    await budgets.post("10H", YEAR, line, "reductions", amount_pence=500)
    await state(budgets, "A-1", 500)
    assert (await claim(budgets, "A-1", line, 500))["realised_pence"] == 0
    await budgets.post("10H", YEAR, line, "reductions", amount_pence=120)
    assert await realised(budgets, "A-1") == 120


async def test_a_reduction_of_another_line_realises_nothing(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=1_000)
    other = await budgets.set_line("10H", YEAR, amount_pence=1_000, account="5220")
    await state(budgets, "A-1", 500)
    await claim(budgets, "A-1", line, 500)
    await budgets.post("10H", YEAR, other, "reductions", amount_pence=500, initiative="A-1")
    assert await realised(budgets, "A-1") == 0


async def test_a_reduction_of_another_year_realises_nothing(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=1_000)
    later = await budgets.set_line("10H", "2019-20", amount_pence=1_000)
    await state(budgets, "A-1", 500)
    refused = await claim(budgets, "A-1", later, 500, expect=409)
    assert refused["type"].endswith("/line-of-another-budget")
    await claim(budgets, "A-1", line, 500)
    await budgets.post("10H", "2019-20", later, "reductions", amount_pence=500)
    assert await realised(budgets, "A-1") == 0
    unstated = await claim(budgets, "A-1", later, 500, expect=409, financial_year="2019-20")
    assert unstated["type"].endswith("/saving-not-stated")


async def test_of_a_reduction_of_another_amount_only_what_both_have_is_realised(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=1_000)
    await state(budgets, "A-1", 500)
    await claim(budgets, "A-1", line, 500)
    await budgets.post("10H", YEAR, line, "reductions", amount_pence=499)
    assert await realised(budgets, "A-1") == 499
    await budgets.post("10H", YEAR, line, "reductions", amount_pence=200)
    assert await realised(budgets, "A-1") == 500
    assert (await claim(budgets, "A-1", line, 1, expect=409))["type"].endswith("/claim-above-saving")


async def test_a_line_that_rises_again_by_whatever_means_reverses_the_saving(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=1_000)
    other = await budgets.set_line("10H", YEAR, amount_pence=1_000, account="5220")
    await state(budgets, "A-1", 500)
    await claim(budgets, "A-1", line, 500)
    await budgets.post("10H", YEAR, line, "reductions", amount_pence=500)
    moves = [{"from_line": other, "to_line": line, "amount_pence": 200}]
    await budgets.call("POST", "/virements", json={"moves": moves})
    assert await realised(budgets, "A-1") == 300
    path = f"/organisations/10H/budgets/{YEAR}/lines/{line}"
    await budgets.call("PUT", path, json={"amount_pence": 1_100}, headers={"If-Match": '"3"'})
    assert await realised(budgets, "A-1") == 200


async def test_recoded_administration_is_never_credited(budgets: Budgets) -> None:
    admin = await budgets.set_line("10H", YEAR, amount_pence=1_000, admin=True)
    await state(budgets, "A-1", 500)
    await claim(budgets, "A-1", admin, 500)
    await budgets.post("10H", YEAR, admin, "reductions", amount_pence=500)
    assert await realised(budgets, "A-1") == 500
    await budgets.set_line("10H", YEAR, amount_pence=300)
    assert await realised(budgets, "A-1") == 200
    view = await budgets.call("GET", f"/organisations/10H/budgets/{YEAR}")
    assert [one["amount_pence"] for one in view["redesignated"]] == [300]


async def test_a_saving_survives_a_merger_and_is_reversed_by_the_line_that_it_made(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=1_000, stated="2018-02-01T09:00:00Z")
    await state(budgets, "A-1", 500)
    await claim(budgets, "A-1", line, 500)
    reduced = await budgets.post("10H", YEAR, line, "reductions", amount_pence=400)
    await budgets.harness.hear(bucks_merges(), bucks_merges())
    [saving] = (await budgets.call("GET", "/initiatives/A-1/savings"))["savings"]
    assert (saving["organisation"], saving["managed_by"], saving["realised_pence"]) == ("10H", "14Y", 400)
    [of_successor] = await budgets.lines("14Y", YEAR)
    assert of_successor["amount_pence"] == 600
    await budgets.post("14Y", YEAR, of_successor["line"], "reductions", amount_pence=50)
    assert await realised(budgets, "A-1") == 450
    [reduction] = [one["reduction"] for one in reduced["entries"] if one["reduction"]]
    await budgets.post("14Y", YEAR, of_successor["line"], "restorations", amount_pence=400, reduction=reduction)
    assert await realised(budgets, "A-1") == 50


async def test_an_undone_merger_takes_back_what_the_line_that_it_made_realised(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=1_000, stated="2018-02-01T09:00:00Z")
    await state(budgets, "A-1", 500)
    await claim(budgets, "A-1", line, 500)
    reduced = await budgets.post("10H", YEAR, line, "reductions", amount_pence=400)
    await budgets.harness.hear(bucks_merges())
    [of_successor] = await budgets.lines("14Y", YEAR)
    await budgets.post("14Y", YEAR, of_successor["line"], "reductions", amount_pence=50)
    before = await realised(budgets, "A-1")
    undone_at = datetime.now(UTC)
    undone = [
        SuccessionUndone(effective_on=date(2018, 4, 1), stated_at=undone_at, code=code, successor="14Y")
        for code in ("10H", "10Y")
    ]
    await budgets.harness.hear(*undone, *undone)
    assert (before, await realised(budgets, "A-1")) == (450, 400)
    told = [one["amount_pence"] for one in await budgets.told("SavingReversed")]
    assert told == [50]
    then = (undone_at - timedelta(microseconds=1)).isoformat()
    assert await realised(budgets, "A-1", as_known=then) == 450
    for asked, body in (({"as_known": then}, "14Y"), ({}, "10H")):
        [saving] = (await budgets.call("GET", "/initiatives/A-1/savings", params=asked))["savings"]
        assert saving["managed_by"] == body
    await budgets.harness.hear(bucks_merges())
    [reduction] = [one["reduction"] for one in reduced["entries"] if one["reduction"]]
    path = f"/organisations/14Y/budgets/{YEAR}/lines/{of_successor['line']}/restorations"
    refused = await budgets.call("POST", path, json={"reduction": reduction, "amount_pence": 1}, expect=404)
    assert refused["type"].endswith("/reduction-not-found")


async def test_rates_are_learned_by_function_from_years_that_ended(budgets: Budgets) -> None:
    for ref, forecast, fall in (("A-1", 1_000, 700), ("B-1", 2_000, 1_000), ("C-1", 1_000, 1_000)):
        line = await budgets.set_line("10H", YEAR, amount_pence=5_000, account=ref)
        await state(budgets, ref, forecast)
        await claim(budgets, ref, line, forecast)
        await budgets.post("10H", YEAR, line, "reductions", amount_pence=fall)
    assert await budgets.call("GET", "/realisation-rates", params={"as_at": "2019-03-31"}) == []
    [rate] = await budgets.call("GET", "/realisation-rates", params={"as_at": "2019-04-01"})
    assert (rate["count"], rate["rate"], rate["percent"]) == (3, "27/40", "67.50")
    assert (rate["lowest"], rate["median"], rate["highest"]) == ("1/2", "7/10", "1")


async def test_slippage_and_rating_follow_from_what_is_due(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=5_000)
    await state(budgets, "A-1", 1_200, phasing=[0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2])
    await claim(budgets, "A-1", line, 1_200)
    await budgets.post("10H", YEAR, line, "reductions", amount_pence=380)
    found = []
    for day in ("2018-06-30", "2018-10-31", "2018-11-30", "2019-03-31"):
        [one] = (await budgets.call("GET", "/initiatives/A-1/savings", params={"as_at": day}))["savings"]
        found.append((one["due_pence"], one["slippage_pence"], one["rating"]))
    assert found == [(0, 0, "not_due"), (400, 20, "green"), (500, 120, "amber"), (1_200, 820, "red")]


def planned(revision: int, annual: int, day: date = date(2018, 1, 1)) -> ConsolidationPlanned:
    return ConsolidationPlanned(
        effective_on=day,
        stated_at=at(day.replace(day=revision)),
        plan="P-1",
        customers=("10H", "10Y"),
        contracts=("CSU-1", "CSU-2"),
        functions=("payroll",),
        supplier="0CX",
        option="joint_entity",
        go_live_on=date(2018, 10, 1),
        exit_on=(date(2018, 10, 1),) * 2,
        choices=("wait", "pay"),
        price_pence=(0, 0),
        unpriced=(),
        annual_pence=annual,
        previous_annual_pence=1_000_000,
        initiative="HR-1",
        revision=revision,
    )


async def test_a_plan_is_a_forecast_until_it_is_agreed_and_nothing_once_it_ended(budgets: Budgets) -> None:
    await budgets.harness.hear(planned(2, 600_000), planned(1, 900_000), planned(2, 600_000))
    view = await budgets.call("GET", "/initiatives/HR-1/savings", params={"as_at": "2018-04-01"})
    first = [one for one in view["savings"] if one["financial_year"] == YEAR]
    assert [(one["organisation"], one["forecast_pence"], one["contracted_pence"]) for one in first] == [
        ("10H", 99_726, None),
        ("10Y", 99_726, None),
    ]
    assert len(view["savings"]) == 10
    agreed = ConsolidationAgreed(
        effective_on=date(2018, 2, 1),
        stated_at=at(date(2018, 2, 1)),
        plan="P-1",
        contract="SHARED-1",
        supplier="0CX",
        customers=("10H", "10Y"),
        replaced=("CSU-1", "CSU-2"),
        move_on=(date(2018, 10, 1), date(2018, 10, 1)),
        functions=("payroll",),
        annual_pence=600_000,
        previous_annual_pence=1_000_000,
        initiative="HR-1",
        decisions=(),
    )
    await budgets.harness.hear(agreed, agreed)
    view = await budgets.call("GET", "/initiatives/HR-1/savings")
    assert view["contracted_pence"] == view["forecast_pence"] == 199_452 + 4 * 400_000
    assert len(await budgets.told("SavingContracted")) == 10
    other = planned(3, 500_000).model_copy(update={"plan": "P-2", "initiative": "IT-1"})
    gone = ConsolidationWithdrawn(
        effective_on=date(2018, 2, 1),
        stated_at=at(date(2018, 2, 1)),
        plan="P-2",
        customers=("10H", "10Y"),
        by="10Y",
        reason="cost",
        revision=0,
    )
    await budgets.harness.hear(gone, other, gone)
    view = await budgets.call("GET", "/initiatives/IT-1/savings")
    assert (view["forecast_pence"], view["contracted_pence"]) == (0, 0)
    # Whichever is heard first, it was a forecast until it was withdrawn.
    before = await budgets.call("GET", "/initiatives/IT-1/savings", params={"as_known": "2018-01-31"})
    assert before["forecast_pence"] == 249_315 + 4 * 500_000


async def test_a_plan_that_was_agreed_before_it_was_revised_is_what_was_agreed_in_either_order(
    budgets: Budgets,
) -> None:
    agreed = ConsolidationAgreed(
        effective_on=date(2018, 1, 2),
        stated_at=at(date(2018, 1, 2)),
        plan="P-1",
        contract="SHARED-1",
        supplier="0CX",
        customers=("10H", "10Y"),
        replaced=("CSU-1", "CSU-2"),
        move_on=(date(2018, 10, 1), date(2018, 10, 1)),
        functions=("payroll",),
        annual_pence=600_000,
        previous_annual_pence=1_000_000,
        initiative="HR-1",
        decisions=(),
    )
    other = {"plan": "P-2", "initiative": "HR-2"}
    await budgets.harness.hear(planned(1, 900_000), agreed, planned(3, 500_000))
    for event in (planned(3, 500_000), agreed, planned(1, 900_000)):
        await budgets.harness.hear(event.model_copy(update=other))
    for day in (*(f"2018-01-{day:02}" for day in (2, 3, 4)), "2018-02-01"):
        first, second = [
            [
                (one["organisation"], one["financial_year"], one["forecast_pence"], one["contracted_pence"])
                for one in (await budgets.call("GET", f"/initiatives/{ref}/savings", params={"as_known": day}))[
                    "savings"
                ]
            ]
            for ref in ("HR-1", "HR-2")
        ]
        assert first == second, day


async def test_a_loader_states_a_saving_in_order_or_is_refused_and_many_of_one_instant_stay_in_the_order_of_arrival(
    budgets: Budgets,
) -> None:
    of_a_day: dict[str, Any] = {"headers": {"Stated-At": "2018-03-01"}}
    for pence in (100, 200):
        body = OF | {"amount_pence": pence, "recurrent": True}
        shown = await budgets.call("POST", "/initiatives/A-1/savings", json=body, **of_a_day)
    assert shown["forecast_pence"] == 200
    earlier: dict[str, Any] = {"headers": {"Stated-At": "2018-02-28"}}
    refused = await budgets.call("POST", "/initiatives/A-1/savings", json=body, expect=409, **earlier)
    assert refused["type"].endswith("/stated-out-of-order")
    assert [reason["field"] for reason in refused["reasons"]] == ["Stated-At"]
