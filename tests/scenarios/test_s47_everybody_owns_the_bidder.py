"""S47: everybody owns the bidder; who is conflicted follows from events, and the item goes to a lay committee."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_practice
from tests.support.platform import Platform

CCG, COMPANY, OPENED, MET = "05T", "SWHEALTH", "2016-02-01", "2016-05-26"
BOARD = f"{CCG}-governing-body"
PRINCIPLES = ["transparency", "proportionality", "non-discrimination", "equality-of-treatment"]


async def lead(platform: Platform, path: str, *, method: str = "POST", **body: Any) -> Any:
    """The governance lead of the CCG calls governance."""
    return await platform.call(method, "governance", path, Role.GOVERNANCE_LEAD, organisations=(CCG,), json=body)


async def read(platform: Platform, path: str, **asked: str) -> Any:
    """What anybody who is signed in reads of governance."""
    return await platform.call("GET", "governance", path, Role.PARTNER, organisations=("9ZZ",), params=asked)


async def owned(platform: Platform, shares: dict[str, str]) -> None:
    """The registry has the practices, the company, and what each of them owns of it."""
    await platform.move_clocks(date.fromisoformat(OPENED))
    practices = [a_practice(code, effective_on="2013-04-01", parent=CCG) for code in shares]
    bodies = [a_ccg(CCG), {**a_ccg(COMPANY), "kind": "supplier"}, *practices]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    for code, share in shares.items():
        tie = {"relation": "owns", "other": COMPANY, "share": share, "effective_on": OPENED}
        await platform.call("POST", "registry", f"/organisations/{code}/relations", Role.REGISTRAR, json=tie)
    await platform.caught_up()


async def seated(platform: Platform, body: str, title: str, role: str, number: int = 1) -> str:
    """A new person who holds a new post of a body; the person."""
    person: str = (await lead(platform, "/people", organisation=CCG, display_name=f"{title} {number}"))["person"]
    post: dict[str, Any] = {"title": title, "roles": [role], "first_day": OPENED, "described_in": "Constitution, 6"}
    made = await lead(platform, "/posts", organisation=CCG, body=body, **post)
    await lead(platform, "/appointments", post=made["post"], person=person, first_day=OPENED)
    return person


async def bodies(platform: Platform, practices: list[str]) -> tuple[dict[str, str], dict[str, str], str]:
    """A board with a partner of each practice, a committee of lay members and executives; persons, and its reference.

    Each partner declares the practice, and nobody declares the company.
    """
    await lead(platform, "/bodies", organisation=CCG, first_day=OPENED)
    committee = {"organisation": CCG, "kind": "committee", "title": "Awards", "first_day": OPENED}
    awards: str = (await lead(platform, "/bodies", **committee))["body"]
    doctors = {}
    for number, practice in enumerate(practices, start=1):
        doctors[practice] = await seated(platform, BOARD, "GP member", "gp", number)
        declared = {"type": "financial", "relation": "partner_in", "other": practice, "nature": "partner"}
        days = {"aware_on": OPENED, "first_day": "2010-01-01"}
        await lead(platform, "/interests", organisation=CCG, person=doctors[practice], **declared, **days)
    others = {"lay": await seated(platform, BOARD, "Lay member", "lay")}
    others |= {"chair": await seated(platform, awards, "Awards chair", "chair")}
    others |= {"officer": await seated(platform, awards, "Awards officer", "officer")}
    gps = {"seats": [{"roles": ["gp"]}, {"roles": ["lay"]}], "least": 2}
    few = {"seats": [{"roles": ["chair"]}, {"roles": ["officer"]}]}
    for body, clause in ((BOARD, gps), (awards, few)):
        terms: dict[str, Any] = {"first_day": OPENED, "quorum": [clause]}
        await lead(platform, f"/bodies/{body}/terms-of-reference", method="PUT", **terms)
        right: dict[str, Any] = {
            "organisation": CCG,
            "body": body,
            "action": "contract.award",
            "recurrent": True,
            "first_day": OPENED,
        }
        await lead(platform, "/decision-rights", **right, source_minute="Governing body, 1 February 2016, item 6")
    return doctors, others, awards


async def asked(platform: Platform, body: str, value: int) -> tuple[str, str]:
    """The award is proposed to a body, and is on the agenda of its meeting; the meeting and the item."""
    what: dict[str, Any] = {"kind": "award", "action": "contract.award", "subject": "TENDER", "due_on": "2016-09-30"}
    money: dict[str, Any] = {"value_pence": value, "annual_pence": value}
    proposal = (await lead(platform, "/proposals", organisation=CCG, consents=[body], **what, **money))["proposal"]
    plan: dict[str, Any] = {"body": body, "held_on": MET, "starts_at": f"{MET}T14:00:00Z"}
    meeting = (await lead(platform, "/meetings", **plan))["meeting"]
    added = await lead(platform, f"/meetings/{meeting}/items", title="Enhanced services", proposal=proposal)
    await lead(platform, f"/meetings/{meeting}/notice", given_on="2016-05-16", document="Notice")
    return meeting, added["item"]


async def decided(platform: Platform, meeting: str, item: str, persons: list[str], choice: str) -> str:
    """These members come and vote alike; the decision's id."""
    there = [{"person": one, "intervals": [{"arrived": f"{MET}T14:00:00Z"}]} for one in persons]
    await lead(platform, f"/meetings/{meeting}/attendance", method="PUT", attendance=there)
    await lead(platform, f"/items/{item}/motion", put_at=f"{MET}T14:10:00Z")
    posts = (await read(platform, f"/bodies/{meeting[:-11]}", as_at=MET))["posts"]
    seats = {one["person"]: one["post"] for one in posts}
    ballots = [{"seat": seats[one], "by": one, "choice": choice} for one in persons]
    await lead(platform, f"/items/{item}/votes", cast_at=f"{MET}T14:20:00Z", ballots=ballots)
    closed = await lead(platform, f"/items/{item}/result", closed_at=f"{MET}T14:30:00Z")
    return str(closed["result"]["decision"])


