"""A database that is away, silent or cut off in mid-command: refused with 503, nothing half done, well again alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import dsn
from libs.common.identity import Role
from libs.common.messaging import outbox
from libs.common.messaging.bus import direct
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.consumer import Consumer, ConsumerLimits
from libs.common.service.app import create_service
from tests.faults.proxy import Proxy
from tests.support import sample_service as beacons
from tests.support.edge import Tokens, running
from tests.support.sample_projection import Lamps, lit
from tests.support.sample_service import url
from tests.support.waiting import until

__all__ = ["url"]


@dataclass
class Hill:
    """The beacons' service, which reaches its database through a proxy, and the same database past it."""

    client: httpx.AsyncClient
    proxy: Proxy
    direct: str

    async def light(self, code: str, **headers: str) -> httpx.Response:
        return await self.client.post("/v1/beacons", json={"code": code, "name": "Ivinghoe"}, headers=headers)

    async def is_ready(self) -> bool:
        return (await self.client.get("/health/ready")).status_code == 200

    async def rows(self, table: str) -> int:
        connection = await asyncpg.connect(dsn(self.direct))
        try:
            return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
        finally:
            await connection.close()

    async def must_hold(self, beacons: int) -> None:
        """So many beacons are there, each with its record and both of its events, all told."""

        async def are_told() -> bool:
            return await self.rows("event_log") == 2 * beacons and await self.rows("outbox") == 0

        await until(are_told)
        assert [await self.rows(table) for table in ("beacon", "write_record")] == [beacons, beacons]


def before(url: str) -> Proxy:
    """A proxy in front of the server of this URL, which listens on a socket in a folder."""
    socket = f"{parse_qs(urlsplit(url).query)['host'][0]}/.s.PGSQL.5432"
    return Proxy(lambda: asyncio.open_unix_connection(socket))


def through(proxy: Proxy, url: str) -> str:
    """The same database, reached through the proxy."""
    place = urlsplit(url)
    return f"{place.scheme}://{place.username}@127.0.0.1:{proxy.port}{place.path}"


@pytest.fixture
async def hill(url: str, tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hill]:
    proxy = before(url)
    monkeypatch.setattr("libs.common.database.connection.ANSWER_SECONDS", 2.0)
    async with proxy.serving():
        app = create_service(beacons.SERVICE, tokens.settings(through(proxy, url)), DirectBus({}))
        async with running(app, tokens.header(Role.REGISTRAR)) as client:
            await until(lambda: Hill(client, proxy, url).is_ready())
            yield Hill(client, proxy, url)


def must_be_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_database_that_is_gone_is_told_with_503_and_used_again_when_it_is_back(hill: Hill) -> None:
    assert (await hill.light("AAA")).status_code == 201
    hill.proxy.cut()
    must_be_refused(await hill.light("BBB"))
    must_be_refused(await hill.client.get("/v1/beacons/AAA"))
    assert (await hill.client.get("/health/live")).status_code == 200
    assert "the database does not answer" in (await hill.client.get("/health/ready")).text
    assert not await hill.is_ready()
    hill.proxy.let_through()
    await until(hill.is_ready, within=30)
    assert (await hill.light("BBB")).status_code == 201
    await hill.must_hold(beacons=2)


async def test_a_database_that_falls_silent_is_given_up_in_time_and_used_again(hill: Hill) -> None:
    """Half-open connections: nothing comes back and nothing is closed, in no matter which task."""
    assert (await hill.light("AAA")).status_code == 201
    hill.proxy.keep_still()
    must_be_refused(await asyncio.wait_for(hill.light("BBB"), 60))
    assert not await asyncio.wait_for(hill.is_ready(), 60)
    hill.proxy.let_through()
    await until(hill.is_ready, within=30)
    assert (await hill.light("BBB")).status_code == 201
    await hill.must_hold(beacons=2)


async def test_a_command_cut_off_before_its_commit_leaves_nothing(hill: Hill, monkeypatch: pytest.MonkeyPatch) -> None:
    add = outbox.add

    async def add_and_be_cut(session: AsyncSession, *event: object, **more: object) -> str:
        told = await add(session, *event, **more)  # type: ignore[arg-type]
        hill.proxy.cut()
        return told

    monkeypatch.setattr(outbox, "add", add_and_be_cut)
    must_be_refused(await hill.light("AAA"))
    monkeypatch.setattr(outbox, "add", add)
    hill.proxy.let_through()
    await hill.must_hold(beacons=0)
    await until(hill.is_ready, within=30)
    assert (await hill.light("AAA")).status_code == 201
    await hill.must_hold(beacons=1)


async def test_a_command_cut_off_while_it_commits_is_done_once_whoever_sends_it_again(hill: Hill) -> None:
    """Nobody can know whether it was done: only that with its key it is not done twice."""
    key = {"Idempotency-Key": "in doubt"}
    hill.proxy.swallow_the_answer_to(b"COMMIT", after=b"INSERT INTO write_record")
    must_be_refused(await hill.light("AAA", **key))
    await until(lambda: hill.rows("beacon"))
    hill.proxy.let_through()
    await until(hill.is_ready, within=30)
    again = await hill.light("AAA", **key)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    await hill.must_hold(beacons=1)


async def test_a_source_that_falls_silent_is_heard_again_when_it_speaks(
    lamps: Lamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "ANSWER_SECONDS", 0.5)
    proxy = before(lamps.publisher.url)
    async with proxy.serving():
        bus = DirectBus({"lamps": through(proxy, lamps.publisher.url)}, poll=0.05)
        quick = ConsumerLimits(poll=0.05, longest_pause=0.05)
        async with lamps.following(Consumer(lamps.subscriber, bus, lamps.subscriptions, "lamps", quick)) as tasks:
            await lamps.told(lit("a", 1))
            await lamps.at(1)
            proxy.keep_still()
            await lamps.told(lit("a", 2))
            await until(proxy.was_given_up)
            proxy.let_through()
            await lamps.at(2)
            assert not tasks.dead
        await bus.close()
    assert await lamps.deeds() == [("a", 1), ("a", 2)]
    assert await lamps.parked() == []
