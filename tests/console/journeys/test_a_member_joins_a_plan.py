"""A contract lead joins a consolidation with its contract, and sees what withdrawing costs before it is confirmed."""

from tests.console.browser import People
from tests.console.journeys.contracts import a_plan, running_contract, shows
from tests.support.demo import Demo

PLAN, OWN, FIRST = "WM-JOURNEY-PLAN", "BC-JOIN-2026", "ST-JOIN-2026"


async def test_a_member_joins_and_sees_what_withdrawing_costs(browser: People, console_demo: Demo) -> None:
    running_contract(console_demo, FIRST, "QNC")
    running_contract(console_demo, OWN, "QUA", annual_pence=70_000_000)
    a_plan(console_demo, PLAN, ["QNC", "QOC", "QUA"], FIRST)
    tab = await browser.as_person("black-country", scripts=False)
    page = tab.page
    await tab.open("/consolidations")
    await page.get_by_label("Reference of a plan or shared service").fill(PLAN.lower())
    await page.get_by_role("button", name="Open").click()
    await page.get_by_role("link", name="Enter the plan for NHS Black Country ICB").click()
    await page.get_by_label(OWN).check()
    await page.get_by_label("Minute by which its body authorised this").fill("QUA/2026/12")
    await page.get_by_role("button", name="Check the entry").click()
    await shows(tab, "of 2 contracts that it replaces")
    await page.get_by_role("button", name="Enter the plan").click()
    await shows(tab, "The acceptance is recorded")
    await page.get_by_role("link", name="See the plan").click()
    await page.get_by_role("link", name="See what a withdrawal of NHS Black Country ICB would do").click()
    await shows(tab, "Nothing has changed yet.")
    text = await tab.text()
    for value in ("£41,152.00", "£61,728.00", "£1,600,000.00", "£900,000.00", f"{OWN} continues as it is"):
        assert value in text, value
    await page.get_by_role("link", name="Stay in the plan").click()
    plan = console_demo.send("GET", f"/contracts/v1/consolidations/{PLAN}", user="black-country").json()
    assert [one["has_entered"] for one in plan["members"]] == [True, False, True]
    await page.get_by_role("link", name="See what a withdrawal of NHS Black Country ICB would do").click()
    await page.get_by_role("button", name="Withdraw from the plan").click()
    await shows(tab, "The withdrawal is recorded")
    plan = console_demo.send("GET", f"/contracts/v1/consolidations/{PLAN}", user="commissioner@QNC").json()
    assert [one["organisation"]["code"] for one in plan["members"]] == ["QNC", "QOC"]
    assert plan["contracts"] == [FIRST]
    assert tab.faults == []
