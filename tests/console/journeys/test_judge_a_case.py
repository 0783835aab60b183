"""Wolverhampton's finance lead judges a case: its worth, who loses, where a figure comes from, and the report."""

import asyncio

from console.core.words import pounds
from tests.console.browser import People
from tests.support.demo import Demo

CASE = "/finance/v1/cases/BC-SHARED-06A/versions/1"
TITLE = "Shared commissioning support for the Black Country (illustrative)"


async def test_judge_a_case_and_see_who_loses(browser: People, console_demo: Demo) -> None:
    read = {
        part: console_demo.send("GET", f"{CASE}/{part}?option=shared", user="commissioner@06A").json()
        for part in ("losers", "sensitivity")
    }
    tab = await browser.as_person("commissioner@06A")
    await tab.open("/finance")
    await tab.page.get_by_role("link", name=TITLE).first.click()
    await tab.page.get_by_role("link", name="One shared service", exact=True).click()
    await tab.page.get_by_role("heading", name="Who gains and who loses").wait_for()
    await tab.drawn()
    shown = await tab.text()

    [loser] = read["losers"]["losers"]
    assert loser["party"] == "06A"
    assert f"NHS Wolverhampton CCG 06A\tLoses\t{pounds(loser['gain_pence'])}" in shown
    assert pounds(read["losers"]["counted_saving_pence"]) in shown
    assert "Part of the saving is a cost to others" in shown
    # Each mark of a chart says its value, to who sees it and to who hears it.
    marks = tab.page.locator(
        f'svg.app-chart--wide [aria-label="NHS Wolverhampton CCG: {pounds(loser["gain_pence"], 0)}"]'
    )
    assert await marks.count() == 1
    assert await tab.page.locator("svg.app-chart--wide").count() == 3
    assert await tab.axe() == []

    await tab.page.get_by_role("link", name="Why this net present value").click()
    assert "HM Treasury, The Green Book" in await tab.text()
    assert tab.faults == []


async def test_the_report_is_written_meanwhile_and_fetched(browser: People) -> None:
    tab = await browser.as_person("commissioner@06A")
    await tab.open("/finance/cases/BC-SHARED-06A/versions/1")
    await tab.page.get_by_role("button", name="Make a PDF").click()
    # The page looks again by itself until the document is there.
    async with tab.page.expect_download() as download:
        await tab.page.get_by_role("link", name="Fetch BC-SHARED-06A-1.pdf").click()
    found = await download.value
    assert found.suggested_filename == "BC-SHARED-06A-1.pdf"
    content = await asyncio.to_thread((await found.path()).read_bytes)
    assert content.startswith(b"%PDF-")


async def test_a_simulation_is_refused_beside_its_fields_then_followed_to_its_end(browser: People) -> None:
    tab = await browser.as_person("commissioner")
    await tab.open("/finance/cases/BC-SHARED-06A/versions/1/simulations?option=shared")
    values = {"low": "200000", "mode": "150000", "high": "100000"}
    for which, pounds_a_year in values.items():
        await tab.page.fill(f"#{which}-saving", pounds_a_year)
    await tab.page.fill("#runs", "1,000")
    await tab.page.get_by_role("button", name="Simulate").click()
    assert "low is below high" in await tab.text()
    assert await tab.page.title() == "Error: How uncertain is BC-SHARED-06A? – Footprint"

    await tab.page.fill("#low-saving", "100000")
    await tab.page.fill("#high-saving", "200000")
    await tab.page.get_by_role("button", name="Simulate").click()
    await tab.page.get_by_text("Chance of a loss", exact=True).wait_for()
    assert "1,000 runs from seed 1" in await tab.text()
