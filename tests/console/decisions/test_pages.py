"""Pages about decisions over recorded answers: what stands on them, what is empty, refused or silent, what is sent."""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from html import unescape
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.console.apps import Browser, console_over, refusal
from tests.console.decisions import recorded as of

Over: TypeAlias = Callable[[Mapping[str, Any]], Browser]
"""`over(answers)` gives the console over the recorded world with some answers changed."""
_DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parents[3] / "docs/openapi/governance.json").read_text("utf-8"))
MEETING = f"/decisions/meetings/{of.MEETING}"
ITEM = f"/decisions/items/{of.SECOND}"
PROPOSAL = f"/decisions/proposals/{of.PROPOSAL}"


@pytest.fixture(scope="module")
async def one_console(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """One console for all of these tests: its templates are compiled once."""
    async with console_over(of.WORLD, tmp_path_factory.mktemp("decisions")) as browser:
        yield browser


@pytest.fixture
def world(one_console: Browser) -> Browser:
    """The console over the whole recorded world; nothing was asked of it yet."""
    one_console.transport.answers = dict(of.WORLD)
    one_console.transport.asked.clear()
    one_console.transport.sent.clear()
    return one_console


@pytest.fixture
def over(world: Browser) -> Over:
    """The console over a world that differs."""

    def changed(answers: Mapping[str, Any]) -> Browser:
        world.transport.answers |= answers
        return world

    return changed


def text(page: httpx.Response) -> str:
    """What a page's main part says, with one space between words."""
    main = page.text.partition("<main")[2].partition("</main")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def command(browser: Browser) -> Any:
    """The body of the last request that was sent, which is one that governance's OpenAPI document takes."""
    request = browser.transport.sent[-1]
    body = json.loads(request.content)
    for pattern, operations in _DOCUMENT["paths"].items():
        if request.method.lower() in operations and re.fullmatch(
            re.sub(r"\{[^}]+\}", "[^/]+", pattern), request.url.path
        ):
            schema = operations[request.method.lower()]["requestBody"]["content"]["application/json"]["schema"]
            whole = {**schema, "components": _DOCUMENT["components"]}
            assert [error.message for error in Draft202012Validator(whole).iter_errors(body)] == []
            return body
    raise AssertionError(f"governance has no {request.method} {request.url.path}")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (
            "/decisions",
            ["Vote on a proposal", "By 14 May 2031", "Declare interests", "Make a right again after a merger"],
        ),
        ("/decisions/meetings", ["14 May 2031", "Q9X-board", "Called"]),
        (MEETING, ["Board of the ninth", "9 May 2031, 4 clear days", "2 for, 1 against", "No quorum expected"]),
        (MEETING, ["No one is there as lay-member or vice-chair", "2pm to 2:45pm", "Version 1, 20 May 2031", "Draft"]),
        (f"/decisions/items/{of.FIRST}", ["Carried at 2:40pm: 2 for", "For, 2:20pm", "Against, 2:21pm Void"]),
        (ITEM, ["Put to the vote 2:50pm; Chair presides", "GP member owns SUPX (1/16)", "Leaves the room"]),
        (ITEM, ["No quorum can be had here", "Q9X-estates-committee", "Award of a contract"]),
        ("/decisions/proposals", ["Award: C-Q9X-1", "30 April 2031", "£456,000.00"]),
        (PROPOSAL, ["Overdue", "£123,000.00 in its highest year", "Staff consulted Not met", "Board, April, item 6"]),
        (PROPOSAL, ["Still to be asked: Public", "Its end costs £12,345.00", "BC-9 , version 2"]),
        (f"{PROPOSAL}/papers", ["Three bids", "1 paper is withheld from you", "No one has read them yet."]),
        ("/decisions/taken", ["£456,000.00", "Approved"]),
        (f"/decisions/taken/{of.DECISION}", ["the same question is answered the same today", "3 hashes of this page"]),
        (f"/decisions/taken/{of.DECISION}", ["The contract is signed", "The head is that of its last entry"]),
        ("/decisions/radar", ["No decision", "£21,000 rolling", "£42,000 rolling", "Put it on the agenda"]),
        (
            "/decisions/recommendations/RC-9",
            ["Q9Y-board Consent needed Yes", "on 2 May 2031: Unaffordable", "1/2 of the 2"],
        ),
        (
            "/decisions/recommendations/RC-9",
            ["A draft, to NHS England", "It fails to act. (Some Act s.9)", "Answer it"],
        ),
        ("/decisions/may", ["estate (estate)", "telepathy buy (telepathy.buy)"]),
    ],
)
async def test_what_the_service_says_is_on_the_page(world: Browser, path: str, words: list[str]) -> None:
    page = await world.get(path)
    assert page.status_code == 200
    said = text(page)
    assert [one for one in words if one not in said] == [], said
    assert len(world.transport.asked) <= 6


