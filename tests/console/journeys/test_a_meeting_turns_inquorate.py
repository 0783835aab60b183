"""A governance lead holds a meeting at which a member leaves: item 1 is carried, item 2 has no quorum."""

from datetime import date
from typing import Any

import pytest
from playwright.async_api import Page

from tests.console.browser import People
from tests.support.demo import Demo

CODE, LEAD = "QUA", "black-country"
BOARD = f"{CODE}-board"
TERMS = {"quorum": [{"seats": [{"roles": ["chair"]}, {"roles": ["clinical-member"]}], "least": 2}], "in_public": False}


def lead(demo: Demo, method: str, path: str, **body: Any) -> Any:
    """Call governance as the lead of the board."""
    answer = demo.send(method, f"/governance/v1{path}", user=LEAD, json=body)
    assert answer.status_code < 300, answer.text
    return answer.json()


@pytest.fixture
def board(console_demo: Demo) -> date:
    """A board of the Black Country with a chair, a lay and a clinical member; gives the day of the laptop."""
    clock = console_demo.send("GET", "/governance/v1/operations/clock", user="operator").json()
    day = str(clock["today"])
    posts = [
        {"title": title, "roles": [role], "described_in": "Constitution (illustrative)"}
        for title, role in (("Chair", "chair"), ("Lay member", "lay-member"), ("Clinical member", "clinical-member"))
    ]
    lead(console_demo, "POST", "/bodies", organisation=CODE, kind="board", first_day=day, posts=posts)
    for post in ("chair", "lay-member", "clinical-member"):
        person = lead(console_demo, "POST", "/people", organisation=CODE, display_name=f"The {post}")["person"]
        lead(console_demo, "POST", "/appointments", post=f"{CODE}/{post}", person=person, first_day=day)
    lead(console_demo, "PUT", f"/bodies/{BOARD}/terms-of-reference", first_day=day, **TERMS)
    return date.fromisoformat(day)


async def fill(page: Page, **fields: str) -> None:
    """Fill fields by their labels, a blank in place of each underscore."""
    for label, value in fields.items():
        await page.get_by_label(label.replace("_", " "), exact=True).fill(value)


async def fill_day(page: Page, legend: str, day: date) -> None:
    """Fill the three fields of a day."""
    group = page.get_by_role("group", name=legend)
    for part, value in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
        await group.get_by_label(part).fill(str(value))


async def press(page: Page, button: str, *, says: str) -> None:
    """Press a button, and wait for the words that the next page shows."""
    await page.get_by_role("button", name=button, exact=True).click()
    await page.get_by_text(says).first.wait_for()


async def vote(page: Page, at: str, *seats: str) -> None:
    """Record the votes of seats for the item that is shown."""
    await page.get_by_role("link", name="Record votes").click()
    await fill(page, At_what_time=at)
    for seat in seats:
        await page.get_by_role("group", name=seat).get_by_label("For", exact=True).check()
    await press(page, "Record the votes", says="The votes are recorded.")


async def test_hold_a_meeting_that_turns_inquorate_at_item_2(browser: People, board: date) -> None:
    tab = await browser.as_person(LEAD)
    page = tab.page
    await tab.open("/decisions/meetings")
    await page.get_by_role("link", name="Plan a meeting").click()
    await fill(page, Body=BOARD, Time_at_which_it_begins="14:00")
    await fill_day(page, "Day of the meeting", board)
    await press(page, "Plan the meeting", says="The meeting is planned.")

    await page.get_by_role("link", name="Give notice").click()
    await fill_day(page, "Day of the notice", board)
    await press(page, "Give notice", says="The meeting is called.")
    for title in ("A lease", "The old hospital"):
        await page.get_by_role("link", name="Put an item on the agenda").click()
        await fill(page, Title=title)
        await press(page, "Add the item", says="The item is on the agenda.")

    await page.get_by_role("link", name="State who comes, and who was there").click()
    for member in ("Chair", "Lay member", "Clinical member"):
        seat = page.get_by_role("group", name=member, exact=True)
        await seat.get_by_label("Comes").select_option("yes")
        await seat.get_by_label("Came at").fill("14:00")
    await page.get_by_role("group", name="Clinical member", exact=True).get_by_label("Left at").fill("14:30")
    await press(page, "State attendance", says="Attendance is stated.")
    assert "2pm to 2:30pm" in await tab.text()

    await page.get_by_role("link", name="A lease").click()
    await page.get_by_role("link", name="Put it to the vote").click()
    await fill(page, At_what_time="14:10")
    await press(page, "Put it to the vote", says="The item is open for votes.")
    await vote(page, "14:15", "Chair", "Lay member", "Clinical member")
    await page.get_by_role("link", name="Count the votes").click()
    await fill(page, At_what_time="14:20")
    await press(page, "Continue", says="What it would come to")
    assert "Nothing is done yet." in await tab.text()
    await press(page, "Close the item", says="The item is closed.")
    assert "Carried" in await tab.text()

    await page.get_by_role("link", name="Back to the meeting").click()
    await page.get_by_role("link", name="The old hospital").click()
    await page.get_by_role("link", name="Put it to the vote").click()
    await fill(page, At_what_time="14:40")
    await press(page, "Put it to the vote", says="The item is open for votes.")
    await vote(page, "14:45", "Chair", "Lay member")
    await page.get_by_role("link", name="Count the votes").click()
    await fill(page, At_what_time="14:50")
    await press(page, "Continue", says="There is a problem")
    refused = await tab.text()
    assert "clinical-member" in refused, "the reason of the service: which seat no one fills"

    await page.get_by_role("link", name="Back", exact=True).click()
    await page.get_by_role("link", name="Back to the meeting").click()
    await page.get_by_role("link", name="State that the meeting is over").click()
    await press(page, "Continue", says="What it would come to")
    assert "Item 2: The old hospital\nInquorate" in (await tab.text()).replace("\t", "\n")
    await press(page, "State that it is over", says="The meeting is over.")
    said = await tab.text()
    assert said.index("Carried") < said.index("Inquorate")
    assert "There was no quorum." in said
    assert tab.faults == []
