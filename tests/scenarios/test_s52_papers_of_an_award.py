"""S52, governance's part: design yes, award no; papers are withheld, and recalled when a bidder comes to be known."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg
from tests.support.platform import Platform

CCG, OPENED = "05T", date(2016, 2, 1)
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


async def lead(platform: Platform, path: str, *, method: str = "POST", service: str = "governance", **body: Any) -> Any:
    role = Role.GOVERNANCE_LEAD if service == "governance" else Role.CONTRACT_LEAD
    return await platform.call(method, service, path, role, organisations=(CCG,), json=body)


async def papers(platform: Platform, proposal: str, subject: str, *, expect: int = 200) -> Any:
    """What somebody with this account and no role reads of a proposal's papers."""
    headers = platform.tokens.header(subject=subject, organisations=())
    answer = await platform.clients["governance"].get(f"/v1/proposals/{proposal}/papers", headers=headers)
    assert answer.status_code == expect, answer.text
    return answer.json()


def titles(given: Any) -> list[str]:
    return sorted(one["title"] for one in given["papers"])


@pytest.mark.parametrize(
    ("bidder", "owner", "path", "share"),
    [("SWHEALTH", "SWHEALTH", "owns SWHEALTH", "1/4"), ("FED2", "HOLDING", "owns HOLDING, owns FED2", "1/12")],
)
async def test_s52_award_papers_are_withheld_and_recalled_once_a_members_company_bids(
    platform: Platform, bidder: str, owner: str, path: str, share: str
) -> None:
    await platform.move_clocks(OPENED)
    companies = [a_ccg(CCG), *({**a_ccg(code), "kind": "supplier"} for code in {bidder, owner})]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": companies})
    if owner != bidder:
        tie = {"relation": "owns", "other": bidder, "share": "1/3", "effective_on": OPENED.isoformat()}
        await platform.call("POST", "registry", f"/organisations/{owner}/relations", Role.REGISTRAR, json=tie)
    await platform.caught_up()
    await lead(platform, "/bodies", organisation=CCG, first_day="2016-02-01", posts=[{"title": "Chair"}])
    persons = {}
    for post, account in (("chair", "gp"), ("accountable-officer", "ao")):
        person = (await lead(platform, "/people", organisation=CCG, display_name=f"The {account}"))["person"]
        await lead(platform, f"/people/{person}/account", method="PUT", subject=account)
        await lead(platform, "/appointments", post=f"{CCG}/{post}", person=person, first_day="2016-02-01")
        persons[account] = person
    declared = {"type": "financial", "relation": "owns", "other": owner, "share": "1/4", "nature": "shareholder"}
    days = {"aware_on": "2016-02-01", "first_day": "2014-01-01"}
    await lead(platform, "/interests", organisation=CCG, person=persons["gp"], **declared, **days)
    tender: dict[str, Any] = {"reference": "TENDER", "buyers": [CCG], "functions": ["pathway"], "regime": "ppccr_2013"}
    await lead(platform, "/procurements", service="contracts", **tender, value_pence=230000000, begun_on="2016-02-01")
    await platform.caught_up()

    asked: dict[str, Any] = {"kind": "award", "action": "contract.award", "subject": "TENDER", "due_on": "2016-09-30"}
    value = {"value_pence": 230000000, "annual_pence": 230000000}
    proposal = (await lead(platform, "/proposals", organisation=CCG, **(asked | value)))["proposal"]
    for stage in ("design", "award"):
        paper = {"title": f"On the {stage}", "stage": stage, "sha256": DIGEST.upper(), "document": f"Paper {stage}"}
        added = await lead(platform, f"/proposals/{proposal}/papers", **paper)
        assert "title" not in added
    before = await papers(platform, proposal, "gp")
    assert (titles(before), before["withheld"]) == (["On the award", "On the design"], 0)
    assert {one["sha256"] for one in before["papers"]} == {DIGEST}
    refused = await papers(platform, proposal, "stranger", expect=403)
    assert refused["type"].endswith("/papers-not-yours")

    bids = {"bidder": bidder, "bids_from": "2016-05-01"}
    await platform.move_clocks(date(2016, 5, 20))
    await lead(platform, "/procurements/TENDER/bidders", service="contracts", **bids)
    await lead(platform, "/procurements/TENDER/stages", service="contracts", stage="bids_received")
    await platform.caught_up()
    after = await papers(platform, proposal, "gp")
    assert (titles(after), after["withheld"]) == (["On the design"], 1)
    because = after["because"]
    assert ", ".join(f"{one['relation']} {one['other']}" for one in because["path"]) == path
    assert (because["share"], because["action"], because["type"]) == (share, "no_papers", "financial")
    assert titles(await papers(platform, proposal, "ao")) == ["On the award", "On the design"]
    readers = (
        await platform.call(
            *("GET", "governance", f"/proposals/{proposal}/papers/readers", Role.GOVERNANCE_LEAD), organisations=(CCG,)
        )
    )["readers"]
    award = {one["person"]: one for one in readers if one["path"]}
    assert {person: one["recalled_on"] for person, one in award.items()} == {persons["gp"]: "2016-05-20"}
    assert sorted((one["reads"], one["person"] == persons["gp"]) for one in readers) == [
        *((1, False), (1, False)),
        *((1, True), (2, True)),
    ]
    for path in ("events?limit=500", "proposals", "findings"):
        answer = await platform.clients["governance"].get(
            f"/v1/{path}", headers=platform.tokens.header(*Role, organisations=("*",))
        )
        assert answer.status_code == 200, answer.text
        assert "On the award" not in answer.text
