"""Setting, correcting, moving, reducing and restoring lines over HTTP."""

from datetime import date
from typing import Any

import pytest

from libs.common.events.governance import DecisionRightEnded, DecisionRightGranted
from tests.finance.budgets.conftest import LINE, Budgets
from tests.support.finance_harness import at

YEAR = "2018-19"
LINES = f"/organisations/10H/budgets/{YEAR}/lines"


@pytest.mark.parametrize(("annual", "day", "part"), [(120_000_000, "2017-10-01", 59_835_616), (366, "2017-04-02", 365)])
async def test_golden_27_a_line_shows_its_part_of_the_year_and_the_full_years_effect(
    budgets: Budgets, annual: int, day: str, part: int
) -> None:
    line = await budgets.set_line("10H", "2017-18", annual_pence=annual, effective_on=day)
    view = await budgets.call("GET", f"/organisations/10H/budgets/2017-18/lines/{line}")
    assert (view["amount_pence"], view["full_year_effect_pence"]) == (part, annual - part)
    whole = await budgets.call("GET", "/organisations/10H/budgets/2017-18")
    assert (whole["amount_pence"], whole["full_year_effect_pence"]) == (part, annual - part)
    before = await budgets.call("GET", "/organisations/10H/budgets/2017-18/lines", params={"as_at": "2017-04-01"})
    assert before["items"] == []


async def test_what_a_line_was_known_to_have_stays_known(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, stated="2018-03-01T09:00:00Z", amount_pence=500)
    path = f"{LINES}/{line}"
    headers = {"If-Match": '"1"', "Stated-At": "2018-05-01T09:00:00Z"}
    view = await budgets.call("PUT", path, json={"amount_pence": 700}, headers=headers)
    assert (view["amount_pence"], view["version"]) == (700, 2)
    assert await budgets.amounts("10H", YEAR, as_known="2018-04-30") == [500]
    assert await budgets.amounts("10H", YEAR, as_known="2018-02-28") == []
    assert (await budgets.call("PUT", path, json={"amount_pence": 1}, headers=headers, expect=412))["type"]
    early = {"If-Match": '"2"', "Stated-At": "2018-04-01T09:00:00Z"}
    refused = await budgets.call("PUT", path, json={"amount_pence": 1}, headers=early, expect=409)
    assert refused["type"].endswith("/stated-out-of-order")
    told = await budgets.told("BudgetSet")
    assert [(one["line"], one["amount_pence"]) for one in told] == [(line, 500), (line, 700)]


async def test_every_reason_against_lines_is_given_at_once_and_none_is_set(budgets: Budgets) -> None:
    exists = await budgets.set_line("10H", YEAR, amount_pence=1)
    bad: list[dict[str, Any]] = [
        {"amount_pence": 5},
        {"function": "a", "amount_pence": 5, "effective_on": "2019-04-01"},
        {"function": "b", "amount_pence": 5, "care_model": "ACO-9"},
        {"function": "fine", "amount_pence": 5},
    ]
    refused = await budgets.call("POST", LINES, json={"lines": [LINE | one for one in bad]}, expect=409)
    assert [one["field"] for one in refused["reasons"]] == ["lines.0", "lines.1.effective_on", "lines.2.care_model"]
    assert [one["line"] for one in await budgets.lines("10H", YEAR)] == [exists]
    twice = {"lines": [LINE | {"function": "c", "amount_pence": 1}] * 2}
    assert (await budgets.call("POST", LINES, json=twice, expect=409))["type"].endswith("/budget-line-exists")
    for body in ({"amount_pence": 1, "annual_pence": 1}, {}, {"amount_pence": 10**13 + 1}, {"amount_pence": 1.5}):
        await budgets.call("POST", LINES, json={"lines": [LINE | body]}, expect=422)
    await budgets.call(
        "POST", f"/organisations/ZZZ/budgets/{YEAR}/lines", json={"lines": [LINE | {"amount_pence": 1}]}, expect=404
    )


