"""ICBs merge, a part of one passes, a trust is acquired, and that is undone: the other services follow over HTTP."""

from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.support.builders import a_contract, an_organisation
from tests.support.platform import NIL_RETURNS, Platform

FOUNDED, MERGED = date(2022, 7, 1), date(2026, 4, 1)
OPENED, ACQUIRED, UNDONE = date(2013, 4, 1), date(2018, 4, 1), date(2018, 9, 1)


async def begin(platform: Platform, kind: str, codes: list[str], day: date, last_day: date, years: list[str]) -> str:
    """Open bodies of a kind on a day, each with a contract and an allowance, and one chair in all; return the id."""
    await platform.move_clocks(day)
    bodies = [an_organisation(code, kind, on=day) for code in codes]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    await platform.caught_up()
    named = {"organisation": codes[0], "display_name": "A chair"}
    person = (await platform.call("POST", "governance", "/people", json=named))["person"]
    for code in codes:
        terms = a_contract(
            reference=f"SUPPORT-{code}",
            supplier="0DJ",
            customers=[code],
            starts_on=day.isoformat(),
            last_day=last_day.isoformat(),
            lines=[{"function": "payroll", "annual_pence": 36_500}],
        )
        await platform.call("POST", "contracts", "/contracts", json=terms)
        signature = f"/contracts/SUPPORT-{code}/signature"
        await platform.call("POST", "contracts", signature, json={}, headers={"If-Match": '"1"'}, organisations=(code,))
        for year in years:
            path = f"/organisations/{code}/populations/{year}"
            await platform.call("PUT", "finance", path, json={"population": 100_000, "source": "a test"})
        posts = [{"title": "Chair", "described_in": "Constitution, 1"}]
        body = {"organisation": code, "first_day": day.isoformat(), "posts": posts}
        await platform.call("POST", "governance", "/bodies", json=body)
        chair = {"post": f"{code}/chair", "person": person, "first_day": day.isoformat()}
        await platform.call("POST", "governance", "/appointments", json=chair)
    return str(person)


async def customers(platform: Platform, reference: str, day: date) -> list[str]:
    contract = await platform.call("GET", "contracts", f"/contracts/{reference}", params={"as_at": day.isoformat()})
    return [customer["code"] for customer in contract["customers"]]


async def chairs(platform: Platform, code: str, day: date) -> list[str]:
    asked = {"organisation": code, "as_at": day.isoformat()}
    return [
        post["person"] for post in (await platform.call("GET", "governance", "/appointments", params=asked))["items"]
    ]


async def charged(platform: Platform, code: str) -> list[str]:
    """The contracts that charge a body in 2018-19."""
    explained = await platform.call("GET", "finance", f"/allowances/{code}/2018-19")
    return [item["contract"] for item in explained["support_charges"]["items"]]


