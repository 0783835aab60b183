"""S42: a host is in conflict on the price of the unit that it hosts: its votes count neither for nor in the total."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s31_a_vote_of_several import appoint, grant
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
    read,
    seat,
)
from tests.support.platform import Platform

UNIT, HOLDING, RIVAL = "0CX", "HOLDING", "0DE"
MEETS = date(2015, 6, 1)


async def hosted(platform: Platform, *ties: tuple[str, str, str]) -> None:
    """The registry has the unit and who hosts it, through another company or not."""
    companies = [
        {"code": code, "name": code, "kind": "supplier", "effective_on": "2013-04-01"}
        for code in (UNIT, HOLDING, RIVAL)
    ]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": companies})
    for holder, relation, other in ties:
        tie = {"relation": relation, "other": other, "effective_on": DAY.isoformat()}
        await platform.call("POST", "registry", f"/organisations/{holder}/relations", Role.REGISTRAR, json=tie)


async def joint_committee(
    platform: Platform, codes: Sequence[str], seats: Sequence[dict[str, Any]]
) -> tuple[str, dict[str, tuple[str, str]]]:
    """A joint committee that may award, with a person in each seat; its reference, and code and person by seat."""
    asked = an_instrument("joint_committee", tuple(codes), list(seats), functions=["contract"])
    body = (await made(platform, tuple(codes), asked))["body"]
    sitting: dict[str, tuple[str, str]] = {}
    for post in (await read(platform, f"/bodies/{body}", as_at=DAY.isoformat()))["posts"]:
        code = post["organisation"]
        named = {"organisation": code, "display_name": f"Member of {code}"}
        person = (await acted(platform, code, "POST", "/people", named))["person"]
        await appoint(platform, code, post["post"], person)
        sitting[post["post"]] = code, person
    for code in codes:
        await grant(platform, code, body)
    return body, sitting


async def tendered(platform: Platform, reference: str, codes: Sequence[str], bidder: str, stage: str) -> None:
    """A procurement of all of them, for which a unit bids."""
    bought: dict[str, Any] = {"reference": reference, "buyers": list(codes), "functions": ["payroll"]}
    bought["run_by"] = codes[-1]
    bought |= {"regime": "ppccr_2013", "value_pence": 50_000_00, "begun_on": DAY.isoformat()}
    begun: list[tuple[str, dict[str, Any]]] = [
        ("", bought),
        (f"/{reference}/bidders", {"bidder": bidder, "bids_from": DAY.isoformat()}),
    ]
    if stage != "design":
        begun.append((f"/{reference}/stages", {"stage": stage}))
    for path, body in begun:
        by: dict[str, Any] = {"organisations": tuple(codes), "json": body}
        await platform.call("POST", "contracts", f"/procurements{path}", Role.CONTRACT_LEAD, **by)


async def on_the_agenda(
    platform: Platform, codes: Sequence[str], body: str, persons: Sequence[str], *tenders: str
) -> list[str]:
    """The prices are proposed to the body and on the agenda of its meeting, to which all come; the items' paths."""
    day = MEETS.isoformat()
    planned = {"body": body, "held_on": day, "starts_at": f"{day}T10:00:00Z"}
    meeting = f"/meetings/{(await called(platform, codes, 'POST', '/meetings', planned))['meeting']}"
    await called(platform, codes, "POST", f"{meeting}/notice", {"given_on": "2015-05-20", "document": "Letter"})
    there = [{"person": person, "intervals": [{"arrived": f"{day}T10:00:00Z"}]} for person in persons]
    await called(platform, codes, "PUT", f"{meeting}/attendance", {"attendance": there})
    items = []
    for tender in tenders:
        award: dict[str, Any] = {"organisation": codes[0], "kind": "award", "action": ACTION, "subject": tender}
        award |= {"consents": [body], "value_pence": 50_000_00, "annual_pence": 10_000_00, "due_on": "2015-08-01"}
        proposal = (await acted(platform, codes[0], "POST", "/proposals", award))["proposal"]
        item = await called(platform, codes, "POST", f"{meeting}/items", {"title": "Price", "proposal": proposal})
        items.append(f"/items/{item['item']}")
    return items


