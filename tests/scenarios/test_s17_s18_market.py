"""S17 and S18: units beside the market plan, and those that are not independent by the end of 2016, each found once."""

from datetime import date
from typing import Any

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


async def test_s18_units_are_counted_beside_the_plan_and_a_successor_once(platform: Platform) -> None:
    await platform.move_clocks(date(2012, 6, 1))
    for number in range(25):
        await state(platform, f"U{number:02}", effective_on="2012-05-14", scope="end_to_end", state="planned")
    for number in range(4):
        await state(platform, f"N{number:02}", effective_on="2012-05-14", scope="niche")
    first = await plan(platform)
    assert (first["count"], first["is_in_range"], len(first["niche"])) == (25, True, 4)
    assert (first["least"], first["most"], first["rule_pack"]) == (25, 35, "support-market-2011")
    await state(platform, "U25", effective_on="2012-05-14", scope="end_to_end", state="planned")
    assert (await plan(platform))["count"] == 26

    # Two close; two others are succeeded by one of which nothing was stated.
    for code in ("U00", "U01"):
        await state(platform, code, effective_on="2012-06-01", state="closed")
    bodies = [
        a_ccg(code) | {"kind": "commissioning_hub", "effective_on": "2012-04-01"} for code in ("U02", "U03", "0DJ")
    ]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    acquired = {"shape": "acquisition", "successors": [{"code": "0DJ"}], "effective_on": "2012-06-01"}
    body = acquired | {"predecessors": ["U02", "U03"]}
    await platform.call("POST", "registry", "/reorganisations", Role.NHS_ENGLAND, json=body)
    await platform.caught_up()
    second = await plan(platform)
    assert (second["count"], second["is_in_range"]) == (23, False)
    assert "0DJ" in {one["supplier"]["code"] for one in second["end_to_end"]}
    assert {one["code"]: one["reason"] for one in second["not_counted"]} == {
        "U00": "closed",
        "U01": "closed",
        "U02": "succeeded by 0DJ",
        "U03": "succeeded by 0DJ",
    }
    assert (await plan(platform, as_at="2012-05-31"))["count"] == 26
    before = await platform.call("GET", "contracts", "/market-plan?as_at=2011-10-30", Role.PARTNER, expect=409)
    assert before["type"].endswith("/no-rule-in-force")


async def test_s17_a_missed_deadline_is_found_once_and_a_late_word_clears_it(platform: Platform) -> None:
    await platform.move_clocks(date(2016, 1, 15))
    units = [a_ccg(code) | {"kind": "commissioning_hub", "effective_on": "2013-04-01"} for code in ("0AP", "0AQ")]
    await platform.call(
        "POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": [a_ccg("05C"), *units]}
    )
    acquired = {"shape": "acquisition", "successors": [{"code": "0AQ"}], "effective_on": "2014-10-01"}
    body = acquired | {"predecessors": ["0AP"]}
    await platform.call("POST", "registry", "/reorganisations", Role.NHS_ENGLAND, json=body)
    await platform.caught_up()
    # 0AP was succeeded before the day.
    for code in ("0CX", "0DJ", "0AM", "0AP"):
        await state(platform, code, **HOSTED)
    await state(platform, "0AR", **HOSTED | {"host": "RXX"})
    terms = a_contract(reference="CSU-2016", customers=["05C"], starts_on="2016-04-01", last_day="2018-03-31")
    await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=terms)
    await platform.call(
        "POST",
        "contracts",
        "/contracts/CSU-2016/signature",
        Role.CONTRACT_LEAD,
        json={},
        headers={"If-Match": '"1"'},
        organisations=("05C",),
    )
    await platform.move_clocks(date(2016, 12, 1))
    await state(platform, "0AM", effective_on="2016-12-31", state="independent")
    await platform.move_clocks(date(2016, 12, 31))
    assert await missed(platform) == []
    await platform.move_clocks(date(2017, 1, 1))
    found = {one["about"][0]: one for one in await missed(platform)}
    assert sorted(found) == ["0CX", "0DJ"]
    assert (found["0CX"]["due_on"], found["0CX"]["raised_on"]) == ("2016-12-31", "2017-01-01")
    assert found["0CX"]["parties"] == ["05C", "0CX", BOARD]
    assert [one["about"] for one in await missed(platform, by="05C")] == [["0CX"]]
    await platform.move_clocks(date(2017, 1, 31))
    assert len(await missed(platform)) == 2
    contract = await platform.call("GET", "contracts", "/contracts/CSU-2016", Role.PARTNER, organisations=("05C",))
    assert contract["state"]["state"] == "active"

    # A word of February: independent in time. Of the other: two months late.
    await platform.move_clocks(date(2017, 2, 1))
    await state(platform, "0CX", effective_on="2016-12-01", state="independent")
    await state(platform, "0DJ", effective_on="2017-02-01", state="independent")
    await platform.move_clocks(date(2017, 2, 2))
    assert await missed(platform) == []
    then = await missed(platform, as_at="2017-01-31", as_known="2017-01-31")
    assert sorted(one["about"][0] for one in then) == ["0CX", "0DJ"]
    late = await missed(platform, as_at="2017-01-31", cleared="true")
    assert {one["about"][0]: one["cleared_on"] for one in late} == {"0CX": "2017-01-01", "0DJ": "2017-02-01"}
    raised = [one for one in await published(platform, "ContractFindingRaised") if one["kind"] == "deadline_missed"]
    assert len(raised) == 2
