"""Who is conflicted at an item, what the chair's decision covers, and who reads it of an item in private."""

from datetime import date
from typing import Any

from libs.common.events.contracts import ProcurementStated
from libs.common.identity import Role
from tests.governance.meetings.conftest import BODY, MeetingBody
from tests.support.governance_harness import at

BEGUN, MET = date(2017, 3, 1), date(2017, 3, 30)


def a_procurement(*bidders: str, on: date = BEGUN, stage: str = "bids_received") -> ProcurementStated:
    """A procurement of 10H as contracts publishes it."""
    bought: dict[str, Any] = {"procurement": "TENDER", "buyers": ("10H",), "functions": ("hr",), "run_by": "0AB"}
    bought |= {"regime": "pcr-2015", "value_pence": 20_000_00, "contract": "", "winner": ""}
    return ProcurementStated(effective_on=on, stated_at=at(on), bidders=bidders, stage=stage, **bought)


async def declare(met: MeetingBody, short: str, other: str, **more: Any) -> None:
    """A member declares an interest in a company, in time."""
    declared = {"type": "financial", "relation": "director_of", "other": other, "nature": "director"}
    days = {"aware_on": "2017-03-01", "first_day": "2017-01-01"}
    await met.call("POST", "interests", {"organisation": "10H", "person": met.ids[short], **declared, **days, **more})


async def excluded(met: MeetingBody, item: str) -> dict[str, str]:
    """Who is excluded from an item, and what the rule pack asks of each."""
    found = await met.call("GET", f"items/{item}/conflicts", expect=200)
    called = {person: short for short, person in met.ids.items()}
    return {called[one["person"]]: one["conflict"]["action"] for one in found["members"] if one["excluded"]}


async def test_neither_an_items_own_stage_nor_an_earlier_decision_lets_a_bidder_vote(met: MeetingBody) -> None:
    await met.harness.hear(a_procurement("0CX"))
    proposal = await met.harness.propose("10H", on=BEGUN, subject="TENDER")
    await declare(met, "gp", "0CX")
    await declare(met, "lay2", "LATE")
    meeting = await met.meeting("2017-03-30", notice="2017-03-01")
    item = await met.item(meeting, proposal=proposal, stage="design")
    assert await excluded(met, item) == {"gp": "no_papers"}
    await met.day("2017-03-30")
    await met.attend(meeting, chair="14:00", gp="14:00", lay="14:00", lay2="14:00")
    decided: dict[str, Any] = {"action": "note_only", "decided_by": met.ids["chair"]}
    decided |= {"person": met.ids["lay2"], "decided_at": "2017-03-30T14:05:00Z"}
    await met.call("POST", f"items/{item}/recusals", decided)
    assert await excluded(met, item) == {"gp": "no_papers"}
    await met.harness.hear(a_procurement("0CX", "LATE", on=MET))
    assert await excluded(met, item) == {"gp": "no_papers", "lay2": "no_papers"}
    reasoned = {"note": "Resigned from the board an hour ago"}
    await met.call("POST", f"items/{item}/recusals", decided | reasoned)
    assert await excluded(met, item) == {"gp": "no_papers"}


async def test_conflicts_at_a_private_item_are_shown_to_its_readers_and_to_whom_they_concern(met: MeetingBody) -> None:
    await met.harness.hear(a_procurement("0CX"))
    proposal = await met.harness.propose("10H", on=BEGUN, subject="TENDER")
    await declare(met, "gp", "0CX")
    await declare(met, "lay2", "0CX")
    for short in ("chair", "gp"):
        await met.call("PUT", f"people/{met.ids[short]}/account", {"subject": short}, expect=200)
    meeting = await met.meeting("2017-03-30", notice="2017-03-01")
    item = await met.item(meeting, proposal=proposal, private=True, private_reason="commercial")

    async def read(subject: str, *roles: Role, code: str = "10H") -> tuple[int, set[str], bool]:
        headers = met.tokens.header(*roles, subject=subject, organisations=(code,))
        answer = await met.client.get(f"/v1/items/{item}/conflicts", headers=headers)
        shown = answer.json()
        persons, withheld = {one["person"] for one in shown.get("members", ())}, shown.get("withheld", False)
        forecast = await met.client.get(f"/v1/meetings/{meeting}/forecast", headers=headers)
        [ahead] = forecast.json()["items"]
        assert (set(ahead["excluded"]), ahead["withheld"]) == (persons, withheld or answer.status_code == 404)
        return answer.status_code, persons, withheld

    both = {met.ids["gp"], met.ids["lay2"]}
    assert await read("a.lead", Role.GOVERNANCE_LEAD) == (200, both, False)
    assert await read("chair", Role.PARTNER, code="99X") == (200, both, False)
    assert await read("gp", Role.PARTNER) == (200, {met.ids["gp"]}, True)
    assert await read("gp", Role.GOVERNANCE_LEAD) == (200, {met.ids["gp"]}, True)
    for role, code in ((Role.PARTNER, "10H"), (Role.GOVERNANCE_LEAD, "10Y"), (Role.REGISTRAR, "*")):
        assert await read("a.stranger", role, code=code) == (404, set(), False)


async def test_the_papers_of_a_draft_are_its_proposers_alone(met: MeetingBody) -> None:
    await met.harness.hear(a_procurement("0CX"))
    await met.harness.body("10Y", "Chair")
    await met.harness.person("reader", organisation="10Y")
    await met.harness.appoint("10Y/chair", "reader", BEGUN)
    mine = met.tokens.header(Role.GOVERNANCE_LEAD, organisations=("10Y",))
    reader = f"/v1/people/{met.ids['reader']}/account"
    assert (await met.client.put(reader, json={"subject": "reader"}, headers=mine)).status_code == 200
    asked: dict[str, Any] = {"kind": "award", "action": "contract.award", "subject": "TENDER", "draft": True}
    asked |= {"organisation": "10H", "consents": [BODY, "10Y-governing-body"], "due_on": "2017-06-30"}
    proposal = (await met.call("POST", "proposals", asked))["proposal"]
    paper = {"title": "Evaluation", "sha256": "a" * 64, "document": "Paper 7"}
    await met.call("POST", f"proposals/{proposal}/papers", paper)
    member = met.tokens.header(Role.PARTNER, subject="reader", organisations=("10Y",))
    paths = (f"/v1/proposals/{proposal}/papers", f"/v1/proposals/{proposal}/papers/readers")

    async def read(headers: dict[str, str]) -> list[int]:
        return [(await met.client.get(path, headers=headers)).status_code for path in paths]

    assert [await read(mine), await read(member)] == [[403, 403], [403, 403]]
    own = met.tokens.header(Role.GOVERNANCE_LEAD, organisations=("10H",))
    assert await read(own) == [200, 200]
    await met.call("POST", f"proposals/{proposal}/opening", {})
    assert [await read(mine), await read(member)] == [[200, 200], [200, 403]]
