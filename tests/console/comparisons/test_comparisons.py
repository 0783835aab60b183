"""Branches in the console: the table of a comparison, promotion, and the steps of a plan, of another world."""

from pathlib import Path
from typing import Any

from console.comparisons.shaping import Cell, by_base, csv_rows, planned_steps, tables_of
from console.comparisons.shaping import shown as as_shown
from console.core.page import Person
from tests.console.apps import console_over, refusal


def row(measure: str, about: str, life: Any, branch: Any, *, lens: str = "", known: bool = True) -> dict[str, Any]:
    cells = {"life": {"value": life, "known": True}, "wait": {"value": branch, "known": known}}
    return {"measure": measure, "about": about, "lens": lens, "cells": cells, "differs": life != branch or not known}


COMPARISON: dict[str, Any] = {
    "base": "0123456789",
    "bodies": ["Q7X"],
    "columns": [
        {"name": "life", "day": "2031-05-05", "missing": [], "rule_packs": []},
        {"name": "wait", "day": "2032-04-02", "missing": ["finance/v1/cases: 503"], "rule_packs": []},
    ],
    "rows": [
        row("npv_pence", "CASE-7 wait", 123_456_789, -50_000, lens="organisation"),
        row("npv_pence", "CASE-7 stay", 1, 1, lens="organisation"),
        row("notice_day", "C-7 last_notice", "2031-09-30", None),
        row("decision_needed", "", 2, 3, known=False),
        row("day_one_work", "", 0, 0),
    ],
    "complete": False,
}
BRANCH: dict[str, Any] = {
    "name": "wait",
    "state": "open",
    "progress": "",
    "failure": "",
    "owner": "ada",
    "bodies": ["Q7X"],
    "base": {"id": "0123456789", "cut_at": "2031-05-05T08:30:00Z", "ends": {}},
    "day": "2032-04-02",
    "opened_at": "2031-05-05T08:30:00Z",
    "used_at": "2031-05-05T08:30:00Z",
    "ends_at": "2031-08-05T08:30:00Z",
    "unread": None,
    "bytes": None,
    "services": {},
}
STEP: dict[str, Any] = {
    "number": 1,
    "day": "2032-01-01",
    "service": "registry",
    "method": "POST",
    "path": "/v1/mergers",
    "query": "",
    "body": {},
    "if_match": None,
    "caller": {"roles": ["nhs_england"], "organisations": ["*"], "subject": None},
    "assumed": True,
    "status": 201,
    "location": None,
    "etag": None,
    "digest": None,
}


def planned(number: int, state: str, *organisations: str, role: str = "contract_lead") -> dict[str, Any]:
    caller = {"roles": [role], "organisations": list(organisations), "subject": None} if organisations else None
    return {
        "number": number,
        "day": "2032-01-01",
        "state": state,
        "waits_for": caller,
        "assumed": False,
        "service": "registry",
        "method": "POST",
        "path": "/v1/mergers",
        "query": "",
        "body": None,
        "given": [],
        "location": None,
    }


PLAN: dict[str, Any] = {
    "reference": "PLAN-7",
    "branch": "wait",
    "bodies": ["Q7X"],
    "state": "waiting",
    "made_at": "2031-05-05T08:30:00Z",
    "today": "2031-05-05",
    "steps_done": 1,
    "steps_left": 1,
    "steps": [planned(1, "done"), planned(2, "due", "Q7X")],
    "next": None,
}
NO_ITEMS: dict[str, Any] = {"items": [], "next": None}
ANSWERS: dict[str, Any] = {
    "branches GET /branches": {"items": [BRANCH, {**BRANCH, "name": "fresh", "base": None, "state": "opening"}]},
    "branches GET /plans": NO_ITEMS,
    "branches GET /comparisons": COMPARISON,
    "branches GET /branches/wait": BRANCH,
    "branches GET /branches/wait/steps": {"items": [STEP], "next": None},
    "branches GET /plans/PLAN-7": PLAN,
}


def test_each_measure_is_a_table_whose_cells_know_what_they_are() -> None:
    money, notice, decisions, work = tables_of(COMPARISON, only_differing=False)
    assert [one.cells for one in money.rows] == [
        [Cell("money", 123_456_789), Cell("money", -50_000)],
        [Cell("money", 1), Cell("money", 1)],
    ]
    assert (money.has_lenses, notice.has_lenses) == (True, False)
    assert notice.rows[0].cells == [Cell("day", "2031-09-30"), Cell("none")]
    assert (decisions.rows[0].about, decisions.rows[0].cells) == ("in all", [Cell("number", 2), Cell("unknown")])
    assert work.alike == 1


