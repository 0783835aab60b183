"""A command is one transaction, committed before anybody is told, done once for one Idempotency-Key, and recorded."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Message

from libs.common.database.connection import Database
from libs.common.http import idempotency
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.service.app import create_service
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import url
from tests.support.waiting import until

__all__ = ["tokens", "url"]

IVINGHOE = {"code": "IVI", "name": "Ivinghoe"}
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
KEY = {"Idempotency-Key": "first"}


@pytest.fixture
def app(url: str, tokens: Tokens) -> FastAPI:
    sample_service.executions.clear()
    return create_service(sample_service.SERVICE, tokens.settings(url), DirectBus({}))


@pytest.fixture
async def client(app: FastAPI, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    async with running(app, tokens.header(Role.REGISTRAR)) as client:
        yield client


@pytest.fixture
def database(app: FastAPI, client: httpx.AsyncClient) -> Database:  # noqa: ARG001  (the client opens it)
    opened: Database = app.state.database
    return opened


async def count(database: Database, table: str) -> int:
    row = await database.fetchrow(f"SELECT count(*) AS rows FROM {table}")
    assert row is not None
    return int(row["rows"])


async def test_a_command_is_committed_before_the_first_byte_of_its_answer(
    app: FastAPI, client: httpx.AsyncClient, database: Database, tokens: Tokens
) -> None:
    del client
    seen: list[tuple[str, int]] = []
    body = json.dumps(IVINGHOE).encode()

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        seen.append((message["type"], await count(database, "beacon")))

    await app(_scope(tokens), receive, send)
    assert seen == [("http.response.start", 1), ("http.response.body", 1)]


async def test_a_dry_run_gives_the_same_answer_and_keeps_nothing(client: httpx.AsyncClient, database: Database) -> None:
    tables = ("beacon", "outbox", "event_log", "write_record", "idempotency_key")
    dry = await client.post("/v1/beacons", json=IVINGHOE, params={"dry_run": "true"}, headers=KEY)
    assert dry.headers["Dry-Run"] == "true"
    assert [await count(database, table) for table in tables] == [0] * len(tables)
    done = await client.post("/v1/beacons", json=IVINGHOE)
    assert "Dry-Run" not in done.headers
    assert (dry.status_code, dry.json()) == (done.status_code, done.json())
    refused = await client.post("/v1/beacons", json=IVINGHOE, params={"dry_run": "true"})
    again = await client.post("/v1/beacons", json=IVINGHOE)
    assert refused.status_code == again.status_code == 409
    assert refused.json()["reasons"] == again.json()["reasons"]


async def test_a_failing_commit_never_answers_with_success(
    app: FastAPI, client: httpx.AsyncClient, database: Database, tokens: Tokens
) -> None:
    del client
    seen: list[Message] = []
    body = json.dumps(IVINGHOE | {"fails_at_commit": True}).encode()

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        seen.append(message)

    await app(_scope(tokens), receive, send)
    assert sample_service.executions == ["IVI"]
    assert [message.get("status") for message in seen] == [500, None]
    assert [await count(database, table) for table in ("beacon", "outbox", "event_log", "write_record")] == [0, 0, 0, 0]


def _scope(tokens: Tokens) -> dict[str, Any]:
    headers = {**tokens.header(Role.REGISTRAR), "Content-Type": "application/json"}
    return {
        "type": "http",
        "method": "POST",
        "path": "/v1/beacons",
        "raw_path": b"/v1/beacons",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("service.test", 80),
        "scheme": "http",
        "http_version": "1.1",
    }


async def test_a_repeated_key_gets_the_same_answer_and_does_nothing_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    first = await client.post("/v1/beacons", json=IVINGHOE, headers=KEY)
    again = await client.post("/v1/beacons", json=IVINGHOE, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert sample_service.executions == ["IVI"]
    assert await count(database, "write_record") == 1


async def test_a_repeated_key_in_flight_waits_and_gets_the_stored_answer(
    client: httpx.AsyncClient, database: Database
) -> None:
    async with database.connect() as watcher, database.connect() as holder, holder.transaction():
        await holder.execute("LOCK TABLE beacon IN ACCESS EXCLUSIVE MODE")
        asked = [
            asyncio.create_task(client.post("/v1/beacons", json=IVINGHOE, headers=KEY), name=str(number))
            for number in range(2)
        ]

        await until(lambda: watcher.fetchval(WAITING))
        assert sample_service.executions == ["IVI"]
    answers = [await task for task in asked]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert sample_service.executions == ["IVI"]
    assert sorted(answer.headers.get("Idempotency-Replayed", "") for answer in answers) == ["", "true"]


async def test_a_key_that_is_in_flight_in_another_process_is_waited_for(url: str) -> None:
    database, claim = Database(url), idempotency.Claim("ada", "light_beacon", "k")

    async def again() -> idempotency.Stored | None:
        async with database.begin() as session:
            return await idempotency.claim(session, claim, mark=b"1", hours=1)

    async with database.connect() as watcher:
        async with database.begin() as session:
            assert await idempotency.claim(session, claim, mark=b"1", hours=1) is None
            waiting = asyncio.create_task(again())
            await until(lambda: watcher.fetchval(WAITING))
            await idempotency.keep(session, claim, Response(b"lit"), [])
        stored = await waiting
    assert stored is not None
    assert stored.response.body == b"lit"
    await database.close()


async def test_a_key_of_another_request_is_refused(client: httpx.AsyncClient) -> None:
    await client.post("/v1/beacons", json=IVINGHOE, headers=KEY)
    other = await client.post("/v1/beacons", json={"code": "BEA", "name": "Beacon Hill"}, headers=KEY)
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (422, "idempotency-key-reused")
    assert sample_service.executions == ["IVI"]


async def test_a_key_belongs_to_one_caller(client: httpx.AsyncClient, tokens: Tokens) -> None:
    await client.post("/v1/beacons", json=IVINGHOE, headers=KEY)
    bob = tokens.header(Role.REGISTRAR, subject="bob")
    other = await client.post("/v1/beacons", json={"code": "BEA", "name": "Beacon Hill"}, headers={**bob, **KEY})
    assert other.status_code == 201


async def test_a_stored_answer_is_given_only_to_who_still_has_the_right(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    ada = tokens.header(Role.REGISTRAR, subject="ada", organisations=("IVI", "BEA"))
    assert (await client.post("/v1/beacons", json=IVINGHOE, headers={**ada, **KEY})).status_code == 201
    for roles, organisations, status, problem in (
        ((), ("IVI",), 403, "role-missing"),
        ((Role.REGISTRAR,), ("BEA",), 403, "not-yours-to-decide"),
        ((Role.REGISTRAR,), ("IVI",), 201, None),
    ):
        later = tokens.header(*roles, subject="ada", organisations=organisations)
        again = await client.post("/v1/beacons", json=IVINGHOE, headers={**later, **KEY})
        assert again.status_code == status
        assert problem is None or again.json()["type"].endswith(f"/{problem}")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert sample_service.executions == ["IVI"]


@pytest.mark.parametrize("header", [{"If-Match": '"2"'}, {"Stated-At": "2018-03-25"}])
async def test_another_version_or_instant_is_another_request(
    client: httpx.AsyncClient, tokens: Tokens, header: dict[str, str]
) -> None:
    ada = tokens.header(Role.REGISTRAR, Role.LOADER, subject="ada")
    await client.post("/v1/beacons", json=IVINGHOE, headers={**ada, **KEY})
    other = await client.post("/v1/beacons", json=IVINGHOE, headers={**ada, **KEY, **header})
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (422, "idempotency-key-reused")


async def test_a_refusal_is_not_kept_so_the_key_can_be_tried_again(client: httpx.AsyncClient) -> None:
    failed = await client.post("/v1/beacons", json=IVINGHOE | {"fails_at_commit": True}, headers=KEY)
    assert failed.status_code == 500
    assert (await client.post("/v1/beacons", json=IVINGHOE, headers=KEY)).status_code == 201


async def test_a_key_past_its_time_counts_as_new(client: httpx.AsyncClient, database: Database) -> None:
    await client.post("/v1/beacons", json=IVINGHOE, headers=KEY)
    async with database.connect() as connection:
        await connection.execute("UPDATE idempotency_key SET created_at = created_at - interval '25 hours'")
    other = await client.post("/v1/beacons", json={"code": "BEA", "name": "Beacon Hill"}, headers=KEY)
    assert other.status_code == 201
    again = await client.post("/v1/beacons", json={"code": "BEA", "name": "Beacon Hill"}, headers=KEY)
    assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "ä"])
async def test_a_key_that_cannot_be_one_is_refused(client: httpx.AsyncClient, key: str) -> None:
    refused = await client.post("/v1/beacons", json=IVINGHOE, headers=[(b"Idempotency-Key", key.encode())])
    assert refused.status_code == 400


async def test_a_write_is_recorded_with_its_caller_and_a_refused_one_is_not(
    client: httpx.AsyncClient, database: Database, tokens: Tokens
) -> None:
    ada = tokens.header(Role.REGISTRAR, Role.PARTNER, subject="ada", organisations=("IVI", "BEA"))
    ids = {"X-Request-Id": "req-1", "X-Correlation-Id": "story-1"}
    lit = await client.post("/v1/beacons", json=IVINGHOE, headers={**ada, **ids})
    await client.post("/v1/beacons", json=IVINGHOE, headers=ada)
    rows = await database.fetch("SELECT * FROM write_record")
    assert [dict(row) | {"id": 0, "recorded_at": None} for row in rows] == [
        {
            "id": 0,
            "recorded_at": None,
            "actor": "ada",
            "roles": ["partner", "registrar"],
            "organisations": ["BEA", "IVI"],
            "operation": "light_beacon",
            "request_id": lit.headers["X-Request-Id"],
            "correlation": "story-1",
            "causation": lit.headers["X-Request-Id"],
            "touched": ["IVI"],
        }
    ]


async def test_the_ids_of_a_request_travel_into_its_events(client: httpx.AsyncClient, tokens: Tokens) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    ids = {"X-Request-Id": "req-1", "X-Correlation-Id": "story-1", "traceparent": trace}
    lit = await client.post("/v1/beacons", json=IVINGHOE, headers=ids)
    assert lit.headers["X-Request-Id"] != "req-1"
    partner = tokens.header(Role.PARTNER)
    told = (await client.get("/v1/events?wait=10", headers=partner)).json()["items"][0]["event"]
    assert {name: told[name] for name in ("actor", "correlationid", "causationid", "traceparent")} == {
        "actor": "somebody",
        "correlationid": "story-1",
        "causationid": lit.headers["X-Request-Id"],
        "traceparent": trace,
    }


async def test_a_connection_that_is_lost_is_told_as_a_fault_that_may_pass(
    client: httpx.AsyncClient, database: Database
) -> None:
    async with database.connect() as watcher, database.connect() as holder, holder.transaction():
        await holder.execute("LOCK TABLE beacon IN ACCESS EXCLUSIVE MODE")
        asked = asyncio.create_task(client.post("/v1/beacons", json=IVINGHOE))

        async def ended() -> bool:
            return bool(
                await watcher.fetchval(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
            )

        await until(ended)
        answer = await asked
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert (await client.post("/v1/beacons", json=IVINGHOE)).status_code == 201


async def test_requests_that_wait_for_their_key_take_no_connection(
    client: httpx.AsyncClient, database: Database
) -> None:
    async with database.connect() as watcher, database.connect() as holder, holder.transaction():
        await holder.execute("LOCK TABLE beacon IN ACCESS EXCLUSIVE MODE")
        repeated = [
            asyncio.create_task(client.post("/v1/beacons", json=IVINGHOE, headers={"Idempotency-Key": "k"}))
            for _ in range(8)
        ]
        await until(lambda: watcher.fetchval(WAITING))
        assert (await client.post("/v1/numbers", json=[1, 2])).json() == 3
        assert not any(one.done() for one in repeated)
    found = await asyncio.gather(*repeated)
    assert [one.status_code for one in found] == [201] * 8
    assert sum("Idempotency-Replayed" in one.headers for one in found) == 7
