"""A frozen case is the source of an initiative: its cash-releasing benefits by year, under its digest."""

from typing import Any

from tests.finance.budgets.conftest import Budgets
from tests.support.cases import RAMP, a_case

OF = {"organisation": "10H", "function": "back_office", "case": "SHARED-10H"}
SAVING = 1_000_001


def content(**more: Any) -> dict[str, Any]:
    """A ramped saving of ten years, another body's, a benefit that releases no cash, and a sum that comes once."""
    case = a_case(saving=SAVING, one_off=5_000, base_year="2018-19", years=4, **more)
    benefit = {"title": "More", "recurrent": True, "amount_pence": 70_000}
    case["options"][1]["lines"] += [
        benefit | {"line": "theirs", "type": "cash_releasing", "basis": "gross", "payer": "10Y"},
        benefit | {"line": "time", "type": "non_cash_releasing"},
        benefit
        | {
            "line": "once",
            "type": "cash_releasing",
            "basis": "net",
            "recurrent": False,
            "first_year": 1,
            "amount_pence": 99,
        },
    ]
    return case


async def years(budgets: Budgets) -> list[tuple[str, int, bool]]:
    savings = (await budgets.call("GET", "/initiatives/HR-1/savings"))["savings"]
    return [(one["financial_year"], one["forecast_pence"], one["recurrent"]) for one in savings]


async def forecast(budgets: Budgets, *, expect: int = 201, **more: Any) -> Any:
    return await budgets.call("POST", "/initiatives/HR-1/savings/case", json=OF | more, expect=expect)


async def test_a_frozen_case_forecasts_by_year_and_a_later_version_takes_its_place(budgets: Budgets) -> None:
    unknown = await forecast(budgets, expect=409)
    assert (unknown["type"].rpartition("/")[2], unknown["reasons"][0]["field"]) == ("case-unknown", "case")
    await budgets.call("POST", "/cases", json={"case": "SHARED-10H", "organisation": "10H", "content": content()})
    draft = await forecast(budgets, expect=409)
    assert (draft["type"].rpartition("/")[2], draft["reasons"][0]["field"]) == ("case-not-frozen", "case_version")
    published = await publish(budgets, 1)

    await forecast(budgets, owner="10H/chief-finance-officer")
    # The ramp is 0, a half, the whole; half a penny is rounded once, with the sum that comes once.
    assert RAMP == ("0", "1/2", "1")
    assert await years(budgets) == [
        ("2019-20", 500_000 + 1 + 99, False),
        ("2020-21", SAVING, True),
        ("2021-22", SAVING, True),
    ]
    shown = (await budgets.call("GET", "/initiatives/HR-1/savings"))["savings"][0]
    assert shown["cause"] == f"case SHARED-10H version 1, SHA-256 {published['digest']}"
    assert shown["owner"] == "10H/chief-finance-officer"
    [appraised] = [one for one in await events(budgets) if ".CaseAppraised.v" in one["type"]]
    told = await budgets.told("SavingForecast")
    assert [(one["amount_pence"], one["cause"]) for one in told] == [
        (pence, appraised["id"]) for _, pence, _ in await years(budgets)
    ]
    wrong = await forecast(budgets, expect=409, benefits=["theirs", "time", "saving"])
    assert [one["message"].split(" is ")[0] for one in wrong["reasons"]] == ["theirs", "time"]
    nothing = await forecast(budgets, expect=409, organisation="10G")
    assert nothing["type"].rpartition("/")[2] == "case-unknown"

    second = content()
    second["options"][1]["lines"][1] |= {"last_year": 2}
    path = "/cases/SHARED-10H/versions"
    await budgets.call("POST", path, json=second)
    await publish(budgets, 2)
    await forecast(budgets, case_version=2, benefits=["saving"])
    assert await years(budgets) == [("2019-20", 500_001, True), ("2020-21", SAVING, True), ("2021-22", 0, True)]
    # A claim counts against the forecast as against one that was stated.
    line = await budgets.set_line("10H", "2020-21", function="back_office", amount_pence=9)
    claim = {"organisation": "10H", "function": "back_office", "financial_year": "2020-21", "line": line}
    await budgets.call("POST", "/initiatives/HR-1/savings/claims", json=claim | {"amount_pence": 5})
    await budgets.post("10H", "2020-21", line, "reductions", amount_pence=5, initiative="HR-1")
    assert (await budgets.call("GET", "/initiatives/HR-1/savings"))["realised_pence"] == 5


async def publish(budgets: Budgets, version: int) -> Any:
    path = f"/cases/SHARED-10H/versions/{version}"
    read = await budgets.client.get(f"/v1{path}")
    match = {"If-Match": read.headers["ETag"]}
    answer = await budgets.client.post(f"/v1{path}/publication", json={}, headers=match)
    assert answer.status_code < 300, answer.text
    return (await budgets.client.get(f"/v1{path}")).json()


async def events(budgets: Budgets) -> list[Any]:
    feed = await budgets.call("GET", "/events", params={"limit": 500})
    return [item["event"] for item in feed["items"]]
