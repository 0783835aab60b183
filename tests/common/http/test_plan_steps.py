"""A step of a plan is carried out once: for whoever gives it, however late, and whatever version was read before it."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from libs.common.database.connection import Database
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.service.app import create_service
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import url

__all__ = ["tokens", "url"]

IVINGHOE = {"code": "IVI", "name": "Ivinghoe"}
PLAN = "k" * 22
FIRST = {"Plan-Step": f"{PLAN}/1"}


@pytest.fixture
def app(url: str, tokens: Tokens) -> FastAPI:
    sample_service.executions.clear()
    return create_service(sample_service.SERVICE, tokens.settings(url), DirectBus({}))


@pytest.fixture
async def client(app: FastAPI, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    async with running(app, tokens.header(Role.REGISTRAR, subject="ada")) as client:
        yield client


@pytest.fixture
def database(app: FastAPI, client: httpx.AsyncClient) -> Database:  # noqa: ARG001  (the client opens it)
    opened: Database = app.state.database
    return opened


async def test_a_step_is_done_once_and_answered_as_the_first_time_a_year_later_too(
    client: httpx.AsyncClient, database: Database, tokens: Tokens
) -> None:
    first = await client.post("/v1/beacons", json=IVINGHOE, headers=FIRST)
    async with database.connect() as connection:
        await connection.execute("UPDATE promoted_step SET created_at = created_at - interval '1 year'")
        await connection.execute("UPDATE beacon SET name = 'Something else'")
    again = await client.post("/v1/beacons", json=IVINGHOE, headers=FIRST)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["Idempotency-Replayed"] == "true"
    bob = tokens.header(Role.REGISTRAR, subject="bob", organisations=("IVI",))
    by_another = await client.post("/v1/beacons", json=IVINGHOE, headers={**bob, **FIRST})
    assert (by_another.status_code, by_another.content) == (201, first.content)
    assert sample_service.executions == ["IVI"]
    assert len(await database.fetch("SELECT FROM write_record")) == 1


async def test_who_lacks_the_right_that_the_step_took_gets_no_answer_of_it(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    await client.post("/v1/beacons", json=IVINGHOE, headers=FIRST)
    for roles, organisations, problem in (
        ((Role.PARTNER,), ("IVI",), "role-missing"),
        ((Role.REGISTRAR,), ("BEA",), "not-yours-to-decide"),
    ):
        other = tokens.header(*roles, subject="eve", organisations=organisations)
        refused = await client.post("/v1/beacons", json=IVINGHOE, headers={**other, **FIRST})
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, problem)


async def test_a_step_is_the_same_with_the_version_read_anew_and_no_other_request(client: httpx.AsyncClient) -> None:
    await client.post("/v1/beacons", json=IVINGHOE)
    path, second = "/v1/beacons/IVI/name?name=Beacon%20Hill", {"Plan-Step": f"{PLAN}/2"}
    renamed = await client.put(path, headers={**second, "If-Match": '"1"'})
    again = await client.put(path, headers={**second, "If-Match": '"2"'})
    assert (renamed.status_code, again.status_code, again.headers["ETag"]) == (200, 200, '"2"')
    other = await client.put("/v1/beacons/IVI/name?name=Other", headers={**second, "If-Match": '"2"'})
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (422, "plan-step-reused")


async def test_a_refused_or_tried_step_is_not_done_and_may_be_given_later(
    client: httpx.AsyncClient, database: Database
) -> None:
    dry = await client.post("/v1/beacons?dry_run=true", json=IVINGHOE, headers=FIRST)
    failed = await client.post("/v1/beacons", json=IVINGHOE | {"fails_at_commit": True}, headers=FIRST)
    assert (dry.status_code, failed.status_code) == (201, 500)
    assert await database.fetch("SELECT FROM promoted_step") == []
    assert (await client.post("/v1/beacons", json=IVINGHOE, headers=FIRST)).status_code == 201


async def test_of_many_that_give_a_step_at_once_one_does_it(client: httpx.AsyncClient) -> None:
    asked = await asyncio.gather(*(client.post("/v1/beacons", json=IVINGHOE, headers=FIRST) for _ in range(4)))
    assert [one.status_code for one in asked] == [201] * 4
    assert sum("Idempotency-Replayed" in one.headers for one in asked) == 3
    assert sample_service.executions == ["IVI"]


@pytest.mark.parametrize("header", ["", "short/1", f"{PLAN}/0", PLAN, f"{PLAN}/1/2", f"{'ä' * 22}/1"])
async def test_what_names_no_step_is_refused(client: httpx.AsyncClient, header: str) -> None:
    refused = await client.post("/v1/beacons", json=IVINGHOE, headers=[(b"Plan-Step", header.encode())])
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (400, "unreadable")


async def test_several_transactions_are_no_step(client: httpx.AsyncClient, tokens: Tokens) -> None:
    operator = tokens.header(Role.OPERATOR)
    moved = await client.put("/v1/operations/clock", json={"moved_to": "2018-04-01"}, headers={**operator, **FIRST})
    assert moved.status_code == 400
