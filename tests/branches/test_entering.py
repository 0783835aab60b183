"""Who may open, list and enter a branch, and what is refused with every reason at once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.branches.lifecycle import Limits
from deploy.branches.servers import BranchServer
from libs.common.identity import Role
from tests.support.branching import Planning, planning
from tests.support.platform import Platform

OWN: dict[str, Any] = {"organisations": ("10H",)}


@pytest.fixture(scope="module")
async def planner(life: Platform, server: BranchServer) -> AsyncIterator[Planning]:
    """One branch for all tests here, of which the last alone changes something in it; there may be no second one."""
    async with planning(life, server, Limits(branches=1)) as served:
        await served.open("only", "10H", **OWN)
        yield served
        await served.call("DELETE", "/branches/only", Role.PLANNER, **OWN)


async def test_who_may_open_list_and_enter_a_branch(planner: Planning) -> None:
    body = {"name": "only", "bodies": ["10H"]}
    no_role = await planner.send("POST", "/branches", Role.CONTRACT_LEAD, json=body, **OWN)
    assert (no_role.status_code, no_role.json()["type"].rpartition("/")[2]) == (403, "role-missing")
    others = await planner.send("POST", "/branches", Role.PLANNER, json=body | {"bodies": ["10H", "10Y"]}, **OWN)
    assert (others.status_code, others.json()["type"].rpartition("/")[2]) == (403, "not-yours-to-decide")
    unsigned = await planner.client.get("/branches/only/registry/v1/organisations/10H")
    assert unsigned.status_code == 401
    for method, path in (
        ("GET", "/branches/only"),
        ("DELETE", "/branches/only"),
        ("GET", "/branches/only/registry/v1/organisations/10H"),
        ("GET", "/comparisons?branch=only"),
    ):
        refused = await planner.send(method, path, Role.PLANNER, organisations=("10Y",))
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (404, "branch-not-found"), path
    assert (await planner.call("GET", "/branches", Role.PLANNER, organisations=("10Y",)))["items"] == []
    assert [each["name"] for each in (await planner.call("GET", "/branches", Role.PLANNER, **OWN))["items"]] == ["only"]
    reader = await planner.send("GET", "/branches/only/registry/v1/organisations/10H", Role.CONTRACT_LEAD, **OWN)
    assert reader.status_code == 403


async def test_every_reason_is_given_at_once_and_one_clock_goes_forwards(planner: Planning) -> None:
    opened = await planner.call("GET", "/branches/only")
    body = {"name": "only", "bodies": ["10H"], "base": "0" * 10}
    refused = (await planner.call("POST", "/branches", json=body, expect=409))["reasons"]
    assert [reason["field"] for reason in refused] == ["name", None, "base"]
    life_too = await planner.call("POST", "/branches", json={"name": "life", "bodies": ["10H"]}, expect=409)
    assert [reason["field"] for reason in life_too["reasons"]] == ["name", None]
    wrong = await planner.call("POST", "/branches", json={"name": "No!", "bodies": [], "x": 1}, expect=422)
    assert {reason["field"] for reason in wrong["reasons"]} == {"name", "bodies", "x"}
    for day, kind in (("2018-02-28", "day-passed"), ("2190-01-01", "day-too-far")):
        answer = await planner.call("PUT", "/branches/only/day", json={"day": day}, expect=422)
        assert answer["type"].endswith(kind)
    clock: dict[str, Any] = {"json": {"moved_to": "2018-05-01"}, "expect": 409}
    one = await planner.call("PUT", "/branches/only/finance/v1/operations/clock", **clock)
    assert one["type"].endswith("one-clock")
    compared = await planner.call("GET", "/comparisons", params={"branch": ["only"] * 6, "format": "json"}, expect=422)
    assert len(compared["reasons"]) == 2
    # Drawn by a browser as a page, by a spreadsheet as CSV.
    shown = await planner.send("GET", "/comparisons?branch=only", headers={"Accept": "text/html"})
    assert (shown.status_code, opened["base"]["id"] in shown.text) == (200, True)
    cells = await planner.send("GET", "/comparisons?branch=only&format=csv")
    assert cells.text.splitlines()[:2] == ["measure,about,lens,life,only,differs", "day,,,2018-03-01,2018-03-01,"]


async def test_a_comparison_has_what_the_registry_found_of_mergers(planner: Planning) -> None:
    merger = {"successor": "14Y", "successor_name": "NHS 14Y CCG", "predecessors": ["10H", "10Y"], "schemes": []}
    path = "/branches/only/registry/v1/mergers"
    await planner.call("POST", path, json=merger | {"effective_on": "2018-04-01"}, expect=201)
    await planner.move("only", "2018-04-20")
    cells = await planner.send("GET", "/comparisons?branch=only&format=csv")
    broken = [line.split(",")[:5] for line in cells.text.splitlines() if line.startswith("invariant_broken,stalled")]
    assert broken == [["invariant_broken", "stalled M-14Y", "", "", "2018-04-15"]]
