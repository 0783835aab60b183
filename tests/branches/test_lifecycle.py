"""Branches are opened by planners for their own bodies, share bases, leave nothing, and outlive a restart."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from deploy.branches.bases import SERVICES
from deploy.branches.lifecycle import Limits
from deploy.branches.register import State
from deploy.branches.servers import BranchServer
from libs.common.database.connection import dsn
from libs.common.identity import Role
from tests.support.branching import Planning, planning
from tests.support.platform import Platform

OWN: dict[str, Any] = {"organisations": ("10H",)}


async def test_branches_of_one_base_are_worlds_of_their_own_and_leave_nothing(
    planner: Planning, server: BranchServer
) -> None:
    first = await planner.open("one", "10H")
    second = await planner.open("two", "10H", base=first["base"]["id"])
    assert second["base"] == first["base"]
    assert len(await server.databases()) == 12
    renaming = {"new_name": "NHS Elsewhere CCG", "effective_on": "2018-03-01"}
    path = "/registry/v1/organisations/10H/renaming"
    await planner.call("POST", f"/branches/one{path}", json=renaming, headers={"If-Match": "*"})
    names = [
        (await planner.call("GET", f"/branches/{name}/registry/v1/organisations/10H"))["name"]
        for name in ("one", "two")
    ]
    assert names == ["NHS Elsewhere CCG", "NHS 10H CCG"]
    epochs = {
        (await planner.call("GET", f"/branches/{name}/registry/v1/events", params={"after": 0}))["epoch"]
        for name in ("one", "two")
    }
    assert len({*epochs, first["base"]["ends"]["registry"]["epoch"]}) == 3
    await planner.call("DELETE", "/branches/one")
    assert len(await server.databases()) == 8
    # As where the last branch of a base is dropped while another one is asked for.
    base, register = first["base"]["id"], planner.branches.register.pool
    await register.execute("UPDATE branch SET base = NULL")
    await register.execute("UPDATE base SET id = 'gone'")
    gone = await planner.call("POST", "/branches", json={"name": "late", "bodies": ["10H"], "base": base}, expect=409)
    assert [reason["field"] for reason in gone["reasons"]] == ["base"]
    await register.execute("UPDATE base SET id = $1", base)
    await register.execute("UPDATE branch SET base = $1", base)
    await planner.call("DELETE", "/branches/two")
    assert await server.databases() == []


async def test_who_may_open_list_and_enter_a_branch(planner: Planning) -> None:
    body = {"name": "own", "bodies": ["10H"]}
    no_role = await planner.send("POST", "/branches", Role.CONTRACT_LEAD, json=body, **OWN)
    assert (no_role.status_code, no_role.json()["type"].rpartition("/")[2]) == (403, "role-missing")
    others = await planner.send("POST", "/branches", Role.PLANNER, json=body | {"bodies": ["10H", "10Y"]}, **OWN)
    assert (others.status_code, others.json()["type"].rpartition("/")[2]) == (403, "not-yours-to-decide")
    await planner.open("own", "10H", **OWN)
    unsigned = await planner.client.get("/branches/own/registry/v1/organisations/10H")
    assert unsigned.status_code == 401
    for method, path in (
        ("GET", "/branches/own"),
        ("DELETE", "/branches/own"),
        ("GET", "/branches/own/registry/v1/organisations/10H"),
        ("GET", "/comparisons?branch=own"),
    ):
        refused = await planner.send(method, path, Role.PLANNER, organisations=("10Y",))
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (404, "branch-not-found"), path
    assert (await planner.call("GET", "/branches", Role.PLANNER, organisations=("10Y",)))["items"] == []
    assert [each["name"] for each in (await planner.call("GET", "/branches", Role.PLANNER, **OWN))["items"]] == ["own"]
    reader = await planner.send("GET", "/branches/own/registry/v1/organisations/10H", Role.CONTRACT_LEAD, **OWN)
    assert reader.status_code == 403


async def test_every_reason_is_given_at_once_and_one_clock_goes_forwards(life: Platform, server: BranchServer) -> None:
    async with planning(life, server, Limits(branches=1)) as planner:
        opened = await planner.open("only", "10H")
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
        compared = await planner.call(
            "GET", "/comparisons", params={"branch": ["only"] * 6, "format": "json"}, expect=422
        )
        assert len(compared["reasons"]) == 2
        # Drawn by a browser as a page, by a spreadsheet as CSV.
        shown = await planner.send("GET", "/comparisons?branch=only", headers={"Accept": "text/html"})
        assert (shown.status_code, opened["base"]["id"] in shown.text) == (200, True)
        cells = await planner.send("GET", "/comparisons?branch=only&format=csv")
        assert cells.text.splitlines()[:2] == ["measure,about,lens,life,only,differs", "day,,,2018-03-01,2018-03-01,"]
        await planner.call("DELETE", "/branches/only")


async def test_a_restart_finds_branches_and_removes_what_none_names(life: Platform, server: BranchServer) -> None:
    async with planning(life, server) as planner:
        await planner.open("stays", "10H")
        await planner.open("idle", "10H")
        opened = await planner.open("old", "10H")
        assert (datetime.fromisoformat(opened["ends_at"]) - datetime.fromisoformat(opened["opened_at"])).days == 90
        half = await planner.open("half", "10H")
        # As a process leaves them that was killed while it copied, and one that was not used for long.
        branches = {each.name: each for each in await planner.branches.register.branches()}
        await planner.branches.register.put(replace(branches["half"], state=State.OPENING))
        long_ago = datetime.now(UTC) - timedelta(days=15)
        await planner.branches.register.put(replace(branches["idle"], used_at=long_ago))
        await planner.branches.register.pool.execute(
            "UPDATE branch SET opened_at = opened_at - interval '91 days' WHERE name = 'old'"
        )
        await server.ensure("base_2222222222_registry")
        # As one leaves it that was killed right after it had set the first of the four clocks.
        await planner.branches.register.put(replace(branches["stays"], progress="moving to 2018-03-20"))
        clock = await asyncpg.connect(dsn(server.url_of(branches["stays"].database("registry"))))
        await clock.execute("UPDATE clock SET moved_to = '2018-03-09'")
        await clock.close()
    async with planning(life, server) as planner:
        listed = {each["name"]: each for each in (await planner.call("GET", "/branches"))["items"]}
        assert {name: each["state"] for name, each in listed.items()} == {"stays": "open", "half": "failed"}
        assert half["state"] == "open"
        assert listed["half"]["failure"]
        named = {*branches["stays"].databases}
        left = {name for name in await server.databases() if name.startswith("branch_")}
        assert left == named
        assert "base_2222222222_registry" not in await server.databases()
        found = await planner.call("GET", "/branches/stays/registry/v1/organisations/10H")
        assert found["name"] == "NHS 10H CCG"
        days = {
            (await planner.call("GET", f"/branches/stays/{name}/v1/operations/clock"))["today"] for name in SERVICES
        }
        stays = await planner.call("GET", "/branches/stays")
        assert (days, stays["day"], stays["progress"]) == ({"2018-03-09"}, "2018-03-09", "")
        assert "moving to 2018-03-20" in stays["failure"]
        closed = await planner.call("GET", "/branches/half/registry/v1/organisations/10H", expect=409)
        assert closed["type"].endswith("branch-not-open")
        again = await planner.call("POST", "/branches", json={"name": "half", "bodies": ["10H"]}, expect=409)
        assert again["reasons"][0]["message"].endswith("drop it first")
        for name in ("stays", "half"):
            await planner.call("DELETE", f"/branches/{name}")
    assert await server.databases() == []
