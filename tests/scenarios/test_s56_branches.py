"""S56: life and three branches (wait, exit now, a new joint body) in one table; life is as it was.

Then one is promoted, once; another, whose base has moved by that, only after it was rebased.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from deploy.branches.servers import BranchServer
from libs.common.identity import Role
from tests.faults.normal_form import read_content
from tests.scenarios.test_s05_to_s07_notice_dates import exits, opened, signed
from tests.support.branching import Planning, branch_server, planning
from tests.support.builders import a_ccg, a_merger_command
from tests.support.cases import a_case, half_up, worth
from tests.support.databases import NewDatabase
from tests.support.platform import Platform

TODAY = date(2017, 9, 1)
BODIES = ("10H", "10Y")
CONTRACT, CASE = "CSU-PAYROLL-2016", "SHARED-1"
PLANNERS = (Role.PLANNER, Role.CONTRACT_LEAD, Role.FINANCE_LEAD, Role.GOVERNANCE_LEAD)


@dataclass(frozen=True)
class Economy:
    """What setting up costs and saves a year in life, on leaving now, and with a joint body."""

    outlay: int
    saving: int
    leaving: int
    joint: int


SETS = [
    pytest.param(Economy(4_000_000_00, 2_515_000_00, 3_100_000_00, 3_900_000_01), id="S01's figures"),
    pytest.param(Economy(750_000_33, 310_007_07, 123_456_78, 400_400_44), id="second set"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[BranchServer]:
    with branch_server() as started:
        yield started


@pytest.fixture
async def planner(platform: Platform, server: BranchServer, new_database: NewDatabase) -> AsyncIterator[Planning]:
    async with planning(platform, server, plans_url=await new_database(None)) as served:
        yield served
        for branch in served.branches.of(served.everyone):
            await served.branches.drop(branch)


async def _an_economy(platform: Platform, economy: Economy) -> None:
    """Two CCGs; one has a contract that may be left on six months' notice from March 2018, and a case."""
    await opened(platform)
    neighbour = {"organisations": [a_ccg("10Y")]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=neighbour)
    terms: dict[str, Any] = {"open_ended": True, "minimum_months": 24}
    on = date(2016, 4, 1)
    await signed(platform, on, reference=CONTRACT, starts_on=str(on), last_day=None, notice_months=6, exit_terms=terms)
    await platform.move_clocks(TODAY)
    content = a_case(one_off=economy.outlay, saving=economy.saving)
    await platform.call("POST", "finance", "/cases", json={"case": CASE, "organisation": "10H", "content": content})
    await platform.caught_up()


async def _three_branches(planner: Planning, economy: Economy) -> None:
    as_planner: dict[str, Any] = {"organisations": BODIES}
    opened = await planner.open("wait", *BODIES, **as_planner)
    for name in ("exit-now", "joint"):
        await planner.open(name, *BODIES, base=opened["base"]["id"], **as_planner)
    notice = {"last_day": "2018-03-31", "reason": "in_house"}
    at = "/branches/exit-now/contracts/v1/contracts"
    as_read: dict[str, Any] = {"headers": {"If-Match": "*"}}
    await planner.call("POST", f"{at}/{CONTRACT}/notices", *PLANNERS, json=notice, **as_read, **as_planner)
    merger = a_merger_command("14Y", *BODIES, on="2018-04-01", schemes=[])
    await planner.call("POST", "/branches/joint/registry/v1/mergers", json=merger)
    for name, saving in (("exit-now", economy.leaving), ("joint", economy.joint)):
        content = a_case(one_off=economy.outlay, saving=saving)
        path = f"/branches/{name}/finance/v1/cases/{CASE}/versions"
        await planner.call("POST", path, *PLANNERS, json=content, **as_planner)
    for name in ("wait", "exit-now", "joint"):
        await planner.move(name, "2017-10-02", **as_planner)


async def _npv_in_life(platform: Platform, saving: int, economy: Economy) -> tuple[int, int]:
    """What the latest version of the case is worth in life, and what it is by arithmetic with this saving."""
    [case] = (await platform.call("GET", "finance", "/cases", params={"organisation": "10H"}))["items"]
    path = f"/cases/{CASE}/versions/{case['version']}/appraisal"
    found = await platform.call("GET", "finance", path)
    [npv] = {
        one["npv_pence"] for option in found["options"] if option["option"] == "shared" for one in option["by_lens"]
    }
    return npv, int(half_up(worth(saving, economy.outlay)[1]))


async def _promoted_twice(planner: Planning, name: str, steps: int) -> None:
    """Promote a branch and give each of its steps, all of it twice."""
    as_planner: dict[str, Any] = {"organisations": BODIES}
    plans = [await planner.call("POST", f"/branches/{name}/promotion", *PLANNERS, **as_planner) for _ in range(2)]
    [reference] = {plan["reference"] for plan in plans}
    assert [len(plan["steps"]) for plan in plans] == [steps, steps]
    for number in range(1, steps + 1):
        once, again = [await planner.send("POST", f"/plans/{reference}/steps/{number}") for _ in range(2)]
        assert (once.status_code, once.content) == (201, again.content), once.text
        assert again.headers["Idempotency-Replayed"] == "true"
    assert (await planner.call("GET", f"/plans/{reference}"))["state"] == "done"