async def called(platform: Platform, codes: Sequence[str], method: str, path: str, said: Any, **more: Any) -> Any:
    """Call governance as who acts for all of them."""
    return await platform.call(method, "governance", path, LEAD, organisations=tuple(codes), json=said, **more)


async def voted(
    platform: Platform,
    codes: Sequence[str],
    item: str,
    sitting: Mapping[str, tuple[str, str]],
    votes: Mapping[str, str],
) -> dict[str, Any]:
    """The members vote as their organisations do; the result."""
    day = MEETS.isoformat()
    presides = next(person for code, person in sitting.values() if code in votes)
    await called(platform, codes, "POST", f"{item}/motion", {"put_at": f"{day}T10:05:00Z", "presides": presides})
    cast = [
        {"seat": post, "by": person, "choice": votes[code]} for post, (code, person) in sitting.items() if code in votes
    ]
    await called(platform, codes, "POST", f"{item}/votes", {"cast_at": f"{day}T10:06:00Z", "ballots": cast})
    closed = await called(platform, codes, "POST", f"{item}/result", {"closed_at": f"{day}T10:07:00Z"})
    result: dict[str, Any] = closed["result"]
    return result


@pytest.mark.parametrize(
    ("parties", "seats", "ties", "stage", "action", "votes", "of"),
    [
        (
            LONDON[:4],
            [seat(LONDON[0]), seat(LONDON[0], "Second"), *(seat(code) for code in LONDON[1:4])],
            [(LONDON[0], "hosts", UNIT)],
            *("design", "stay_not_vote"),
            dict(zip(LONDON[1:4], ("for", "for", "against"), strict=True)),
            (3, 5),
        ),
        (
            (*BLACK_COUNTRY, "06A"),
            [seat("05C", weight=3), seat("05L", weight=2), seat("05Y"), seat("06A")],
            [("05C", "owns", HOLDING), (HOLDING, "hosts", UNIT)],
            *("bids_received", "leave_room"),
            {"05L": "for", "05Y": "for", "06A": "against"},
            (4, 7),
        ),
    ],
    ids=["two of five, hosts it", "three of seven by weight, owns who hosts it"],
)
async def test_s42_a_host_does_not_vote_on_its_own_price(
    platform: Platform,
    parties: tuple[str, ...],
    seats: list[dict[str, Any]],
    ties: list[tuple[str, str, str]],
    stage: str,
    action: str,
    votes: dict[str, str],
    of: tuple[int, int],
) -> None:
    host = parties[0]
    await opened(platform, *parties)
    await hosted(platform, *ties)
    await platform.caught_up()
    body, sitting = await joint_committee(platform, parties, seats)
    await tendered(platform, "OWN-PRICE", parties, UNIT, stage)
    await tendered(platform, "ANOTHERS", parties, RIVAL, stage)
    await platform.caught_up()
    await platform.move_clocks(MEETS)
    persons = [person for _, person in sitting.values()]
    own, other = await on_the_agenda(platform, parties, body, persons, "OWN-PRICE", "ANOTHERS")

    found = await read(platform, f"{own}/conflicts")
    of_host = {person for code, person in sitting.values() if code == host}
    assert {one["person"] for one in found["members"] if one["excluded"]} == of_host
    conflicts = [one["conflict"] for one in found["members"]]
    steps = [(one["holder"], one["relation"], one["other"]) for one in conflicts[0]["path"]][1:]
    assert (steps, {one["action"] for one in conflicts}) == (ties, {action})
    assert (await read(platform, f"{other}/conflicts"))["members"] == []

    assert of[0] == sum(one.get("weight", 1) for one in seats if one["organisation"] != host)
    result = await voted(platform, parties, own, sitting, votes)
    assert (result["outcome"], result["of"]) == ("carried", of[0])
    post, person = next((post, person) for post, (code, person) in sitting.items() if code == host)
    late = {"cast_at": "2015-06-01T10:06:00Z", "ballots": [{"seat": post, "by": person, "choice": "against"}]}
    problem = await called(platform, parties, "POST", f"{own}/votes", late, expect=409)
    assert any("is excluded from the item" in reason["message"] for reason in problem["reasons"])
    result = await voted(platform, parties, other, sitting, votes | {host: "against"})
    assert (result["outcome"], result["of"]) == ("failed", of[1])