@pytest.mark.parametrize(
    ("path", "asked", "words"),
    [
        ("/decisions", "tasks", "Nothing waits for your organisations."),
        ("/decisions/meetings", "meetings", "No meeting is known."),
        ("/decisions/proposals", "proposals", "No proposal is made by your organisations or asked of them."),
        ("/decisions/taken", "decisions", "No decision is known."),
        ("/decisions/radar", "radar", "No body stands in the way of anything on this day"),
    ],
)
async def test_an_empty_list_says_so_and_a_silent_service_too(over: Over, path: str, asked: str, words: str) -> None:
    browser = over({f"governance GET /{asked}": of.listed()})
    assert words in text(await browser.get(path))
    browser.transport.answers[f"governance GET /{asked}"] = None
    page = await browser.get(path)
    assert "Governance does not answer at the moment." in text(page)
    browser.transport.answers[f"governance GET /{asked}"] = of.listed() | {"next": f"/v1/{asked}?after=abc"}


@pytest.mark.parametrize(
    ("lost", "path", "stays"),
    [
        (f"/meetings/{of.MEETING}/forecast", MEETING, "Sell the old hospital"),
        (f"/meetings/{of.MEETING}/minutes", MEETING, "No quorum expected"),
        (f"/bodies/{of.BODY}", MEETING, "2 for, 1 against"),
        (f"/items/{of.SECOND}/conflicts", ITEM, "Chair presides"),
        (f"/decisions/{of.DECISION}/dossier", f"/decisions/taken/{of.DECISION}", "£456,000.00"),
        (f"/decisions/{of.DECISION}/dossier/entries", f"/decisions/taken/{of.DECISION}", "The contract is signed"),
        ("/permits/PE-9", f"/decisions/taken/{of.DECISION}", "3 hashes of this page"),
        ("/decisions", PROPOSAL, "Staff consulted"),
    ],
)
async def test_a_part_that_is_not_answered_costs_itself_alone(over: Over, lost: str, path: str, stays: str) -> None:
    browser = over({f"governance GET {lost}": None})
    page = await browser.get(path)
    assert page.status_code == 200
    assert "Governance does not answer at the moment." in text(page)
    assert stays in text(page)


async def test_without_terms_of_reference_the_service_says_why_there_is_no_forecast(over: Over) -> None:
    lacks = refusal("terms-not-found", "No terms of reference", status=404)
    lacks[1]["detail"] = "Q9X-board has no terms of reference on 2031-05-14"
    browser = over({f"governance GET /meetings/{of.MEETING}/forecast": lacks})
    page = await browser.get(MEETING)
    assert "Q9X-board has no terms of reference on 2031-05-14" in text(page)
    assert "Sell the old hospital" in text(page)


