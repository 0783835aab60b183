"""A finance lead finds the best plan of a portfolio with why each choice is made, and follows a saving."""

from collections.abc import Mapping
from typing import Any

from tests.console.browser import People
from tests.support.demo import Demo


def _opening(name: str, worth: Mapping[str, int], money: int) -> Mapping[str, Any]:
    starts = [
        {"year": year, "value_pence": pounds * 100, "cash_pence": [{"year": year, "pence": money * 100}]}
        for year, pounds in worth.items()
    ]
    return {"kind": "opening", "name": name, "starts": starts}


PORTFOLIO = {
    "reference": "CONSOLE-PLAN",
    "organisations": ["QUA"],
    "title": "Two openings and money for one a year",
    "first_year": "2027-28",
    "years": 2,
    "lens": "public_sector",
    "items": [
        _opening("Payroll", {"2027-28": 900_000, "2028-29": 700_000}, 300_000),
        _opening("Procurement", {"2027-28": 800_000, "2028-29": 500_000}, 300_000),
    ],
    "budgets_pence": [300_000_00, 300_000_00],
}


async def test_find_the_best_plan_and_why_each_choice_is_made(browser: People, console_demo: Demo) -> None:
    stated = console_demo.send("POST", "/finance/v1/portfolios", json=PORTFOLIO)
    assert stated.status_code == 201, stated.text
    tab = await browser.as_person("commissioner")
    await tab.open("/finance/portfolios/CONSOLE-PLAN")
    await tab.page.get_by_role("button", name="Find the best plan").click()
    # The page looks again by itself until the run has ended.
    await tab.page.get_by_role("heading", name="Why each choice").wait_for()
    shown = await tab.text()
    run = tab.page.url.rpartition("/")[2]
    plan = console_demo.send("GET", f"/finance/v1/runs/{run}").json()["plan"]
    assert f"The plan is worth\n£{plan['value_pence'] // 100:,}" in shown
    for item in plan["items"]:
        assert f"{item['item']}\t{item['year']}, quarter {item['quarter']}" in shown
    [rather] = [
        one
        for one in console_demo.send("GET", f"/finance/v1/runs/{run}/explanation").json()["items"]
        if one["prefers"] != one["planned"]
    ]
    assert f"Would be worth £{rather['gains_pence'] / 100:,.2f} more in {rather['prefers']}." in shown
    assert await tab.axe() == []
    assert not await tab.scrolls_sideways()


async def test_a_saving_is_followed_from_forecast_to_the_budget(browser: People, console_demo: Demo) -> None:
    saving = {
        "organisation": "QUA",
        "function": "payroll",
        "financial_year": "2026-27",
        "recurrent": True,
        "amount_pence": 12_000_000,
    }
    stated = console_demo.send("POST", "/finance/v1/initiatives/CONSOLE-1/savings", json=saving)
    assert stated.status_code == 201, stated.text
    tab = await browser.as_person("commissioner")
    await tab.open("/finance/savings")
    await tab.page.fill("#initiative", "CONSOLE-1")
    await tab.page.get_by_role("button", name="Show its savings").click()
    shown = await tab.text()
    assert "Forecast\n£120,000" in shown
    assert "Arrived\n£0" in shown
    await tab.page.get_by_role("link", name="Why this sum").first.click()
    assert "/forecast_pence" in await tab.text()
    assert tab.faults == []
