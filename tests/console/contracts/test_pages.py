"""Pages about exits and contracts over recorded answers of another world: values, empty, silent and refused parts."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.console.apps import Browser, console_over, hidden, refusal
from tests.console.contracts.world import (
    BUYER,
    OTHER,
    REFERENCE,
    SUPPLIER,
    a_contract,
    a_finding,
    a_notice,
    a_signature,
    an_assessment,
    an_estimate,
    an_item,
    an_offer,
    exits,
)

PATH = f"/contracts/{REFERENCE}"
CONTRACT = {
    f"contracts GET {PATH}": a_contract(),
    f"contracts GET {PATH}/exits": exits(),
    f"contracts GET {PATH}/shares/cost": {
        "contract": REFERENCE,
        "kind": "cost",
        "basis": "stated",
        "total": 9,
        "parts": [{"code": BUYER, "share": "5/9", "weight": 5, "annual_pence": 18_463_648}],
        "as_at": "2034-01-05",
        "as_known": None,
    },
    f"contracts GET {PATH}/terminations": {
        "reference": REFERENCE,
        "terminations": [],
        "ended_parts": [],
        "as_at": "2034-01-05",
        "as_known": None,
    },
    "contracts GET /findings": {"items": [a_finding()], "next": None},
}
ESTIMATES = {"reference": REFERENCE, "estimates": [an_estimate()], "as_at": "2034-01-05", "as_known": None}
REASONS = {
    "rule_pack": "exit-reasons-2031",
    "citation": "a pack",
    "reasons": [{"code": "in_house", "title": "Done in house"}],
}
NOTICE = {
    f"contracts GET {PATH}": a_contract(),
    f"contracts GET {PATH}/exits": exits(),
    "contracts GET /exit-reasons": REASONS,
}


def words(html: str) -> str:
    """The text of a page, with single spaces."""
    text = re.sub(r"<[^>]+>", " ", html[html.index("<main") :])
    return re.sub(r"\s+", " ", text)


async def page_of(folder: Path, path: str, answers: dict[str, Any], status: int = 200) -> tuple[str, Browser]:
    """Open one page over these answers."""
    async with console_over(answers, folder) as browser:
        shown = await browser.get(path)
        assert shown.status_code == status, words(shown.text)
        return shown.text, browser


EXITS = {
    "finance GET /exit-assessments": {"items": [an_item()], "next": None},
    f"contracts GET /exit-calendars/{BUYER}": {
        "organisation": BUYER,
        "entries": [
            {
                "contract": REFERENCE,
                "kind": kind,
                "on": on,
                "uid": f"{kind}@zed",
                "sequence": 1,
                "text": "",
                "exposure_pence": 33_300_001,
            }
            for kind, on in (("notice", "2034-08-31"), ("end", "2035-03-31"))
        ],
        "as_at": "2034-01-05",
        "as_known": None,
    },
    "contracts GET /findings": {"items": [a_finding()], "next": None},
}


async def test_the_exits_of_a_body_show_the_notice_that_costs_most_to_miss(tmp_path: Path) -> None:
    html, browser = await page_of(tmp_path, f"/exits?organisation={BUYER}&as_at=2034-01-05", EXITS)
    text = words(html)
    assert "Notice has to be served by 31 August 2034 , 238 days from the day of this page." in text
    assert "Missing it costs £3,457 (best exit that is left, less the best one now)" in text
    assert "August 2034" in text
    assert "March 2035" in text
    assert "Notice window opens" in text
    assert f'href="/exits/{BUYER}.ics?as_at=2034-01-05"' in html
    assert len(browser.transport.asked) == 4


async def test_a_finding_about_a_plan_leads_to_the_plan(tmp_path: Path) -> None:
    stalled = a_finding(finding="f-2", kind="stalled", about=["ZED-PLAN"], exposure_pence=None)
    findings = {"contracts GET /findings": {"items": [a_finding(), stalled], "next": None}}
    html, _ = await page_of(tmp_path, f"/exits?organisation={BUYER}", EXITS | findings)
    assert 'href="/consolidations/ZED-PLAN"' in html
    assert f'href="/contracts/{REFERENCE}"' in html


async def test_where_finance_is_silent_the_calendar_of_contracts_is_there(tmp_path: Path) -> None:
    html, _ = await page_of(
        tmp_path, f"/exits?code={BUYER}&of=organisation", EXITS | {"finance GET /exit-assessments": None}
    )
    text = words(html)
    assert "Finance does not answer at the moment." in text
    assert "Last notice day of ZED-SUPPORT-2031 , exposure £333,000" in text


async def test_nothing_to_leave_is_said_in_words(tmp_path: Path) -> None:
    empty: dict[str, Any] = {"items": [], "next": None}
    calendar: dict[str, Any] = {"organisation": BUYER, "entries": [], "as_at": "2034-01-05", "as_known": None}
    answers = {
        "finance GET /exit-assessments": empty,
        f"contracts GET /exit-calendars/{BUYER}": calendar,
        "contracts GET /findings": empty,
    }
    html, _ = await page_of(tmp_path, f"/exits?organisation={BUYER}", answers)
    assert f"No contract of {BUYER} that you may see runs on this day." in words(html)
    html, _ = await page_of(tmp_path, "/exits", answers)
    assert "No notice window of a contract that you may see is open on this day." in words(html)


async def test_the_exits_of_a_footprint_are_asked_of_finance_by_its_code(tmp_path: Path) -> None:
    _, browser = await page_of(tmp_path, "/exits?code=q0z&of=footprint", EXITS)
    assert any(
        one.startswith("finance GET /exit-assessments?limit=50&footprint=Q0Z") for one in browser.transport.asked
    )


async def test_a_contract_shows_its_facts_its_shares_and_what_can_be_done(tmp_path: Path) -> None:
    html, browser = await page_of(tmp_path, PATH, CONTRACT)
    text = words(html)
    for value in (
        "Support for Zed",
        "£332,345.67",
        "7 months, as it states",
        "31 August 2034, 238 days",
        "£312,345.67",
    ):
        assert value in text
    assert "5/9" in text
    assert "£184,636.48" in text
    assert f'href="{PATH}/notice"' in html
    assert len(browser.transport.asked) == 6


async def test_of_another_day_nothing_is_offered_and_every_link_keeps_it(tmp_path: Path) -> None:
    html, _ = await page_of(tmp_path, f"{PATH}?as_at=2034-01-05", CONTRACT)
    assert "What you can do" not in html
    main = html[html.index("<main") :]
    links = re.findall(r'href="(/[^"]+)"', main[: main.index("</main>")])
    assert links
    assert [link for link in links if "as_at=2034-01-05" not in link] == []


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("exits", "Contracts does not answer at the moment."),
        ("shares/cost", "Contracts does not answer at the moment."),
    ],
)
async def test_a_part_that_is_missing_costs_its_part_alone(tmp_path: Path, missing: str, says: str) -> None:
    html, _ = await page_of(tmp_path, PATH, CONTRACT | {f"contracts GET {PATH}/{missing}": None})
    assert says in words(html)
    assert "£332,345.67" in words(html)


async def test_a_contract_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    html, _ = await page_of(tmp_path, "/contracts/NONE-1", {}, status=404)
    assert "There is no contract NONE-1 that you may see on this day." in words(html)


LEAVING = {
    **CONTRACT,
    f"contracts GET {PATH}/termination": ESTIMATES,
    f"finance GET /exit-assessments/{REFERENCE}": an_assessment(),
}


async def test_leaving_shows_each_exit_day_through_each_lens(tmp_path: Path) -> None:
    html, _ = await page_of(tmp_path, f"{PATH}/leaving", LEAVING)
    text = words(html)
    for value in ("£76,543", "£91,000", "£80,000", "£87,654", "£3,346", "£3,457"):
        assert value in text
    assert "Best day for organisation 1 April 2035" in text
    assert "Best day for public sector 1 April 2036" in text
    assert "so that no sum suits both" in text
    assert html.count("app-best") == 2


async def test_without_an_assessment_the_price_by_the_terms_stands_alone(tmp_path: Path) -> None:
    answers = {key: one for key, one in LEAVING.items() if not key.startswith("finance")}
    text = words((await page_of(tmp_path, f"{PATH}/leaving", answers))[0])
    assert "Finance has no assessment of this contract that you may read" in text
    assert "£1,357.91" in text
    assert "Redundancy" in text


async def test_an_exit_day_shows_who_pays_whom_and_what_is_not_priced(tmp_path: Path) -> None:
    way: dict[str, Any] = {
        "choice": "pay",
        "exit_on": "2035-04-01",
        "last_day": "2035-03-31",
        "notice_by": None,
        "delay_months": 0,
        "price_pence": None,
        "unpriced": ["redundancy"],
    }
    answers = LEAVING | {f"contracts GET {PATH}/exits": exits(ways_out=[way])}
    html, browser = await page_of(tmp_path, f"{PATH}/leaving/2035-04-01", answers)
    text = words(html)
    assert "Contractual payment" in text
    assert f'href="/organisations/{SUPPLIER}"' in html
    assert "no organisation" in text
    assert "Not priced, because the contract states no term for it: redundancy." in text
    assert "Pay, by agreement" in text
    assert any("exit_on=2035-04-01" in one for one in browser.transport.asked)


async def test_notice_is_checked_by_a_dry_run_and_served_once_it_is_confirmed(tmp_path: Path) -> None:
    served = exits(notices=[a_notice()])
    command = f"contracts POST {PATH}/notices"
    answers = NOTICE | {f"{command}?dry_run=true": (201, served), command: (201, served)}
    fields = {"reason": "in_house", "form": "recorded_letter", "version": '"1"', "minute": "GB/34/1"}
    fields |= {"last_day-day": "31", "last_day-month": "3", "last_day-year": "2035"}
    async with console_over(answers, tmp_path) as browser:
        await browser.get(f"{PATH}/notice")
        checked = await browser.submit(f"{PATH}/notice", fields)
        assert "Check the notice before you serve it" in checked.text
        assert "Deemed served on 8 January 2034" in words(checked.text)
        assert [one.url.query for one in browser.transport.sent] == [b"dry_run=true"]
        carried = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', checked.text))
        assert carried["last_day-year"] == "2035"
        assert '<button class="nhsuk-button nhsuk-button--secondary"' in checked.text
        changed = await browser.submit(f"{PATH}/notice", {**fields, "step": ["confirm", "change"]})
        assert "Check the notice" in changed.text
        assert 'value="GB/34/1"' in changed.text
        assert len(browser.transport.sent) == 1
        answers_now = browser.transport.answers
        answers_now[f"contracts GET {PATH}/exits"] = served
        done = await browser.submit(f"{PATH}/notice", {**fields, "step": "confirm"})
        assert "Notice is served" in done.text
        assert "Service ends with 31 March 2035" in words(done.text)
        trial, real = browser.transport.sent
    body = {"reason": "in_house", "form": "recorded_letter", "last_day": "2035-03-31", "minute": "GB/34/1"}
    assert json.loads(trial.content) == json.loads(real.content) == body
    assert real.headers["If-Match"] == '"1"'
    assert real.url.query == b""
    assert "Idempotency-Key" not in trial.headers


async def test_a_command_that_is_not_answered_is_sent_again_as_the_same_command(tmp_path: Path) -> None:
    command = f"contracts POST {PATH}/notices"
    answers = NOTICE | {f"{command}?dry_run=true": (201, exits(notices=[a_notice()])), command: None}
    fields = {"reason": "in_house", "form": "recorded_letter", "version": '"1"'}
    async with console_over(answers, tmp_path) as browser:
        await browser.get(f"{PATH}/notice")
        await browser.submit(f"{PATH}/notice", fields)
        silent = await browser.submit(f"{PATH}/notice", {**fields, "step": "confirm"})
        assert (silent.status_code, "It may have been done all the same" in silent.text) == (503, True)
        await browser.submit(f"{PATH}/notice", fields)
        browser.transport.answers[command] = refusal("notice-too-late", "Too late")
        refused = await browser.submit(f"{PATH}/notice", {**fields, "step": "confirm"})
        first, second = (one for one in browser.transport.sent if not one.url.query)
        assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
        assert hidden(refused.text, "form_key") != second.headers["Idempotency-Key"]


async def test_each_reason_of_a_refusal_stands_beside_its_field(tmp_path: Path) -> None:
    late = "needs 7 months' notice: the earliest exit is 2035-08-06"
    command = f"contracts POST {PATH}/notices"
    refused = refusal("notice-too-late", "Too late", (late, "last_day"), ("not by email", "form"))
    async with console_over(NOTICE | {command: refused}, tmp_path) as browser:
        await browser.get(f"{PATH}/notice")
        shown = await browser.submit(f"{PATH}/notice", {"reason": "in_house", "form": "email", "version": '"1"'})
    assert shown.status_code == 409
    assert "<title>Error: " in shown.text
    assert shown.text.count("needs 7 months") == 2
    assert 'id="form-error"' in shown.text
    assert '<option value="email" selected>' in shown.text


async def test_a_notice_without_a_reason_is_not_sent(tmp_path: Path) -> None:
    async with console_over(NOTICE, tmp_path) as browser:
        await browser.get(f"{PATH}/notice")
        shown = await browser.submit(f"{PATH}/notice", {"form": "letter", "version": '"1"', "last_day-day": "31"})
        assert shown.status_code == 422
        assert "The reason is missing" in shown.text
        assert "The last day of service must be a real day" in shown.text
        assert browser.transport.sent == []


async def test_a_stale_version_shows_what_changed_and_offers_the_present_one(tmp_path: Path) -> None:
    command = f"contracts POST {PATH}/notices"
    stale = refusal("stale-version", "The record was changed since you read it.", status=412)
    fields = {"reason": "in_house", "form": "letter", "version": '"0"', "seen-title": "Support for Zed"}
    fields |= {"seen-notice_months": "6", "seen-annual_pence": "33000001", "seen-status": "active"}
    fields |= {"seen-starts_on": "2031-04-01", "seen-ends_on": "2035-03-31"}
    async with console_over(NOTICE | {command: stale}, tmp_path) as browser:
        await browser.get(f"{PATH}/notice")
        shown = await browser.submit(f"{PATH}/notice", fields)
    assert shown.status_code == 412
    text = words(shown.text)
    assert "What changed since you opened this page" in text
    assert "Months of notice 6 7" in text
    assert "Charge a year £330,000.01 £332,345.67" in text
    assert "Last day of service 31 March 2035" not in text
    assert 'name="version" value="&#34;1&#34;"' in shown.text


async def test_payments_of_a_payer_show_what_is_odd_and_what_is_missing(tmp_path: Path) -> None:
    figures = {
        "amount_pence": 123_456_789,
        "duplicate_pence": 1_000,
        "duplicates": 1,
        "lines": 4_321,
        "reversals": 2,
        "reversed_pence": -55_500,
        "without_amount": 0,
        "without_day": 3,
    }
    group = {"key": BUYER, "body": None, "figures": figures, "months_missing": ["2033-11"], "payers": []}
    line = {
        "id": 1,
        "import_reference": "i-1",
        "line": 1,
        "publication": "zed.csv",
        "payer": BUYER,
        "payer_code": BUYER,
        "supplier": "=ZED UNIT",
        "supplier_code": None,
        "paid_on": None,
        "day_as_published": "31/2/2034",
        "amount_pence": 100,
        "amount_as_published": "1.00",
        "expense_area": "",
        "expense_type": "Support",
        "transaction_number": "7",
        "flags": [{"flag": "day_unreadable", "words": "the day cannot be read"}],
    }
    answers = {
        "contracts GET /spend": {"items": [group | {"payers_missing": ["Q7V"]}], "next": None},
        "contracts GET /published-payments": {"items": [line], "next": None},
    }
    html, browser = await page_of(tmp_path, f"/spend?payer={BUYER}&as_at=2034-01-05", answers)
    text = words(html)
    for value in (
        "£1,234,568",
        "of 4,321 lines",
        "−£555",
        "November 2033",
        "Q7V",
        "the day cannot be read",
        "31/2/2034",
    ):
        assert value in text
    assert len(browser.transport.asked) == 5
    assert not any("as_at" in one for one in browser.transport.asked if "contracts" in one)
    chosen = "first_day-day=1&first_day-month=4&first_day-year=2033&last_day=2034-03-31&flag=reversal"
    html, browser = await page_of(tmp_path, f"/spend?payer={BUYER}&{chosen}", answers)
    lines = next(one for one in browser.transport.asked if "published-payments" in one)
    for part in ("first_day=2033-04-01", "last_day=2034-03-31", "flag=reversal"):
        assert part in lines
    assert '<option value="reversal" selected>' in html
    html, _ = await page_of(tmp_path, f"/spend?payer={BUYER}&first_day-day=31", answers, 422)
    assert "The first day must be a real day" in html
    html, _ = await page_of(tmp_path, f"/spend?payer={BUYER}&format=csv", answers)
    assert "'=ZED UNIT" in html
    html, _ = await page_of(tmp_path, f"/spend?payer={BUYER}&format=csv&list=months", answers)
    assert f"{BUYER},4321,-55500,1000,123456789" in html


async def test_what_cannot_be_added_up_is_said(tmp_path: Path) -> None:
    silent = {"contracts GET /spend": None, "contracts GET /published-payments": None}
    html, _ = await page_of(tmp_path, f"/spend?payer={BUYER}", silent)
    assert words(html).count("Contracts does not answer at the moment.") == 4


@pytest.mark.parametrize(
    ("act", "fields", "says"),
    [
        ("signature", {"party": OTHER}, "The signature is recorded"),
        ("terminations/t-1/acceptance", {"minute": "GB/34/4"}, "The offer is accepted"),
        ("notices/n-1/withdrawal", {"agreement": "Letter"}, "The withdrawal is recorded"),
    ],
)
async def test_an_act_is_tried_before_it_is_made(tmp_path: Path, act: str, fields: dict[str, str], says: str) -> None:
    draft = a_contract(status="draft", state={"state": "awarded", "end": None}, signatures=[a_signature(BUYER)])
    contract = draft if act == "signature" else a_contract()
    offers = {"reference": REFERENCE, "terminations": [an_offer()], "ended_parts": [], "as_at": "2034-01-05"}
    outcome = {
        "signature": draft | {"signatures": [a_signature(BUYER), a_signature(OTHER)], "status": "signed"},
        "terminations/t-1/acceptance": offers | {"as_known": None},
        "notices/n-1/withdrawal": exits(notices=[a_notice()]),
    }[act]
    answers = {
        f"contracts GET {PATH}": contract,
        f"contracts GET {PATH}/exits": exits(notices=[a_notice()]),
        f"contracts GET {PATH}/terminations": offers | {"as_known": None},
        f"contracts POST {PATH}/{act}": (201, outcome),
    }
    async with console_over(answers, tmp_path) as browser:
        await browser.get(f"{PATH}/{act}")
        checked = await browser.submit(f"{PATH}/{act}", fields | {"version": '"1"'})
        assert checked.status_code == 200
        assert 'name="step" value="confirm"' in checked.text
        done = await browser.submit(f"{PATH}/{act}", fields | {"version": '"1"', "step": "confirm"})
        assert says in done.text
        assert [one.url.query for one in browser.transport.sent] == [b"dry_run=true", b""]
        assert json.loads(browser.transport.sent[1].content) == fields


async def test_a_customer_agrees_to_the_table_that_another_proposed(tmp_path: Path) -> None:
    consent = {
        "subject": "cost",
        "party": OTHER,
        "from_day": "2034-04-01",
        "weights": {BUYER: 5, OTHER: 4},
        "total": 9,
        "basis": "stated",
        "coordinating_commissioner": None,
        "authority": None,
        "document": None,
        "stated_at": "2034-01-04T09:00:00Z",
    }
    consents = {"reference": REFERENCE, "consents": [consent], "as_at": "2034-01-05", "as_known": None}
    act = f"{PATH}/shares/cost/acceptance"
    answers = {
        **CONTRACT,
        f"contracts GET {PATH}/history": {"reference": REFERENCE, "customers": [], "changes_of_hands": []},
        f"contracts GET {PATH}/consents": consents,
        f"contracts POST {act}": (201, consents | {"consents": [consent, {**consent, "party": BUYER}]}),
    }
    async with console_over(answers, tmp_path) as browser:
        shown = await browser.get(f"{PATH}/history")
        assert f"Agreed by {OTHER} ; of today's customers not by {BUYER}" in words(shown.text).replace("&#39;", "'")
        assert f'href="{act}"' in shown.text
        form = await browser.get(act)
        fields = dict(re.findall(r'type="hidden" name="([a-z]+[_-][^"]+|total|basis)" value="([^"]*)"', form.text))
        fields = {name: value for name, value in fields.items() if not name.startswith(("form_key", "seen"))}
        await browser.submit(act, fields | {"version": '"1"', "party": BUYER})
        done = await browser.submit(act, fields | {"version": '"1"', "party": BUYER, "step": "confirm"})
        assert "The agreement is recorded" in done.text
        trial, real = browser.transport.sent
    assert (trial.url.query, real.url.query) == (b"dry_run=true", b"")
    assert json.loads(real.content) == {
        "weights": {BUYER: 5, OTHER: 4},
        "total": 9,
        "basis": "stated",
        "from_day": "2034-04-01",
        "party": BUYER,
    }


async def test_a_calendar_to_import_is_the_one_that_contracts_makes(tmp_path: Path) -> None:
    made = httpx.Response(200, content=b"BEGIN:VCALENDAR", headers={"Content-Type": "text/calendar"})
    answers = {f"contracts GET /exit-calendars/{BUYER}?format=ics": made}
    html, browser = await page_of(tmp_path, f"/exits/{BUYER}.ics", answers | EXITS)
    assert html == "BEGIN:VCALENDAR"
    assert browser.last is not None
    assert browser.last.headers["content-disposition"] == f'attachment; filename="exits-{BUYER}.ics"'


@pytest.mark.parametrize(
    ("path", "silent"),
    [
        (f"/exits?organisation={BUYER}&format=csv", "finance GET /exit-assessments"),
        (f"/exits?organisation={BUYER}&format=csv&list=days", f"contracts GET /exit-calendars/{BUYER}"),
        (f"/exits/{BUYER}.ics", f"contracts GET /exit-calendars/{BUYER}"),
        ("/contracts?format=csv", "contracts GET /contracts"),
        (f"{PATH}/history?format=csv", f"contracts GET {PATH}/history"),
        (f"{PATH}/leaving?format=csv", f"finance GET /exit-assessments/{REFERENCE}"),
        (f"/spend?payer={BUYER}&format=csv", "contracts GET /published-payments"),
        (f"/spend?payer={BUYER}&format=csv&list=months", "contracts GET /spend"),
    ],
)
async def test_no_file_is_made_of_a_service_that_does_not_answer(tmp_path: Path, path: str, silent: str) -> None:
    html, _ = await page_of(tmp_path, path, {**EXITS, **LEAVING, silent: None}, status=503)
    assert "does not answer at the moment." in words(html)


async def test_the_days_of_a_calendar_are_a_file_in_the_words_of_contracts(tmp_path: Path) -> None:
    calendar = json.loads(json.dumps(EXITS[f"contracts GET /exit-calendars/{BUYER}"]))
    calendar["entries"][1]["text"] = f"{REFERENCE}: last day of payroll"
    answers = EXITS | {f"contracts GET /exit-calendars/{BUYER}": calendar}
    html, _ = await page_of(tmp_path, f"/exits?organisation={BUYER}&format=csv&list=days", answers)
    assert f"2034-08-31,Last notice day,{REFERENCE},33300001" in html
    assert f"2035-03-31,Last day of payroll,{REFERENCE},33300001" in html
    html, _ = await page_of(tmp_path, f"/exits?organisation={BUYER}", answers)
    assert f"Last day of payroll of {REFERENCE}" in words(html)


async def test_the_next_notice_days_are_on_the_next_page(tmp_path: Path) -> None:
    answers = {"contracts GET /findings": {"items": [a_finding()], "next": "/v1/findings?after=abc"}}
    html, browser = await page_of(tmp_path, "/exits?after=xyz", answers)
    assert any("after=xyz" in one for one in browser.transport.asked)
    assert 'href="/exits?after=abc"' in html


async def test_what_a_body_supplies_has_pages_of_its_own(tmp_path: Path) -> None:
    listed = {"items": [a_contract()], "next": "/v1/contracts?after=abc"}
    html, browser = await page_of(
        tmp_path, f"/contracts?organisation={SUPPLIER}&supplied=xyz", {"contracts GET /contracts": listed}
    )
    [supplied] = [one for one in browser.transport.asked if "supplier=" in one]
    assert "after=xyz" in supplied
    assert f'href="/contracts?organisation={SUPPLIER}&amp;supplied=abc"' in html


async def test_where_no_exit_is_open_no_day_is_called_the_best(tmp_path: Path) -> None:
    closed = an_assessment() | {"best": [], "is_contested": False, "at_stake_pence": 0}
    html, _ = await page_of(
        tmp_path, f"{PATH}/leaving", LEAVING | {f"finance GET /exit-assessments/{REFERENCE}": closed}
    )
    text = words(html)
    assert "Every notice day has passed: no exit is open." in text
    assert "same best day" not in text
    assert "At stake" not in text


async def test_a_notice_that_no_longer_reaches_a_day_is_not_offered_for_it(tmp_path: Path) -> None:
    way: dict[str, Any] = {
        "choice": "pay",
        "exit_on": "2035-04-01",
        "last_day": "2035-03-31",
        "notice_by": None,
        "delay_months": 0,
        "price_pence": 100,
        "unpriced": [],
    }
    for choice, offered in (("pay", False), ("notice", True)):
        ways = {f"contracts GET {PATH}/exits": exits(ways_out=[way | {"choice": choice}])}
        html, browser = await page_of(tmp_path, f"{PATH}/leaving/2035-04-01?organisation={BUYER}", LEAVING | ways)
        assert ("Serve notice for this day" in html) is offered
        assert any(f"{REFERENCE}?organisation={BUYER}" in one for one in browser.transport.asked)


async def test_an_offer_for_a_part_is_not_said_to_end_the_contract(tmp_path: Path) -> None:
    ended = {**CONTRACT[f"contracts GET {PATH}/terminations"]}
    ended["terminations"] = [an_offer() | {"functions": ["hr"], "leaving": [BUYER], "status": "accepted"}]
    answers = CONTRACT | {f"contracts GET {PATH}/terminations": ended}
    html, _ = await page_of(tmp_path, f"{PATH}/recorded/acceptance?about=t-1", answers)
    assert f"HR of {BUYER} in the contract ends with 30 June 2034" in words(html)
    html, _ = await page_of(tmp_path, f"{PATH}/terminations/t-9/acceptance", answers)
    assert "There is no such offer." in words(html)
    assert "Check the acceptance" not in html


async def test_a_list_as_a_file_has_the_most_lines_that_finance_gives(tmp_path: Path) -> None:
    html, browser = await page_of(tmp_path, f"/exits?organisation={BUYER}&format=csv", EXITS)
    assert f"{REFERENCE},Support for Zed,{SUPPLIER},{BUYER} {OTHER},2034-08-31,238,2035-04-01,345700" in html
    assert any("limit=500" in one for one in browser.transport.asked)