async def test_who_may_not_is_told_what_is_missing_and_who_may(world: Browser) -> None:
    page = await world.get("/decisions/may?organisation=q9x&action=estate&pounds=2.3m&holder=Q9X/chair")
    assert command(world) == {
        "organisation": "Q9X",
        "post": "Q9X/chair",
        "action": "estate",
        "recurrent": False,
        "value_pence": 230_000_000,
    }
    said = text(page)
    assert "No. Chair (Q9X/chair) may not: 1 thing is missing." in said
    assert "The value is above the limit (right R-32): the value is at most £50,000.00 (single)" in said
    assert said.index("To hold estate") < said.index("up to £9,876,543.00") < said.index("up to £50,000.00")
    assert "Who else may Q9X-board" in said
    assert "Board of the ninth (Q9X-board)" in said
    assert any("/deciders?organisation=Q9X&value_pence=230000000" in one for one in world.transport.asked)


async def test_a_refused_question_shows_the_reasons_of_the_service(over: Over) -> None:
    refused = refusal("action-not-listed", "No such action", ("telepathy is no action of the pack", "action"))
    browser = over({"governance POST /questions/can": refused})
    page = await browser.get("/decisions/may?organisation=Q9X&action=estate&holder=Q9X-board")
    assert page.status_code == 409
    assert "telepathy is no action of the pack" in text(page)
    assert "Scheme of 2030, line 9" in text(page), "who may is still shown"
    wrong = await browser.get("/decisions/may?organisation=Q9X&pounds=lots")
    assert wrong.status_code == 422
    assert "Enter an amount in pounds, such as 1,250.50 or 2.3m" in text(wrong)
    assert "<title>Error: " in wrong.text


async def test_links_keep_both_times_and_another_day_offers_no_act(world: Browser) -> None:
    page = await world.get(f"{MEETING}?as_at=2031-05-01&as_known=2031-05-02")
    links = re.findall(r'href="(/decisions[^"]*)"', page.text.partition("<main")[2])
    assert links
    assert [link for link in links if "as_at=2031-05-01&amp;as_known=2031-05-02" not in link] == []
    assert "What comes next" not in text(page)
    assert "What comes next" in text(await world.get(MEETING))


async def test_names_are_read_only_where_they_are_asked_for(over: Over) -> None:
    people = {
        "people": [
            {
                "display_name": "The chair of all",
                "organisation": of.CODE,
                "person": of.CHAIR,
                "restricted": None,
                "version": 1,
            }
        ]
    }
    browser = over({"governance POST /people/lookups": people})
    assert "The chair of all" not in text(await browser.get(MEETING))
    assert browser.transport.sent == []
    assert "The chair of all (Chair)" in text(await browser.get(f"{MEETING}?names=yes"))
    assert sorted(command(browser)["persons"]) == [of.CHAIR, of.LAY, of.GP, "P-dd44"]


async def test_attendance_states_what_changed_and_nothing_else(over: Over) -> None:
    browser = over({f"governance PUT /meetings/{of.MEETING}/attendance": of.MET})
    await browser.get(f"{MEETING}/attendance")
    stated = {
        f"coming-{of.CHAIR}": "yes",
        f"arrived-{of.CHAIR}-0": "14:00",
        f"coming-{of.LAY}": "yes",
        f"arrived-{of.LAY}-0": "14:00",
        f"departed-{of.LAY}-0": "14:45",
        f"arrived-{of.LAY}-1": "15:00",
        "coming-P-dd44": "no",
        "document": "The minutes",
    }
    page = await browser.submit(f"{MEETING}/attendance", stated)
    assert "Attendance is stated." in page.text
    assert command(browser) == {
        "document": "The minutes",
        "attendance": [
            {
                "person": of.LAY,
                "coming": True,
                "intervals": [
                    {"arrived": "2031-05-14T14:00:00+01:00", "departed": "2031-05-14T14:45:00+01:00"},
                    {"arrived": "2031-05-14T15:00:00+01:00"},
                ],
            },
            {"person": "P-dd44", "coming": False, "intervals": [], "seat": "Q9X/gp-member"},
        ],
    }