def test_what_is_alike_can_be_left_out_and_is_counted() -> None:
    money, *_, work = tables_of(COMPARISON, only_differing=True)
    assert ([one.about for one in money.rows], money.alike) == (["CASE-7 wait"], 1)
    assert (work.rows, work.alike) == ([], 1)


def test_a_spreadsheet_gets_pence_and_what_is_not_known_in_words() -> None:
    lines = list(csv_rows(COMPARISON))
    assert lines[0] == ["npv_pence", "CASE-7 wait", "organisation", 123_456_789, -50_000, "yes"]
    assert lines[2] == ["notice_day", "C-7 last_notice", "", "2031-09-30", None, "yes"]
    assert lines[3][4] == "not known"


def test_branches_stand_by_their_base_the_latest_first() -> None:
    early = {**BRANCH, "name": "early", "base": {"id": "9", "cut_at": "2030-01-01T00:00:00Z", "ends": {}}}
    fresh = {**BRANCH, "name": "fresh", "base": None}
    groups = by_base([early, BRANCH, {**BRANCH, "name": "too"}, fresh])
    assert [[one["name"] for one in group.branches] for group in groups] == [["wait", "too"], ["early"], ["fresh"]]


def test_a_step_is_offered_when_it_is_due_to_whom_it_waits_for() -> None:
    lead = Person("ada", roles=frozenset({"contract_lead"}), organisations=frozenset({"Q7X"}))
    steps = [planned(1, "due", "Q7X"), planned(2, "due", "Q8X"), planned(3, "waits for its day", "Q7X")]
    assert [step.is_yours for step in planned_steps(steps, lead)] == [True, False, False]
    assert planned_steps(steps, lead)[1].waits_for == "Contract lead for Q8X"
    assert planned_steps([planned(4, "due", "*", role="nhs_england")], lead)[0].waits_for == (
        "NHS England for every organisation"
    )


async def test_a_comparison_is_a_table_with_days_money_and_what_was_not_answered(tmp_path: Path) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        shown = await browser.get("/compare/table?branch=wait")
        assert browser.transport.asked == ["branches GET /comparisons?branch=wait&format=json"]
        table = await browser.get("/compare/table.csv?branch=wait")
    for words in ("£1,234,568", "−£500", "30 September 2031", "not known", "finance/v1/cases: 503", "2 April 2032"):
        assert words in shown.text, words
    assert table.text.splitlines()[0].endswith("life on 2031-05-05,wait on 2032-04-02,differs")


async def test_branches_that_cannot_be_compared_are_refused_in_the_words_of_the_service(tmp_path: Path) -> None:
    refused = refusal(
        "comparison-refused", "These branches cannot be compared.", ("fresh is of base none yet", "branch"), status=422
    )
    async with console_over({**ANSWERS, "branches GET /comparisons": refused}, tmp_path) as browser:
        shown = await browser.get("/compare/table?branch=wait&branch=fresh")
    assert shown.status_code == 422
    assert "fresh is of base none yet" in shown.text
    assert 'id="branch-wait"' in shown.text


async def test_a_branch_is_promoted_once_its_commands_were_seen(tmp_path: Path) -> None:
    answers = {**ANSWERS, "branches POST /branches/wait/promotion": (201, PLAN)}
    async with console_over(answers, tmp_path) as browser:
        seen = await browser.get("/compare/branches/wait/promotion")
        assert "POST registry/v1/mergers" in seen.text
        done = await browser.submit("/compare/branches/wait/promotion")
        assert "wait is the plan PLAN-7 in life" in done.text
        assert "Give step 2 in life" in done.text
        moved = refusal("base-moved", "Life has moved on in what the plan touches.", ("14Y was renamed", None))
        browser.transport.answers["branches POST /branches/wait/promotion"] = moved
        await browser.get("/compare/branches/wait/promotion")
        refused = await browser.submit("/compare/branches/wait/promotion")
    assert (refused.status_code, "14Y was renamed" in refused.text, "Rebase it" in refused.text) == (409, True, True)


