"""Each safeguard of answers and of what is known, taken away once: somebody is then told what is not so."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from starlette.types import Message

from libs.common.database.connection import Database, dsn, service_metadata
from libs.common.http import idempotency
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.service.app import create_service
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement, Timeline
from tests.faults.mutation import changed, held_only_if, with_and_without
from tests.support import sample_service
from tests.support.databases import NewDatabase
from tests.support.edge import Tokens, running
from tests.support.sample_service import url

__all__ = ["url"]

IVINGHOE = {"code": "IVI", "name": "Ivinghoe"}


@pytest.fixture
def app(url: str, tokens: Tokens) -> FastAPI:
    sample_service.executions.clear()
    return create_service(sample_service.SERVICE, tokens.settings(url), DirectBus({}))


@with_and_without
async def test_the_commit_comes_before_the_answer(
    app: FastAPI, tokens: Tokens, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    """A client that was told of success finds what it wrote, even if the process died with the first byte."""
    committing: list[asyncio.Task[None]] = []
    begin = Database.begin

    @asynccontextmanager
    async def begin_and_commit_later(self: Database) -> AsyncIterator[AsyncSession]:
        transaction = begin(self)
        yield await transaction.__aenter__()

        async def commit() -> None:
            await answered.wait()
            await transaction.__aexit__(None, None, None)

        committing.append(asyncio.create_task(commit()))

    found: list[int] = []
    answered = asyncio.Event()

    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps(IVINGHOE).encode()}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 201
            row = await app.state.database.fetchrow("SELECT count(*) AS rows FROM beacon")
            found.append(row["rows"])
        answered.set()

    async with running(app):
        if not safe:
            monkeypatch.setattr(Database, "begin", begin_and_commit_later)
        await app(_scope(tokens), receive, send)
        await asyncio.gather(*committing)
        with held_only_if(safe):
            assert found == [1]


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


@with_and_without
async def test_the_claim_of_a_key_lets_a_repeated_command_run_once(
    app: FastAPI, tokens: Tokens, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    if not safe:
        # Its SQL is run, and what it says of an earlier answer is not heeded.
        changed(monkeypatch, idempotency, "claim", {"if taken.first() is not None:": "if True:"})
    key = {"Idempotency-Key": "the same"}
    async with running(app, tokens.header(Role.REGISTRAR)) as client:
        answers = await asyncio.gather(*(client.post("/v1/beacons", json=IVINGHOE, headers=key) for _ in range(3)))
    with held_only_if(safe):
        assert [answer.status_code for answer in answers] == [201, 201, 201]
        assert sample_service.executions == ["IVI"]


METADATA = service_metadata()
TIMELINE = Timeline(METADATA, "subject")


@with_and_without
async def test_statements_of_one_instant_are_ordered_by_content_and_not_by_arrival(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    """Two services that hear the same in different batches know the same, and so does a rebuild."""
    if not safe:
        by_arrival = {"ORDER BY fills_before DESC, valid, value NULLS FIRST": "ORDER BY s.id"}
        changed(monkeypatch, Timeline, "statements_about", by_arrival)
    address = await new_database(None)
    engine = create_async_engine(address)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await engine.dispose()
    instant = datetime(2017, 1, 1, tzinfo=UTC)
    days = Days(date(2017, 4, 1), date(2018, 4, 1))
    driver = await asyncpg.connect(dsn(address))
    known = set()
    for subject, order in enumerate(permutations(["one", "other", "third"])):
        for value in order:
            said = NewStatement(subject, 1, value, days, instant)
            await TIMELINE.state(driver, [said], source="test", by="tester")
        rows = await driver.fetch("SELECT value FROM subject_belief WHERE subject_id = $1", subject)
        known.add(tuple(row["value"] for row in rows))
    await driver.close()
    with held_only_if(safe):
        assert len(known) == 1