async def test_votes_are_sent_by_seat_and_a_refusal_stands_beside_them(over: Over) -> None:
    refused = refusal("not-present", "Not there", ("Q9X/lay-member: P-bb22 was not there at 14:50", "ballots"))
    browser = over({f"governance POST /items/{of.SECOND}/votes": refused})
    await browser.get(f"{ITEM}/votes")
    cast = {"cast_at": "14:50", "choice-Q9X/chair": "for", "choice-Q9X/lay-member": "against"}
    page = await browser.submit(f"{ITEM}/votes", cast)
    assert page.status_code == 409
    assert text(page).count("Q9X/lay-member: P-bb22 was not there at 14:50") == 2, "above, and beside the votes"
    assert re.search(r'value="against" checked', page.text), "what was filled in stays"
    assert command(browser) == {
        "cast_at": "2031-05-14T14:50:00+01:00",
        "ballots": [
            {"seat": "Q9X/chair", "by": of.CHAIR, "choice": "for"},
            {"seat": "Q9X/lay-member", "by": of.LAY, "choice": "against"},
        ],
    }


async def test_a_result_is_tried_first_and_done_once_it_is_confirmed(over: Over) -> None:
    path = f"governance POST /items/{of.SECOND}/result"
    browser = over({path: (201, of.PUT | {"result": of.RESULT})})
    await browser.get(f"{ITEM}/result")
    counted = {"closed_at": "15:00", "casting": of.CHAIR, "casting_choice": "for"}
    check = await browser.submit(f"{ITEM}/result", counted)
    assert "What it would come to Result Carried For 2 Against 1" in text(check)
    assert str(browser.transport.sent[-1].url).endswith("/result?dry_run=true")
    done = await browser.submit(f"{ITEM}/result", counted | {"step": "confirm"})
    assert "The item is closed." in done.text
    assert not browser.transport.sent[-1].url.query
    assert command(browser) == {
        "closed_at": "2031-05-14T15:00:00+01:00",
        "casting": {"by": of.CHAIR, "choice": "for"},
    }
    browser.transport.answers[path] = refusal(
        "not-quorate", "No quorum", ("IT-second: clause 1: 1 voting members too few", "quorum")
    )
    await browser.get(f"{ITEM}/result")
    refused = await browser.submit(f"{ITEM}/result", counted)
    assert refused.status_code == 409
    assert "clause 1: 1 voting members too few" in text(refused)


async def test_minutes_are_sent_by_their_digest_alone(over: Over) -> None:
    met = of.MET | {"state": "held"}
    path = f"governance POST /meetings/{of.MEETING}/minutes"
    browser = over({f"governance GET /meetings/{of.MEETING}": met, path: (201, of.MINUTES[0])})
    await browser.get(f"{MEETING}/minutes")
    file = {"sha256": ("minutes.pdf", b"what was said", "application/pdf")}
    await browser.submit(f"{MEETING}/minutes", files=file)
    digest = "8c0bba0c6c3e4a4f5b5ea7d5a1ae2c9be4f6e8c5a4bb0d0a34e7a0b3fdb2e0a3"
    assert len(command(browser)["sha256"]) == len(digest)
    assert b"what was said" not in browser.transport.sent[-1].content


async def test_an_item_in_private_says_so_to_the_service(over: Over) -> None:
    added = of.PUT | {"motion": None}
    browser = over({f"governance POST /meetings/{of.MEETING}/items": (201, added)})
    await browser.get(f"{MEETING}/items")
    await browser.submit(f"{MEETING}/items", {"title": "A sale", "private_reason": "commercial", "stage": ""})
    assert command(browser) == {"title": "A sale", "private_reason": "commercial", "private": True}


async def test_a_nil_return_names_whose_it_is(over: Over) -> None:
    given = {
        "confirms": True,
        "next_check_on": None,
        "nil_return": "NR-1",
        "organisation": of.CODE,
        "person": of.CHAIR,
        "returned_on": "2031-05-14",
    }
    browser = over({"governance POST /interests/nil-returns": (201, given)})
    path = f"/decisions/declarations/{of.CODE}/{of.CHAIR}"
    await browser.get(path)
    await browser.submit(path, {"confirms": "yes"})
    assert command(browser) == {"organisation": of.CODE, "person": of.CHAIR, "confirms": True}


