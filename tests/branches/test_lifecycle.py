"""Branches of one base are worlds of their own, leave nothing, and outlive a restart."""

from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg

from deploy.branches.bases import SERVICES, new_id
from deploy.branches.register import State
from deploy.branches.servers import BranchServer
from libs.common.database.connection import dsn
from tests.support.branching import Planning, planning
from tests.support.platform import Platform


async def test_branches_of_one_base_are_worlds_of_their_own_and_leave_nothing(
    planner: Planning, server: BranchServer
) -> None:
    first = await planner.open("one", "10H")
    second = await planner.open("two", "10H", base=first["base"]["id"])
    assert second["base"] == first["base"]
    cut, ends = (datetime.fromisoformat(text) for text in (second["base"]["cut_at"], second["ends_at"]))
    assert ends - cut == timedelta(days=90), "a copy is not kept longer by opening another branch of it"
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


async def test_a_restart_finds_branches_and_removes_what_none_names(life: Platform, server: BranchServer) -> None:
    async with planning(life, server) as planner:
        opened = await planner.open("stays", "10H")
        assert (datetime.fromisoformat(opened["ends_at"]) - datetime.fromisoformat(opened["opened_at"])).days == 90
        [stays] = await planner.branches.register.branches()
        # As a process leaves them that was killed while it copied; one not used for long, and one opened long ago.
        left = (
            replace(stays, id=new_id(), name="half", state=State.OPENING),
            replace(stays, id=new_id(), name="idle", used_at=stays.used_at - timedelta(days=15)),
            replace(stays, id=new_id(), name="old", opened_at=stays.opened_at - timedelta(days=91)),
        )
        for branch in left:
            await planner.branches.register.add(branch)
            await server.ensure(branch.database("registry"))
        await server.ensure("base_2222222222_registry")
        # As one leaves it that was killed right after it had set the first of the four clocks.
        await planner.branches.register.put(replace(stays, progress="moving to 2018-03-20"))
        clock = await asyncpg.connect(dsn(server.url_of(stays.database("registry"))))
        await clock.execute("UPDATE clock SET moved_to = '2018-03-09'")
        await clock.close()
    async with planning(life, server) as planner:
        listed = {each["name"]: each for each in (await planner.call("GET", "/branches"))["items"]}
        assert {name: each["state"] for name, each in listed.items()} == {"stays": "open", "half": "failed"}
        assert listed["half"]["failure"]
        there = set(await server.databases())
        assert {name for name in there if name.startswith("branch_")} == set(stays.databases)
        assert "base_2222222222_registry" not in there
        found = await planner.call("GET", "/branches/stays/registry/v1/organisations/10H")
        assert found["name"] == "NHS 10H CCG"
        days = {
            (await planner.call("GET", f"/branches/stays/{name}/v1/operations/clock"))["today"] for name in SERVICES
        }
        shown = await planner.call("GET", "/branches/stays")
        assert (days, shown["day"], shown["progress"]) == ({"2018-03-09"}, "2018-03-09", "")
        assert "moving to 2018-03-20" in shown["failure"]
        closed = await planner.call("GET", "/branches/half/registry/v1/organisations/10H", expect=409)
        assert closed["type"].endswith("branch-not-open")
        again = await planner.call("POST", "/branches", json={"name": "half", "bodies": ["10H"]}, expect=409)
        assert again["reasons"][0]["message"].endswith("drop it first")
        for name in ("stays", "half"):
            await planner.call("DELETE", f"/branches/{name}")
    assert await server.databases() == []
