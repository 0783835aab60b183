"""ICBs merge, a part of one passes, a trust is acquired, and that is undone: the other services follow over HTTP."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_contract, an_organisation
from tests.support.platform import NIL_RETURNS, Platform

FOUNDED, MERGED = date(2022, 7, 1), date(2026, 4, 1)
OPENED, ACQUIRED = date(2013, 4, 1), date(2018, 4, 1)


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


async def charged(platform: Platform, code: str, year: str) -> list[str]:
    """The contracts that charge a body in a year."""
    explained = await platform.call("GET", "finance", f"/allowances/{code}/{year}")
    return sorted(item["contract"] for item in explained["support_charges"]["items"])


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


@dataclass(frozen=True)
class Taken:
    """A trust takes another one over on a day, which is undone later: what both have, and what is paid meanwhile."""

    old: str
    new: str
    on: date
    lines: dict[str, tuple[int, ...]]
    sum_pence: int
    achieved: str
    paid_pence: int

    @property
    def year(self) -> str:
        return f"{self.on.year}-{(self.on.year + 1) % 100}"

    def day(self, month: int) -> date:
        return self.on.replace(month=month)


TAKEN = [
    pytest.param(
        Taken("RW6", "R0A", ACQUIRED, {"RW6": (1_000_01, 77), "R0A": (500_00,)}, 1_000_000, "1", 300_000),
        id="Manchester",
    ),
    pytest.param(
        Taken("RXH", "RYR", date(2021, 4, 1), {"RXH": (3, 5, 7), "RYR": (10**9, 1)}, 99_999, "1/3", 10_000),
        id="second set: Sussex",
    ),
]


async def budgets(platform: Platform, case: Taken, **asked: str) -> dict[str, list[int]]:
    """What each has for what, without what is nothing."""
    found = {}
    for code in (case.old, case.new):
        path = f"/organisations/{code}/budgets/{case.year}/lines"
        items = (await platform.call("GET", "finance", path, params=asked, expect=(200, 404))).get("items", [])
        found[code] = sorted(one["amount_pence"] for one in items if one["amount_pence"])
    assert sum(sum(several) for several in found.values()) == sum(map(sum, case.lines.values())), "to the penny"
    return found


async def not_put_back(platform: Platform, service: str) -> list[tuple[list[str], int | None]]:
    path = "/mergers/findings" if service == "registry" else "/findings"
    page = await platform.call("GET", service, path, params={"kind": "not_put_back"})
    return [(one["about"], one.get("exposure_pence")) for one in page["items"]]


async def has_budgets_and_a_schedule(platform: Platform, case: Taken) -> None:
    for code, amounts in case.lines.items():
        line = {"account": "5210", "pay": False, "recurrent": True, "admin": False}
        lines = [line | {"function": f"function-{n}", "amount_pence": pence} for n, pence in enumerate(amounts)]
        path = f"/organisations/{code}/budgets/{case.year}/lines"
        await platform.call("POST", "finance", path, json={"lines": lines})
    schedule = {"sum_pence": case.sum_pence, "payees": [{"code": "0DJ"}], "advance": "7/10"}
    schedule |= {"balance_on": case.day(6).isoformat()}
    await platform.call("POST", "contracts", f"/schedules/SUPPORT-{case.old}", json=schedule, organisations=(case.old,))


@pytest.mark.parametrize("case", TAKEN)
async def test_an_acquired_trust_has_its_contract_money_and_posts_back_where_that_is_undone_and_findings_say_the_rest(
    platform: Platform, case: Taken
) -> None:
    old, new, support = case.old, case.new, f"SUPPORT-{case.old}"
    last_day = case.on.replace(year=case.on.year + 2) - timedelta(days=1)
    chair = await begin(platform, "nhs_trust", [old, new], OPENED, last_day, [case.year])
    await has_budgets_and_a_schedule(platform, case)
    await platform.move_clocks(case.on)
    acquisition = {"shape": "acquisition", "predecessors": [old], "successors": [{"code": new}]}
    acquisition |= {"effective_on": case.on.isoformat()}
    stated = await platform.call("POST", "registry", "/reorganisations", Role.NHS_ENGLAND, json=acquisition)
    await platform.caught_up()
    eve = case.on - timedelta(days=1)
    assert (await customers(platform, support, case.on), await customers(platform, support, eve)) == ([new], [old])
    assert (await charged(platform, old, case.year), await charged(platform, new, case.year)) == (
        *([], [f"SUPPORT-{code}" for code in sorted((old, new))]),
    )
    assert (await chairs(platform, old, case.on), await chairs(platform, new, case.on)) == ([], [chair])
    moved = await budgets(platform, case)
    assert (moved[old], sum(moved[new])) == ([], sum(map(sum, case.lines.values())))

    await platform.move_clocks(case.day(7))
    achieved = {"contract": support, "payee": "0DJ", "achievement": case.achieved, "document": "Review"}
    await platform.call("POST", "contracts", "/achievements", json=achieved, organisations=(new,))
    await platform.move_clocks(case.day(8))
    [paid] = [one["data"] for one in await events(platform, "finance", "PaymentMade") if one["data"]["payer"] == new]
    assert (paid["payee"], paid["amount_pence"]) == ("0DJ", case.paid_pence)

    undone_on = case.day(9)
    await platform.move_clocks(undone_on)
    path = f"/reorganisations/{stated['reference']}/undoing"
    await platform.call("POST", "registry", path, Role.NHS_ENGLAND, headers={"If-Match": f'"{stated["version"]}"'})
    await platform.caught_up()
    await platform.move_clocks(undone_on + timedelta(days=1))
    assert await customers(platform, support, case.on) == [old]
    assert [await charged(platform, code, case.year) for code in (old, new)] == [[support], [f"SUPPORT-{new}"]]
    assert [await chairs(platform, code, undone_on) for code in (old, new)] == [[chair], [chair]]
    assert await budgets(platform, case) == {code: sorted(several) for code, several in case.lines.items()}
    [undone] = await events(platform, "registry", "SuccessionUndone")
    last = (await events(platform, "contracts", "ContractTransferred"))[-1]
    assert (last["causationid"], last["data"]["customers"]) == (undone["id"], [old])
    restated = [one for one in await events(platform, "finance", "BudgetRestated") if one["data"]["amount_pence"] < 0]
    assert {one["causationid"] for one in restated} == {undone["id"]}
    assert sum(one["data"]["amount_pence"] for one in restated) == -sum(case.lines[old])
    # What the successor paid meanwhile is not put back: a finding says so, with how much.
    assert await not_put_back(platform, "contracts") == [([support, old, new], case.paid_pence)]
    assert await not_put_back(platform, "registry") == await not_put_back(platform, "finance") == []
    assert (await platform.call("GET", "registry", f"/organisations/{old}"))["status"] == "open"
    # What was known before stays answerable.
    then = {"as_at": case.on.isoformat(), "as_known": case.day(6).isoformat()}
    before = await platform.call("GET", "contracts", f"/contracts/{support}", params=then)
    assert [customer["code"] for customer in before["customers"]] == [new]
    assert await budgets(platform, case, as_known=case.day(6).isoformat()) == moved