async def test_an_interest_is_declared_where_a_nil_return_would_be_wrong(over: Over) -> None:
    path = f"/decisions/declarations/{of.CODE}/{of.CHAIR}"
    browser = over({"governance POST /interests": (201, of.INTEREST)})
    form = await browser.get(path)
    assert "Declare an interest" in text(form)
    assert "POST" not in text(form)
    await browser.get(f"{path}/interests")
    days = of.day("first_day", "2031-04-01") | of.day("aware_on", "2031-05-01")
    given = {"type": "financial", "relation": "owns", "other": "SUPX", "share": "1/16", "nature": "shareholder", **days}
    check = await browser.submit(f"{path}/interests", given)
    assert "How they are connected Owns it, or a part of it" in text(check)
    assert "In time No: it is a breach" in text(check)
    done = await browser.submit(f"{path}/interests", given | {"step": "confirm"})
    assert "The interest is declared." in done.text
    assert command(browser) == {
        "organisation": of.CODE,
        "person": of.CHAIR,
        "type": "financial",
        "relation": "owns",
        "other": "SUPX",
        "share": "1/16",
        "nature": "shareholder",
        "first_day": "2031-04-01",
        "aware_on": "2031-05-01",
    }


async def test_both_times_are_kept_by_an_act(over: Over) -> None:
    browser = over({f"governance POST /items/{of.SECOND}/motion": (201, of.PUT)})
    await browser.get(f"{ITEM}/motion")
    done = await browser.submit(f"{ITEM}/motion?as_known=2031-05-20", {"put_at": "14:30"})
    assert (done.url.path, done.url.query) == (ITEM, b"as_known=2031-05-20")


async def test_a_day_that_is_none_is_refused_once(world: Browser) -> None:
    await world.get("/decisions/meetings/new")
    page = await world.submit("/decisions/meetings/new", of.day("held_on", "2031-02-31") | {"starts_at": "14:00"})
    assert page.status_code == 422
    assert text(page).count("must be a real day") == 2, "above, and beside the field"


async def test_who_answered_all_is_shown_no_empty_form(over: Over) -> None:
    answered = [one | {"answer": "accepted", "replied_on": "2031-05-02"} for one in of.ADVICE["bodies"]]
    browser = over({"governance GET /recommendations/RC-9": of.ADVICE | {"bodies": answered}})
    page = await browser.get("/decisions/recommendations/RC-9/replies")
    assert "Every body has answered." in text(page)
    assert "Give the answer" not in text(page)


async def test_what_is_stated_of_attendance_is_not_offered_as_not_stated(world: Browser) -> None:
    page = await world.get(f"{MEETING}/attendance")
    options = {
        person: page.text.partition(f'id="coming-{person}"')[2].partition("</select>")[0]
        for person in (of.CHAIR, "P-dd44")
    }
    assert ["Not stated" in one for one in options.values()] == [False, True]


async def test_a_link_to_a_paper_is_one_to_a_page(over: Over) -> None:
    path = f"governance GET /proposals/{of.PROPOSAL}/papers"
    given = of.WORLD[path]
    papers = [given["papers"][0] | {"address": one} for one in ("https://papers.example/7", "javascript:alert(1)")]
    page = await over({path: given | {"papers": papers}}).get(f"{PROPOSAL}/papers")
    assert re.findall(r'href="(https://papers[^"]*|javascript[^"]*)"', page.text) == ["https://papers.example/7"]