async def test_a_step_is_given_and_a_plan_withdrawn_once_that_is_confirmed(tmp_path: Path) -> None:
    answers = {
        **ANSWERS,
        "branches POST /plans/PLAN-7/steps/2": (201, {}),
        "branches POST /plans/PLAN-7/withdrawal": PLAN,
    }
    due = {**planned(2, "due", "Q7X"), "body": {"day_one": "2032-04-01", "parties": ["Q7X", "Q8X"]}}
    answers["branches GET /plans/PLAN-7"] = {**PLAN, "steps": [planned(1, "done"), due]}
    async with console_over(answers, tmp_path) as browser:
        await browser.get("/compare/plans/PLAN-7")
        asked = await browser.submit("/compare/plans/PLAN-7/steps/2")
        assert browser.transport.sent == []
        for words in ("Give step 2 in life?", "POST registry/v1/mergers", "1 April 2032", "Q7X, Q8X"):
            assert words in asked.text, words
        given = await browser.submit("/compare/plans/PLAN-7/steps/2", {"step": "confirm"})
        assert "Step 2 is done in life" in given.text
        asked = await browser.submit("/compare/plans/PLAN-7/withdrawal")
        assert "Withdraw what is left of this plan?" in asked.text
        gone = await browser.submit("/compare/plans/PLAN-7/withdrawal", {"step": "confirm"})
        paths = [request.url.path for request in browser.transport.sent]
    assert "What of the plan was left is withdrawn" in gone.text
    assert paths == ["/plans/PLAN-7/steps/2", "/plans/PLAN-7/withdrawal"]


async def test_a_plan_whose_later_steps_are_not_answered_says_so(tmp_path: Path) -> None:
    async with console_over({**ANSWERS, "branches GET /plans/PLAN-7/steps": None}, tmp_path) as browser:
        shown = await browser.get("/compare/plans/PLAN-7?after=x")
    assert "Branches does not answer at the moment." in shown.text


async def test_all_steps_of_a_long_branch_can_be_read_before_it_is_promoted(tmp_path: Path) -> None:
    later = {"items": [{**STEP, "number": 101}], "next": None}
    answers = {**ANSWERS, "branches GET /branches/wait/steps?limit=100&after=x": later}
    async with console_over(answers, tmp_path) as browser:
        shown = await browser.get("/compare/branches/wait/promotion?after=x")
    assert "<span>101</span>" in shown.text


def test_a_difference_is_shown_as_people_read_it() -> None:
    values = ("2031-09-30", None, True, 1_234, "wait", 1.5)
    assert [as_shown(one) for one in values] == ["30 September 2031", "none", "yes", "1,234", "wait", "1.5"]


async def test_a_branch_is_opened_moved_rebased_and_dropped(tmp_path: Path) -> None:
    answers = {
        **ANSWERS,
        "branches POST /branches": (201, BRANCH),
        "branches PUT /branches/wait/day": {**BRANCH, "progress": "2031-09-30"},
        "branches POST /branches/wait/rebase": (201, {**BRANCH, "name": "wait-2"}),
        "branches GET /branches/wait-2": {**BRANCH, "name": "wait-2"},
        "branches DELETE /branches/wait": BRANCH,
    }
    async with console_over(answers, tmp_path) as browser:
        await browser.get("/compare")
        await browser.submit("/compare", {"name": "wait", "bodies": "q7x, q8x", "base": "0123456789"})
        assert browser.transport.sent[-1].content == b'{"name":"wait","bodies":["Q7X","Q8X"],"base":"0123456789"}'
        day = {"day-day": "1", "day-month": "10", "day-year": "2031"}
        moving = await browser.submit("/compare/branches/wait/day", day)
        assert "wait is under way: 2031-09-30" in moving.text
        rebased = await browser.submit("/compare/branches/wait/rebase", {"name": "wait-2"})
        assert "The commands of wait are given again in wait-2" in rebased.text
        asked = await browser.submit("/compare/branches/wait/drop")
        assert "Drop wait?" in asked.text
        gone = await browser.submit("/compare/branches/wait/drop", {"step": "confirm"})
    assert "The branch wait is dropped" in gone.text
    assert [request.method for request in browser.transport.sent] == ["POST", "PUT", "POST", "DELETE"]


async def test_a_page_that_loads_again_by_itself_has_no_field_to_fill_in(tmp_path: Path) -> None:
    moving = {**BRANCH, "progress": "2031-09-30"}
    answers = {
        **ANSWERS,
        "branches GET /branches": {"items": [moving]},
        "branches GET /branches/wait": moving,
    }
    async with console_over(answers, tmp_path) as browser:
        under_way = (await browser.get("/compare/branches/wait")).text
        assert "data-again" in under_way
        assert 'name="day-day"' not in under_way
        listed = (await browser.get("/compare")).text
        assert 'name="bodies"' in listed
        assert "data-again" not in listed
        assert "Look again" in listed
