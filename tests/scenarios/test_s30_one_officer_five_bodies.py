"""S30: one officer of several bodies has an appointment, and an accountability, in each."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg
from tests.support.platform import Platform

LEAD = Role.GOVERNANCE_LEAD
PLACES = [
    pytest.param(("07M", "07R", "07X", "08D", "08H"), "07X", date(2017, 4, 1), id="north-central-London"),
    pytest.param(("05C", "05L", "05Y"), "05L", date(2019, 10, 1), id="Black-Country"),
]


async def done(platform: Platform, path: str, body: dict[str, Any], **headers: str) -> Any:
    return await platform.call("POST", "governance", path, LEAD, json=body, headers=headers)


async def read(platform: Platform, path: str, **asked: str) -> Any:
    return await platform.call("GET", "governance", path, Role.PARTNER, params=asked)


@pytest.mark.parametrize(("codes", "left", "day"), PLACES)
async def test_s30_an_officer_of_several_bodies_has_an_appointment_in_each(
    platform: Platform, codes: tuple[str, ...], left: str, day: date
) -> None:
    await platform.move_clocks(day)
    ccgs = {"organisations": [a_ccg(code) for code in codes]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=ccgs)
    await platform.caught_up()
    person = (await done(platform, "/people", {"organisation": codes[0], "display_name": "An officer"}))["person"]
    starts = [date(day.year, day.month, number) for number in range(1, len(codes) + 1)]
    made = {}
    for code, first_day in zip(codes, starts, strict=True):
        await done(platform, "/bodies", {"organisation": code, "first_day": day.isoformat()})
        held = {"post": f"{code}/accountable-officer", "person": person, "first_day": first_day.isoformat()}
        made[code] = await done(platform, "/appointments", held)
    listed = (await read(platform, "/appointments", person=person, as_at=starts[-1].isoformat()))["items"]
    assert {one["organisation"]: one["first_day"] for one in listed} == {
        code: first_day.isoformat() for code, first_day in zip(codes, starts, strict=True)
    }
    assert len({one["appointment"] for one in listed}) == len(codes)

    ending = {"last_day": starts[-1].isoformat(), "reason": "resigned"}
    await done(platform, f"/appointments/{made[left]['appointment']}/ending", ending, **{"If-Match": '"1"'})
    after = date(day.year + 1, day.month, 1).isoformat()
    listed = (await read(platform, "/appointments", person=person, as_at=after))["items"]
    assert sorted(one["organisation"] for one in listed) == sorted(set(codes) - {left})
    [accountable] = (await read(platform, "/appointments", organisation=left, as_at=starts[-1].isoformat()))["items"]
    assert (accountable["appointment"], accountable["person"]) == (made[left]["appointment"], person)


@pytest.mark.parametrize(("codes", "left", "day"), PLACES)
async def test_s30_sharing_an_officer_shares_no_right(
    platform: Platform, codes: tuple[str, ...], left: str, day: date
) -> None:
    """A right of the officer in one body is none in another, and ends there with the appointment."""
    await platform.move_clocks(day)
    two = (left, next(code for code in codes if code != left))
    ccgs = {"organisations": [a_ccg(code) for code in two]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=ccgs)
    await platform.caught_up()
    person = (await done(platform, "/people", {"organisation": left, "display_name": "An officer"}))["person"]
    for code in two:
        await done(platform, "/bodies", {"organisation": code, "first_day": day.isoformat()})
        held = {"post": f"{code}/accountable-officer", "person": person, "first_day": day.isoformat()}
        appointment = await done(platform, "/appointments", held)
    right = {
        "organisation": left,
        "post": f"{left}/accountable-officer",
        "action": "contract.award",
        "value_limit_pence": 50_000_00,
        "limit_basis": "whole_life",
        "first_day": day.isoformat(),
        "source_minute": "Governing body, item 6",
    }
    granted = await done(platform, "/decision-rights", right)
    asked = {"person": person, "action": "contract.award.payroll", "value_pence": 40_000_00}

    async def may(organisation: str, **question: Any) -> Any:
        body = {**asked, "organisation": organisation, **question}
        return await platform.call("POST", "governance", "/questions/can", Role.PARTNER, json=body)

    yes = await may(left)
    assert (yes["may"], yes["missing"], yes["chain"]["power"]["id"]) == (True, [], "ccg-functions-2013")
    assert [link["decision_right"] for link in yes["chain"]["rights"]] == [granted["decision_right"]]
    elsewhere = await may(two[1])
    assert (elsewhere["may"], elsewhere["chain"]) == (False, None)
    assert [one["missing"] for one in elsewhere["missing"]] == ["right"]
    before = await platform.call(
        "POST",
        "governance",
        "/questions/can",
        Role.PARTNER,
        json={**asked, "organisation": left, "action": "joint.decide"},
        params={"as_at": "2014-09-30"},
    )
    assert [one["missing"] for one in before["missing"]] == ["right", "power"]
    yearly = await may(left, whole_life_pence=120_000_00)
    assert [(one["missing"], one["repair"]) for one in yearly["missing"]] == [
        ("limit", "the value is at most £50,000.00 (whole_life)")
    ]
    ended = {"last_day": day.isoformat(), "reason": "resigned"}
    [own] = (await read(platform, "/appointments", organisation=left, as_at=day.isoformat()))["items"]
    await done(platform, f"/appointments/{own['appointment']}/ending", ended, **{"If-Match": '"1"'})
    assert appointment["organisation"] == two[1]
    gone = await platform.call(
        "POST",
        "governance",
        "/questions/can",
        Role.PARTNER,
        json={**asked, "organisation": left, "post": right["post"], "person": None},
        params={"as_at": date(day.year + 1, 1, 1).isoformat()},
    )
    assert [one["missing"] for one in gone["missing"]] == ["vacant"]
