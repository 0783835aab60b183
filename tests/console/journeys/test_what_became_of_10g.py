"""A planner finds what became of 10G: by its old name, to its successors, drawn and as a list, and why."""

from tests.console.browser import People


async def test_find_what_became_of_10g(browser: People) -> None:
    tab = await browser.as_person("commissioner")
    await tab.open("/")
    page = tab.page
    await page.get_by_label("Find an organisation").fill("bracknell")
    suggestion = page.get_by_role("link", name="NHS Bracknell and Ascot CCG (10G)")
    await suggestion.wait_for()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")

    await page.get_by_role("heading", level=1, name="NHS Bracknell and Ascot CCG").wait_for()
    answer = await tab.text()
    assert "Closed since 1 April 2018" in answer
    assert "10G continues in QNQ NHS Frimley ICB (all of it), by way of 15D, D4U1Y." in answer

    await page.get_by_role("link", name="See its lineage").click()
    await page.get_by_role("img", name="Lineage of 10G").wait_for()
    listed = await page.locator(".app-tree").inner_text()
    outermost = listed.index("QNQ NHS Frimley ICB")
    assert outermost < listed.index("15D NHS East Berkshire CCG, since 1 April 2018, from 3 bodies")
    assert "10G NHS Bracknell and Ascot CCG; all of it passed on 1 April 2018" in listed
    drawn = await page.locator(".app-lineage svg").text_content() or ""
    assert "10G to 15D on 1 April 2018 (merger): all" in drawn

    await page.locator(".app-tree").get_by_role("link", name="15D NHS East Berkshire CCG").click()
    await page.get_by_text("Change the days").click()
    as_at = page.get_by_role("group", name="As at", exact=True)
    for part, value in (("Day", "1"), ("Month", "5"), ("Year", "2019")):
        await as_at.get_by_label(part).fill(value)
    await page.get_by_role("button", name="Show").click()
    await page.get_by_text("Not today. As at 1 May 2019").wait_for()
    await page.locator("summary", has_text="Why: Name").click()
    await page.locator("details[open]", has_text="Stated by").get_by_role("link", name="Because of what").click()
    await page.wait_for_url("**/reasons/15D?as_at=2019-05-01")
    assert tab.faults == []


async def test_the_same_without_scripts(browser: People) -> None:
    tab = await browser.as_person("reader", width=320, scripts=False)
    await tab.open("/")
    page = tab.page
    await page.get_by_label("Find an organisation").fill("10G")
    await page.get_by_role("search", name="Organisations").get_by_role("button", name="Search").click()
    await page.get_by_role("link", name="NHS Bracknell and Ascot CCG").click()
    await page.get_by_role("link", name="See its lineage").click()
    assert "NHS Frimley ICB QNQ, open: all of it" in await tab.text()
    assert not await tab.scrolls_sideways()
    assert tab.faults == []
