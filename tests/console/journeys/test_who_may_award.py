"""A member of a board asks who may award services of £2.3m, and why they may not."""

from tests.console.browser import People


async def test_ask_who_may_award_and_why_not_i(browser: People) -> None:
    tab = await browser.as_person("commissioner@05T")
    await tab.open("/")
    page = tab.page
    await page.get_by_role("link", name="Decisions", exact=True).click()
    await page.get_by_role("link", name="Who may decide?").click()
    await page.get_by_text("Change the days").click()
    as_at = page.get_by_role("group", name="As at", exact=True)
    for part, value in (("Day", "1"), ("Month", "6"), ("Year", "2016")):
        await as_at.get_by_label(part).fill(value)
    await page.get_by_role("button", name="Show").click()
    await page.get_by_text("Not today. As at 1 June 2016").wait_for()

    await page.get_by_label("For which organisation").fill("05t")
    await page.get_by_label("What would be decided").select_option("contract.award")
    await page.get_by_label("Of what value").fill("2.3m")
    await page.get_by_role("button", name="Ask").click()
    await page.get_by_role("heading", name="Who may decide: contract award, £2,300,000").wait_for()
    table = page.get_by_role("table", name="Rights that cover it")
    rows = " ".join(await table.get_by_role("row").all_inner_texts())
    assert ("Governing body" in rows, "Awards" in rows) == (True, True)

    await page.get_by_label("A body, or a post such as your own").select_option("05T/gp-member")
    await page.get_by_role("button", name="May they?").click()
    answer = await tab.text()
    assert "No. GP member (05T/gp-member) may not: 1 thing is missing." in answer
    assert "a right to contract.award is granted to 05T/gp-member" in answer
    assert "It may be granted by 05T-governing-body" in answer
    await page.locator("summary", has_text="05T-awards").click()
    await page.get_by_text("a power in law").locator("visible=true").first.wait_for()

    await table.get_by_role("link", name="Awards", exact=True).click()
    answer = await tab.text()
    assert "Yes. Awards (05T-awards) may, by the chain of rights below." in answer
    assert "As at 1 June 2016" in await page.inner_text("body"), "the day is still the one that was asked for"
    assert tab.faults == []
