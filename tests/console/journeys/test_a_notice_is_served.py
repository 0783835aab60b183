"""A contract lead finds the next notice that must not be missed, sees what leaving costs, and serves it."""

from tests.console.browser import People
from tests.console.journeys.contracts import running_contract, shows
from tests.support.demo import Demo

REFERENCE = "BC-NOTICE-2026"


async def test_the_next_notice_that_must_not_be_missed_is_found_and_served(browser: People, console_demo: Demo) -> None:
    running_contract(console_demo, REFERENCE, "QUA", annual_pence=900_000_000)
    tab = await browser.as_person("black-country")
    page = tab.page
    await tab.open("/")
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Exits").click()
    await shows(tab, "The notice that costs most to miss")
    card = page.locator(".nhsuk-card", has_text="The notice that costs most to miss")
    assert REFERENCE in await card.inner_text()
    await card.get_by_role("link").click()
    await shows(tab, "What each exit day costs, and to whom")
    await page.get_by_role("button", name="Serve notice").click()
    await page.get_by_role("button", name="Check the notice").click()
    await shows(tab, "The reason is missing")
    await page.get_by_label("Why it ends").select_option(index=1)
    await page.get_by_label("How it is served").select_option("email")
    await page.get_by_label("Minute by which it was decided").fill("QUA/2026/11")
    await page.get_by_role("button", name="Check the notice").click()
    await page.locator(".nhsuk-error-summary").get_by_text("recorded_letter").first.wait_for()
    assert await page.get_by_label("Minute by which it was decided").input_value() == "QUA/2026/11"
    await page.get_by_label("How it is served").select_option("recorded_letter")
    await page.get_by_role("button", name="Check the notice").click()
    await shows(tab, "Check the notice before you serve it")
    await page.get_by_role("button", name="Serve notice").click()
    await shows(tab, "Notice is served")
    served = console_demo.send("GET", f"/contracts/v1/contracts/{REFERENCE}/exits", user="black-country").json()
    assert [(one["status"], one["form"]) for one in served["notices"]] == [("served", "recorded_letter")]
    assert served["last_notice_on"] is None
    assert tab.faults == []
