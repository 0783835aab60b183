"""A planner compares a branch with life, reads what was commanded in it, promotes it, and gives a step in life."""

from pathlib import Path

from playwright.async_api import Browser

from tests.console.comparisons.test_comparisons import ANSWERS, PLAN
from tests.console.over import tab_over


async def test_compare_a_branch_with_life_and_promote_it(one_chromium: Browser, tmp_path: Path) -> None:
    answers = {
        **ANSWERS,
        "branches POST /branches/wait/promotion": (201, PLAN),
        "branches POST /plans/PLAN-7/steps/2": (201, {}),
    }
    async with tab_over(one_chromium, answers, tmp_path) as (tab, recorded):
        page = tab.page
        await tab.open("/compare")
        await page.get_by_label("wait", exact=True).check()
        await page.get_by_role("button", name="Compare those chosen with life").first.click()
        await page.get_by_role("heading", name="Life and wait").wait_for()
        compared = await tab.text()
        for words in ("£1,234,568", "30 September 2031", "It is not complete"):
            assert words in compared, words
        await page.get_by_role("link", name="Show only what differs").click()
        await page.get_by_role("link", name="Show what is alike too").wait_for()
        assert await tab.axe() == []

        await tab.open("/compare/branches/wait")
        await page.get_by_role("link", name="Promote it").click()
        assert "POST registry/v1/mergers" in await tab.text()
        await page.get_by_role("button", name="Promote wait").click()
        await page.get_by_text("wait is the plan PLAN-7 in life").wait_for()
        await page.get_by_role("button", name="Give step 2 in life").click()
        await page.get_by_role("heading", name="Give step 2 in life?").wait_for()
        assert [one.url.path for one in recorded.sent] == ["/branches/wait/promotion"]
        await page.get_by_role("button", name="Give step 2 in life").click()
        await page.get_by_text("Step 2 is done in life").wait_for()
        assert [one.url.path for one in recorded.sent] == ["/branches/wait/promotion", "/plans/PLAN-7/steps/2"]
        assert tab.faults == []
