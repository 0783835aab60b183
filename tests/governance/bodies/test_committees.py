"""Committees and panels: within which body they stand, how they end, and how mergers carry them over."""

from datetime import date
from typing import Any

import pytest

from libs.common.events.registry import OrganisationOpened, SuccessionUndone
from services.governance.bodies.commands import EstablishBody
from services.governance.core import queries as reads
from services.governance.core.errors import (
    BodyExists,
    BodyLeads,
    BodyNotFound,
    BodyNotStanding,
    EndsBeforeItBegins,
    NotInCatalogue,
)
from tests.support.governance_harness import ENGLAND_OPENED, MERGED_ON, GovernanceHarness, a_merger, at

AUDIT = "Audit committee"
CHAIR, LAY = {"title": "Chair", "roles": ["chair", "lay"]}, {"title": "Lay member", "roles": ["lay"]}
ATTENDEE = {"title": "External auditor", "votes": False}


async def bodies(harness: GovernanceHarness, *, as_at: date = ENGLAND_OPENED) -> list[str]:
    rows = await reads.list_bodies(harness.database, None, as_at=as_at, as_known=None, after=None, limit=50)
    return [row["body"] for row in rows]


async def test_a_committee_stands_within_the_body_that_leads_and_has_seats_of_its_own(
    harness: GovernanceHarness,
) -> None:
    await harness.body("10H", "Chair")
    assert await harness.committee("10H", AUDIT, CHAIR, LAY, LAY, ATTENDEE) == "10H-audit-committee"
    panel = await harness.committee("10H", "Tender panel", LAY, kind="panel", within="10H-audit-committee")
    found = await reads.get_body(harness.database, "10H-audit-committee", as_at=ENGLAND_OPENED, as_known=None)
    assert (found["kind"], found["within"], found["pack"]) == ("committee", "10H-governing-body", None)
    assert [(one["post"], one["roles"], one["votes"]) for one in found["posts"]] == [
        ("10H-audit-committee/chair", ["chair", "lay"], True),
        ("10H-audit-committee/external-auditor", ["external-auditor"], False),
        ("10H-audit-committee/lay-member", ["lay"], True),
        ("10H-audit-committee/lay-member-2", ["lay"], True),
    ]
    within = await reads.get_body(harness.database, panel, as_at=ENGLAND_OPENED, as_known=None)
    assert (panel, within["within"]) == ("10H-tender-panel", "10H-audit-committee")
    leading = await reads.get_body(harness.database, "10H-governing-body", as_at=ENGLAND_OPENED, as_known=None)
    assert [(one["post"], one["roles"]) for one in leading["posts"]] == [
        ("10H/accountable-officer", ["accountable-officer"]),
        ("10H/chair", ["chair"]),
    ]
    told = (await harness.told("BodyEstablished"))[1:]
    assert [(one["body"], one["kind"], one["members"], one["within"]) for one in told] == [
        ("10H-audit-committee", "committee", ["10H"], "10H-governing-body"),
        ("10H-tender-panel", "panel", ["10H"], "10H-audit-committee"),
    ]


async def test_one_person_sits_on_both_as_two_appointments(harness: GovernanceHarness) -> None:
    await harness.bucks()
    await harness.committee("10H", AUDIT, CHAIR)
    await harness.appoint("10H-audit-committee/chair", "P-chair-10h")
    found = await reads.list_appointments_of(harness.database, harness.ids["P-chair-10h"])
    assert [one["post"] for one in found] == ["10H-audit-committee/chair", "10H/chair"]


async def test_what_cannot_be_a_committee_is_refused(harness: GovernanceHarness) -> None:
    await harness.body("10H", first_day=date(2014, 4, 1))
    with pytest.raises(BodyNotStanding, match="10H-governing-body does not exist from 2013-04-01 on"):
        await harness.committee("10H", AUDIT)
    await harness.committee("10H", AUDIT, first_day=date(2014, 4, 1))
    with pytest.raises(BodyExists, match="10H has 10H-audit-committee already") as exists:
        await harness.committee("10H", AUDIT, first_day=date(2014, 4, 1))
    assert [reason.field for reason in exists.value.reasons] == ["title"]
    with pytest.raises(BodyNotFound, match="10H has no body 10H-remuneration-committee"):
        await harness.committee("10H", "Panel", within="10H-remuneration-committee")


