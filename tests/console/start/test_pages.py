"""The start page and the search over recorded answers of another world."""

import re
from pathlib import Path
from typing import Any

from tests.console.apps import console_over, refusal
from tests.console.organisations.world import LATER, VIEWED, page

COUNTS = {
    "as_at": "2031-01-01",
    "as_known": None,
    "kinds": [
        {"kind": "icb", "open": 37, "closed": 5, "proposed": 1},
        {"kind": "gp_practice", "open": 12_345, "closed": 5, "proposed": 1},
    ],
}
SIGNATURE = {
    "kind": "signature",
    "subject": "K-77",
    "organisation": "Q4D",
    "path": "/contracts/K-77/signature",
    "due_on": "2031-02-03",
    "exposure_pence": 61_700_000,
}
VOTE = {
    "kind": "vote",
    "about": "PR-3",
    "body": "Q4D-board",
    "organisation": "Q4D",
    "path": "/meetings/MT-9/notice",
    "due_on": "2031-01-20",
    "since": "2030-12-01",
}
FINDING = {
    "finding": "F-9",
    "kind": "not_put_back",
    "about": ["D-12"],
    "text": "The allowance was not put back",
    "parties": ["Q1A", "Q2B", "Q3C", "Q4D"],
    "raised_on": "2030-12-24",
    "raised_at": LATER,
    "due_on": None,
    "cleared_on": None,
    "exposure_pence": 99_900_000,
    "reason": None,
}
CHANGE = {
    "day": "2031-04-01",
    "what": "rename",
    "code": "Q4D",
    "before": "Fourth",
    "after": "Grand Fourth",
    "other": "",
    "known_from": LATER,
    "observed": False,
}
ANSWERS: dict[str, Any] = {
    "contracts GET /tasks": page(SIGNATURE),
    "governance GET /tasks": page(VOTE),
    "registry GET /mergers/findings": page(),
    "finance GET /findings": page(FINDING),
    "registry GET /counts": COUNTS,
    "registry GET /changes": page(CHANGE),
}


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def test_the_start_page_has_tasks_by_cost_figures_and_what_changes_next(tmp_path: Path) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        html = (await browser.get("/")).text
        text = text_of(html)
        assert len(browser.transport.asked) == 6
        costs = ["The allowance was not put back", "Sign a contract", "Decide on a proposal"]
        assert sorted(costs, key=text.index) == costs
        for words in (
            "£999,000",
            "3 February 2031",
            "£617,000",
            "and 1 others",
            "37 integrated care boards open",
            "12,345 GP practices open",
            "1 April 2031",
            "Fourth becomes Grand Fourth",
        ):
            assert words in text
        assert 'href="/contracts/K-77"' in html
        assert 'href="/decisions/meetings/MT-9"' in html


async def test_changes_are_asked_from_the_day_that_the_registry_calls_today(tmp_path: Path) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        await browser.get("/")
        assert "registry GET /changes?from=2031-01-01&to=2031-04-03&limit=500" in browser.transport.asked
        browser.transport.asked.clear()
        await browser.get("/?as_at=2018-03-01&as_known=2018-04-01")
        changes = "registry GET /changes?from=2018-03-01&to=2018-06-01&limit=500&as_known=2018-04-01"
        assert changes in browser.transport.asked


async def test_each_dead_service_costs_its_part_of_the_start_page(tmp_path: Path) -> None:
    silent = dict.fromkeys(ANSWERS)
    async with console_over(silent, tmp_path) as browser:
        response = await browser.get("/")
        text = text_of(response.text)
        assert response.status_code == 200
        for service in ("Contracts", "Governance", "Registry", "Finance"):
            assert f"{service} does not answer at the moment." in text
    empty = {key: page() if "counts" not in key else {**COUNTS, "kinds": []} for key in ANSWERS}
    async with console_over(empty, tmp_path) as browser:
        text = text_of((await browser.get("/")).text)
        assert "Nothing waits for you or for your organisations." in text
        assert "No organisation is open on this day." in text
        assert "Nothing is stated to change on these days." in text


def match(code: str, name: str, *matched: str) -> dict[str, Any]:
    return {**VIEWED, "code": code, "name": name, "matched": [*matched], "rank": 3, "postcode": "EA1 1AA"}


FOUND = {
    "registry GET /search?text=eastham&limit=25": {
        "items": [match("Q4D", "Fourth Commissioners", "name on another day")],
        "nearest": [],
        "next": "/v1/search?text=eastham&after=WyJRIl0",
    },
    "registry GET /search?place=eastham&limit=25": {
        "items": [match("Q4D", "Fourth Commissioners", "address"), match("Y12345", "The Surgery", "address")],
        "nearest": [],
        "next": None,
    },
}


async def test_the_search_finds_by_a_former_name_and_by_place_each_body_once(tmp_path: Path) -> None:
    async with console_over(FOUND, tmp_path) as browser:
        html = (await browser.get("/search?text=eastham")).text
        text = text_of(html)
        assert "a name of another day, EA1 1AA" in text
        assert html.count('href="/organisations/Q4D"') == 1
        assert html.count('href="/organisations/Y12345"') == 1
        assert "after=WyJRIl0" in html


async def test_a_postcode_is_searched_as_one(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        await browser.get("/search?text=ea1+1aa&status=open")
        assert "registry GET /search?postcode=EA1+1AA&status=open&limit=25" in browser.transport.asked


async def test_where_nothing_is_found_the_nearest_names_are_offered_and_a_refusal_is_said(tmp_path: Path) -> None:
    answers = {
        "registry GET /search?text=forth&limit=25": {
            "items": [],
            "nearest": [{**VIEWED, "name": "Fourth Commissioners"}],
            "next": None,
        },
        "registry GET /search?place=forth&limit=25": refusal("unreadable", "place: at least three letters", status=422),
    }
    async with console_over(answers, tmp_path) as browser:
        text = text_of((await browser.get("/search?text=forth")).text)
        assert "No code or name matches “forth”. The names most like it:" in text
        assert "Fourth Commissioners" in text
        assert "place: at least three letters" in text


async def test_suggestions_are_links_with_what_matched(tmp_path: Path) -> None:
    asked = {key.replace("limit=25", "limit=8").replace("?", "?as_at=2018-03-01&"): one for key, one in FOUND.items()}
    async with console_over(asked, tmp_path) as browser:
        found = (await browser.get("/search/suggestions?text=eastham&as_at=2018-03-01")).json()
        assert [(one["code"], one["why"], one["href"]) for one in found] == [
            ("Q4D", "a name of another day", "/organisations/Q4D?as_at=2018-03-01"),
            ("Y12345", "its address", "/organisations/Y12345?as_at=2018-03-01"),
        ]
        assert (await browser.get("/search/suggestions?text=e")).json() == []
