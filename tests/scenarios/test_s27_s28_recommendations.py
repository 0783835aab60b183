"""S27, S28: a footprint recommends, bodies answer; who vetoes or keeps silent is found, and nothing else happens."""

from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_merger_command, an_organisation
from tests.support.platform import Platform

LEAD = Role.GOVERNANCE_LEAD
CCGS = ("06A", "05C", "05L", "05Y", "10H")
MADE, REPLY_BY = date(2017, 3, 1), date(2017, 6, 1)


async def call(platform: Platform, code: str, method: str, path: str, **request: Any) -> Any:
    return await platform.call(method, "governance", path, LEAD, organisations=(code,), **request)


async def prepared(platform: Platform) -> None:
    await platform.move_clocks(MADE)
    bodies = [*(a_ccg(code) for code in (*CCGS, "10Y")), an_organisation("QHM", "stp", name="Black Country STP")]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    await platform.caught_up()
    for code in CCGS:
        body = {"organisation": code, "first_day": MADE.isoformat()}
        await call(platform, code, "POST", "/bodies", json=body)


def a_recommendation(**others: Any) -> dict[str, Any]:
    return {
        "footprint": "QHM",
        "action": "merger.apply",
        "subject": "BLACK-COUNTRY",
        "bodies": [f"{code}-governing-body" for code in CCGS],
        "made_on": MADE.isoformat(),
        "reply_by": REPLY_BY.isoformat(),
        "votes_for": 10,
        "votes_against": 1,
    } | others


def a_reply(code: str, answer: str, on: date = MADE) -> dict[str, Any]:
    reason = {"reason": "members-against"} if answer == "rejected" else {}
    return {"body": f"{code}-governing-body", "answer": answer, "replied_on": on.isoformat(), **reason}


async def made(platform: Platform, answers: str, **others: Any) -> str:
    """A recommendation with the answers of the CCGs in order: a accepts, r rejects, s is silent; its id."""
    found = await call(platform, "QHM", "POST", "/recommendations", json=a_recommendation(**others))
    path = f"/recommendations/{found['recommendation']}/replies"
    for code, answer in zip(CCGS, answers, strict=False):
        if answer != "s":
            said = a_reply(code, {"a": "accepted", "r": "rejected"}[answer])
            await call(platform, code, "POST", path, json=said)
    return str(found["recommendation"])


async def obstructions(platform: Platform, recommendation: str) -> list[tuple[str, str, str]]:
    asked = {"about": recommendation}
    listed = await call(platform, "QHM", "GET", "/obstructions", params=asked)
    return sorted((one["kind"], one["organisation"], one["share"]) for one in listed["items"])


async def test_s27_a_footprint_recommends_and_cannot_apply(platform: Platform) -> None:
    await prepared(platform)
    application = {
        "successor": "D2P2L",
        "successor_name": "NHS Black Country CCG",
        "applicants": ["QHM", "06A"],
        "filed_by": "QHM",
        "constitution": "https://example.org/constitution",
        "accountable_officer": "P-1",
    }
    refused = await platform.call(
        "POST", "registry", "/merger-applications", LEAD, organisations=("QHM", "06A"), json=application, expect=409
    )
    assert "QHM" in refused["detail"]
    as_before = await platform.call("GET", "registry", "/merger-applications", LEAD)
    listed = await call(platform, "QHM", "GET", "/recommendations")
    assert (as_before["items"], listed["items"]) == ([], []), "a refusal has no side effect"

    recommendation = await made(platform, "")
    shown = await call(platform, "06A", "GET", f"/recommendations/{recommendation}")
    assert (shown["state"], shown["votes_for"], shown["required"], shown["escalation"]) == ("made", 10, 5, None)
    await call(platform, "10Y", "GET", f"/recommendations/{recommendation}", expect=404)
    by_a_ccg = a_recommendation(footprint="06A")
    assert (await call(platform, "06A", "POST", "/recommendations", json=by_a_ccg, expect=409))["type"].endswith(
        "/not-a-footprint"
    )
    replies = f"/recommendations/{recommendation}/replies"
    await call(platform, "05C", "POST", replies, json=a_reply("06A", "accepted"), expect=403)
    [task] = (await call(platform, "06A", "GET", "/tasks", params={"kind": "reply"}))["items"]
    assert (task["about"], task["due_on"], task["path"]) == (recommendation, REPLY_BY.isoformat(), replies)
    await call(platform, "06A", "POST", replies, json=a_reply("06A", "accepted"))
    assert (await call(platform, "06A", "GET", "/tasks", params={"kind": "reply"}))["items"] == []
    again = await call(platform, "06A", "POST", replies, json=a_reply("06A", "rejected"), expect=409)
    assert again["type"].endswith("/already-answered")
    stranger = await call(platform, "06A", "POST", replies, json=a_reply("10Y", "accepted"), expect=409)
    assert stranger["type"].endswith("/not-addressed")
    await platform.caught_up()
    after = await platform.call("GET", "registry", "/merger-applications", LEAD)
    assert after["items"] == [], "a recommendation is no application"