async def test_an_organisation_without_a_body_has_no_committee(harness: GovernanceHarness) -> None:
    with pytest.raises(BodyNotFound, match="10H has no body that leads it"):
        await harness.committee("10H", AUDIT)


async def test_a_post_of_a_committee_is_described_where_no_catalogue_has_it(harness: GovernanceHarness) -> None:
    await harness.body("10H")
    with pytest.raises(NotInCatalogue):
        await harness.committee("10H", AUDIT, {"title": "Sage", "described_in": None})


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"kind": "board", "within": "10H-governing-body"}, "leads its organisation"),
        ({"kind": "committee"}, "needs one"),
        ({"posts": [{"title": "Chair", "organisation": "10Y"}]}, "no seat of another organisation"),
    ],
)
def test_a_body_stands_where_its_kind_does(command: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EstablishBody.model_validate({"organisation": "10H", "first_day": "2013-04-01"} | command)


async def test_a_committee_is_dissolved_with_what_stands_within_it(harness: GovernanceHarness) -> None:
    await harness.bucks()
    await harness.committee("10H", AUDIT, CHAIR)
    await harness.committee("10H", "Tender panel", LAY, kind="panel", within="10H-audit-committee")
    await harness.appoint("10H-audit-committee/chair", "P-chair-10h")
    before = len(await harness.told())
    last_day = date(2015, 3, 31)
    await harness.dissolve("10H-audit-committee", last_day)
    told = [(one["name"], one.get("post") or one["body"]) for one in (await harness.told())[before:]]
    assert told == [
        ("AppointmentEnded", "10H-audit-committee/chair"),
        ("BodyDissolved", "10H-audit-committee"),
        ("BodyDissolved", "10H-tender-panel"),
    ]
    act = await harness.database.fetchrow("SELECT reason FROM act WHERE operation = 'body dissolved'")
    assert act is not None
    assert act["reason"] == "work-done", "an act has the code; the event has the title"
    assert await bodies(harness, as_at=last_day) == [
        "10H-audit-committee",
        "10H-governing-body",
        "10H-tender-panel",
        "10Y-governing-body",
    ]
    assert await bodies(harness, as_at=date(2015, 4, 1)) == ["10H-governing-body", "10Y-governing-body"]
    with pytest.raises(BodyNotStanding, match="exists on no day after 2016-01-01"):
        await harness.dissolve("10H-audit-committee", date(2016, 1, 1))
    with pytest.raises(BodyLeads):
        await harness.dissolve("10H-governing-body", last_day)
    with pytest.raises(EndsBeforeItBegins):
        await harness.dissolve("10H-audit-committee", date(2013, 3, 1), document="Minute")


async def test_a_merger_carries_over_the_committees_that_every_predecessor_had(harness: GovernanceHarness) -> None:
    await harness.bucks()
    for code in ("10H", "10Y"):
        await harness.committee(code, AUDIT, CHAIR, LAY)
        await harness.appoint(f"{code}-audit-committee/lay-member", "P-cfo")
    await harness.committee("10H", "Tender panel", LAY, kind="panel")
    await harness.hear(a_merger())
    assert await bodies(harness, as_at=MERGED_ON) == ["14Y-audit-committee", "14Y-governing-body"]
    found = await reads.get_body(harness.database, "14Y-audit-committee", as_at=MERGED_ON, as_known=None)
    assert (found["kind"], found["within"]) == ("committee", "14Y-governing-body")
    assert [(one["post"], one["roles"], harness.called(one["person"])) for one in found["posts"]] == [
        ("14Y-audit-committee/chair", ["chair", "lay"], None),
        ("14Y-audit-committee/lay-member", ["lay"], "P-cfo"),
    ]
    again = await harness.content()
    await harness.hear(a_merger())
    assert await harness.content() == again


async def test_what_a_merger_ended_stands_again_where_it_is_undone_but_not_what_was_dissolved(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    for code in ("10H", "10Y"):
        await harness.committee(code, AUDIT, CHAIR)
    await harness.committee("10H", "Tender panel", LAY, kind="panel")
    await harness.dissolve("10H-tender-panel", date(2018, 3, 31))
    right = await harness.grant("10H", last_day=date(2018, 6, 30))
    await harness.appoint("10H-audit-committee/chair", "P-cfo", last_day=date(2018, 6, 30))
    await harness.hear(a_merger())
    before = len(await harness.told())
    for code in ("10H", "10Y"):
        about = {"code": code, "effective_on": MERGED_ON, "stated_at": at(date(2018, 9, 1))}
        await harness.hear(
            SuccessionUndone(successor="14Y", **about), OrganisationOpened(name=f"NHS {code}", kind="ccg", **about)
        )
    assert await bodies(harness, as_at=MERGED_ON) == [
        "10H-audit-committee",
        "10H-governing-body",
        "10Y-audit-committee",
        "10Y-governing-body",
    ]
    told = [one for one in (await harness.told())[before:] if one.get("organisation") == "10H"]
    assert [(one["body"], one["kind"], one["members"], one["within"]) for one in told if "body" in one] == [
        ("10H-audit-committee", "committee", ["10H"], "10H-governing-body"),
        ("10H-governing-body", "governing_body", ["10H"], ""),
    ]
    of_right = [one for one in told if one.get("right") == f"R-{right}"]
    assert [(one["name"], one["effective_on"], one.get("reason")) for one in of_right] == [
        ("DecisionRightGranted", "2018-04-01", None),
        ("DecisionRightEnded", "2018-07-01", "term-ended"),
    ]
    of_chair = [one for one in told if one.get("post") == "10H-audit-committee/chair"]
    assert [(one["name"], one["effective_on"], one.get("reason")) for one in of_chair] == [
        ("AppointmentMade", "2018-04-01", None),
        ("AppointmentEnded", "2018-07-01", "Term ended"),
    ]


async def test_a_panel_goes_on_within_the_committee_within_which_it_stood(harness: GovernanceHarness) -> None:
    await harness.bucks()
    for code in ("10H", "10Y"):
        await harness.committee(code, AUDIT, CHAIR)
        await harness.committee(code, "A panel", LAY, kind="panel", within=f"{code}-audit-committee")
        await harness.committee(code, "Sounding panel", LAY, kind="panel", within=f"{code}-a-panel")
    await harness.committee("10H", "Finance committee", CHAIR)
    await harness.committee("10H", "Review panel", LAY, kind="panel", within="10H-finance-committee")
    await harness.committee("10Y", "Review panel", LAY, kind="panel", within="10Y-audit-committee")
    await harness.hear(a_merger())
    rows = await reads.list_bodies(harness.database, "14Y", as_at=MERGED_ON, as_known=None, after=None, limit=50)
    assert {row["body"]: row["within"] for row in rows} == {
        "14Y-a-panel": "14Y-audit-committee",
        "14Y-audit-committee": "14Y-governing-body",
        "14Y-governing-body": None,
        "14Y-review-panel": "14Y-governing-body",
        "14Y-sounding-panel": "14Y-a-panel",
    }
    told = {one["body"]: one["within"] for one in await harness.told("BodyEstablished") if one["organisation"] == "14Y"}
    assert told == {row["body"]: row["within"] or "" for row in rows}


async def test_boards_are_followed_by_a_board(harness: GovernanceHarness) -> None:
    await harness.hear_of_ccgs("10H", "10Y")
    for code in ("10H", "10Y"):
        await harness.committee(code, "Board", kind="board")
    await harness.hear(a_merger())
    [body] = await reads.list_bodies(harness.database, "14Y", as_at=MERGED_ON, as_known=None, after=None, limit=50)
    assert (body["body"], body["kind"], body["title"]) == ("14Y-board", "board", "Board")
