"""A consolidation plan is asked of two bodies; their votes, which `can` permits, are what contracts goes by."""

from datetime import date
from typing import Any

from libs.common.events.governance import DecisionTaken
from libs.common.identity import Role
from tests.scenarios.test_s05_a_plan_waits_or_pays import a_plan, act, contracts, open_ccgs, signed
from tests.support.platform import Platform

LEAD = Role.GOVERNANCE_LEAD
DUDLEY, SANDWELL, MET = "05C", "05L", "2017-06-15"


async def governance(platform: Platform, code: str, method: str, path: str, **request: Any) -> Any:
    """One CCG's governance lead calls governance."""
    return await platform.call(method, "governance", path, LEAD, organisations=(code,), **request)


async def a_body(platform: Platform, code: str) -> str:
    """A governing body with a chair and the right to commit to consolidations; the chair's person."""
    named = {"organisation": code, "display_name": "A chair"}
    person: str = (await governance(platform, code, "POST", "/people", json=named))["person"]
    body: dict[str, Any] = {"organisation": code, "first_day": "2017-02-01", "posts": [{"title": "Chair"}]}
    await governance(platform, code, "POST", "/bodies", json=body)
    chair = {"post": f"{code}/chair", "person": person, "first_day": "2017-02-01"}
    await governance(platform, code, "POST", "/appointments", json=chair)
    terms = {"first_day": "2017-02-01", "quorum": [{"seats": [{"roles": ["chair"]}]}], "notice_days": 3}
    await governance(platform, code, "PUT", f"/bodies/{code}-governing-body/terms-of-reference", json=terms)
    right: dict[str, Any] = {
        "organisation": code,
        "action": "consolidation.commit",
        "recurrent": True,
        "first_day": "2017-02-01",
    }
    right |= {"value_limit_pence": 200_000_000, "limit_basis": "whole_life", "source_minute": "1 February 2017, item 6"}
    await governance(platform, code, "POST", "/decision-rights", json=right)
    return person


async def put_on_the_agenda(platform: Platform, code: str, proposal: str) -> tuple[str, str]:
    """A meeting is called, with the proposal on its agenda; its reference and the item."""
    plan = {"body": f"{code}-governing-body", "held_on": MET, "starts_at": f"{MET}T09:00:00Z"}
    meeting = (await governance(platform, code, "POST", "/meetings", json=plan))["meeting"]
    added = {"title": "Shared payroll", "proposal": proposal}
    item = (await governance(platform, code, "POST", f"/meetings/{meeting}/items", json=added))["item"]
    notice = {"given_on": "2017-06-01", "document": "Notice"}
    await governance(platform, code, "POST", f"/meetings/{meeting}/notice", json=notice)
    return meeting, item


async def voted(platform: Platform, code: str, person: str, meeting: str, item: str) -> str:
    """The chair, who is quorate alone, votes for it; the decision's id."""
    there = {"attendance": [{"person": person, "intervals": [{"arrived": f"{MET}T09:00:00Z"}]}]}
    await governance(platform, code, "PUT", f"/meetings/{meeting}/attendance", json=there)
    await governance(platform, code, "POST", f"/items/{item}/motion", json={"put_at": f"{MET}T09:10:00Z"})
    ballot = {"seat": f"{code}/chair", "by": person, "choice": "for"}
    cast = {"cast_at": f"{MET}T09:20:00Z", "ballots": [ballot]}
    await governance(platform, code, "POST", f"/items/{item}/votes", json=cast)
    closing = {"closed_at": f"{MET}T09:30:00Z"}
    closed = await governance(platform, code, "POST", f"/items/{item}/result", json=closing)
    return str(closed["result"]["decision"])


async def test_a_plan_is_approved_by_the_votes_of_its_members_bodies(platform: Platform) -> None:
    await open_ccgs(platform, DUDLEY, SANDWELL)
    await platform.move_clocks(date(2017, 2, 1))
    for code in (DUDLEY, SANDWELL):
        await signed(platform, f"PAYROLL-{code}", code, notice_months=6)
    chairs = {code: await a_body(platform, code) for code in (DUDLEY, SANDWELL)}
    await platform.move_clocks(date(2017, 6, 1))
    plan = a_plan("PLAN-BC", [DUDLEY, SANDWELL], f"PAYROLL-{DUDLEY}", "2018-04-01")
    await contracts(platform, DUDLEY, "POST", "/consolidations", json=plan)
    brought = {"minute": "05L/1", "contracts": [f"PAYROLL-{SANDWELL}"]}
    await act(platform, SANDWELL, "PLAN-BC", f"members/{SANDWELL}/acceptance", 1, **brought)
    await act(platform, DUDLEY, "PLAN-BC", "feasibility", 2, choices=[])
    await act(platform, DUDLEY, "PLAN-BC", "submission", 3)
    await platform.caught_up()

    asked: dict[str, Any] = {
        "organisation": DUDLEY,
        "kind": "consolidation",
        "action": "consolidation.commit",
        "subject": "PLAN-BC",
    }
    asked |= {"value_pence": 120_000_000, "annual_pence": 24_000_000, "recurrent": True, "due_on": "2017-06-30"}
    proposal = (await governance(platform, DUDLEY, "POST", "/proposals", json=asked))["proposal"]
    agenda = {code: await put_on_the_agenda(platform, code, proposal) for code in chairs}
    seen = await governance(platform, SANDWELL, "GET", f"/proposals/{proposal}")
    assert (seen["about"]["organisations"], seen["revision"]) == ([DUDLEY, SANDWELL], 3)
    assert [one["overdue"] for one in seen["consents"]] == [False, False]

    await platform.move_clocks(date(2017, 6, 16))
    decisions = [await voted(platform, code, chairs[code], *agenda[code]) for code in chairs]
    seen = await governance(platform, DUDLEY, "GET", f"/proposals/{proposal}")
    assert (seen["state"], seen["outcome"], seen["in_effect"]) == ("decided", "approved", True)
    assert [one["decision"] for one in seen["consents"]] == decisions
    await platform.caught_up()
    shown = await contracts(platform, SANDWELL, "GET", "/consolidations/PLAN-BC")
    assert shown["state"] == "approved"

    listed = await governance(platform, DUDLEY, "GET", f"/decisions?proposal={proposal}")
    first = next(one for one in listed["items"] if one["decision"] == decisions[0])
    permit = await governance(platform, DUDLEY, "GET", f"/permits/{first['permit']}")
    assert (permit["act"], permit["same"]) == (decisions[0], True)
    params: dict[str, Any] = {"after": 0, "limit": 500}
    feed = await platform.call("GET", "governance", "/events", Role.PARTNER, params=params)
    [told, _] = [item["event"]["data"] for item in feed["items"] if ".DecisionTaken." in item["event"]["type"]]
    event = DecisionTaken.model_validate(told)
    fields = {name: value for name, value in event.model_dump(mode="json").items() if name in first}
    assert fields == {name: first[name] for name in fields}, "the event tells what is read"
    assert set(told) == set(DecisionTaken.model_fields)
