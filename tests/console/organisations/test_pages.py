"""The pages of an organisation over recorded answers: values are found, parts may be empty, refused or silent."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.console.apps import Browser, console_over, refusal
from tests.console.organisations.world import ANSWERS, LATER, lineage, page


def text_of(html: str) -> str:
    """Return what is read of a page, without tags and with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.replace("&amp;", "&")))


async def shown(browser: Browser, path: str, status: int = 200) -> str:
    response = await browser.get(path)
    assert response.status_code == status, response.text[:2_000]
    assert len(browser.transport.asked) <= 6
    return text_of(response.text)


async def test_the_first_page_has_every_value_its_source_and_its_relations(tmp_path: Path) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        text = await shown(browser, "/organisations/Q4D")
        for words in (
            "Fourth Commissioners",
            "Clinical commissioning group (CCG)",
            "Closed since 1 April 2021",
            "Abolished since 1 April 2021",
            "Board of the East QII",
            "1 High Street, Eastham, EA1 1AA",
            "Stated by ods:eccg, last seen on 30 November 2020",
            "Next seen on 30 June 2021: Fifth Commissioners",
            "Sources disagree",
            "the press still calls it open",
            "ONS: E38999999 , since 1 April 2018",
            "Commissioning hub",
            "Q4D, Q5E into Q6F",
            "first planned for 1 October 2020",
            "Q4D continues in Q6F Sixth Commissioners (all of it).",
            "Hosts Hosted Unit Q8H",
            "1/32 of it",
            "1,234,567",
            "Q1A : not counted",
        ):
            assert words in text
        assert browser.last is not None
        assert 'href="/reasons/Q4D"' in browser.last.text
        for words in ("Why : ONS E38999999", "Why : Commissioning hub", "Why : Hosts Q8H"):
            assert words in text


async def test_every_link_to_a_page_keeps_both_times_and_the_services_are_asked_for_them(tmp_path: Path) -> None:
    times = "as_at=2020-05-06&as_known=2021-07-08"
    async with console_over(ANSWERS, tmp_path) as browser:
        for path in ("", "/lineage", "/members", "/money", "/bodies", "/findings"):
            browser.transport.asked.clear()
            response = await browser.get(f"/organisations/Q4D{path}?{times}")
            assert response.status_code == 200
            links = re.findall(r'<a [^>]*href="(/[^"]*)"', response.text)
            links = [link for link in links if "Back to today" not in link and not link.startswith("/assets")]
            moved = [link for link in links if "as_at=2020-05-06" in link and "as_known=2021-07-08" in link]
            assert {*links} - {*moved} <= {f"/organisations/Q4D{path}"}
            assert all("as_known=2021-07-08" in question for question in browser.transport.asked)


async def test_a_part_whose_service_is_silent_says_so_and_the_rest_is_there(tmp_path: Path) -> None:
    answers = {**ANSWERS, "registry GET /organisations/Q4D/populations": None}
    async with console_over(answers, tmp_path) as browser:
        text = await shown(browser, "/organisations/Q4D")
        assert "Registry does not answer at the moment. This part of the page is missing; the rest is complete." in text
        assert "Hosted Unit" in text


async def test_an_organisation_with_nothing_else_says_what_is_not_stated(tmp_path: Path) -> None:
    own = ANSWERS["registry GET /organisations/Q4D"]
    bare = {**own, "address": None, "legal": None, "roles": [], "identifiers": [], "mergers": [], "levels": {}}
    answers: dict[str, Any] = {
        "registry GET /organisations/Q4D": {**bare, "parent": None, "conflicts": [], "sightings": []},
        "registry GET /organisations/Q4D/relations": page(),
        "registry GET /organisations/Q4D/lineage": lineage("Q4D", [], []),
        "registry GET /organisations/Q4D/populations": {
            **ANSWERS["registry GET /organisations/Q4D/populations"],
            "populations": [],
        },
        "registry GET /organisations/Q4D/members": page(),
    }
    async with console_over(answers, tmp_path) as browser:
        text = await shown(browser, "/organisations/Q4D")
        for words in (
            "Not stated",
            "No source states a code in another system",
            "No source states that it followed another",
            "No source states a relation of it",
            "No organisation belongs to it on this day.",
            "No source states how many people it serves.",
        ):
            assert words in text


