"""Bodies of several organisations: their members, seats and rights, and what becomes of them at a merger."""

from datetime import date
from typing import Any

import pytest

from libs.common.database.connection import raw
from libs.common.identity import NotYoursToDecide
from services.governance.bodies import joint
from services.governance.core import queries as reads
from services.governance.core.chains import Actor, Missing, Question
from services.governance.core.errors import BodyExists, NoPower, NotAMember
from services.governance.core.members import organisations_of, organisations_of_each
from services.governance.decision_rights import queries as rights
from tests.support.counted import Counted
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, a_lead, a_merger, at

LEGAL = date(2014, 10, 1)
SEATS = (
    {"title": "Member of Aylesbury", "organisation": "10H"},
    {"title": "Member of Chiltern", "organisation": "10Y"},
)


async def may(
    harness: GovernanceHarness, body: str, organisation: str, action: str, day: date
) -> tuple[bool, list[Missing]]:
    answer = await rights.ask(
        harness.database, Actor(body=body), organisation, Question(action=action), as_at=day, as_known=None
    )
    chain = answer.chain
    return chain is not None and chain.holds, [fault.missing for fault in chain.faults] if chain else []


async def members(harness: GovernanceHarness, body: str, day: date) -> tuple[str, ...]:
    members = await organisations_of(harness.database, body, on=day, as_known=None)
    asked = [(body, day), (body, date.max), ("10H-governing-body", day), ("unknown", day)]
    each = await organisations_of_each(harness.database, asked, as_known=None)
    assert each[body, day] == members
    assert ("unknown", day) not in each
    return members


async def test_a_joint_body_is_established_by_who_acts_for_every_member(harness: GovernanceHarness) -> None:
    with pytest.raises(NotYoursToDecide):
        await harness.joint_body("Bucks together", *SEATS, by=a_lead("10H"))
    with pytest.raises(NotAMember, match="10A is no member"):
        await harness.joint_body(
            "Bucks together", *SEATS, {"title": "Lay", "organisation": "10A"}, members=["10H", "10Y"]
        )
    body = await harness.joint_body("Bucks together", *SEATS, by=a_lead("10H", "10Y"))
    assert (body, await members(harness, body, LEGAL)) == ("JOINT-bucks-together", ("10H", "10Y"))
    with pytest.raises(BodyExists):
        await harness.joint_body("Bucks together", *SEATS)
    [told] = await harness.told("BodyEstablished")
    assert (told["organisation"], told["kind"], told["members"]) == ("", "joint_committee", ["10H", "10Y"])
    for organisation in ("10H", "10Y"):
        [listed] = await reads.list_bodies(
            harness.database, organisation, as_at=LEGAL, as_known=None, after=None, limit=9
        )
        assert (listed["body"], listed["members"]) == (body, ["10H", "10Y"])


async def test_a_page_of_joint_bodies_takes_as_many_statements_as_one(harness: GovernanceHarness) -> None:
    async def listed() -> tuple[list[list[str]], int]:
        counted = Counted(harness.database)
        rows = await reads.list_bodies(counted, "14Y", as_at=MERGED_ON, as_known=None, after=None, limit=9)
        return [row["members"] for row in rows if not row["organisation"]], counted.queries

    await harness.hear_of_ccgs("15A")
    third = {"title": "Member of Windsor", "organisation": "15A"}
    await harness.joint_body("Bucks together", *SEATS, third)
    await harness.hear(a_merger())
    members, of_one = await listed()
    assert members == [["14Y", "15A"]], "a member is listed in the place of those that live on in it"
    for title in ("Elective care", "Urgent care"):
        await harness.joint_body(title, {"title": "Member", "organisation": "14Y"}, third, first_day=MERGED_ON)
    members, of_three = await listed()
    assert (members, of_three <= of_one) == ([["14Y", "15A"]] * 3, True)


async def test_a_member_fills_its_own_seats_and_all_of_them_change_the_body(harness: GovernanceHarness) -> None:
    body = await harness.joint_body("Bucks together", *SEATS)
    await harness.person("P-1", organisation="10H")
    with pytest.raises(NotYoursToDecide):
        await harness.appoint(f"{body}/member-of-aylesbury", "P-1", LEGAL, by=a_lead("10Y"))
    await harness.appoint(f"{body}/member-of-aylesbury", "P-1", LEGAL, by=a_lead("10H"))
    [made] = await harness.told("AppointmentMade")
    assert (made["organisation"], made["post"]) == ("10H", f"{body}/member-of-aylesbury")
    for caller in ("10H", "10Y"):
        async with harness.database.begin() as session:
            with pytest.raises(NotYoursToDecide):
                await joint.get_named_body_to_change(session, body, by=a_lead(caller), today=LEGAL)
    seat: dict[str, Any] = {"body": body, "title": "Lay member", "described_in": "Terms", "first_day": LEGAL}
    with pytest.raises(NotYoursToDecide):
        await harness.post("10H", **seat, by=a_lead("10H"))
    assert await harness.post("10H", **seat, weight=2) == f"{body}/lay-member"
    posts = await reads.list_posts(harness.database, reads.PostFilter(organisation="10H"), as_at=LEGAL, as_known=None)
    assert {post["post"]: post["weight"] for post in posts} == {
        f"{body}/lay-member": 2,
        f"{body}/member-of-aylesbury": 1,
    }


