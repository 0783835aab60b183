"""A service at rest asks its database next to nothing: open long polls, and due work of which none is due."""

import asyncio

import pytest
from sqlalchemy import make_url

from deploy.postgres.server import EmbeddedPostgres
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.process.clock import Clock
from libs.common.service.app import create_service
from libs.common.service.due_work import DueWork
from tests.common.service.test_due_work import tend_next
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_projection import Lamps
from tests.support.sample_service import url
from tests.support.statements import Statements
from tests.support.waiting import until

__all__ = ["tokens", "url"]

MOST = 2.0
"""Statements a second of one wait."""


@pytest.mark.parametrize("told", [0, 2])
async def test_a_long_poll_asks_fewer_than_twice_a_second(
    url: str, tokens: Tokens, postgres: EmbeddedPostgres, told: int
) -> None:
    statements = Statements(postgres)
    await statements.logged(str(make_url(url).database))
    app = create_service(sample_service.SERVICE, tokens.settings(url), DirectBus({}))
    async with running(app, tokens.header(Role.REGISTRAR, Role.PARTNER)) as client:
        if told:
            await client.post("/v1/beacons", json={"code": "AAA", "name": "a beacon"})

        async def all_are_told() -> bool:
            return bool((await client.get("/v1/events")).json()["next"] == told)

        await until(all_are_told)
        waiting = asyncio.create_task(client.get("/v1/events", params={"wait": 30, "after": told}))
        asked = await statements.a_second("event_log")
        asked += await statements.a_second("sequencer_state")
        assert 0 < asked < MOST
        app.state.stopping.set()
        assert (await waiting).json()["items"] == []


async def test_due_work_of_which_none_is_due_rests(lamps: Lamps, postgres: EmbeddedPostgres) -> None:
    statements = Statements(postgres)
    await statements.logged(str(make_url(lamps.subscriber.url).database))
    work, stop, rounds = DueWork(lamps.subscriber, Clock(), "keepers", tend_next), asyncio.Event(), list[None]()
    task = asyncio.create_task(work.run(stop, lambda: rounds.append(None)))

    async def has_looked() -> bool:
        return bool(rounds)

    await until(has_looked)
    assert await statements.a_second() < MOST
    assert not task.done()
    stop.set()
    await task


async def test_a_process_that_only_answers_leaves_its_events_to_another_one(url: str, tokens: Tokens) -> None:
    settings = tokens.settings(url)
    answering = create_service(sample_service.SERVICE, settings.model_copy(update={"background": False}), DirectBus({}))
    caller = tokens.header(Role.REGISTRAR, Role.PARTNER)
    async with running(answering, caller) as client:
        assert (await client.post("/v1/beacons", json={"code": "AAA", "name": "a beacon"})).is_success
        assert await answering.state.database.fetch("SELECT FROM outbox") != []

        async def are_told() -> bool:
            return bool((await client.get("/v1/events")).json()["next"] == 2)

        assert not await are_told()
        async with running(create_service(sample_service.SERVICE, settings, DirectBus({})), caller):
            await until(are_told)