async def test_an_unknown_code_is_not_found_and_a_silent_registry_is_said(tmp_path: Path) -> None:
    async with console_over({"registry GET /organisations/QQQ": None}, tmp_path) as browser:
        assert "there is no /organisations/Q0X" in await shown(browser, "/organisations/Q0X", status=404)
        browser.transport.asked.clear()
        assert "Registry does not answer" in await shown(browser, "/organisations/QQQ", status=503)


async def test_members_are_listed_filtered_and_paged(tmp_path: Path) -> None:
    members = {
        **ANSWERS["registry GET /organisations/Q4D/members"],
        "next": "/v1/organisations/Q4D/members?after=WyJZIl0",
    }
    async with console_over({**ANSWERS, "registry GET /organisations/Q4D/members": members}, tmp_path) as browser:
        text = await shown(browser, "/organisations/Q4D/members?kind=gp_practice&status=open")
        assert "The Surgery" in text
        assert "Parent, carried from Q1A" in text
        assert any("kind=gp_practice&status=open&limit=100" in asked for asked in browser.transport.asked)
        assert browser.last is not None
        assert "after=WyJZIl0" in browser.last.text


CONTRACT = {
    "reference": "K-77",
    "title": "Payroll for the East",
    "supplier": {"code": "Q8H", "name": "Hosted Unit", "status": "open"},
    "customers": [{"code": "Q4D", "name": "Fourth Commissioners", "status": "closed"}],
    "status": "active",
    "ends_on": "2199-12-31",
    "last_day": "2199-12-31",
    "annual_pence": 123_456_700,
    "as_at": "2031-01-01",
    "as_known": None,
    "awarded_on": None,
    "care_model": None,
    "coordinating_commissioner": None,
    "earliest_exit_on": None,
    "early_end": None,
    "exit_terms": None,
    "form": "sla",
    "indexation": None,
    "lines": [{"function": "payroll", "annual_pence": 123_456_700}],
    "not_established": [],
    "notice_months": 6,
    "notice_rule": None,
    "other_parties": [],
    "price_year": None,
    "procurement": None,
    "signature_document": None,
    "signatures": [],
    "signed_on": "2018-01-01",
    "starts_on": "2018-04-01",
    "state": {"state": "active", "end": None},
    "supplier_signs": True,
    "value_basis": "stated",
    "value_source": None,
    "version": 3,
}
CALENDAR = {
    "organisation": "Q4D",
    "as_at": "2031-01-01",
    "as_known": None,
    "entries": [
        {
            "contract": "K-77",
            "kind": "notice",
            "on": "2031-09-30",
            "text": "Last day to serve notice on K-77",
            "exposure_pence": 61_700_000,
            "sequence": 1,
            "uid": "K-77-notice",
        }
    ],
}
ALLOWANCE = {
    "organisation": "Q4D",
    "financial_year": "2019-20",
    "amount": "£2.00",
    "amount_pence": 271_828_182,
    "as_set": {
        "amount": "£2.00",
        "amount_pence": 271_828_100,
        "event": "E-55",
        "first_day": "2019-04-01",
        "pack": "rates-2019-20",
        "population": 1_234_567,
        "rate": "£22.07",
        "rate_found": True,
        "rate_pence": 2_207,
        "source": "lists-2020",
        "stated_at": LATER,
    },
    "parts": [],
}