async def test_a_virement_moves_all_or_nothing_and_is_listed(budgets: Budgets) -> None:
    rent = await budgets.set_line("10H", YEAR, function="rent", pay=False, amount_pence=1_000)
    bi = await budgets.set_line("10H", YEAR, function="bi", amount_pence=10)
    once = await budgets.set_line("10H", YEAR, function="bi", recurrent=False, amount_pence=10)
    moves = [
        {"from_line": rent, "to_line": bi, "amount_pence": 400},
        {"from_line": rent, "to_line": once, "amount_pence": 600},
    ]
    made = await budgets.call("POST", "/virements", json={"moves": moves, "effective_on": "2018-07-01"})
    assert (made["amount_pence"], made["pack"]) == (1_000, "virements-2013-04")
    assert await budgets.amounts("10H", YEAR) == [0, 410, 610]
    assert await budgets.amounts("10H", YEAR, as_at="2018-06-30") == [1_000, 10, 10]
    wrong = [
        {"from_line": rent, "to_line": bi, "amount_pence": 1},
        {"from_line": once, "to_line": bi, "amount_pence": 1},
    ]
    refused = await budgets.call("POST", "/virements", json={"moves": wrong}, expect=409)
    assert len(refused["reasons"]) == 2
    assert await budgets.amounts("10H", YEAR) == [0, 410, 610]
    listed = await budgets.call("GET", "/virements", params={"organisation": "10H", "year": YEAR})
    assert listed["items"] == [made]
    assert (await budgets.call("GET", "/virements", params={"organisation": "10Y"}))["items"] == []
    told = await budgets.told("BudgetMoved")
    assert [(one["line"], one["moved_to"], one["amount_pence"]) for one in told] == [(rent, bi, 400), (rent, once, 600)]
    await budgets.call("POST", "/virements", json={"moves": [wrong[0] | {"to_line": "BL-999"}]}, expect=404)


def a_right(limit: int, day: date = date(2018, 4, 1)) -> DecisionRightGranted:
    return DecisionRightGranted(
        effective_on=day,
        stated_at=at(day),
        right="DR-10H-1",
        organisation="10H",
        holder="10H/chief-finance-officer",
        action="budget.virement",
        scope="",
        limit_pence=limit,
        limit_basis="annual",
        recurrent=True,
        conditions=(),
        delegated_from="",
        power="nhs-act-2006-s223j",
    )


async def test_the_limit_of_a_virement_comes_from_governance_and_ends_with_the_right(budgets: Budgets) -> None:
    rent = await budgets.set_line("10H", YEAR, function="rent", amount_pence=10**9)
    bi = await budgets.set_line("10H", YEAR, function="bi", amount_pence=0)

    async def move(pence: int, expect: int, day: str = "2018-07-01") -> Any:
        moves = [{"from_line": rent, "to_line": bi, "amount_pence": pence}]
        body = {"moves": moves, "authority": "DR-10H-1", "effective_on": day}
        return await budgets.call("POST", "/virements", json=body, expect=expect)

    assert (await move(200_000_00, 409))["type"].endswith("/authority-insufficient")
    ended = DecisionRightEnded(
        effective_on=date(2018, 10, 1),
        stated_at=at(date(2018, 9, 1)),
        right="DR-10H-1",
        organisation="10H",
        holder="10H/chief-finance-officer",
        until=date(2018, 9, 30),
        reason="ended",
    )
    # Its end was set with the grant; what was stated later ends it earlier.
    of_term = ended.model_copy(
        update={"effective_on": date(2018, 12, 1), "until": date(2018, 11, 30), "stated_at": at(date(2018, 8, 1))}
    )
    await budgets.harness.hear(ended, ended, of_term)
    await budgets.harness.hear(a_right(300_000_00), a_right(300_000_00))
    await move(200_000_00, 201)
    refused = await move(100_000_01, 409)
    assert "£300,000.01" in refused["detail"]
    await move(100_000_00, 201)
    assert (await move(1, 409, "2018-10-01"))["type"].endswith("/authority-insufficient")


