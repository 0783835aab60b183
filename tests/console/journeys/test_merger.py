"""A planner at NHS England plans a merger, previews it, and follows it to day one, past a day that slipped."""

from datetime import date

from console.core.words import day
from tests.console.browser import People
from tests.support.demo import Demo

SUCCESSOR, NAME = "QZJ", "NHS Journey of Two ICB"
PREDECESSORS = ("QJM", "QK1")


async def test_a_merger_is_planned_previewed_and_followed_to_day_one(browser: People, console_demo: Demo) -> None:
    today = date.fromisoformat(console_demo.send("GET", "/registry/v1/operations/clock").json()["today"])
    tab = await browser.as_person("nhs-england")
    page = tab.page
    await tab.open("/mergers")
    await page.get_by_role("link", name="Plan a merger").click()
    await page.fill("#predecessors", " ".join(PREDECESSORS))
    for part, value in (("day", "1"), ("month", "4"), ("year", str(today.year + 1))):
        await page.fill(f"#effective_on-{part}", value)
    await page.fill("#successor", SUCCESSOR)
    await page.fill("#successor_name", NAME)
    await page.get_by_role("button", name="Preview it").click()
    preview = await tab.text()
    assert "Nothing stands against it" in preview
    assert "Staff transfer scheme, or a nil return, of QJM" in preview

    await page.get_by_role("link", name="Agree it").click()
    await page.get_by_role("button", name="Continue").click()
    assert "nothing is recorded yet" in await tab.text()
    await page.get_by_role("button", name="Agree the merger").click()
    agreed = await tab.text()
    assert f"The merger M-{SUCCESSOR} is agreed" in agreed
    assert "Not ready" in agreed
    assert "Who can record it: NHS England or a governance lead, for QJM and QK1" in agreed

    for sort in ("property", "staff"):
        await page.get_by_role("link", name=f"No {sort} transfer scheme or nil return of QJM, QK1").click()
        await page.get_by_label("A nil return").check()
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_role("button", name="Record it").click()
    assert "Nothing is missing." in await tab.text()

    await page.get_by_role("link", name="Move day one").click()
    for part, number in (("day", today.day), ("month", today.month), ("year", today.year)):
        await page.fill(f"#effective_on-{part}", str(number))
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Move day one").click()
    done = await tab.text()
    assert f"Day one is moved to {day(today)}" in done
    for words in ("Carried out", f"Agreed for 1 April {today.year + 1}", "Planned day one, moved", "days earlier"):
        assert words in done, words
    assert tab.faults == []
    successor = console_demo.send("GET", f"/registry/v1/organisations/{SUCCESSOR}").json()
    assert (successor["status"], successor["name"]) == ("open", NAME)
    assert console_demo.send("GET", "/registry/v1/organisations/QJM").json()["status"] == "closed"


async def test_who_may_not_agree_is_not_offered_it_and_is_told_who_may(browser: People) -> None:
    tab = await browser.as_person("reader")
    await tab.open("/mergers/preview?predecessors=QT1+QUY&effective_on=2030-04-01&successor=QZR")
    text = await tab.text()
    assert "NHS England agrees a merger." in text
    assert await tab.page.get_by_role("link", name="Agree it").count() == 0