async def test_contracts_notice_days_and_allowances_are_shown_with_their_money(tmp_path: Path) -> None:
    money = {
        "contracts GET /contracts?customer=Q4D&limit=50": page(CONTRACT),
        "contracts GET /contracts": page(),
        "contracts GET /exit-calendars/Q4D": CALENDAR,
        "finance GET /allowances": page(ALLOWANCE),
    }
    async with console_over({**ANSWERS, **money}, tmp_path) as browser:
        text = await shown(browser, "/organisations/Q4D/money")
        for words in (
            "Payroll for the East K-77",
            "Hosted Unit",
            "£1,234,567",
            "open-ended",
            "No contract that you may see names it as a supplier on this day.",
            "30 September 2031: Last day to serve notice on K-77 ; missing it costs £617,000",
            "£2,718,281.00",
            "£2,718,281.82",
            "1,234,567 people at £22.07 a head.",
        ):
            assert words in text


async def test_a_dead_service_costs_its_part_of_the_money_alone(tmp_path: Path) -> None:
    money = {"contracts GET /contracts": None, "finance GET /allowances": page(ALLOWANCE)}
    async with console_over({**ANSWERS, **money}, tmp_path) as browser:
        text = await shown(browser, "/organisations/Q4D/money")
        assert text.count("Contracts does not answer at the moment.") == 2
        assert "£2,718,281.82" in text


BODY = {
    "body": "Q4D-board",
    "title": "Board of the Fourth",
    "kind": "governing_body",
    "first_day": "2018-04-01",
    "last_day": None,
    "members": ["Q4D"],
    "organisation": "Q4D",
    "pack": None,
    "stands": True,
    "within": None,
}
POST: dict[str, Any] = {
    "post": "Q4D/chair",
    "title": "Chair",
    "body": "Q4D-board",
    "organisation": "Q4D",
    "appointment": None,
    "deputies": [],
    "described_in": None,
    "first_day": None,
    "last_day": None,
    "person": None,
    "roles": [],
    "vacant": True,
    "vacant_because": "term_over",
    "vacant_since": "2020-02-03",
    "version": None,
    "votes": True,
    "weight": 1,
}


async def test_bodies_and_posts_say_who_holds_them_and_which_are_vacant(tmp_path: Path) -> None:
    boards = {"governance GET /bodies": page(BODY), "governance GET /appointments": page(POST)}
    async with console_over({**ANSWERS, **boards}, tmp_path) as browser:
        text = await shown(browser, "/organisations/Q4D/bodies")
        assert "Board of the Fourth Q4D-board" in text
        assert "Vacant since 3 February 2020: term over" in text


async def test_findings_of_all_services_are_together_and_a_refusal_is_said_in_its_words(tmp_path: Path) -> None:
    found = {
        "finding": "F-1",
        "kind": "overlap",
        "about": ["K-77"],
        "text": "Payroll is bought twice",
        "parties": ["Q4D"],
        "raised_on": "2020-01-02",
        "raised_at": LATER,
        "due_on": "2020-09-30",
        "cleared_on": None,
        "exposure_pence": 4_200,
        "reason": None,
    }
    answers = {
        **ANSWERS,
        "contracts GET /findings": page(found),
        "registry GET /mergers/findings": page(),
        "finance GET /findings": refusal("not-yours", "You act for no organisation that it concerns.", status=403),
        "governance GET /findings": None,
        "registry GET /conflicts": page(),
    }
    async with console_over(answers, tmp_path) as browser:
        text = await shown(browser, "/organisations/Q4D/findings")
        for words in (
            "Payroll is bought twice",
            "Due 30 September 2020",
            "£42",
            "You act for no organisation that it concerns.",
            "Governance does not answer at the moment.",
            "Sources agree about it on this day.",
        ):
            assert words in text


@pytest.mark.parametrize("path", ["", "/lineage", "/members"])
async def test_hostile_names_are_text(tmp_path: Path, path: str) -> None:
    own = {**ANSWERS["registry GET /organisations/Q4D"], "name": "<script>alert(1)</script>"}
    async with console_over({**ANSWERS, "registry GET /organisations/Q4D": own}, tmp_path) as browser:
        response = await browser.get(f"/organisations/Q4D{path}")
        assert "<script>alert" not in response.text
        assert "&lt;script&gt;alert" in response.text
