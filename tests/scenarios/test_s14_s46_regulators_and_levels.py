"""S14 and S46: sharing with regulators, and three levels of co-commissioning."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, an_organisation
from tests.support.platform import Platform

LEAD = Role.GOVERNANCE_LEAD
SAFEGUARDS = ["lay-and-executive-majority", "lay-chair", "public-meetings", "register-published"]
MERGER = "primary.practice-merger"


async def done(platform: Platform, method: str, path: str, body: dict[str, Any], **more: Any) -> Any:
    return await platform.call(method, "governance", path, LEAD, json=body, **more)


async def opened(platform: Platform, ccgs: tuple[str, ...], on: date) -> None:
    await platform.move_clocks(on)
    england = an_organisation("X24", "nhs_england", on="2012-10-01", name="NHS England")
    cqc = an_organisation("RCQ", "cqc", on="2009-04-01", name="Care Quality Commission")
    organisations = {"organisations": [england, cqc, *(a_ccg(code) for code in ccgs)]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=organisations)
    await platform.caught_up()


async def kinds(platform: Platform, *parties: str, on: str, function: str = "assurance.service") -> dict[str, Any]:
    asked = {"parties": list(parties), "as_at": on, "function": function}
    found = await platform.call("GET", "governance", "/instrument-kinds", Role.PARTNER, params=asked)
    return {one["kind"]: one for one in found["kinds"]}


@pytest.mark.parametrize(("ccgs", "day"), [(("07M", "07R"), "2016-11-21"), (("05C",), "2015-06-01")])
async def test_s14_assurance_is_shared_with_nhs_england_by_a_power_and_with_cqc_by_agreement(
    platform: Platform, ccgs: tuple[str, ...], day: str
) -> None:
    on = date.fromisoformat(day)
    await opened(platform, ccgs, on)
    allowed = (await kinds(platform, *ccgs, "X24", on=day))["joint_committee"]
    assert (allowed["allowed"], allowed["pack"]) == (True, "joint-committee-nhs-england-2014")
    assert allowed["without_vote"] == ["X24"]
    before = (await kinds(platform, *ccgs, "X24", on="2014-09-30"))["joint_committee"]
    assert (before["allowed"], before["why_not"]) == (False, "no power before 2014-10-01")
    for one in (day, "2014-09-30"):
        with_cqc = await kinds(platform, *ccgs, "RCQ", on=one)
        assert sorted(kind for kind, form in with_cqc.items() if form["allowed"]) == ["advisory", "service_agreement"]
        assert with_cqc["joint_committee"]["why_not"] == "no power: RCQ (cqc) is no party"
        assert with_cqc["advisory"]["without_vote"] == ["RCQ"]

    parties = [*ccgs, "X24"]
    seats = [{"title": "Member", "organisation": code, "described_in": "Agreement, 4"} for code in parties]
    joint: dict[str, Any] = {
        "kind": "joint_committee",
        "parties": parties,
        "functions": ["assurance"],
        "first_day": day,
        "constitution": {
            "title": "Assurance",
            "seats": seats,
            "terms": {"quorum": [{"seats": [{"roles": ["member"]}]}]},
        },
        "document": "Agreement",
    }
    refused = await done(platform, "POST", "/instruments", joint | {"first_day": "2014-09-30"}, expect=409)
    assert refused["type"].endswith("no-power")
    cqc = [*seats, {"title": "Inspector", "organisation": "RCQ", "described_in": "Agreement, 4"}]
    constitution = joint["constitution"] | {"seats": cqc}
    third = joint | {"parties": [*parties, "RCQ"], "constitution": constitution}
    assert (await done(platform, "POST", "/instruments", third, expect=409))["type"].endswith("no-power")
    made = await done(platform, "POST", "/instruments", joint)
    posts = (await platform.call("GET", "governance", f"/bodies/{made['body']}", LEAD, params={"as_at": day}))["posts"]
    assert {post["organisation"]: post["votes"] for post in posts} == dict.fromkeys(ccgs, True) | {"X24": False}
    advice = third | {"kind": "advisory", "functions": []}
    advisory = await done(platform, "POST", "/instruments", advice)
    asked = {"action": "assurance.service", "as_at": day}
    bound = await platform.call("GET", "governance", f"/bodies/{advisory['body']}/binding", LEAD, params=asked)
    assert (bound["binding"], bound["reasons"]) == ("none", ["advisory: it advises"])


@pytest.mark.parametrize("ccgs", [("07M", "07R", "07X"), ("05C", "05L", "05Y")])
async def test_s46_a_practice_merger_is_for_nhs_england_for_both_or_delegated(
    platform: Platform, ccgs: tuple[str, ...]
) -> None:
    await opened(platform, ccgs, date(2015, 6, 1))
    first = {"first_day": "2015-04-01", "document": "Application"}
    for level, code in enumerate(ccgs, start=1):
        path = f"/organisations/{code}/co-commissioning"
        if level > 1:
            bare = {**first, "level": level, "safeguards": SAFEGUARDS[1:]}
            refused = await done(platform, "PUT", path, bare, expect=409)
            assert refused["type"].endswith("safeguards-missing")
            assert SAFEGUARDS[0] in refused["detail"]
        early = {**first, "level": level, "safeguards": SAFEGUARDS, "first_day": "2015-03-31"}
        assert (await done(platform, "PUT", path, early, expect=409))["type"].endswith("level-not-known")
        stated = {**first, "level": level, "safeguards": SAFEGUARDS if level > 1 else []}
        assert (await done(platform, "PUT", path, stated))["level"] == level
        unread = await done(platform, "PUT", path, stated, expect=428)
        assert unread["type"].endswith("precondition-missing")
        await done(platform, "PUT", path, stated, headers={"If-Match": '"7"'}, expect=412)
        await done(platform, "POST", "/bodies", {"organisation": code, **first})
        committee_of = {"organisation": code, "kind": "committee", "title": "Primary care committee", **first}
        await done(platform, "POST", "/bodies", committee_of)
    right = {"action": "primary", "first_day": "2015-04-01", "source_minute": "Governing body, item 6"}
    influencing, jointly, delegated = ccgs

    async def may(code: str, body: str, on: str = "2015-06-01") -> dict[str, Any]:
        question = {"organisation": code, "body": body, "action": MERGER}
        asked = {"as_at": on}
        answer: dict[str, Any] = await done(platform, "POST", "/questions/can", question, params=asked)
        return answer

    for code in (influencing, jointly):
        own = right | {"organisation": code, "body": f"{code}-primary-care-committee"}
        assert (await done(platform, "POST", "/decision-rights", own, expect=409))["type"].endswith("no-power")
        answer = await may(code, f"{code}-primary-care-committee")
        assert answer["may"] is False
    assert "may only influence" in " ".join((await may(influencing, f"{influencing}-governing-body"))["notes"])
    assert "a joint committee with NHS England decides" in " ".join(
        (await may(jointly, f"{jointly}-governing-body"))["notes"]
    )

    committee: dict[str, Any] = {
        "kind": "joint_committee",
        "members": [jointly, "X24"],
        "title": "Joint primary care",
        **first,
    }
    joint: str = (await done(platform, "POST", "/bodies", committee))["body"]
    await done(platform, "POST", "/decision-rights", right | {"organisation": jointly, "body": joint})
    answer = await may(jointly, joint)
    assert (answer["may"], answer["chain"]["power"]["id"]) == (True, "co-commissioning-joint-2015")

    care = f"{delegated}-primary-care-committee"
    await done(platform, "POST", "/decision-rights", right | {"organisation": delegated, "body": care})
    answer = await may(delegated, care)
    assert (answer["may"], answer["chain"]["power"]["id"]) == (True, "co-commissioning-2015")
    assert answer["chain"]["power"]["note"] == "Liability stays with NHS England."
    for code, deciding in ((influencing, f"{influencing}-governing-body"), (jointly, joint), (delegated, care)):
        answer = await may(code, deciding, "2015-03-31")
        assert answer["may"] is False
        assert "power" in {one["missing"] for one in answer["missing"]}

    path = f"/organisations/{delegated}/co-commissioning"
    listed = {**first, "level": 3, "safeguards": SAFEGUARDS, "first_day": "2015-05-01"}
    reserved = {**listed, "functions": ["primary.performers-list", "primary.contracts"]}
    refused = await done(platform, "PUT", path, reserved, headers={"If-Match": '"1"'}, expect=409)
    assert refused["detail"] == "primary.performers-list is not delegated by co-commissioning-levels-2015"
    fewer = {**listed, "functions": ["primary.contracts"]}
    assert (await done(platform, "PUT", path, fewer, headers={"If-Match": '"1"'}))["version"] == 2
    assert (await may(delegated, care, "2015-04-30"))["may"] is True
    answer = await may(delegated, care)
    assert (answer["may"], [one["missing"] for one in answer["missing"]]) == (False, ["power"])
    assert f"{MERGER} is no function of its level" in " ".join(answer["notes"])
