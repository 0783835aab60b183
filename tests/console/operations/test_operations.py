"""The operator's pages over answers of another world: what needs a look, what is parked, the clock and imports."""

from pathlib import Path
from typing import Any

from console.operations.shaping import SERVICES, by_key, health_of
from tests.console.apps import console_over, refusal

NUMBERS: dict[str, Any] = {
    "consumer_lag": {"registry": 7_654},
    "consumer_waiting_seconds": {"registry": 0},
    "dead_tasks": {},
    "last_position": 98_765,
    "newer_events": {},
    "oldest_outbox_seconds": 0.0,
    "outbox_events": 0,
    "parked_events": 2,
    "parked_keys": 1,
    "published_lag": 3,
}
CLOCK: dict[str, Any] = {"movable": True, "moved_to": "2031-05-05", "today": "2031-05-05"}
SENT_PARKED = "/operations/parked/41/discard"


def parked(identity: int, attempts: int, *keys: str) -> dict[str, Any]:
    return {
        "attempts": attempts,
        "error": "the table of Elsewhere refuses it" if attempts else "",
        "event": {"id": f"e{identity}", "type": "OrganisationRenamed"},
        "id": identity,
        "keys": list(keys),
        "parked_at": "2031-05-05T08:30:00Z",
        "position": 1_000 + identity,
        "source": "registry",
    }


PARKED: dict[str, Any] = {"items": [parked(41, 3, "Q7X"), parked(42, 0, "Q7X")], "next": None}
ANSWERS: dict[str, Any] = {
    **{f"{service} GET /operations/backbone": NUMBERS for service in SERVICES},
    **{f"{service} GET /operations/clock": CLOCK for service in SERVICES},
    "finance GET /operations/parked": PARKED,
}


def test_what_needs_a_look_is_said_in_words() -> None:
    numbers = {
        **NUMBERS,
        "dead_tasks": {"publisher": "no route"},
        "consumer_lag": {"registry": None},
        "consumer_waiting_seconds": {"registry": 61.4},
        "newer_events": {"ICBMerged 3": 1},
        "oldest_outbox_seconds": 75.2,
    }
    assert health_of("finance", numbers).alarms == [
        "publisher died: no route",
        "an event has waited in the outbox for 75 seconds",
        "its consumer of registry has not moved for 61 seconds",
        "registry cannot be reached",
        "1 event ICBMerged 3 of a newer version: deploy it, then resume them",
    ]
    assert health_of("finance", NUMBERS).alarms == []


def test_parked_events_are_shown_by_key_with_the_first_error_and_those_that_only_wait() -> None:
    [one] = by_key(PARKED["items"])
    assert (one.source, one.key, one.error, one.waiting) == ("registry", "Q7X", "the table of Elsewhere refuses it", 1)
    both = by_key([parked(1, 3, "Q1", "Q2")])
    assert [(each.key, len(each.events)) for each in both] == [("Q1", 1), ("Q2", 1)]


async def test_the_four_services_are_in_one_table_with_five_questions(tmp_path: Path) -> None:
    async with console_over({**ANSWERS, "governance GET /operations/backbone": None}, tmp_path) as browser:
        shown = await browser.get("/operations")
        assert len(browser.transport.asked) == 5
    for words in ("98,765", "registry 7,654", "2 events, 1 key", "Governance does not answer", "5 May 2031, moved"):
        assert words in shown.text, words


async def test_who_is_no_operator_is_told_the_role_that_it_needs(tmp_path: Path) -> None:
    missing = refusal("role-missing", "The caller lacks the role that this needs.", status=403)
    answers = {**ANSWERS, **{f"{service} GET /operations/backbone": missing for service in SERVICES}}
    async with console_over(answers, tmp_path) as browser:
        shown = await browser.get("/operations")
    assert "You may not see the numbers of the services. The caller lacks the role" in shown.text
    assert "The four services" not in shown.text