async def test_a_recommendation_is_answered_by_a_body_that_has_not_yet(over: Over) -> None:
    browser = over({"governance POST /recommendations/RC-9/replies": (201, of.ADVICE)})
    path = "/decisions/recommendations/RC-9/replies"
    form = await browser.get(path)
    assert "Q9X-board" in text(form)
    assert "Q9Y-board" not in text(form)
    day = {"replied_on-day": "5", "replied_on-month": "5", "replied_on-year": "2031"}
    check = await browser.submit(path, {"body": of.BODY, "answer": "accepted", **day})
    assert "What it answers It accepts Day of the answer 5 May 2031" in text(check)
    assert str(browser.transport.sent[-1].url).endswith("/replies?dry_run=true")
    await browser.submit(path, {"body": of.BODY, "answer": "accepted", "step": "confirm", **day})
    assert command(browser) == {"body": of.BODY, "answer": "accepted", "replied_on": "2031-05-05"}


@pytest.mark.parametrize(
    ("path", "at", "fields", "sent", "answer"),
    [
        (
            "/decisions/meetings/new",
            "/meetings",
            {"body": of.BODY, "starts_at": "14:00", "in_public": "no", **of.day("held_on", "2031-12-14")},
            {
                "body": of.BODY,
                "held_on": "2031-12-14",
                "starts_at": "2031-12-14T14:00:00+00:00",
                "in_public": False,
            },
            of.MET,
        ),
        (
            f"{MEETING}/notice",
            f"/meetings/{of.MEETING}/notice",
            {"short_notice": "reconvened", **of.day("given_on", "2031-05-09")},
            {"given_on": "2031-05-09", "short_notice": "reconvened"},
            of.MET,
        ),
        (
            f"{MEETING}/cancellation",
            f"/meetings/{of.MEETING}/cancellation",
            {"reason": "postponed", "step": "confirm"},
            {"reason": "postponed"},
            of.MET,
        ),
        (
            f"{MEETING}/closing",
            f"/meetings/{of.MEETING}/held",
            {"step": "confirm", "note": "Late"},
            {"note": "Late"},
            of.MET,
        ),
        (
            f"{ITEM}/motion",
            f"/items/{of.SECOND}/motion",
            {"put_at": "14:30", "conditions": "valued, seen", "presides": of.CHAIR},
            {"put_at": "2031-05-14T14:30:00+01:00", "conditions": ["valued", "seen"], "presides": of.CHAIR},
            of.PUT,
        ),
        (
            f"{ITEM}/recusals",
            f"/items/{of.SECOND}/recusals",
            {"person": of.GP, "action": "leave_room", "decided_by": of.CHAIR, "decided_at": "14:29"},
            {
                "person": of.GP,
                "action": "leave_room",
                "decided_by": of.CHAIR,
                "decided_at": "2031-05-14T14:29:00+01:00",
            },
            of.PUT,
        ),
        (
            "/decisions/proposals/new",
            "/proposals",
            {
                "organisation": of.CODE,
                "kind": "award",
                "action": "estate",
                "subject": "C-Q9X-1",
                "value_pence": "2.3m",
                "recurrent": "yes",
                "consents": of.BODY,
                **of.day("due_on", "2031-06-30"),
            },
            {
                "organisation": of.CODE,
                "kind": "award",
                "action": "estate",
                "subject": "C-Q9X-1",
                "value_pence": 230_000_000,
                "recurrent": True,
                "consents": [of.BODY],
                "due_on": "2031-06-30",
                "draft": False,
            },
            of.ASKED,
        ),
        (
            f"{PROPOSAL}/opening",
            f"/proposals/{of.PROPOSAL}/opening",
            {"step": "confirm", **of.day("opened_on", "2031-05-02")},
            {"opened_on": "2031-05-02"},
            of.ASKED,
        ),
        (
            f"{PROPOSAL}/consultations",
            f"/proposals/{of.PROPOSAL}/consultations",
            {"consulted": "members", "position": "supports"},
            {"consulted": "members", "position": "supports"},
            of.ASKED,
        ),
        (
            f"{PROPOSAL}/deferrals",
            f"/proposals/{of.PROPOSAL}/deferrals",
            {"body": of.BODY, "reason": "election-period", **of.day("from_on", "2031-05-02")},
            {"body": of.BODY, "reason": "election-period", "from_on": "2031-05-02"},
            of.ASKED,
        ),
        (
            f"{PROPOSAL}/conditions/staff-consulted/evidence",
            f"/proposals/{of.PROPOSAL}/conditions/staff-consulted/evidence",
            {"document": "A letter", "minute": "Board, item 3", "body": of.BODY},
            {"document": "A letter", "minute": "Board, item 3", "body": of.BODY},
            of.ASKED,
        ),
        (
            "/decisions/rights/R-31/remaking?organisation=Q9Z",
            "/decision-rights",
            {
                "organisation": "Q9Z",
                "action": "estate",
                "value_limit_pence": "9,876,543.00",
                "limit_basis": "single",
                "conditions": "valued",
                "source_minute": "Board, item 2",
                "step": "confirm",
                **of.day("first_day", "2031-05-01"),
            },
            {
                "organisation": "Q9Z",
                "action": "estate",
                "value_limit_pence": 987_654_300,
                "limit_basis": "single",
                "conditions": ["valued"],
                "recurrent": False,
                "source_minute": "Board, item 2",
                "first_day": "2031-05-01",
                "remakes": 31,
            },
            of.RIGHT,
        ),
        (
            "/decisions/instruments/IN-9/agreements",
            "/instruments/IN-9/agreements",
            {"organisation": of.CODE, "constitution": "2", "step": "confirm"},
            {"organisation": of.CODE, "constitution": 2},
            of.INSTRUMENT,
        ),
        (
            "/decisions/urgent-actions/UA-9/report",
            "/urgent-actions/UA-9/report",
            {"meeting": of.MEETING, "title": "The boiler"},
            {"meeting": of.MEETING, "title": "The boiler"},
            of.URGENT,
        ),
        (
            f"{PROPOSAL}/withdrawal",
            f"/proposals/{of.PROPOSAL}/withdrawal",
            {"reason": "overtaken", "step": "confirm"},
            {"reason": "overtaken"},
            of.ASKED,
        ),
    ],
)
async def test_a_form_is_sent_as_the_service_takes_it(
    over: Over, path: str, at: str, fields: dict[str, str], sent: Any, answer: Any
) -> None:
    browser = over({f"governance POST {at}": (201, answer)})
    form = await browser.get(path)
    assert form.status_code == 200
    page = await browser.submit(path, fields)
    assert page.status_code == 200
    assert 'id="banner-title"' in page.text
    assert command(browser) == sent


