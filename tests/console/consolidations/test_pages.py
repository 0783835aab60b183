"""The pages about plans over recorded answers of another world: a plan, an entry, a withdrawal before it is made."""

import json
import re
from pathlib import Path
from typing import Any

from tests.console.apps import console_over, refusal
from tests.console.consolidations.world import a_member, a_plan, some_options
from tests.console.contracts.test_pages import page_of, words
from tests.console.contracts.world import a_contract

PATH = "/consolidations/ZED-PLAN"
STEPS: dict[str, Any] = {"plan": "ZED-PLAN", "revision": 3, "state": "feasible", "steps": []}
PLAN: dict[str, Any] = {
    f"contracts GET {PATH}": a_plan(),
    f"contracts GET {PATH}/feasibility": {
        "plan": "ZED-PLAN",
        "revision": 3,
        "go_live_on": "2035-04-01",
        "is_free": False,
        "contracts": [some_options("ZED-1")],
        "as_at": "2034-01-05",
    },
    f"contracts GET {PATH}/steps": STEPS,
    "contracts GET /findings": {"items": [], "next": None},
}


async def test_a_plan_shows_its_members_the_two_ways_out_and_the_pivot(tmp_path: Path) -> None:
    html, browser = await page_of(tmp_path, f"{PATH}?as_known=2034-01-05", PLAN)
    text = words(html)
    for value in ("£233,331", "£311,111", "£77,780", "1 April 2035", "£77,777.00", "1/3"):
        assert value in text
    assert "until 1 June 2036, 14 months later, with notice by 30 November 2035" in text
    assert "£12,345.67" in text
    assert "The pivot: from here it only goes forward" in text
    assert len(browser.transport.asked) == 4


async def test_what_a_member_can_do_is_offered_today(tmp_path: Path) -> None:
    html, _ = await page_of(tmp_path, PATH, PLAN)
    assert f'href="{PATH}/members/Q8W/acceptance"' in html
    assert f'href="{PATH}/members/Q9X/withdrawal"' in html


async def test_a_shared_service_at_once_shows_what_it_replaced(tmp_path: Path) -> None:
    party = {"code": "0ZZ", "name": "Zed Support Unit", "status": "open"}
    shared = {
        "reference": "ZED-SHARED",
        "title": "Shared support for Zed",
        "supplier": party,
        "customers": [party],
        "replaced": [{"reference": "ZED-OLD", "supplier": "0ZZ", "annual_pence": 44_444_400}],
        "annual_pence": 33_333_300,
        "previous_annual_pence": 44_444_400,
        "saving_pence": 11_111_100,
        "starts_on": "2035-04-01",
        "stated_at": "2034-01-05T10:00:00Z",
        "agreement": None,
        "event": None,
    }
    text = words((await page_of(tmp_path, PATH, {f"contracts GET {PATH}": shared}))[0])
    for value in ("£333,333", "£111,111", "ZED-OLD", "£444,444.00"):
        assert value in text


async def test_a_member_enters_with_its_contracts_once_that_was_checked(tmp_path: Path) -> None:
    command = f"{PATH}/members/Q8W/acceptance"
    entered = (201, a_plan(revision=4, members=[a_member("Q9X"), a_member("Q8W")]))
    answers = PLAN | {
        f"contracts POST {command}": entered,
        "contracts GET /contracts": {"items": [a_contract(), a_contract(reference="OLD-1", status="expired")]},
    }
    async with console_over(answers, tmp_path) as browser:
        form = await browser.get(command)
        assert "£332,346 a year" in form.text
        assert "OLD-1" not in form.text
        fields = {"minute": "GB/34/2", "contracts": "ZED-SUPPORT-2031", "version": '"1"'}
        checked = await browser.submit(command, fields)
        assert "would then be at revision 4" in words(checked.text)
        done = await browser.submit(command, {**fields, "step": "confirm"})
        assert "The acceptance is recorded" in done.text
        trial, real = browser.transport.sent
    assert (trial.url.query, real.url.query) == (b"dry_run=true", b"")
    assert json.loads(real.content) == {"minute": "GB/34/2", "contracts": ["ZED-SUPPORT-2031"]}


async def test_what_a_withdrawal_would_do_is_shown_by_a_dry_run_before_it_is_made(tmp_path: Path) -> None:
    command = f"{PATH}/members/Q8W/withdrawal"
    before = a_plan(
        state="submitted",
        contracts=["ZED-1", "ZED-2"],
        members=[a_member("Q9X", accepts=True), a_member("Q8W", accepts=True), a_member("Q7V", accepts=True)],
    )
    after = a_plan(
        state="submitted",
        saving_pence=1_234_500,
        members=[a_member("Q9X", share="1/2", pence=11_666_550), a_member("Q7V", accepts=True)],
    )
    answers = PLAN | {f"contracts GET {PATH}": before, f"contracts POST {command}": (201, after)}
    async with console_over(answers, tmp_path) as browser:
        shown = await browser.get(command)
        text = words(shown.text)
        for value in ("£116,665.50", "£12,345.00", "asked again", "ZED-2 continues as it is"):
            assert value in text
        assert [one.url.query for one in browser.transport.sent] == [b"dry_run=true"]
        done = await browser.submit(command, {"version": '"1"', "minute": "GB/34/3"})
        assert "The withdrawal is recorded" in done.text
        real = browser.transport.sent[-1]
    assert real.url.query == b""
    assert json.loads(real.content) == {"minute": "GB/34/3"}


async def test_past_the_pivot_a_withdrawal_is_refused_in_the_words_of_contracts(tmp_path: Path) -> None:
    command = f"{PATH}/members/Q9X/withdrawal"
    words_of = "ZED-PLAN is committed: it only goes forward"
    answers = PLAN | {f"contracts POST {command}": refusal("past-the-pivot", words_of)}
    html, _ = await page_of(tmp_path, command, answers, status=409)
    assert words_of in words(html)
    assert "Withdraw from the plan" not in html


async def test_the_choices_name_each_contract_and_a_refusal_stands_above_them(tmp_path: Path) -> None:
    command = f"contracts POST {PATH}/feasibility"
    refused = refusal("not-yet-feasible", "A choice is missing", ("ZED-1 cannot be left by 2035-03-31", "choices"))
    async with console_over(PLAN | {command: refused}, tmp_path) as browser:
        form = await browser.get(f"{PATH}/choices")
        assert re.search(r'name="choice-ZED-1" type="radio" value="pay"', form.text)
        shown = await browser.submit(f"{PATH}/choices", {"choice-ZED-1": "pay", "version": '"1"'})
        assert shown.status_code == 409
        assert '<a href="#choices">ZED-1 cannot be left by 31 March 2035</a>' in shown.text
        assert json.loads(browser.transport.sent[0].content) == {"choices": [{"contract": "ZED-1", "choice": "pay"}]}


async def test_plans_that_wait_and_what_is_bought_twice_are_listed(tmp_path: Path) -> None:
    task = {
        "kind": "acceptance",
        "organisation": "Q8W",
        "subject": "ZED-PLAN",
        "path": f"{PATH}/members/Q8W/acceptance",
        "due_on": None,
        "exposure_pence": None,
    }
    answers = {
        "contracts GET /tasks": {"items": [task, {**task, "path": "/contracts/ZED/signature", "subject": "ZED"}]},
        "contracts GET /findings": {"items": []},
        "contracts GET /overlaps": None,
    }
    text = words((await page_of(tmp_path, "/consolidations?organisation=Q9X", answers))[0])
    assert "ZED-PLAN : acceptance by Q8W" in text
    assert "Contracts does not answer at the moment." in text
