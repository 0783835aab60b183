"""Measures the time from a command's commit to the commit of the projection, against one durable commit."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count

from bench.hearing import SOURCE, UPSERT, metadata, opened, plainly
from bench.kafka import broker
from bench.machine import on_measured
from bench.runner import Aim, Benchmark, Contest, Measure, Size
from bench.servers import new_database, postgres, temporary_folder
from bench.servers import opened as opened_database
from libs.common.database.connection import Database
from libs.common.messaging import outbox
from libs.common.messaging.bus import Bus
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.bus.kafka import KafkaBus, create_topic
from libs.common.messaging.bus.kafka_access import KafkaAccess
from libs.common.messaging.consumer import Consumer
from libs.common.messaging.sequencer import Sequencer
from libs.common.messaging.wakeup import outbox_signal
from libs.common.process.tasks import Tasks

_EVERY = 0.03  # about half of what one process on one processor keeps up with
_ARRIVES_WITHIN = 30.0
_NUMBERS = count()


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        async with postgres(folder) as server, broker(folder) as kafka, AsyncExitStack() as stack:
            access = KafkaAccess(kafka.bootstrap, topic_prefix="latency.")
            await create_topic(access, SOURCE)
            urls = [
                await new_database(server, name, metadata)
                for name in ("direct_teller", "direct_hearer", "kafka_teller", "kafka_hearer")
            ]
            told, heard, told_kafka, heard_kafka = [
                await stack.enter_async_context(opened_database(url)) for url in urls
            ]
            direct = DirectBus({SOURCE: told.url})
            stack.push_async_callback(direct.close)
            yield Contest(
                [
                    _commits(told, size),
                    _journeys("direct", told, heard, lambda: direct, size),
                    _journeys("Kafka", told_kafka, heard_kafka, lambda: KafkaBus(access), size),
                ],
                [f"one command every {_EVERY * 1000:.0f} ms; sequencer, publisher and consumer share one process"],
            )


def _commits(database: Database, size: Size) -> Measure:
    """Time commits of one row, by the same driver."""

    async def measure() -> Mapping[str, float]:
        took: list[float] = []
        until = time.perf_counter() + size.seconds
        async with database.connect() as connection:
            with on_measured():
                while time.perf_counter() < until:
                    event = opened(next(_NUMBERS))
                    began = time.perf_counter()
                    await connection.execute(UPSERT, [event.code], [event.name], [event.effective_on])
                    took.append(time.perf_counter() - began)
                    await asyncio.sleep(_EVERY)
        return {"one durable commit": statistics.median(took) * 1000}

    return measure


def _journeys(name: str, told: Database, heard: Database, bus: Callable[[], Bus], size: Size) -> Measure:
    """Time journeys from a commit to the commit of what follows, over this bus."""

    async def measure() -> Mapping[str, float]:
        arrivals = _Arrivals(heard)
        carrier = bus()
        tasks = Tasks()
        with on_measured():
            tasks.start("sequencer", Sequencer(told, SOURCE).run)
            if (publisher := carrier.publisher(SOURCE, told)) is not None:
                tasks.start("publisher", publisher.run)
            tasks.start("consumer", Consumer(heard, carrier, plainly(arrivals.heard), SOURCE).run)
            watching = asyncio.create_task(arrivals.watch())
            left = await _leave(told, arrivals, size)
            watching.cancel()
            await tasks.close()
        if not isinstance(carrier, DirectBus):
            await carrier.close()
        took = sorted(arrivals.at[code] - at for code, at in left.items())
        return {f"{name} p50": statistics.median(took) * 1000, f"{name} p99": took[len(took) * 99 // 100] * 1000}

    return measure


async def _leave(told: Database, arrivals: "_Arrivals", size: Size) -> dict[str, float]:
    """Tell events one by one, the first alone to set everything going; return when each was committed."""
    left: dict[str, float] = {}
    until = 0.0
    while not left or time.perf_counter() < until:
        event = opened(next(_NUMBERS))
        async with told.begin() as session:
            await outbox.add(session, event)
        left[event.code] = time.perf_counter()
        if len(left) == 1:
            await arrivals.has(event.code)
            until = time.perf_counter() + size.seconds
        await asyncio.sleep(_EVERY)
    await arrivals.has(event.code)
    del left[next(iter(left))]
    return left


class _Arrivals:
    """Notes when what was heard is committed: the consumer says so after each batch."""

    def __init__(self, heard: Database) -> None:
        self.heard: list[str] = []
        self.at: dict[str, float] = {}
        self._signal = outbox_signal(heard.url)

    async def watch(self) -> None:
        seen = self._signal.count
        while True:
            seen = await self._signal.wait(seen, within=_ARRIVES_WITHIN)
            now = time.perf_counter()
            for code in self.heard:
                self.at.setdefault(code, now)
            self.heard.clear()

    async def has(self, code: str) -> None:
        deadline = time.perf_counter() + _ARRIVES_WITHIN
        while code not in self.at:
            if time.perf_counter() > deadline:
                raise RuntimeError(f"{code} did not arrive within {_ARRIVES_WITHIN:.0f} s")
            await self._signal.wait(self._signal.count, within=0.1)
            await asyncio.sleep(0)


BENCHMARK = Benchmark(
    name="latency",
    words="from a command's commit to its projection's commit, through outbox, log, bus and consumer",
    units=dict.fromkeys(["one durable commit", "direct p50", "direct p99", "Kafka p50", "Kafka p99"], "ms"),
    aims=[Aim("direct p50", "one durable commit", at_most=8), Aim("Kafka p50", "one durable commit", at_most=40)],
    stage=_stage,
)