async def events(platform: Platform, service: str, kind: str) -> list[dict[str, Any]]:
    feed = await platform.call("GET", service, "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    return [item["event"] for item in feed["items"] if f".{kind}.v" in item["event"]["type"]]


async def test_icbs_merge_and_their_contracts_allowances_and_bodies_follow(platform: Platform) -> None:
    codes = ["QAA", "QBB"]
    chair = await begin(platform, "icb", codes, FOUNDED, date(2028, 3, 31), ["2026-27"])
    await platform.call(
        "POST",
        "registry",
        "/mergers",
        Role.NHS_ENGLAND,
        json={
            "successor": "QCC",
            "successor_name": "NHS Merged ICB",
            "predecessors": codes,
            "effective_on": MERGED.isoformat(),
            "schemes": NIL_RETURNS,
        },
    )
    await platform.move_clocks(MERGED)
    [merged] = await events(platform, "registry", "ICBMerged")
    assert [await customers(platform, f"SUPPORT-{code}", MERGED) for code in codes] == [["QCC"], ["QCC"]]
    allowance = await platform.call("GET", "finance", "/allowances/QCC/2026-27")
    [restated] = await events(platform, "finance", "AllowanceRestated")
    assert allowance["amount_pence"] == restated["data"]["amount_pence"] > 0
    assert [await chairs(platform, code, MERGED) for code in [*codes, "QCC"]] == [[], [], [chair]]
    moved = await events(platform, "contracts", "ContractTransferred")
    for event in [*moved, restated, *await events(platform, "governance", "BodyDissolved")]:
        assert event["causationid"] == merged["id"]


async def test_of_a_board_that_continues_a_part_and_its_share_of_the_allowance_pass_and_its_contract_and_body_stay(
    platform: Platform,
) -> None:
    """Two whole boards and a quarter of a third become one: of the third only that quarter of its allowance passes."""
    dissolved, third = ["QAA", "QBB"], "QDD"
    chair = await begin(platform, "icb", [*dissolved, third], FOUNDED, date(2028, 3, 31), ["2026-27"])
    before = {
        code: (await platform.call("GET", "finance", f"/allowances/{code}/2026-27"))["amount_pence"]
        for code in [*dissolved, third]
    }
    plan = {
        "successor": "QCC",
        "successor_name": "NHS Merged ICB",
        "predecessors": dissolved,
        "parts": [{"code": third, "share": "1/4"}],
        "effective_on": MERGED.isoformat(),
        "schemes": NIL_RETURNS,
    }
    await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=plan)
    await platform.move_clocks(MERGED)
    [merged] = await events(platform, "registry", "ICBMerged")
    [passed] = await events(platform, "registry", "OrganisationSucceeded")
    assert merged["data"]["predecessors"] == dissolved
    assert [passed["data"][name] for name in ("code", "successor", "shape", "share")] == [
        third,
        "QCC",
        "boundary_change",
        "1/4",
    ]
    found = [await customers(platform, f"SUPPORT-{code}", MERGED) for code in (*dissolved, third)]
    assert found == [["QCC"], ["QCC"], [third]]
    assert [await chairs(platform, code, MERGED) for code in (*dissolved, "QCC", third)] == [[], [], [chair], [chair]]
    after = [
        (await platform.call("GET", "finance", f"/allowances/{code}/2026-27"))["amount_pence"]
        for code in ("QCC", third)
    ]
    part = before[third] // 4
    assert after == [before["QAA"] + before["QBB"] + part, before[third] - part]


async def test_an_acquired_trust_leaves_its_contract_charges_and_body_and_has_them_back_where_that_is_undone(
    platform: Platform,
) -> None:
    chair = await begin(platform, "nhs_trust", ["RW6", "R0A"], OPENED, date(2020, 3, 31), ["2018-19"])
    await platform.move_clocks(ACQUIRED)
    acquisition = {
        "shape": "acquisition",
        "predecessors": ["RW6"],
        "successors": [{"code": "R0A"}],
        "effective_on": ACQUIRED.isoformat(),
    }
    stated = await platform.call("POST", "registry", "/reorganisations", Role.NHS_ENGLAND, json=acquisition)
    await platform.caught_up()
    assert await customers(platform, "SUPPORT-RW6", ACQUIRED) == ["R0A"]
    assert await customers(platform, "SUPPORT-RW6", date(2018, 3, 31)) == ["RW6"]
    assert (await charged(platform, "RW6"), await charged(platform, "R0A")) == ([], ["SUPPORT-R0A", "SUPPORT-RW6"])
    assert (await chairs(platform, "RW6", ACQUIRED), await chairs(platform, "R0A", ACQUIRED)) == ([], [chair])

    await platform.move_clocks(UNDONE)
    path = f"/reorganisations/{stated['reference']}/undoing"
    await platform.call("POST", "registry", path, Role.NHS_ENGLAND, headers={"If-Match": f'"{stated["version"]}"'})
    await platform.caught_up()
    assert await customers(platform, "SUPPORT-RW6", ACQUIRED) == ["RW6"]
    assert (await charged(platform, "RW6"), await charged(platform, "R0A")) == (["SUPPORT-RW6"], ["SUPPORT-R0A"])
    assert (await chairs(platform, "RW6", UNDONE), await chairs(platform, "R0A", UNDONE)) == ([chair], [chair])
    [undone] = await events(platform, "registry", "SuccessionUndone")
    last = (await events(platform, "contracts", "ContractTransferred"))[-1]
    assert (last["causationid"], last["data"]["customers"]) == (undone["id"], ["RW6"])
    # What was known before stays answerable.
    then = {"as_at": ACQUIRED.isoformat(), "as_known": "2018-06-01"}
    before = await platform.call("GET", "contracts", "/contracts/SUPPORT-RW6", params=then)
    assert [customer["code"] for customer in before["customers"]] == ["R0A"]
