"""S30, decided by votes: what bodies decide together needs the vote of each, also where one officer sits in all."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s31_s42_joint_bodies import BLACK_COUNTRY, DAY, LEAD, LONDON, acted, opened, told
from tests.support.platform import Platform

MEETS = date(2015, 6, 1)
ACTION = "contract.award"
TERMS: dict[str, Any] = {"quorum": [{"least": 1}], "presides": ["chief-officer"]}


async def a_body(platform: Platform, code: str, officer: str, lay: str, *, officer_votes: bool) -> None:
    """A governing body with two seats of the officer and one of a lay member, which may decide."""
    day = {"first_day": DAY.isoformat()}
    seats: list[dict[str, Any]] = [
        {"title": "Chief officer", "votes": officer_votes},
        {"title": "Lead for strategy", "votes": officer_votes},
        {"title": "Lay member"},
    ]
    posts = [{"described_in": "Constitution, 6"} | seat for seat in seats]
    await acted(platform, code, "POST", "/bodies", {"organisation": code, "posts": posts, **day})
    for post, person in (("chief-officer", officer), ("lead-for-strategy", officer), ("lay-member", lay)):
        await acted(platform, code, "POST", "/appointments", {"post": f"{code}/{post}", "person": person, **day})
    await acted(platform, code, "PUT", f"/bodies/{code}-governing-body/terms-of-reference", {**TERMS, **day})
    right = {"organisation": code, "action": ACTION, "source_minute": "Governing body, item 6", **day}
    await acted(platform, code, "POST", "/decision-rights", right)


async def voted(
    platform: Platform, code: str, proposal: str, there: Sequence[str], *votes: tuple[str, str, str]
) -> tuple[dict[str, Any], list[str]]:
    """Let a body meet and cast votes one by one, each of a seat, by a person; its result, and why some were refused."""

    async def call(path: str, said: Any, method: str = "POST", **request: Any) -> Any:
        return await acted(platform, code, method, path, said, **request)

    day = MEETS.isoformat()
    plan = {"body": f"{code}-governing-body", "held_on": day, "starts_at": f"{day}T10:00:00Z"}
    meeting = f"/meetings/{(await call('/meetings', plan))['meeting']}"
    await call(f"{meeting}/notice", {"given_on": "2015-05-20", "document": "Letter to the members"})
    item = await call(f"{meeting}/items", {"title": "Award of payroll", "proposal": proposal})
    persons = [{"person": one, "intervals": [{"arrived": f"{day}T10:00:00Z"}]} for one in there]
    await call(f"{meeting}/attendance", {"attendance": persons}, "PUT")
    path = f"/items/{item['item']}"
    await call(f"{path}/motion", {"put_at": f"{day}T10:05:00Z"})
    refused = []
    for seat, person, choice in votes:
        ballot = {"seat": f"{code}/{seat}", "by": person, "choice": choice}
        cast = {"cast_at": f"{day}T10:06:00Z", "ballots": [ballot]}
        said: dict[str, Any] = {"organisations": (code,), "json": cast, "expect": (201, 409)}
        answer = await platform.call("POST", "governance", f"{path}/votes", LEAD, **said)
        refused += [answer["type"].rpartition("/")[2]] if "type" in answer else []
    shown: dict[str, Any] = await call(f"{path}/result", {"closed_at": f"{day}T10:07:00Z"})
    return shown["result"], refused


@pytest.mark.parametrize("codes", [LONDON, BLACK_COUNTRY])
async def test_s30_a_joint_decision_needs_the_vote_of_each_body(platform: Platform, codes: tuple[str, ...]) -> None:
    await opened(platform, *codes)
    officer, lay = [
        (await acted(platform, codes[0], "POST", "/people", {"organisation": codes[0], "display_name": name}))["person"]
        for name in ("A chief officer", "A lay member")
    ]
    *voting, last = codes
    for code in codes:
        await a_body(platform, code, officer, lay, officer_votes=code != last)
    await platform.move_clocks(MEETS)
    asked: dict[str, Any] = {"organisation": codes[0], "kind": "award", "action": ACTION, "subject": codes[0]}
    asked |= {"consents": [f"{code}-governing-body" for code in codes], "due_on": "2015-07-01"}
    proposal = (await acted(platform, codes[0], "POST", "/proposals", asked))["proposal"]

    async def state() -> str:
        return str((await acted(platform, codes[0], "GET", f"/proposals/{proposal}", {}))["state"])

    for code in voting:
        twice = [("chief-officer", officer, "for"), ("lead-for-strategy", officer, "for")]
        result, refused = await voted(platform, code, proposal, [officer], *twice)
        assert refused == ["voted-twice"], "of two seats the officer has one vote"
        assert (result["outcome"], result["votes_for"], result["of"]) == ("carried", 1, 1)
        assert await state() != "decided", "sharing an officer shares no vote"
    by_both = [("chief-officer", officer, "for"), ("lay-member", lay, "for")]
    result, refused = await voted(platform, last, proposal, [officer, lay], *by_both)
    assert (refused, result["votes_for"]) == (["not-present"], 1), "no voting member there"
    assert await state() == "decided"
    taken = [event["data"] for event in await told(platform, "DecisionTaken")]
    assert [(one["organisation"], one["binds"], one["outcome"]) for one in taken] == [
        (code, [code], "approved") for code in codes
    ]

    for code in codes:
        own = {"organisation": code, "person": officer, "as_at": MEETS.isoformat()}
        listed = await platform.call("GET", "governance", "/appointments", Role.PARTNER, params=own)
        assert {one["organisation"] for one in listed["items"]} == {code}, "accountable in each body by its own"
