"""What the front of a branch writes down is what its services carry out, on its day, by whom it says."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from deploy.branches.servers import BranchServer
from deploy.branches.steps import Intent
from libs.common.identity import Caller, Role
from tests.support.branching import Planning, planning
from tests.support.builders import a_merger_command
from tests.support.platform import Platform
from tests.support.waiting import until

PATH = "/branches/steps"
RENAMING = f"{PATH}/registry/v1/organisations/10H/renaming"
ANY_VERSION = {"If-Match": "*"}


@pytest.fixture(scope="module")
async def planner(life: Platform, server: BranchServer) -> AsyncIterator[Planning]:
    """One branch for all tests here, which go forwards in it."""
    async with planning(life, server) as served:
        await served.open("steps", "10H", "10Y")
        yield served
        for branch in served.branches.of(served.everyone):
            await served.branches.drop(branch)


async def steps(planner: Planning) -> list[Any]:
    [branch] = planner.branches.of(planner.everyone)
    return await planner.branches.recorder.journal.steps(branch.id)


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def test_a_key_of_a_refused_command_is_free_and_one_of_a_step_is_the_step_again(planner: Planning) -> None:
    refused, done = ({"new_name": name, "effective_on": "2018-03-01"} for name in ("NHS Refused CCG", "NHS Done CCG"))
    key = {"Idempotency-Key": "one"}
    no_version = await planner.send("POST", RENAMING, json=refused, headers=key)
    assert no_version.status_code == 428
    renamed = await planner.send("POST", RENAMING, json=done, headers=key | ANY_VERSION)
    assert renamed.is_success, renamed.text
    # Another token of the same person: the same step.
    roles = (Role.PLANNER, Role.REGISTRAR)
    again = await planner.send("POST", RENAMING, *roles, json=done, headers=key | ANY_VERSION)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [(step.status, step.intent.json) for step in await steps(planner)] == [
        (428, refused),
        (renamed.status_code, done),
    ]
    blank = await planner.send("POST", RENAMING, json=done, headers=ANY_VERSION | {"Idempotency-Key": " "})
    assert blank.status_code == 400


async def test_an_escaped_path_is_passed_on_as_it_was_sent(planner: Planning) -> None:
    escaped = f"{PATH}/registry/v1/organisations/10H%3Fdry_run=true%23/renaming"
    answer = await planner.send("POST", escaped, json={}, headers=ANY_VERSION)
    assert answer.status_code == 422, answer.text
    assert (await steps(planner))[-1].intent.path == "/v1/organisations/10H%3Fdry_run=true%23/renaming"


async def test_what_is_no_command_is_refused_to_an_assumed_caller(planner: Planning) -> None:
    before = await steps(planner)
    to, assumed = f"{PATH}/governance/v1/people/lookups", {"Assume": "governance_lead@10Y"}
    refused = await planner.send("POST", to, json={"persons": ["P-1"]}, headers=assumed)
    assert kind_of(refused) == (403, "assumed-reads-nothing")
    assert await steps(planner) == before


async def test_a_fault_of_the_front_is_a_problem_too(planner: Planning) -> None:
    pool = planner.branches.register.pool
    await pool.execute("ALTER TABLE step RENAME TO gone")
    try:
        failed = await planner.send("POST", RENAMING, json={}, headers=ANY_VERSION)
    finally:
        await pool.execute("ALTER TABLE gone RENAME TO step")
    assert kind_of(failed) == (503, "unavailable")


async def test_what_had_no_answer_is_asked_again_before_the_clock_moves(planner: Planning) -> None:
    [branch] = planner.branches.of(planner.everyone)
    # As a process leaves it that was killed before it passed the command on.
    intent = Intent(
        day=date(2018, 3, 1),
        service="registry",
        method="POST",
        path="/v1/mergers",
        body=httpx.Request("POST", "http://branch", json=a_merger_command("14Y", on="2018-04-01")).content,
        caller=Caller("assumed:nhs_england@*", frozenset({Role.NHS_ENGLAND}), frozenset({"*"})),
        is_assumed=True,
    )
    step = await planner.branches.recorder.journal.begin(branch.id, intent)
    await planner.move("steps", "2018-04-02")
    assert (await steps(planner))[step.number - 1].status == 201
    merged = await planner.call("GET", f"{PATH}/registry/v1/organisations/14Y")
    assert merged["status"] == "open"


async def test_a_command_whose_body_arrives_while_the_clock_moves_is_refused(planner: Planning) -> None:
    world = await planner.branches.world(planner.branches.of(planner.everyone)[0])
    moving = []

    async def is_moving() -> bool:
        return world.is_moving

    async def body() -> AsyncIterator[bytes]:
        yield b'{"basis": "registered", '
        moving.append(asyncio.create_task(planner.send("PUT", f"{PATH}/day", json={"day": "2018-04-20"})))
        await until(is_moving)
        yield b'"people": 250000, "effective_on": "2018-04-01"}'

    before = len(await steps(planner))
    to = f"{PATH}/registry/v1/organisations/14Y/populations"
    refused = await planner.send("POST", to, content=body(), headers={"Content-Type": "application/json"})
    assert kind_of(refused) == (409, "branch-moves")
    assert len(await steps(planner)) == before
    assert (await moving[0]).is_success
    await planner.settled("steps")
