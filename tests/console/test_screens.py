"""Every screen in real Chromium: three widths, with and without scripts, by keyboard, by axe, with texts at 200 %."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Route

from tests.console.browser import WIDTHS, People, Tab
from tests.console.operations.test_operations import PARKED, SENT_PARKED
from tests.console.over import tab_over
from tests.console.screens import SCREENS, UNANSWERED, Screen, Unanswered
from tests.support.demo import Demo

MOST_BYTES = 150_000
"""What a page may weigh as it is sent, its styles and scripts included, pictures left out."""

AS_AT, AS_KNOWN = "2026-10-01", "2026-11-20"

_FOCUS = """() => {
  const seen = document.activeElement
  if (!seen || seen === document.body) return null
  const style = getComputedStyle(seen)
  const label = document.querySelector(`label[for="${seen.id}"]`)
  const box = label && /radios|checkboxes/.test(seen.className) ? getComputedStyle(label, '::before') : style
  const drawn = [style.outlineStyle !== 'none', style.boxShadow !== 'none', box.boxShadow !== 'none']
  return { name: seen.outerHTML.slice(0, 120), visible: drawn.some(Boolean) }
}"""


_AGAIN = '<p data-again="1"></p>'
"""What a page with something under way has."""
_LINES_AND_WIDTHS = """() => {
  const list = document.querySelector('.app-nav ul')
  const tops = new Set([...list.children].map((one) => one.offsetTop))
  return [tops.size, list.clientWidth, document.querySelector('main').clientWidth]
}"""


@pytest.mark.parametrize("screen", SCREENS, ids=[screen.path for screen in SCREENS])
async def test_a_screen_fits_every_width_says_the_same_without_scripts_and_axe_finds_nothing(
    browser: People, screen: Screen
) -> None:
    tab = await browser.as_person(screen.person)
    await tab.open(screen.path)
    without = await browser.as_person(screen.person, width=320, scripts=False)
    await without.open(screen.path)
    assert await _words(without) == await _words(tab)
    assert not await without.scrolls_sideways()
    assert await without.axe() == []
    for width in WIDTHS:
        await tab.page.set_viewport_size({"width": width, "height": 900})
        assert not await tab.scrolls_sideways(), f"{width} pixels"
        assert await tab.axe() == [], f"{width} pixels"
    await tab.enlarge_text()
    assert not await tab.scrolls_sideways(), "texts at 200 %"
    assert tab.faults == []


@pytest.mark.parametrize("path", ["/", "/organisations/10G", "/contracts/BC-PAYROLL-2026", "/decisions/may"])
async def test_a_screen_is_gone_through_by_keyboard_alone(browser: People, path: str) -> None:
    tab = await browser.as_person("commissioner")
    await tab.open(path)
    names: list[str] = []
    for _ in range(12):
        await tab.page.keyboard.press("Tab")
        focus: dict[str, Any] | None = await tab.page.evaluate(_FOCUS)
        assert focus is not None, f"after {names[-1:]}"
        assert focus["visible"], focus["name"]
        names.append(focus["name"])
    assert "nhsuk-skip-link" in names[0]
    assert len(set(names)) > 10


@pytest.mark.parametrize("wrong", UNANSWERED, ids=[f"{one.path} {one.status}" for one in UNANSWERED])
async def test_a_page_where_something_is_wrong_fits_every_width_too(
    one_chromium: Browser, tmp_path: Path, wrong: Unanswered
) -> None:
    answers = {"registry GET /mergers/M-ZQ9": wrong.answer}
    async with tab_over(one_chromium, answers, tmp_path, signed_in=wrong.path != "/sign-in") as (tab, _):
        shown = await tab.page.goto(f"{tab.address}{wrong.path}")
        assert shown is not None
        assert shown.status == wrong.status
        for width in WIDTHS:
            await tab.page.set_viewport_size({"width": width, "height": 900})
            assert not await tab.scrolls_sideways(), f"{width} pixels"
            assert await tab.axe() == [], f"{width} pixels"
        assert tab.faults == []


async def test_the_check_of_an_act_fits_every_width_too(one_chromium: Browser, tmp_path: Path) -> None:
    answers = {f"finance POST {SENT_PARKED}": PARKED["items"][0]}
    async with tab_over(one_chromium, answers, tmp_path) as (tab, _):
        await tab.open("/operations/finance/parked/41/discard")
        await tab.page.get_by_label("Reason").fill("a test")
        await tab.page.get_by_role("button", name="Continue").click()
        await tab.page.get_by_role("heading", name="Check before you confirm").wait_for()
        for width in WIDTHS:
            await tab.page.set_viewport_size({"width": width, "height": 900})
            assert not await tab.scrolls_sideways(), f"{width} pixels"
            assert await tab.axe() == [], f"{width} pixels"
        await tab.page.get_by_role("button", name="Change it").click()
        assert await tab.page.get_by_label("Reason").input_value() == "a test"
        assert tab.faults == []


@pytest.mark.parametrize(
    ("path", "person"), [("/operations", "operator"), ("/consolidations/WM-PAYROLL-PLAN", "black-country")]
)
async def test_the_navigation_is_one_line_as_wide_as_the_page_below_it(browser: People, path: str, person: str) -> None:
    tab = await browser.as_person(person)
    await tab.open(path)
    lines, head, main = await tab.page.evaluate(_LINES_AND_WIDTHS)
    assert (lines, head) == (1, main)


async def test_a_page_that_loads_again_waits_while_a_field_is_filled_in(browser: People) -> None:
    tab = await browser.as_person("commissioner")
    loads = []

    async def under_way(route: Route) -> None:
        loads.append(route.request.url)
        answer = await route.fetch()
        await route.fulfill(response=answer, body=(await answer.text()).replace("</main>", f"{_AGAIN}</main>"))

    await tab.page.clock.install()
    await tab.page.route("**/crosswalks", under_way)
    await tab.open("/crosswalks")
    await tab.page.fill("#header-search", "camb")
    await tab.page.clock.run_for(3_000)
    assert (len(loads), await tab.page.input_value("#header-search")) == (1, "camb")
    await tab.page.fill("#header-search", "")
    async with tab.page.expect_event("load"):
        await tab.page.clock.run_for(1_000)
    assert len(loads) == 2


def test_no_page_weighs_more_than_it_may(console_demo: Demo, browser_cookies: dict[str, str]) -> None:
    weights = {}
    for screen in SCREENS:
        headers = {"Accept-Encoding": "gzip", "Cookie": browser_cookies[screen.person]}
        with console_demo.client.stream("GET", screen.path, headers=headers) as page:
            assert page.status_code == 200, screen.path
            html = b"".join(page.iter_raw())
        weights[screen.path] = len(html)
    with console_demo.client.stream("GET", "/sign-in") as page:
        text = page.read().decode()
    styles = 0
    for path in {part.split('"')[0] for part in text.split('="')[1:] if part.startswith("/assets/")}:
        with console_demo.client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as file:
            styles += len(b"".join(file.iter_raw()))
    heaviest = max(weights, key=lambda path: weights[path])
    assert weights[heaviest] + styles <= MOST_BYTES, f"{heaviest}: {weights[heaviest]:,} and {styles:,} bytes"


def test_both_times_stay_in_every_link(console_demo: Demo, browser_cookies: dict[str, str]) -> None:
    lost = []
    for screen in SCREENS:
        if "as_at" in screen.path:
            continue
        path = f"{screen.path}{'&' if '?' in screen.path else '?'}as_at={AS_AT}&as_known={AS_KNOWN}"
        page = console_demo.client.get(path, headers={"Cookie": browser_cookies[screen.person]})
        assert "Not today." in page.text, path
        links = {unescape(link) for link in re.findall(r'href="(/[^"]*)"', page.text)}
        assert len(links) > 10, path
        back = screen.path  # "Back to today" is the one link that drops them
        kept = {link for link in links if f"as_at={AS_AT}" in link and f"as_known={AS_KNOWN}" in link}
        lost += [f"{path}: {link}" for link in links - kept if not link.startswith("/assets/") and link != back]
    assert lost == []


async def _words(tab: Tab) -> list[str]:
    """Return the words of the page's main part; what a script folds away is still there."""
    text: str = await tab.page.evaluate("document.querySelector('main').textContent")
    return text.split()