async def _promote(platform: Platform, planner: Planning, economy: Economy) -> None:
    """Promote the exit, then the joint body: refused with what the exit did, rebased, and promoted on that base."""
    await _promoted_twice(planner, "exit-now", 2)
    await platform.caught_up()
    notices = (await exits(platform, CONTRACT, str(TODAY)))["notices"]
    assert [(one["last_day"], one["status"]) for one in notices] == [("2018-03-31", "served")]
    npv, expected = await _npv_in_life(platform, economy.leaving, economy)
    assert npv == expected

    refused = await planner.send("POST", "/branches/joint/promotion", *PLANNERS, organisations=BODIES)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "base-moved")
    facts = [reason["message"] for reason in refused.json()["reasons"]]
    assert any(fact.startswith("contracts ") and "Notice" in fact and "10H" in fact for fact in facts), facts
    await planner.call("POST", "/branches/joint/rebase", *PLANNERS, json={"name": "joint-2"}, organisations=BODIES)
    await planner.settled("joint-2")
    asked: dict[str, Any] = {"organisations": BODIES}
    found = await planner.call("GET", "/branches/joint-2/rebase", *PLANNERS, **asked)
    assert [(one["status_before"], one["status"]) for one in found["steps"]] == [(201, 201), (201, 201)]
    rows = {(row["measure"], row["about"]): row["cells"] for row in found["table"]["rows"]}
    ends = rows["notice_day", f"{CONTRACT} end"]
    assert (ends["joint"]["value"], ends["joint-2"]["value"]) == (None, "2018-03-31")
    assert found["same"] is False
    assert not any(measure in ("npv_pence", "bcr") for measure, _ in rows), "the joint case is worth the same"
    await _promoted_twice(planner, "joint-2", 2)
    await platform.caught_up()
    npv, expected = await _npv_in_life(platform, economy.joint, economy)
    assert npv == expected
    assert set((await platform.call("GET", "registry", "/mergers/M-14Y"))["predecessors"]) == {*BODIES}


@pytest.mark.parametrize("economy", SETS)
async def test_s56_three_branches_are_compared_and_promoted_once_and_only_on_the_base_they_were_planned_on(
    platform: Platform, planner: Planning, economy: Economy
) -> None:
    await _an_economy(platform, economy)
    before = await read_content(platform.urls)
    await _three_branches(planner, economy)
    asked: dict[str, Any] = {"params": {"branch": ["wait", "exit-now", "joint"]}, "organisations": BODIES}
    table = await planner.call("GET", "/comparisons", *PLANNERS, **asked)
    assert table["complete"], table["columns"]
    assert [(one["name"], one["day"]) for one in table["columns"]] == [
        ("life", "2017-09-01"),
        *((name, "2017-10-02") for name in ("wait", "exit-now", "joint")),
    ]
    rows = {
        (row["measure"], row["about"], row["lens"]): {name: cell["value"] for name, cell in row["cells"].items()}
        for row in table["rows"]
    }
    savings = {"life": economy.saving, "wait": economy.saving, "exit-now": economy.leaving, "joint": economy.joint}
    for name, saving in savings.items():
        _, npv, ratio = worth(saving, economy.outlay)
        for lens in ("organisation", "public_sector", "uk_society"):
            assert rows["npv_pence", f"{CASE} shared", lens][name] == int(half_up(npv))
            assert rows["bcr", f"{CASE} shared", lens][name] == half_up(ratio, 3)
    due, served = "2017-09-30", "2018-03-31"
    nowhere = dict.fromkeys(savings)
    assert rows["notice_day", f"{CONTRACT} notice", ""] == {"life": due, "wait": due, "exit-now": None, "joint": due}
    assert rows["notice_day", f"{CONTRACT} end", ""] == nowhere | {"exit-now": served}
    assert rows["invariant_broken", f"notice_window_missed {CONTRACT}", ""] == nowhere | {"wait": due, "joint": due}
    assert rows["invariant_broken", f"notice_window_opens {CONTRACT}", ""] == nowhere | {"life": due}
    assert rows["invariant_broken", "", ""] == {"life": 2, "wait": 2, "exit-now": 1, "joint": 2}
    assert rows["day_one_work", "", ""] == {"life": 0, "wait": 0, "exit-now": 0, "joint": 2}
    lacks = [about for measure, about, _ in rows if measure == "day_one_work" and about]
    assert all(about.startswith("M-14Y no ") for about in lacks)
    assert len(lacks) == 2
    assert await read_content(platform.urls) == before
    await _promote(platform, planner, economy)
