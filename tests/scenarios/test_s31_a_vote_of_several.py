"""S31, decided by votes: committees in common decide each for its own body, a joint committee once for all of them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s31_s42_joint_bodies import (
    ACTION,
    BLACK_COUNTRY,
    DAY,
    LEAD,
    LONDON,
    acted,
    an_instrument,
    made,
    opened,
    seat,
    told,
)
from tests.support.platform import Platform

MEETS = date(2015, 6, 1)
TERMS = {"quorum": [{"least": 1}], "majority": {"basis": "members"}}


async def committee(platform: Platform, code: str) -> tuple[str, str]:
    """A committee in common of an organisation, which may decide; its reference, and its one post."""
    day = {"first_day": DAY.isoformat()}
    await acted(platform, code, "POST", "/bodies", {"organisation": code, **day})
    asked: dict[str, Any] = {
        "organisation": code,
        "kind": "committee_in_common",
        "title": "In common",
        "posts": [seat(code)],
        **day,
    }
    del asked["posts"][0]["organisation"]
    body = await acted(platform, code, "POST", "/bodies", asked)
    await acted(platform, code, "PUT", f"/bodies/{body['body']}/terms-of-reference", {**TERMS, **day})
    await grant(platform, code, body["body"])
    return body["body"], body["posts"][0]["post"]


async def grant(platform: Platform, code: str, body: str) -> None:
    right = {"organisation": code, "body": body, "action": ACTION, "first_day": DAY.isoformat()}
    await acted(platform, code, "POST", "/decision-rights", {**right, "source_minute": "Governing body, item 6"})


async def appoint(platform: Platform, code: str, post: str, person: str) -> None:
    held = {"post": post, "person": person, "first_day": DAY.isoformat()}
    await acted(platform, code, "POST", "/appointments", held)


async def vote(
    platform: Platform, callers: Sequence[str], body: str, proposal: str, choices: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    """Let a body meet and vote on a proposal: by seat, who votes and how; return the result."""

    async def call(method: str, path: str, said: Any) -> Any:
        return await platform.call(method, "governance", path, LEAD, organisations=tuple(callers), json=said)

    day = MEETS.isoformat()
    planned = await call("POST", "/meetings", {"body": body, "held_on": day, "starts_at": f"{day}T10:00:00Z"})
    meeting = f"/meetings/{planned['meeting']}"
    await call("POST", f"{meeting}/notice", {"given_on": "2015-05-20", "document": "Letter to the members"})
    item = await call("POST", f"{meeting}/items", {"title": "Award of payroll", "proposal": proposal})
    there = [{"person": person, "intervals": [{"arrived": f"{day}T10:00:00Z"}]} for person, _ in choices.values()]
    await call("PUT", f"{meeting}/attendance", {"attendance": there})
    path = f"/items/{item['item']}"
    first = next(iter(choices.values()))[0]
    await call("POST", f"{path}/motion", {"put_at": f"{day}T10:05:00Z", "presides": first})
    ballots = [{"seat": seat, "by": person, "choice": choice} for seat, (person, choice) in choices.items()]
    await call("POST", f"{path}/votes", {"cast_at": f"{day}T10:06:00Z", "ballots": ballots})
    shown: dict[str, Any] = await call("POST", f"{path}/result", {"closed_at": f"{day}T10:07:00Z"})
    return shown


@pytest.mark.parametrize("codes", [LONDON, BLACK_COUNTRY])
async def test_who_is_bound_when_all_but_one_approve(platform: Platform, codes: tuple[str, ...]) -> None:
    await opened(platform, *codes)
    persons = {}
    for code in codes:
        named = {"organisation": code, "display_name": f"Lay member of {code}"}
        persons[code] = (await acted(platform, code, "POST", "/people", named))["person"]
    in_common = {code: await committee(platform, code) for code in codes}
    seats = [seat(code) for code in codes]
    terms = {"terms": {"quorum": [{"least": 2}], "majority": {"basis": "members"}}}
    asked = an_instrument("joint_committee", codes, seats, functions=["contract"])
    asked["constitution"] |= terms
    joint = (await made(platform, codes, asked))["body"]
    shown = await platform.call(
        "GET", "governance", f"/bodies/{joint}", Role.PARTNER, params={"as_at": DAY.isoformat()}
    )
    of_seat = {one["organisation"]: one["post"] for one in shown["posts"]}
    for code in codes:
        await appoint(platform, code, in_common[code][1], persons[code])
        await appoint(platform, code, of_seat[code], persons[code])
    tender: dict[str, Any] = {
        "reference": "TENDER",
        "buyers": list(codes),
        "functions": ["payroll"],
        "regime": "ppccr_2013",
    }
    tender |= {"run_by": codes[0], "value_pence": 50_000_00, "begun_on": DAY.isoformat()}
    await platform.call("POST", "contracts", "/procurements", Role.CONTRACT_LEAD, organisations=codes, json=tender)
    await platform.caught_up()
    await platform.move_clocks(MEETS)

    async def proposed(*bodies: str) -> str:
        award: dict[str, Any] = {
            "organisation": codes[0],
            "kind": "award",
            "action": ACTION,
            "subject": "TENDER",
            "consents": bodies,
        }
        award |= {"value_pence": 50_000_00, "annual_pence": 10_000_00, "due_on": "2015-07-01"}
        return str((await acted(platform, codes[0], "POST", "/proposals", award))["proposal"])

    apart = await proposed(*(body for body, _ in in_common.values()))
    for code, (body, post) in in_common.items():
        choice = "against" if code == codes[-1] else "for"
        await vote(platform, [code], body, apart, {post: (persons[code], choice)})
    decided = [one["data"] for one in await told(platform, "DecisionTaken")]
    assert [(one["organisation"], one["binds"], one["outcome"]) for one in decided] == [
        *((code, [code], "approved") for code in codes[:-1]),
        (codes[-1], [codes[-1]], "rejected"),
    ]

    together = await proposed(joint)
    choices = {of_seat[code]: (persons[code], "for") for code in codes[:-1]}
    choices[of_seat[codes[-1]]] = (persons[codes[-1]], "against")
    for code in codes:
        await grant(platform, code, joint)
    await vote(platform, codes, joint, together, choices)
    one = [one["data"] for one in await told(platform, "DecisionTaken")][-1]
    assert (one["organisation"], one["binds"], one["outcome"]) == ("", sorted(codes), "approved")
    listed = await platform.call("GET", "governance", "/decisions", Role.PARTNER, params={"body": joint})
    assert [(each["binds"], each["outcome"]) for each in listed["items"]] == [(sorted(codes), "approved")]
    for code in codes:
        asked = {"organisation": code}
        listed = await platform.call("GET", "governance", "/meetings", Role.PARTNER, params=asked)
        own = f"{in_common[code][0]}-{MEETS.isoformat()}"
        assert {each["meeting"] for each in listed["items"]} == {own, f"{joint}-{MEETS.isoformat()}"}