async def test_a_key_is_tried_before_it_is_resumed(tmp_path: Path) -> None:
    resumed = {**ANSWERS, "finance POST /operations/parked/resume": {"applied": [41], "parked": [42]}}
    async with console_over(resumed, tmp_path) as browser:
        listed = await browser.get("/operations/finance")
        assert "the table of Elsewhere refuses it" in listed.text
        assert "/operations/finance/key?source=registry&amp;key=Q7X" in listed.text
        tried = await browser.get("/operations/finance/key?source=registry&key=Q7X")
        assert "The cause is still there" in tried.text
        done = await browser.submit("/operations/finance/key", {"source": "registry", "key": "Q7X"})
        dry, sent = browser.transport.sent
    assert (dry.url.query, sent.url.query) == (b"dry_run=true", b"")
    assert sent.content == b'{"source":"registry","key":"Q7X"}'
    assert "1 event applied; 1 event stays parked" in done.text


async def test_an_event_is_discarded_with_a_reason_once_that_is_confirmed(tmp_path: Path) -> None:
    answers = {**ANSWERS, f"finance POST {SENT_PARKED}": PARKED["items"][0]}
    async with console_over(answers, tmp_path) as browser:
        await browser.get("/operations/finance/parked/41/discard")
        empty = await browser.submit("/operations/finance/parked/41/discard", {"step": "check"})
        assert (empty.status_code, "The reason is missing" in empty.text) == (422, True)
        check = await browser.submit("/operations/finance/parked/41/discard", {"step": "check", "reason": "a test"})
        assert "Organisation renamed" in check.text
        await browser.submit("/operations/finance/parked/41/discard", {"step": "confirm", "reason": "a test"})
        sent = browser.transport.sent
    assert [request.url.query for request in sent] == [b"dry_run=true", b""]
    assert sent[-1].content == b'{"reason":"a test"}'


async def test_the_clock_of_all_services_is_moved_the_registry_first(tmp_path: Path) -> None:
    answers = {**ANSWERS, **{f"{service} PUT /operations/clock": CLOCK for service in SERVICES}}
    day = {"moved_to-day": "5", "moved_to-month": "5", "moved_to-year": "2031"}
    async with console_over(answers, tmp_path) as browser:
        await browser.get("/operations/clock")
        asked = await browser.submit("/operations/clock", {**day, "step": "move"})
        assert ("Move all clocks to 5 May 2031?" in asked.text, browser.transport.sent) == (True, [])
        moved = await browser.submit("/operations/clock", {**day, "step": "confirm"})
        assert [request.url.host for request in browser.transport.sent] == list(SERVICES)
        assert "All clocks show 5 May 2031" in moved.text
        browser.transport.answers["contracts PUT /operations/clock"] = None
        refused = await browser.submit("/operations/clock", {"step": "release"})
    assert refused.status_code == 503
    assert "Moved before that: registry." in refused.text


async def test_due_work_says_what_each_service_did(tmp_path: Path) -> None:
    answers = {**ANSWERS, **{f"{service} POST /operations/due-work": {"done": 1_234} for service in SERVICES}}
    day = {"up_to-day": "5", "up_to-month": "5", "up_to-year": "2031"}
    async with console_over(answers, tmp_path) as browser:
        await browser.get("/operations/due-work")
        asked = await browser.submit("/operations/due-work", day)
        assert ("due by 5 May 2031?" in asked.text, browser.transport.sent) == (True, [])
        done = await browser.submit("/operations/due-work", {**day, "step": "confirm"})
        wrong = await browser.submit("/operations/due-work", {**day, "up_to-month": "15"})
    assert "registry 1,234, contracts 1,234, finance 1,234, governance 1,234" in done.text
    assert "must be a real day" in wrong.text