@pytest.mark.parametrize(
    ("shares", "value", "per_owner"),
    [
        ({f"M81{number:03}": "1/32" for number in range(1, 33)}, 230_000_000, [7_187_500] * 31),
        (
            {"M82001": "1/2", "M82002": "1/3", "M82003": "1/7", "M82004": "1/42"},
            123_456_789,
            [41_152_263, 17_636_684, 2_939_447],
        ),
    ],
    ids=["32 practices", "four practices"],
)
async def test_s47_all_gps_are_excluded_and_a_lay_committee_decides(
    platform: Platform, shares: dict[str, str], value: int, per_owner: list[int]
) -> None:
    await owned(platform, shares)
    doctors, others, awards = await bodies(platform, list(shares))
    by: dict[str, Any] = {
        "organisations": (CCG,),
        "json": {"reference": "TENDER", "buyers": [CCG], "functions": ["enhanced_services"]},
    }
    by["json"] |= {"regime": "ppccr_2013", "value_pence": value, "begun_on": OPENED}
    await platform.call("POST", "contracts", "/procurements", Role.CONTRACT_LEAD, **by)
    await platform.move_clocks(date(2016, 5, 16))
    for path, said in (
        ("bidders", {"bidder": COMPANY, "bids_from": "2016-05-01"}),
        ("stages", {"stage": "bids_received"}),
    ):
        await platform.call(
            *("POST", "contracts", f"/procurements/TENDER/{path}", Role.CONTRACT_LEAD),
            organisations=(CCG,),
            json=said,
        )
    await platform.caught_up()
    board_meeting, item = await asked(platform, BOARD, value)
    found = await read(platform, f"/items/{item}/conflicts")
    excluded = {one["person"]: one["conflict"] for one in found["members"]}
    assert set(excluded) == set(doctors.values())
    assert all(one["excluded"] and one["decided"] is None for one in found["members"])
    for practice, person in doctors.items():
        conflict = excluded[person]
        steps = [(one["holder"], one["relation"], one["other"], one["share"]) for one in conflict["path"]]
        assert steps == [(person, "partner_in", practice, "1"), (practice, "owns", COMPANY, shares[practice])]
        assert (conflict["type"], conflict["action"], conflict["share"]) == ("financial", "no_papers", shares[practice])
    assert (found["can_be_quorate"], found["elsewhere"]) == (False, [{"holder": awards, "free": True}])
    assert [one["code"] for one in found["principles"]] == PRINCIPLES

    meeting, routed = await asked(platform, awards, value)
    found = await read(platform, f"/items/{routed}/conflicts")
    assert (found["members"], found["can_be_quorate"], found["elsewhere"]) == ([], True, [])

    first, second = list(shares)[:2]
    for practice, day in ((first, MET), (second, "2016-05-27")):
        ending = {"relation": "owns", "other": COMPANY, "effective_on": day}
        path = f"/organisations/{practice}/relations/ending"
        await platform.call("POST", "registry", path, Role.REGISTRAR, json=ending)
    await platform.caught_up()
    found = await read(platform, f"/items/{item}/conflicts")
    left = {one["person"] for one in found["members"]}
    assert left == set(doctors.values()) - {doctors[first]}
    assert (found["can_be_quorate"], found["elsewhere"]) == (True, [])

    await platform.move_clocks(date.fromisoformat(MET))
    rejected = await decided(platform, board_meeting, item, [doctors[first], others["lay"]], "against")
    taken = await decided(platform, meeting, routed, [others["chair"], others["officer"]], "for")
    listed = (await read(platform, "/procurement-decisions", organisation=CCG))["items"]
    assert {one["decision"]: one["outcome"] for one in listed} == {taken: "approved", rejected: "rejected"}
    refused = await read(platform, f"/procurement-decisions/{rejected}")
    assert refused["took_part"] == sorted([doctors[first], others["lay"]])
    assert {one["person"] for one in refused["members"] if one["excluded"]} == left
    assert {one["conflict"]["path"][-1]["other"] for one in refused["members"]} == {COMPANY}
    record = await read(platform, f"/procurement-decisions/{taken}")
    assert (record["took_part"], record["members"]) == (sorted([others["chair"], others["officer"]]), [])
    assert [one["code"] for one in record["principles"]] == PRINCIPLES
    owners = {one["owner"]: (one["share"], one["contract_value_pence"]) for one in record["owners"]}
    assert owners == {code: (shares[code], pence) for code, pence in zip(list(shares)[1:], per_owner, strict=True)}