async def test_a_day_that_is_none_is_refused_before_it_is_sent(world: Browser) -> None:
    await world.get("/decisions/meetings/new")
    page = await world.submit(
        "/decisions/meetings/new",
        {"body": of.BODY, "held_on-day": "31", "held_on-month": "2", "held_on-year": "2031", "starts_at": "14:00"},
    )
    assert page.status_code == 422
    assert "Day of the meeting must be a real day" in text(page)
    assert world.transport.sent == []


async def test_the_dossier_is_passed_on_as_it_is(over: Over) -> None:
    zipped = httpx.Response(200, content=b"PK\x03\x04 zipped", headers={"Content-Type": "application/octet-stream"})
    browser = over({f"governance GET /decisions/{of.DECISION}/dossier.zip": zipped})
    page = await browser.get(f"/decisions/taken/{of.DECISION}/dossier.zip")
    assert page.content == b"PK\x03\x04 zipped"
    assert page.headers["content-disposition"] == f'attachment; filename="{of.DECISION}.zip"'


async def test_what_is_not_there_is_said_to_be_not_there(world: Browser) -> None:
    for path in ("meetings/Q9X-board-2031-01-01", "items/IT-none", "proposals/PR-none", "taken/D-none"):
        page = await world.get(f"/decisions/{path}")
        assert page.status_code == 404


async def test_the_radar_is_to_be_had_as_csv(world: Browser) -> None:
    lines = (await world.get("/decisions/radar.csv")).content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("About,Body,Kind")
    assert lines[1] == f"{of.PROPOSAL},Q9X-board,inertia,2031-03-02,2031-03-01,2,yes,rolling,2100000,4200000"
