"""The events of the whole real import through the services that consume them, with and without acting handlers."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module

from sqlalchemy import MetaData

from bench.hearing import SOURCE, sequence
from bench.imports import MEMBERSHIPS_OF, TODAY, real_files
from bench.machine import on_measured
from bench.runner import Aim, Benchmark, Contest, Measure, Size
from bench.servers import new_database, opened, postgres, temporary_folder
from deploy.postgres.server import EmbeddedPostgres
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.consumer import Consumer
from libs.common.messaging.subscriptions import Subscriptions
from libs.common.messaging.wakeup import outbox_signal
from services.registry.imports.runner import import_folder
from services.registry.tables import METADATA

_SERVICES = ("contracts", "finance", "governance")


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as place:
        folder = real_files(place / "ods", size)
        async with postgres(place) as server:
            url = await new_database(server, SOURCE, METADATA)
            async with opened(url) as registry:
                await import_folder(registry, folder, stated_on=MEMBERSHIPS_OF, today=TODAY, say=lambda _: None)
                await sequence(registry)
                [end] = await registry.fetch("SELECT last_position AS events FROM sequencer_state")
                [acting] = await registry.fetch(
                    "SELECT count(*) AS succeeded FROM event_log WHERE name = 'OrganisationSucceeded'"
                )
            consuming = _Consuming(server, DirectBus({SOURCE: url}), end["events"])
            measures: list[Measure] = [
                measure for name in _SERVICES for measure in (consuming.with_acting(name), consuming.without(name))
            ]
            succeeded = f"{acting['succeeded']:,} of them OrganisationSucceeded"
            remark = f"{end['events']:,} events, {succeeded}; nothing is stored of any body"
            yield Contest(measures, [remark])
            await consuming.bus.close()


class _Consuming:
    """Has a service consume the whole log into a new database; rates in events a second."""

    def __init__(self, server: EmbeddedPostgres, bus: DirectBus, events: int) -> None:
        self._server, self.bus, self._events = server, bus, events
        self._made = 0

    def with_acting(self, name: str) -> Measure:
        async def measure() -> Mapping[str, float]:
            return {f"{name}, acting": await self._rate(name, _subscriptions(name))}

        return measure

    def without(self, name: str) -> Measure:
        only_knowing = Subscriptions(name)
        only_knowing.knowing = list(_subscriptions(name).knowing)

        async def measure() -> Mapping[str, float]:
            return {f"{name}, not acting": await self._rate(name, only_knowing)}

        return measure

    async def _rate(self, name: str, subscriptions: Subscriptions) -> float:
        self._made += 1
        metadata: MetaData = import_module(f"services.{name}.tables").METADATA
        url = await new_database(self._server, f"{name}_{self._made}", metadata)
        async with opened(url) as database:
            consumer = Consumer(database, self.bus, subscriptions, SOURCE)
            stop, applied = asyncio.Event(), outbox_signal(url)
            seen, at = applied.count, 0
            with on_measured():
                began = time.perf_counter()
                running = asyncio.create_task(consumer.run(stop))
                while at < self._events and not running.done():
                    seen = await applied.wait(seen, within=1)
                    rows = await database.fetch("SELECT source_position FROM consumer_offset")
                    at = rows[0]["source_position"] if rows else 0
                took = time.perf_counter() - began
                stop.set()
                await running
            assert await database.fetch("SELECT FROM write_record") == [], "an act of bodies of which nothing is stored"
        return self._events / took


def _subscriptions(name: str) -> Subscriptions:
    subscriptions: Subscriptions = import_module(f"services.{name}.app").SERVICE.subscriptions
    return subscriptions


BENCHMARK = Benchmark(
    name="acting",
    words="the real import's events through each service, with its acting handlers and with its projections alone",
    units={f"{name}, {way}": "events/s" for name in _SERVICES for way in ("acting", "not acting")},
    aims=[Aim(f"{name}, acting", f"{name}, not acting", at_least=0.9) for name in _SERVICES],
    stage=_stage,
    rounds=3,
)