async def test_a_right_of_a_joint_committee_comes_from_each_member_and_from_a_power_to_act_jointly(
    harness: GovernanceHarness,
) -> None:
    body = await harness.joint_body("Bucks together", *SEATS, first_day=date(2014, 9, 1))
    with pytest.raises(NoPower, match=r"on 2014-09-30: .* none covers joint\.contract\.award"):
        await harness.grant("10H", body=body, first_day=date(2014, 9, 30))
    right = await harness.grant("10H", body=body, first_day=LEGAL, by=a_lead("10H"))
    assert await may(harness, body, "10H", "contract.award", LEGAL) == (True, [])
    assert await may(harness, body, "10Y", "contract.award", LEGAL) == (False, [])
    await harness.body("10Y")
    own = await harness.grant("10Y")
    await harness.grant("10Y", body=body, first_day=LEGAL, delegated_from=own)
    assert (await may(harness, body, "10Y", "contract.award", LEGAL))[0]
    await harness.hear_of_ccgs("10A")
    with pytest.raises(NotAMember):
        await harness.grant("10A", body=body, first_day=LEGAL)
    read = await reads.get_decision_right(harness.database, right, as_at=LEGAL, as_known=None)
    assert (read["organisation"], read["body"]) == ("10H", body)


async def test_a_member_joins_and_leaves_in_both_times(harness: GovernanceHarness) -> None:
    await harness.hear_of_ccgs("10A")
    body = await harness.joint_body("Bucks together", *SEATS)
    joins, leaves = date(2015, 4, 1), date(2016, 4, 1)
    async with harness.database.begin() as session:
        found = await joint.get_joint_body(session, body)
        connection = await raw(session)
        await joint.change_members(connection, found, leaves, leaving=["10H"], stated_at=at(leaves), by="lead")
        await joint.change_members(connection, found, joins, joining=["10A"], stated_at=at(leaves), by="lead")
    assert await members(harness, body, date(2015, 3, 31)) == ("10H", "10Y")
    assert await members(harness, body, joins) == ("10A", "10H", "10Y")
    assert await members(harness, body, leaves) == ("10A", "10Y")
    known = await organisations_of(harness.database, body, on=leaves, as_known=at(joins))
    assert known == ("10H", "10Y")


async def test_at_a_merger_a_members_seats_and_rights_end_and_its_successor_is_the_member(
    harness: GovernanceHarness,
) -> None:
    await harness.hear_of_ccgs("10A")
    seats = (*SEATS, {"title": "Member of Milton", "organisation": "10A"})
    body = await harness.joint_body("Thames", *seats)
    await harness.person("P-1", organisation="10H")
    await harness.appoint(f"{body}/member-of-aylesbury", "P-1", LEGAL)
    right = await harness.grant("10H", body=body, first_day=LEGAL)
    await harness.grant("10A", body=body, first_day=LEGAL)
    await harness.hear(a_merger())
    assert await members(harness, body, MERGED_ON) == ("10A", "14Y")
    posts = await reads.list_posts(harness.database, reads.PostFilter(body=body), as_at=MERGED_ON, as_known=None)
    assert [post["post"] for post in posts] == [f"{body}/member-of-milton"]
    read = await reads.get_decision_right(harness.database, right, as_at=MERGED_ON, as_known=None)
    assert (read["stands"], read["to_remake_for"]) == (False, "14Y")
    assert (await may(harness, body, "14Y", "contract.award", MERGED_ON))[1] == [Missing.REMAKE]
    assert (await may(harness, body, "10A", "contract.award", MERGED_ON))[0]
    [ended] = await harness.told("AppointmentEnded")
    assert ended["organisation"] == "10H"
    await harness.grant("14Y", body=body, first_day=MERGED_ON, remakes=right)
    assert (await may(harness, body, "14Y", "contract.award", MERGED_ON))[0]


async def test_a_dissolved_body_is_established_again_under_its_title(harness: GovernanceHarness) -> None:
    body = await harness.joint_body("Bucks together", *SEATS)
    await harness.dissolve(body, date(2015, 3, 31))
    again = await harness.joint_body("Bucks together", *SEATS, first_day=date(2016, 4, 1))
    assert again == "JOINT-bucks-together-2"
    await harness.body("10H")
    await harness.dissolve(await harness.committee("10H", "Audit committee"), date(2015, 3, 31))
    with pytest.raises(BodyExists):
        await harness.committee("10H", "Audit committee", first_day=date(2015, 3, 1))
    committee = await harness.committee("10H", "Audit committee", first_day=date(2015, 4, 1))
    assert committee == "10H-audit-committee-2"