PREVIEW: dict[str, Any] = {
    "asked_at": "2031-05-05T08:30:00Z",
    "file": "elsewhere.csv",
    "progress": "line 500 of 9,000",
    "reason": None,
    "reference": "IP-7",
    "result": None,
    "state": "running",
}


async def test_a_file_is_sent_and_its_progress_shown_until_it_is_done(tmp_path: Path) -> None:
    path = "/imports/previews/IP-7"
    empty: dict[str, Any] = {"items": [], "next": None}
    answers: dict[str, Any] = {
        "registry GET /imports/forms": {"forms": []},
        "registry GET /findings/counts": {"as_known": None, "sorts": []},
        "registry POST /imports/previews": (202, PREVIEW),
        f"registry GET {path}": PREVIEW,
        **{f"registry GET {path}/{one}": empty for one in ("bodies", "findings")},
        f"registry GET {path}/refused-lines": {
            "items": [{"code": "Q7X", "line": 12, "reason": "no day"}],
            "next": None,
        },
    }
    async with console_over(answers, tmp_path) as browser:
        await browser.get("/operations/imports")
        running = await browser.submit(
            "/operations/imports", {"kind": "registry"}, files={"file": ("elsewhere.csv", b"a,b\n1,2\n")}
        )
        sent = browser.transport.sent[0]
        assert (sent.url.query, sent.content) == (b"file=elsewhere.csv", b"a,b\n1,2\n")
        assert "line 500 of 9,000" in running.text
        assert "data-again=" in running.text
        browser.transport.answers[f"registry GET {path}"] = {**PREVIEW, "state": "done", "progress": None}
        done = await browser.get("/operations/imports/registry/IP-7")
        asked = await browser.submit("/operations/imports/registry/IP-7/withdrawal")
        assert ("Withdraw the preview?" in asked.text, len(browser.transport.sent)) == (True, 1)
    assert "Line 12: Q7X no day" in done.text
    assert "data-again=" not in done.text


async def test_a_file_that_is_not_there_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        await browser.get("/operations/imports")
        shown = await browser.submit("/operations/imports", {})
        assert browser.transport.sent == []
    assert shown.status_code == 422
    assert "What the file is must be chosen" in shown.text
    assert "The file is missing, or it is empty" in shown.text


async def test_what_is_no_service_of_the_four_is_said_to_be_none(tmp_path: Path) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        for path in ("elsewhere", "provenance/key?source=registry&key=Q7X", "branches/parked/41/discard"):
            shown = await browser.get(f"/operations/{path}")
            assert (shown.status_code, "There is no service" in shown.text) == (404, True), path
        assert browser.transport.asked == []


async def test_a_long_list_of_a_preview_has_further_pages(tmp_path: Path) -> None:
    path = "/imports/previews/IP-7"
    lines = [{"code": "Q7X", "line": 12, "reason": "no day"}]
    following = {"items": lines, "next": f"/v1{path}/refused-lines?limit=50&after=abc"}
    answers: dict[str, Any] = {
        f"registry GET {path}": {**PREVIEW, "state": "done", "progress": None},
        **{f"registry GET {path}/{one}": {"items": [], "next": None} for one in ("bodies", "findings")},
        f"registry GET {path}/refused-lines": following,
    }
    async with console_over(answers, tmp_path) as browser:
        shown = await browser.get("/operations/imports/registry/IP-7")
        assert "after-refused-lines=abc" in shown.text
        await browser.get("/operations/imports/registry/IP-7?after-refused-lines=abc")
        assert f"registry GET {path}/refused-lines?limit=50&after=abc" in browser.transport.asked


async def test_how_far_a_move_of_the_clock_is_can_be_seen(tmp_path: Path) -> None:
    behind = {**CLOCK, "today": "2031-05-04"}
    async with console_over({**ANSWERS, "governance GET /operations/clock": behind}, tmp_path) as browser:
        page = (await browser.get("/operations/clock")).text
    assert "The services are on different days" in page
    assert "4 May 2031" in page
