"""S53, paused: the staff of a merger wait: what moved stays moved, pay goes back by entries and comes again."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_contract, a_merger_command
from tests.support.platform import Platform

OPENED = date(2013, 4, 1)


@dataclass(frozen=True)
class Waiting:
    """Two CCGs that merge; the staff of the first wait from one day to another."""

    old: tuple[str, str]
    new: str
    day: date
    waits: date
    continues: date
    year: str
    pay: tuple[int, int]
    other: tuple[int, int]

    @property
    def scheme(self) -> str:
        return f"/mergers/M-{self.new}/schemes/M-{self.new}-S1"


SETS = [
    pytest.param(
        Waiting(
            *(("10H", "10Y"), "14Y", date(2018, 4, 1), date(2018, 6, 1), date(2018, 8, 1)),
            *("2018-19", (1_200_000_01, 950_000_02), (30_000_00, 20_000_00)),
        ),
        id="Buckinghamshire",
    ),
    pytest.param(
        Waiting(
            *(("04E", "04K"), "52R", date(2020, 4, 1), date(2020, 3, 20), date(2020, 4, 1)),
            *("2020-21", (700_07, 1_300_11), (5_03, 11)),
        ),
        id="second set: Nottingham, before its day",
    ),
]


async def prepare(platform: Platform, case: Waiting) -> None:
    """Each has a payroll contract with a list of staff, and lines of pay and of other things; schemes are made."""
    await platform.move_clocks(date(case.day.year, 1, 10))
    ccgs = [a_ccg(code) for code in case.old]
    await platform.call("POST", "registry", "/organisations/batch", json={"organisations": ccgs})
    await platform.caught_up()
    for code, pay, other in zip(case.old, case.pay, case.other, strict=True):
        lines = [{"function": "payroll", "annual_pence": pay}]
        dates = {"starts_on": OPENED.isoformat(), "last_day": "2024-03-31"}
        body = a_contract(reference=f"PAYROLL-{code}", customers=[code], lines=lines, **dates)
        await platform.call("POST", "contracts", "/contracts", json=body)
        path, one, two = f"/contracts/PAYROLL-{code}", {"If-Match": '"1"'}, {"If-Match": '"2"'}
        await platform.call("POST", "contracts", f"{path}/signature", json={}, organisations=(code,), headers=one)
        staff = {"effective_on": "2017-04-01", "staff": [{"id": "E1", "annual_pay_pence": 1, "years": 1}]}
        await platform.call("PUT", "contracts", f"{path}/staff-list", json=staff, organisations=(code,), headers=two)
        common = {"account": "5210", "function": "payroll", "recurrent": True, "admin": False}
        budget = [common | {"pay": True, "amount_pence": pay}, common | {"pay": False, "amount_pence": other}]
        await platform.call(
            "POST", "finance", f"/organisations/{code}/budgets/{case.year}/lines", json={"lines": budget}
        )
    schemes = [{"sort": "property"}, {"sort": "staff", "predecessors": [case.old[0]]}]
    schemes.append({"sort": "staff", "predecessors": [case.old[1]]})
    command = a_merger_command(case.new, *case.old, on=case.day, schemes=schemes)
    await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=command)
    await platform.caught_up()


async def amounts(platform: Platform, case: Waiting, **asked: str) -> dict[str, dict[bool, int]]:
    """What each body has for pay, and for other things."""
    found: dict[str, dict[bool, int]] = {}
    for code in (*case.old, case.new):
        path = f"/organisations/{code}/budgets/{case.year}/lines"
        page = await platform.call("GET", "finance", path, params=asked, expect=(200, 404))
        items = page.get("items", [])
        found[code] = {pay: sum(one["amount_pence"] for one in items if one["pay"] is pay) for pay in (True, False)}
    assert sum(sum(of.values()) for of in found.values()) == sum(case.pay) + sum(case.other)
    return found


async def doubts(platform: Platform, **asked: str) -> list[tuple[list[str], str]]:
    kind = {"kind": "delivery_in_doubt"}
    page = await platform.call("GET", "contracts", "/findings", params=kind | asked)
    return [(one["about"], one["raised_on"]) for one in page["items"]]


async def act(platform: Platform, case: Waiting, what: str, **others: Any) -> Any:
    reason = "consultation_paused" if what == "suspension" else "consultation_completed"
    body = {"reason": reason, "document": "Letter of the staff side"}
    path = f"{case.scheme}/{what}"
    done = await platform.call("POST", "registry", path, Role.NHS_ENGLAND, json=body, **others)
    await platform.caught_up()
    return done


async def published(platform: Platform, service: str, *names: str) -> list[dict[str, Any]]:
    feed = await platform.call("GET", service, "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    events = [item["event"] for item in feed["items"]]
    return [one for one in events if one["type"].split(".")[-2] in names]


@pytest.mark.parametrize("case", SETS)
async def test_s53_staff_wait_and_continue_and_nothing_is_done_twice(platform: Platform, case: Waiting) -> None:
    await prepare(platform, case)
    first, second = case.old
    before_its_day = case.waits < case.day
    await platform.move_clocks(case.waits)
    await act(platform, case, "suspension")
    await act(platform, case, "suspension", expect=409)
    about = [f"PAYROLL-{first}", f"M-{case.new}-S1"]
    assert await doubts(platform) == [(about, case.waits.isoformat())]
    ready = await platform.call("GET", "registry", f"/mergers/M-{case.new}/readiness")
    assert [one["field"] for one in ready["missing"]] == ["schemes.staff"]
    waiting = await amounts(platform, case)
    merged = {True: sum(case.pay), False: sum(case.other)}
    if before_its_day:
        assert waiting[first] == {True: case.pay[0], False: case.other[0]}
    else:
        assert waiting[first] == {True: case.pay[0], False: 0}
        assert waiting[case.new] == {True: case.pay[1], False: sum(case.other)}
        assert (await amounts(platform, case, as_at="2018-05-31"))[case.new] == merged
    await platform.move_clocks(case.continues)
    done = await act(platform, case, "resumption")
    assert done["status"] == "carried_out"

    assert await doubts(platform) == []
    eve = date.fromordinal(case.continues.toordinal() - 1).isoformat()
    assert await doubts(platform, as_at=eve) == [(about, case.waits.isoformat())]
    after = await amounts(platform, case)
    assert after[case.new] == merged
    assert after[first] == after[second] == {True: 0, False: 0}
    if not before_its_day:
        assert await amounts(platform, case, as_at=eve) == waiting
        assert await amounts(platform, case, as_known=eve) == waiting
    assert (await platform.call("GET", "registry", f"/mergers/M-{case.new}/readiness"))["missing"] == []
    for code in case.old:
        contract = await platform.call("GET", "contracts", f"/contracts/PAYROLL-{code}")
        assert [customer["code"] for customer in contract["customers"]] == [case.new]
    assert len(await published(platform, "registry", "CCGMerged")) == 1
    assert len(await published(platform, "contracts", "ContractTransferred")) == 2

    heard = await published(platform, "registry", "CCGMerged", "TransferSchemeSuspended", "TransferSchemeResumed")
    assert len(heard) == 3
