"""The four services together in one process, on either bus, called over HTTP as a partner would."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.database.connection import Database
from libs.common.identity import Role
from libs.common.messaging.bus import Bus
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.bus.kafka import KafkaBus, create_topic
from libs.common.messaging.bus.kafka_access import KafkaAccess
from libs.common.service.app import Service
from tests.support.apps import running_service
from tests.support.databases import Build, Databases, NewDatabase
from tests.support.edge import Tokens
from tests.support.waiting import until

SERVICES = ("registry", "contracts", "finance", "governance")
NIL_RETURNS = [{"sort": sort, "nil_return": True} for sort in ("property", "staff")]
"""What a merger's body brings where nothing is said of schemes: word of each sort that there is nothing to transfer."""


def service(name: str) -> Service:
    """The service of this name, as its own `app` module declares it."""
    declared: Service = import_module(f"services.{name}.app").SERVICE
    return declared


def schema(name: str) -> Build:
    """What fills a template with this service's tables."""

    async def build(url: str) -> None:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(service(name).metadata.create_all)
        await engine.dispose()

    return build


@dataclass
class Platform:
    """The running services: a client and a database of each."""

    tokens: Tokens
    apps: dict[str, FastAPI]
    clients: dict[str, httpx.AsyncClient]

    def database(self, name: str) -> Database:
        """The database of a service."""
        database: Database = self.apps[name].state.database
        return database

    async def call(
        self,
        method: str,
        name: str,
        path: str,
        *roles: Role,
        expect: int | tuple[int, ...] = (200, 201, 204),
        organisations: tuple[str, ...] = ("*",),
        **request: Any,
    ) -> Any:
        """Call `/v1{path}` of a service as somebody with these roles (all, if none is named); return the JSON."""
        headers = self.tokens.header(*(roles or tuple(Role)), organisations=organisations) | request.pop("headers", {})
        response = await self.clients[name].request(method, f"/v1{path}", headers=headers, **request)
        expected = (expect,) if isinstance(expect, int) else expect
        assert response.status_code in expected, f"{method} {name}{path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    async def move_clocks(self, day: date | None) -> None:
        """Let it be this day in every service, with all that falls due by then done; None: the real day."""
        for name in SERVICES:
            moved = day.isoformat() if day else None
            await self.call("PUT", name, "/operations/clock", Role.OPERATOR, json={"moved_to": moved})
            await self.caught_up()

    async def caught_up(self, *, within: float = 30) -> None:
        """Wait until every event that was told has been heard by everybody who subscribes to it."""
        # Twice: what was heard may have been answered with events of one's own.
        for _ in range(2):
            for name in SERVICES:
                await until(self._is_told(name), within=within)
                for publisher in service(name).hears:
                    await until(self._has_heard(name, publisher), within=within)

    def _is_told(self, name: str) -> Callable[[], Any]:
        async def told() -> bool:
            row = await self.database(name).fetchrow("SELECT count(*) AS waiting FROM outbox")
            return row is not None and row["waiting"] == 0

        return told

    def _has_heard(self, name: str, publisher: str) -> Callable[[], Any]:
        async def heard() -> bool:
            end = await self.database(publisher).fetchrow("SELECT last_position FROM sequencer_state")
            at = await self.database(name).fetchrow(
                "SELECT source_position FROM consumer_offset WHERE source = $1", publisher
            )
            return (at["source_position"] if at else 0) >= (end["last_position"] if end else 0)

        return heard


@asynccontextmanager
async def running_platform(
    templates: Databases, new_database: NewDatabase, tokens: Tokens, kafka: KafkaAccess | None = None
) -> AsyncIterator[Platform]:
    """Run all four services, each on a database of its own, and stop them; on Kafka, if access to one is given."""
    urls = {name: await new_database(await templates.template_for(name, schema(name))) for name in SERVICES}
    async with AsyncExitStack() as stack:
        buses = await _buses(urls, kafka)
        for bus in set(buses.values()):
            stack.push_async_callback(bus.close)
        apps, clients = {}, {}
        for name in SERVICES:
            running = running_service(name, tokens.settings(urls[name]), buses[name])
            apps[name], clients[name] = await stack.enter_async_context(running)
        yield Platform(tokens, apps, clients)


async def _buses(urls: dict[str, str], kafka: KafkaAccess | None) -> dict[str, Bus]:
    if kafka is None:
        direct = DirectBus(urls)
        return dict.fromkeys(SERVICES, direct)
    for name in SERVICES:
        await create_topic(kafka, name)
    return {name: KafkaBus(kafka, group=kafka.topic(name)) for name in SERVICES}
