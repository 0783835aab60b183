"""Pages of mergers over answers of another world: what they show, what they offer, and what a dead service costs."""

import re
from pathlib import Path
from typing import Any

from tests.console.apps import console_over, refusal
from tests.console.mergers.worlds import ANSWERS, MERGER, READINESS

PAGE = "/mergers/M-ZQ9"
WRITTEN = {
    name: MERGER[name] for name in MERGER if name not in ("plans", "missing", "conditions", "schemes", "overdue")
}


async def test_a_merger_shows_its_line_what_is_missing_and_what_moves(tmp_path: Path) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        shown = await browser.get(PAGE)
    assert shown.status_code == 200
    for words in (
        "Vale of Elsewhere ICB (ZQ9)",
        "North Elsewhere ICB",
        "Application filed",
        "Moved to 1 October 2031",
        "183 days later",
        "No staff transfer scheme or nil return of ZQ2",
        "Who can record it: NHS England or a governance lead, for ZQ2",
        "Property transfer scheme M-ZQ9-P1 of ZQ1 and ZQ2",
        "Minute 77",
        "C-ELSE-7",
        "£812,345.67",
        "Keeper of elsewhere",
        "1,204 decision rights",
    ):
        assert words in shown.text, words
    assert 'href="/mergers/M-ZQ9/schemes?sort=staff"' in shown.text


async def test_a_suspended_scheme_is_resumed_and_a_running_one_of_staff_can_be_suspended(tmp_path: Path) -> None:
    [scheme] = READINESS["schemes"]
    staff = {**scheme, "reference": "M-ZQ9-S1", "sort": "staff", "predecessors": ["ZQ1"]}
    paused = {**staff, "reference": "M-ZQ9-S2", "predecessors": ["ZQ2"], "suspended_on": "2031-03-01"}
    readiness = {**READINESS, "schemes": [scheme, staff, paused]}
    async with console_over({**ANSWERS, f"registry GET {PAGE}/readiness": readiness}, tmp_path) as browser:
        shown = await browser.get(PAGE)
    assert 'href="/mergers/M-ZQ9/schemes/M-ZQ9-S2/resumption"' in shown.text
    assert 'href="/mergers/M-ZQ9/schemes/M-ZQ9-S1/suspension"' in shown.text
    assert "M-ZQ9-P1/suspension" not in shown.text


async def test_a_merger_is_asked_for_with_six_questions_of_the_day_and_the_knowledge_of_the_page(
    tmp_path: Path,
) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        shown = await browser.get(f"{PAGE}?as_at=2031-05-01&as_known=2031-04-30")
        asked = sorted(browser.transport.asked)
    assert asked == [
        "contracts GET /merger-previews/M-ZQ9?as_known=2031-04-30",
        "governance GET /mergers/M-ZQ9/preview?as_known=2031-04-30",
        "governance GET /mergers/M-ZQ9?as_known=2031-04-30",
        "registry GET /mergers/M-ZQ9/readiness?as_at=2031-05-01&as_known=2031-04-30",
        "registry GET /mergers/M-ZQ9?as_known=2031-04-30",
        "registry POST /lookups?as_at=2031-09-30&as_known=2031-04-30",
    ]
    assert "/mergers/applications/A-ZQ9?as_at=2031-05-01&amp;as_known=2031-04-30" in shown.text


async def test_on_a_page_of_another_day_no_act_is_offered(tmp_path: Path) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        now = await browser.get(PAGE)
        then = await browser.get(f"{PAGE}?as_known=2031-04-30")
    assert 'href="/mergers/M-ZQ9/redating"' in now.text
    assert "its page of today" not in now.text
    assert "/redating" not in then.text
    assert "/schemes?sort=" not in then.text
    assert f'<a href="{PAGE}">its page of today</a>' in then.text