@pytest.mark.parametrize(
    ("answers", "state", "found"),
    [
        ("aaaar", "obstructed", [("veto", "10H", "4/5")]),
        ("aaars", "obstructed", [("inertia", "10H", ""), ("veto", "05Y", "3/5")]),
    ],
)
async def test_s28_a_veto_is_found_and_escalation_drafted(
    platform: Platform, answers: str, state: str, found: list[tuple[str, str, str]]
) -> None:
    await prepared(platform)
    recommendation = await made(platform, answers)
    weak = await made(platform, "aarss", subject="WEAK")
    even = await made(platform, "ar", subject="EVEN", bodies=[f"{code}-governing-body" for code in CCGS[:2]])
    day_after = REPLY_BY + timedelta(days=1)
    await platform.move_clocks(day_after)
    assert await obstructions(platform, recommendation) == found
    assert await obstructions(platform, weak) == [("inertia", "05Y", ""), ("inertia", "10H", "")]
    assert await obstructions(platform, even) == [("veto", "05C", "1/2")]
    shown = await call(platform, "QHM", "GET", f"/recommendations/{recommendation}")
    assert shown["state"] == state
    assert [one["reason"] for one in shown["bodies"] if one["answer"] == "rejected"] == ["members-against"]
    assert [ground["law"] for ground in shown["escalation"]["grounds"]] == [
        "NHS Act 2006 s.14F",
        "NHS Act 2006 s.14Z17 to s.14Z21",
        "NHS Act 2006 s.14G",
    ]
    radar = (await call(platform, "QHM", "GET", "/radar", params={"as_at": "2017-09-01"}))["items"]
    inert = [(one["organisation"], one["months"], one["running"]) for one in radar if one["about"] == weak]
    assert inert == [("05Y", 3, True), ("10H", 3, True)]

    # A late answer ends the inertia, once; 10H is abolished before, and its successor answers for it.
    merged = date(2018, 4, 1)
    merger = a_merger_command("14Y", "10H", "10Y", on=merged)
    await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=merger)
    await platform.move_clocks(merged)
    assert await obstructions(platform, weak) == [("inertia", "05Y", "")]
    replies = f"/recommendations/{weak}/replies"
    await call(platform, "10H", "POST", replies, json=a_reply("10H", "accepted", merged), expect=403)
    await call(platform, "14Y", "POST", replies, json=a_reply("10H", "accepted", merged))
    await call(platform, "14Y", "POST", replies, json=a_reply("10H", "accepted", merged), expect=409)
    await platform.move_clocks(merged + timedelta(days=1))
    assert await obstructions(platform, weak) == [("inertia", "05Y", ""), ("veto", "05L", "3/5")]
    feed = await platform.call("GET", "governance", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    told = [item["event"] for item in feed["items"] if item["event"]["data"].get("proposal") == weak]
    about_10h = [one["type"].split(".")[-2] for one in told if one["data"]["organisation"] == "10H"]
    assert about_10h == ["ObstructionFound", "ObstructionEnded"], "each once"
