"""S17 and S18: units beside the market plan, and those that are not independent by the end of 2016, each found once."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s19_a_supplier_is_acquired import published, state
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

BOARD = "X24"
HOSTED: dict[str, Any] = {"effective_on": "2013-04-01", "state": "hosted", "host": BOARD, "scope": "end_to_end"}


async def plan(platform: Platform, **asked: str) -> Any:
    return await platform.call("GET", "contracts", "/market-plan", Role.PARTNER, organisations=(), params=asked)


async def missed(platform: Platform, by: str = BOARD, **asked: str) -> list[dict[str, Any]]:
    params = {"kind": "deadline_missed"} | asked
    found = await platform.call("GET", "contracts", "/findings", Role.PARTNER, organisations=(by,), params=params)
    return list(found["items"])


@dataclass(frozen=True)
class Plan:
    """Units of a day: how many, with which the plan is left or met, and what becomes of four of them."""

    units: int
    is_in_range: tuple[bool, bool, bool]
    niche: int
    prefix: str
    successor: str
    from_day: str
    until: str


@pytest.mark.parametrize(
    "seen",
    [
        Plan(25, (True, True, False), 4, "U", "0DJ", "2012-05-14", "2012-06-01"),
        Plan(35, (True, False, True), 1, "V", "0AK", "2012-05-21", "2012-05-28"),
    ],
    ids=["least", "most"],
)
async def test_s18_units_are_counted_beside_the_plan_and_a_successor_once(platform: Platform, seen: Plan) -> None:
    await platform.move_clocks(date(2012, 6, 1))
    codes = [f"{seen.prefix}{number:02}" for number in range(seen.units + 1)]
    for code in codes[:-1]:
        await state(platform, code, effective_on=seen.from_day, scope="end_to_end", state="planned")
    for number in range(seen.niche):
        await state(platform, f"N{number:02}", effective_on=seen.from_day, scope="niche")
    first = await plan(platform)
    counted = (first["count"], first["is_in_range"], len(first["niche"]))
    assert counted == (seen.units, seen.is_in_range[0], seen.niche)
    assert (first["least"], first["most"], first["rule_pack"]) == (25, 35, "support-market-2011")
    await state(platform, codes[-1], effective_on=seen.from_day, scope="end_to_end", state="planned")
    more = await plan(platform)
    assert (more["count"], more["is_in_range"]) == (seen.units + 1, seen.is_in_range[1])

    # Two close; two others are succeeded by one of which nothing was stated.
    closed, taken_over = codes[:2], codes[2:4]
    for code in closed:
        await state(platform, code, effective_on=seen.until, state="closed")
    bodies = [
        a_ccg(code) | {"kind": "commissioning_hub", "effective_on": "2012-04-01"}
        for code in (*taken_over, seen.successor)
    ]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    acquired = {"shape": "acquisition", "successors": [{"code": seen.successor}], "effective_on": seen.until}
    body = acquired | {"predecessors": taken_over}
    await platform.call("POST", "registry", "/reorganisations", Role.NHS_ENGLAND, json=body)
    await platform.caught_up()
    second = await plan(platform)
    assert (second["count"], second["is_in_range"]) == (seen.units - 2, seen.is_in_range[2])
    assert seen.successor in {one["supplier"]["code"] for one in second["end_to_end"]}
    why = dict.fromkeys(closed, "closed") | dict.fromkeys(taken_over, f"succeeded by {seen.successor}")
    assert {one["code"]: one["reason"] for one in second["not_counted"]} == why
    day_before = date.fromordinal(date.fromisoformat(seen.until).toordinal() - 1)
    assert (await plan(platform, as_at=day_before.isoformat()))["count"] == seen.units + 1
    before = await platform.call("GET", "contracts", "/market-plan?as_at=2011-10-30", Role.PARTNER, expect=409)
    assert before["type"].endswith("/no-rule-in-force")


@dataclass(frozen=True)
class Deadline:
    """Units hosted by the Board: two miss the day, one meets it, one was succeeded; what is stated of the two later."""

    missing: tuple[str, str]
    meeting: tuple[str, str]
    succeeded: tuple[str, str]
    customer: str
    supplier: str
    stated_on: date
    in_time: tuple[str, str]
    late: tuple[str, str]


@pytest.mark.parametrize(
    "seen",
    [
        Deadline(
            ("0CX", "0DJ"),
            ("0AM", "independent"),
            ("0AP", "0AQ"),
            "05C",
            "0CX",
            date(2017, 2, 1),
            ("2016-12-01", "independent"),
            ("2017-02-01", "independent"),
        ),
        Deadline(
            ("0DN", "0CE"),
            ("0AR", "withdrawn"),
            ("0DE", "0AD"),
            "10H",
            "0CE",
            date(2017, 3, 6),
            ("2016-12-31", "acquired"),
            ("2017-01-20", "closed"),
        ),
    ],
    ids=["independent", "acquired_or_closed"],
)
async def test_s17_a_missed_deadline_is_found_once_and_a_late_word_clears_it(
    platform: Platform, seen: Deadline
) -> None:
    await platform.move_clocks(date(2016, 1, 15))
    before, after = seen.succeeded
    units = [a_ccg(code) | {"kind": "commissioning_hub", "effective_on": "2013-04-01"} for code in (before, after)]
    bodies = {"organisations": [a_ccg(seen.customer), *units]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=bodies)
    acquired = {"shape": "acquisition", "successors": [{"code": after}], "effective_on": "2014-10-01"}
    body = acquired | {"predecessors": [before]}
    await platform.call("POST", "registry", "/reorganisations", Role.NHS_ENGLAND, json=body)
    await platform.caught_up()
    # One was succeeded before the day; the last is another host's.
    for code in (*seen.missing, seen.meeting[0], before):
        await state(platform, code, **HOSTED)
    await state(platform, "0AX", **HOSTED | {"host": "RXX"})
    terms = a_contract(
        reference="CSU-2016",
        supplier=seen.supplier,
        customers=[seen.customer],
        starts_on="2016-04-01",
        last_day="2018-03-31",
    )
    await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=terms)
    await platform.call(
        "POST",
        "contracts",
        "/contracts/CSU-2016/signature",
        Role.CONTRACT_LEAD,
        json={},
        headers={"If-Match": '"1"'},
        organisations=(seen.customer,),
    )
    await platform.move_clocks(date(2016, 12, 1))
    await state(platform, seen.meeting[0], effective_on="2016-12-31", state=seen.meeting[1])
    await platform.move_clocks(date(2016, 12, 31))
    assert await missed(platform) == []
    await platform.move_clocks(date(2017, 1, 1))
    found = {one["about"][0]: one for one in await missed(platform)}
    assert sorted(found) == sorted(seen.missing)
    ours = found[seen.supplier]
    assert (ours["due_on"], ours["raised_on"]) == ("2016-12-31", "2017-01-01")
    assert ours["parties"] == sorted([seen.customer, seen.supplier, BOARD])
    assert [one["about"] for one in await missed(platform, by=seen.customer)] == [[seen.supplier]]
    await platform.move_clocks(date(2017, 1, 31))
    assert len(await missed(platform)) == 2
    path = "/contracts/CSU-2016"
    contract = await platform.call("GET", "contracts", path, Role.PARTNER, organisations=(seen.customer,))
    assert contract["state"]["state"] == "active"

    # What is stated later of the first: in time. Of the other: too late.
    await platform.move_clocks(seen.stated_on)
    for code, (day, stated) in zip(seen.missing, (seen.in_time, seen.late), strict=True):
        await state(platform, code, effective_on=day, state=stated)
    await platform.move_clocks(date.fromordinal(seen.stated_on.toordinal() + 1))
    assert await missed(platform) == []
    then = await missed(platform, as_at="2017-01-31", as_known="2017-01-31")
    assert sorted(one["about"][0] for one in then) == sorted(seen.missing)
    late = await missed(platform, as_at="2017-01-31", cleared="true")
    days = dict(zip(seen.missing, ("2017-01-01", seen.late[0]), strict=True))
    assert {one["about"][0]: one["cleared_on"] for one in late} == days
    raised = [one for one in await published(platform, "ContractFindingRaised") if one["kind"] == "deadline_missed"]
    assert len(raised) == 2