async def test_a_dead_service_costs_its_part_of_the_page_alone(tmp_path: Path) -> None:
    dead = {**ANSWERS, "contracts GET /merger-previews/M-ZQ9": None, "registry GET /mergers/M-ZQ9/readiness": None}
    async with console_over(dead, tmp_path) as browser:
        shown = await browser.get(PAGE)
    assert shown.status_code == 200
    assert "Contracts does not answer at the moment." in shown.text
    assert "Registry does not answer at the moment." in shown.text
    assert "Moved to 1 October 2031" in shown.text
    assert "Keeper of elsewhere" in shown.text


async def test_a_merger_that_nobody_knows_is_not_found(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        shown = await browser.get("/mergers/M-NONE")
    assert shown.status_code == 404
    assert "No merger has the reference M-NONE" in shown.text


async def test_day_one_is_moved_by_form_check_and_confirmation(tmp_path: Path) -> None:
    moved = {**WRITTEN, "effective_on": "2032-01-01", "version": 5}
    async with console_over({**ANSWERS, f"registry POST {PAGE}/redating": moved}, tmp_path) as browser:
        await browser.get(f"{PAGE}/redating")
        day = {"effective_on-day": "1", "effective_on-month": "1", "effective_on-year": "2032", "version": '"1"'}
        check = await browser.submit(f"{PAGE}/redating", {**day, "step": "check"})
        assert "Check before you confirm" in check.text
        assert "1 January 2032" in check.text
        done = await browser.submit(f"{PAGE}/redating", {**day, "step": "confirm"})
        tried, sent = browser.transport.sent[-3:-1]  # then the names of the merger's page
    assert "Day one is moved to 1 January 2032" in done.text
    assert (tried.url.query, sent.url.query) == (b"dry_run=true", b"")
    assert sent.content == b'{"effective_on":"2032-01-01"}'
    assert sent.headers["if-match"] == '"1"'


async def test_a_refused_day_is_said_at_its_field_in_the_words_of_the_registry(tmp_path: Path) -> None:
    past = refusal(
        "merger-not-allowed",
        "The law, or the state of these bodies, does not allow this merger.",
        ("2030-01-01 is past: a merger is put on a day to come, never back", "effective_on"),
    )
    async with console_over({**ANSWERS, f"registry POST {PAGE}/redating": past}, tmp_path) as browser:
        await browser.get(f"{PAGE}/redating")
        day = {"effective_on-day": "1", "effective_on-month": "1", "effective_on-year": "2030"}
        shown = await browser.submit(f"{PAGE}/redating", {**day, "step": "check"})
    assert shown.status_code == 409
    assert "<title>Error: " in shown.text
    assert shown.text.count("is past: a merger is put on a day to come") == 2
    assert 'href="#effective_on"' in shown.text
    assert 'value="2030"' in shown.text


async def test_a_merger_that_another_has_changed_is_shown_as_it_stands(tmp_path: Path) -> None:
    stale = refusal("stale-version", "The record was changed since you read it.", status=412)
    async with console_over({**ANSWERS, f"registry POST {PAGE}/withdrawal": stale}, tmp_path) as browser:
        await browser.get(f"{PAGE}/withdrawal")
        seen = {
            "seen-status": "agreed",
            "seen-effective_on": "2031-04-01",
            "seen-successor_name": WRITTEN["successor_name"],
        }
        shown = await browser.submit(f"{PAGE}/withdrawal", {"step": "confirm", "version": '"0"', **seen})
    assert shown.status_code == 412
    assert "Another person changed this" in shown.text
    rows = re.findall(r"<th scope=.row.[^>]*>(.*?)</th><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td>", shown.text)
    assert rows == [("Day one", "1 April 2031", "1 October 2031")]
    assert 'name="version" value="&#34;1&#34;"' in shown.text


async def test_a_preview_shows_figures_of_the_registry_and_what_stands_against_it(tmp_path: Path) -> None:
    async with console_over(PREVIEWS, tmp_path) as browser:
        shown = await browser.get(
            "/mergers/preview?predecessors=zq1,ZQ2&effective_on-day=1&effective_on-month=4&effective_on-year=2032"
        )
        asked = browser.transport.asked
    assert "registry GET /merger-previews?predecessor=ZQ1&predecessor=ZQ2&effective_on=2032-04-01" in asked
    for words in ("1,234,567", "77", "ZQ2 closes after 31 March 2032 in any case", "not known", "Elsewhere procedure"):
        assert words in shown.text, words


async def test_a_plan_without_bodies_or_with_no_real_day_is_not_asked(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        shown = await browser.get("/mergers/preview?effective_on-day=31&effective_on-month=2&effective_on-year=2032")
        asked = browser.transport.asked
    assert (shown.status_code, asked) == (422, [])
    assert "The bodies that merge are missing" in shown.text
    assert "Day one must be a real day" in shown.text


async def test_an_agreement_is_tried_first_and_sends_what_was_checked(tmp_path: Path) -> None:
    async with console_over({**ANSWERS, "registry POST /mergers": (201, WRITTEN)}, tmp_path) as browser:
        await browser.get("/mergers/agreement?predecessors=ZQ1+ZQ2&effective_on=2031-10-01&successor=zq9")
        fields = {
            "predecessors": "ZQ1 ZQ2",
            "effective_on": "2031-10-01",
            "successor": "ZQ9",
            "successor_name": "Vale of Elsewhere ICB",
            "property_scheme": "made",
            "staff_scheme": "nil",
        }
        check = await browser.submit("/mergers/agreement", {**fields, "step": "check"})
        assert "property and staff" in check.text
        done = await browser.submit("/mergers/agreement", {**fields, "step": "confirm"})
        sent = [request for request in browser.transport.sent if request.url.path == "/v1/mergers"]
    assert [request.url.query for request in sent] == [b"dry_run=true", b""]
    assert "The merger M-ZQ9 is agreed" in done.text
    assert b'"schemes":[{"sort":"property","nil_return":false},{"sort":"staff","nil_return":true}]' in sent[1].content


async def test_the_list_says_where_there_is_nothing(tmp_path: Path) -> None:
    empty: dict[str, Any] = {"items": [], "next": None}
    answers = {f"registry GET /{path}": empty for path in ("mergers", "merger-applications", "mergers/findings")}
    async with console_over(answers, tmp_path) as browser:
        shown = await browser.get("/mergers")
    assert "No merger is agreed and still to come." in shown.text
    assert "No application waits for an applicant or for NHS England." in shown.text


PREVIEWS: dict[str, Any] = {
    "registry GET /merger-previews": {
        "kind": "icb",
        "successor": None,
        "effective_on": "2032-04-01",
        "as_at": "2031-05-01",
        "as_known": None,
        "bodies": [
            {
                "code": code,
                "name": f"{code} of Elsewhere",
                "status": "open",
                "parents": ["Y99"],
                "changes_parent": None,
                "below": [],
                "practices": 77,
                "people": people,
                "areas": None,
                "local_authorities": None,
            }
            for code, people in (("ZQ1", 1_234_567), ("ZQ2", None))
        ],
        "practices": 154,
        "people": None,
        "areas": None,
        "local_authorities": None,
        "local_authorities_crossed": None,
        "parents": ["Y99"],
        "parents_crossed": False,
        "successor_parents": None,
        "schemes_needed": [{"sort": "property", "predecessor": "ZQ1"}],
        "reasons": [{"message": "ZQ2 closes after 2032-03-31 in any case", "field": "predecessor.1"}],
        "rule_pack": "icb-merger-elsewhere",
    },
    "registry GET /merger-procedures": {
        "earliest_effect": "2033-04-01",
        "filed_on": "2031-05-01",
        "kind": "icb",
        "procedures": [
            {
                "advice": None,
                "citation": "Elsewhere Act",
                "dissolution": None,
                "earliest_effect": "2033-04-01",
                "effective_from": "2030-01-01",
                "effective_to": None,
                "filed_by": ["icb"],
                "id": "elsewhere",
                "next_variation_window": None,
                "note": "Of another world.",
                "title": "Elsewhere procedure",
                "variation_note": None,
                "weight": "binding",
            }
        ],
    },
}
"""What the registry answers of a merger that is only thought of, in another world."""