@pytest.mark.parametrize("restriction", [{"scope": "0CX"}, {"conditions": ("two-holders",)}])
async def test_a_right_that_finance_cannot_judge_gives_no_authority(
    budgets: Budgets, restriction: dict[str, Any]
) -> None:
    rent = await budgets.set_line("10H", YEAR, function="rent", amount_pence=10**9)
    bi = await budgets.set_line("10H", YEAR, function="bi", amount_pence=0)
    await budgets.harness.hear(a_right(300_000_00).model_copy(update=restriction))
    moves = [{"from_line": rent, "to_line": bi, "amount_pence": 200_000_00}]
    body = {"moves": moves, "authority": "DR-10H-1", "effective_on": "2018-07-01"}
    refused = await budgets.call("POST", "/virements", json=body, expect=409)
    assert refused["type"].endswith("/authority-insufficient")


async def test_a_reduction_is_taken_back_once_also_by_the_line_that_a_merger_made(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=900)
    reduced = await budgets.post("10H", YEAR, line, "reductions", amount_pence=500)
    [entry] = [one for one in reduced["entries"] if one["kind"] == "reduced"]
    back = {"reduction": entry["reduction"]}
    assert (await budgets.post("10H", YEAR, line, "reductions", amount_pence=401, expect=409))["type"].endswith(
        "/line-would-be-negative"
    )
    await budgets.post("10H", YEAR, line, "restorations", amount_pence=100, **back)
    more = await budgets.post("10H", YEAR, line, "restorations", amount_pence=401, expect=409, **back)
    assert more["type"].endswith("/more-than-reduced")
    other = await budgets.set_line("10H", YEAR, function="bi", amount_pence=1)
    await budgets.post("10H", YEAR, other, "restorations", amount_pence=1, expect=404, **back)
    restored = await budgets.post("10H", YEAR, line, "restorations", amount_pence=400, **back)
    assert (restored["amount_pence"], restored["annual_pence"]) == (900, 900)
    assert [one["amount_pence"] for one in await budgets.told("BudgetReduced")] == [500]
    assert [(one["amount_pence"], one["reverses"]) for one in await budgets.told("BudgetRestored")] == [
        (100, entry["reduction"]),
        (400, entry["reduction"]),
    ]


async def test_recoded_administration_is_found_and_the_allowance_binds_what_is_left(budgets: Budgets) -> None:
    await budgets.harness.state("10H", YEAR, 300_000)
    admin = await budgets.set_line("10H", YEAR, admin=True, amount_pence=66_210_000_0)
    programme = await budgets.set_line("10H", YEAR, amount_pence=1)
    moves = [{"from_line": admin, "to_line": programme, "amount_pence": 90_000_00}]
    await budgets.call("POST", "/virements", json={"moves": moves})
    path = f"/organisations/10H/budgets/{YEAR}"
    view = await budgets.call("GET", path)
    assert [(one["amount_pence"], one["of_pence"]) for one in view["redesignated"]] == [(90_000_00, 66_210_000_0)]
    assert any("no saving" in one for one in view["warnings"])
    assert view["ceiling"]["headroom_pence"] == 90_000_00
    body = {"required_saving": "1/5", "baseline_per_head_pence": 3752, "baseline_people": 300_000, "basis": "weighted"}
    ceiling = (await budgets.call("PUT", f"{path}/ceiling", json=body))["ceiling"]
    assert (ceiling["required_saving_pence"], ceiling["ceiling_pence"]) == (13_242_000_0, 52_968_000_0)
    assert (ceiling["baseline_pence"], ceiling["basis"], ceiling["packs"]) == (
        1_125_600_000,
        "weighted",
        ["rca-2015-16"],
    )
    moves = [{"from_line": programme, "to_line": admin, "amount_pence": 1}]
    refused = await budgets.call("POST", "/virements", json={"moves": moves}, expect=409)
    assert len(refused["reasons"]) == 2
