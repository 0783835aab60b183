"""The four services together in one process, on either bus, called over HTTP as a partner would."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.database.connection import Database
from libs.common.database.migrations import migrate
from libs.common.identity import Role
from libs.common.messaging.bus import Bus
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.bus.kafka import KafkaBus, create_topic
from libs.common.messaging.bus.kafka_access import KafkaAccess
from libs.common.service.app import Service
from tests.support.apps import running_service
from tests.support.databases import Build, Databases, NewDatabase
from tests.support.disorder import Disorder, RepeatingKafka
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


def migrated(name: str) -> Build:
    """What fills a template with this service's tables as an operator gets them, by its migrations."""

    async def build(url: str) -> None:
        await migrate(url, name)

    return build


@dataclass
class Platform:
    """The running services: a client and a database of each."""

    tokens: Tokens
    apps: dict[str, FastAPI]
    clients: dict[str, httpx.AsyncClient]
    urls: dict[str, str] = field(default_factory=dict)
    buses: dict[str, Bus] = field(default_factory=dict)
    runs: dict[str, AbstractAsyncContextManager[tuple[FastAPI, httpx.AsyncClient]]] = field(default_factory=dict)

    async def start(self, name: str) -> None:
        """Start a service, for the first time or again."""
        run = running_service(name, self.tokens.settings(self.urls[name]), self.buses[name])
        self.apps[name], self.clients[name] = await run.__aenter__()
        self.runs[name] = run

    async def stop(self, name: str) -> None:
        """Stop a service; the others run on."""
        await self.runs.pop(name).__aexit__(None, None, None)
        del self.apps[name], self.clients[name]

    async def end(self, *raised: Any) -> None:
        """Stop those that run, after a test that raised this."""
        while self.runs:
            _, run = self.runs.popitem()
            await run.__aexit__(*raised)

    @property
    def running(self) -> list[str]:
        """The services that run, in the usual order."""
        return [name for name in SERVICES if name in self.clients]

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
        """Let it be this day in every running service, with all that falls due by then done; None: the real day."""
        for name in self.running:
            moved = day.isoformat() if day else None
            await self.call("PUT", name, "/operations/clock", Role.OPERATOR, json={"moved_to": moved})
            await self.caught_up()

    async def caught_up(self, *, within: float = 30) -> None:
        """Wait until every event that was told has been heard by everybody who subscribes to it."""
        ends, before = await self._ends(within), None
        while ends != before:  # what was heard may have been answered with events of one's own
            for name in self.running:
                for publisher in set(service(name).hears).intersection(self.running):
                    await until(self._has_heard(name, publisher), within=within)
            ends, before = await self._ends(within), ends

    async def _ends(self, within: float) -> dict[str, int]:
        """Return where each log ends, once everything that was written until now is in it."""
        ends = {}
        for name in self.running:
            await until(self._is_told(name), within=within)
            end = await self.database(name).fetchrow("SELECT last_position FROM sequencer_state")
            ends[name] = end["last_position"] if end else 0
        return ends

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
    templates: Databases,
    new_database: NewDatabase,
    tokens: Tokens,
    kafka: KafkaAccess | None = None,
    disorder: Disorder | None = None,
) -> AsyncIterator[Platform]:
    """Run all four services, each on a database of its own, and stop them; on Kafka, if access to one is given.

    With `disorder`, each event is carried more than once, and late where that says so.
    """
    urls = {name: await new_database(await templates.template_for(name, schema(name))) for name in SERVICES}
    async with platform_on(urls, tokens, kafka, disorder) as platform:
        yield platform


@asynccontextmanager
async def platform_on(
    urls: dict[str, str], tokens: Tokens, kafka: KafkaAccess | None = None, disorder: Disorder | None = None
) -> AsyncIterator[Platform]:
    """Run all four services on these databases, which may be filled, and stop them."""
    async with AsyncExitStack() as stack:
        buses = await _buses(urls, kafka, disorder)
        for bus in set(buses.values()):
            stack.push_async_callback(bus.close)
        platform = Platform(tokens, {}, {}, urls, buses)
        stack.push_async_exit(platform.end)
        for name in SERVICES:
            await platform.start(name)
        yield platform


async def _buses(urls: dict[str, str], kafka: KafkaAccess | None, disorder: Disorder | None) -> dict[str, Bus]:
    if kafka is None:
        direct: Bus = DirectBus(urls)
        return dict.fromkeys(SERVICES, disorder.around(direct) if disorder else direct)
    for name in SERVICES:
        await create_topic(kafka, name)
    kind = RepeatingKafka if disorder else KafkaBus
    buses: dict[str, Bus] = {name: kind(kafka, group=kafka.topic(name)) for name in SERVICES}
    return {name: disorder.around(bus) for name, bus in buses.items()} if disorder else buses
