"""A planner restates figures of 2018 onto the bodies of 2023, sees what could not be carried, and takes them."""

import io

import openpyxl

from tests.console.browser import People

SERIES = "code,amount\n10G,1000.50\n10T,200\n99M,3\nQQQ,7"


async def test_restate_a_series(browser: People) -> None:
    tab = await browser.as_person("commissioner")
    await tab.open("/")
    page = tab.page
    await page.get_by_role("link", name="Restate", exact=True).click()
    await page.get_by_label("Paste codes, or codes with amounts").fill("10G,1000 or so")
    await page.get_by_role("button", name="Restate", exact=True).click()
    await page.get_by_role("heading", name="There is a problem").wait_for()
    assert "Line 1: “1000 or so” is no amount." in await tab.text()
    assert await tab.axe() == []

    await page.get_by_label("Paste codes, or codes with amounts").fill(SERIES)
    for legend, day in (("Day of the codes", (31, 3, 2018)), ("Day to restate them to", (1, 4, 2023))):
        group = page.get_by_role("group", name=legend)
        for part, value in zip(("Day", "Month", "Year"), day, strict=True):
            await group.get_by_label(part).fill(str(value))
    await page.get_by_role("button", name="Restate", exact=True).click()

    await page.get_by_role("heading", level=1, name="Restated from 31 March 2018 to 1 April 2023").wait_for()
    answer = await tab.text()
    assert "1,203.50" in await page.get_by_role("row", name="NHS Frimley ICB").inner_text()
    assert "1,210.50" in answer
    assert "1 line could not be carried." in answer
    assert await tab.axe() == []
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Everything as a workbook (XLSX)").click()
    content = (await (await coming.value).path()).read_bytes()
    totals = openpyxl.load_workbook(io.BytesIO(content))["Totals"]
    assert [cell.value for cell in totals[2]] == ["QNQ", "NHS Frimley ICB", 3, 1203.5]

    await page.get_by_role("link", name="See which, and why").click()
    assert "No source names this code" in await tab.text()
    assert await tab.axe() == []
    assert tab.faults == []
