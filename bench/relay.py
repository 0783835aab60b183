"""Measures the way from the outbox to Kafka: sequencer and publisher, against bare aiokafka and the Python peer."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faststream.kafka import KafkaBroker
from faststream_outbox import OutboxBroker, make_outbox_table
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

from bench.hearing import SOURCE, metadata, opened, tell
from bench.kafka import broker
from bench.machine import on_measured
from bench.runner import Aim, Benchmark, Contest, Measure, Size
from bench.servers import new_database, postgres, temporary_folder
from bench.servers import opened as opened_database
from libs.common.database.connection import Database
from libs.common.messaging.bus.kafka import KafkaBus, create_topic
from libs.common.messaging.bus.kafka_access import KafkaAccess
from libs.common.messaging.sequencer import Sequencer
from libs.common.process.tasks import Tasks

_BARE, _PEER = "bench.bare", "bench.peer"
_PEERS_EVENTS = 20
_WITHIN = 300.0
_NUMBERS = count()

_peer_metadata = MetaData()
_peer_outbox = make_outbox_table(_peer_metadata, table_name="peer_outbox")


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    logging.getLogger("faststream").setLevel(logging.ERROR)
    with temporary_folder() as folder:
        async with postgres(folder) as server, broker(folder) as kafka:
            access = KafkaAccess(kafka.bootstrap, topic_prefix="relay.")
            await create_topic(access, SOURCE)
            await _create_topics(kafka.bootstrap)
            url = await new_database(server, SOURCE, metadata)
            engine = create_async_engine(await new_database(server, "peer", _peer_metadata), pool_size=10)
            async with opened_database(url) as database:
                measures = [_ours(database, access, size), _bare(database, kafka.bootstrap, size)]
                peer = _Peer(engine, kafka.bootstrap, max(100, size.events // _PEERS_EVENTS))
                remark = "the peer: batches of 500, 4 workers, so that its order is not kept"
                yield Contest([*measures, peer.measure], [remark])
            await engine.dispose()


async def _create_topics(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1) for name in (_BARE, _PEER)])
    await admin.close()


def _ours(database: Database, access: KafkaAccess, size: Size) -> Measure:
    """Time the way of a full outbox through the log to the topic, until the last event is acknowledged."""

    async def measure() -> Mapping[str, float]:
        await tell(database, [opened(next(_NUMBERS)) for _ in range(size.events)])
        before = await _number(database, "SELECT coalesce(max(last_position), 0) FROM sequencer_state")
        bus = KafkaBus(access)
        publisher, tasks = bus.publisher(SOURCE, database), Tasks()

        async def published() -> bool:
            at = await _number(database, "SELECT coalesce(max(published_position), 0) FROM publisher")
            return at >= before + size.events

        with on_measured():
            began = time.perf_counter()
            tasks.start("sequencer", Sequencer(database, SOURCE).run)
            tasks.start("publisher", publisher.run)
            await _until(published)
            took = time.perf_counter() - began
        await tasks.close()
        await bus.close()
        return {"outbox to Kafka": size.events / took}

    return measure


def _bare(database: Database, bootstrap: str, size: Size) -> Measure:
    """Time an idempotent producer that sends the same bytes, and does nothing else."""

    async def measure() -> Mapping[str, float]:
        rows = await database.fetch("SELECT body FROM event_log ORDER BY position DESC LIMIT $1", size.events)
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
        await producer.start()
        with on_measured():
            began = time.perf_counter()
            await _send(producer, [row["body"] for row in rows])
            took = time.perf_counter() - began
        await producer.stop()
        return {"bare aiokafka": len(rows) / took}

    return measure


async def _send(producer: Any, bodies: Sequence[bytes]) -> None:
    for start in range(0, len(bodies), 500):
        sent = [await producer.send(_BARE, body, partition=0) for body in bodies[start : start + 500]]
        await asyncio.gather(*sent)


class _Peer:
    """faststream-outbox, which relays rows of its table to Kafka as its own guide shows."""

    def __init__(self, engine: AsyncEngine, bootstrap: str, events: int) -> None:
        self._engine, self._bootstrap, self._events = engine, bootstrap, events

    async def measure(self) -> Mapping[str, float]:
        """Time the draining of a full table."""
        kafka = KafkaBroker(self._bootstrap, logger=None)
        relayed = OutboxBroker(self._engine, outbox_table=_peer_outbox, logger=None)

        @kafka.publisher(_PEER)
        @relayed.subscriber(
            "bench", max_workers=4, fetch_batch_size=500, min_fetch_interval=0.01, terminal_flush_batch_size=100
        )
        async def relay(body: dict[str, Any]) -> dict[str, Any]:
            return body

        events = [opened(next(_NUMBERS)).model_dump(mode="json") for _ in range(self._events)]
        async with async_sessionmaker(self._engine)() as session, session.begin():
            await relayed.publish_batch(*events, queue="bench", session=session)
        with on_measured():
            await kafka.start()
            began = time.perf_counter()
            await relayed.start()
            await _until(self._drained)
            took = time.perf_counter() - began
        await relayed.stop()
        await kafka.stop()
        return {"faststream-outbox": self._events / took}

    async def _drained(self) -> bool:
        async with self._engine.connect() as connection:
            return not (await connection.exec_driver_sql("SELECT 1 FROM peer_outbox LIMIT 1")).first()


async def _number(database: Database, sql: str) -> int:
    return int((await database.fetch(sql))[0][0])


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + _WITHIN
    while not await condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {_WITHIN:.0f} s")
        await asyncio.sleep(0.005)


BENCHMARK = Benchmark(
    name="relay",
    words="a full outbox to Kafka (dense positions, hash chain, log, idempotent sends), against sending alone",
    units=dict.fromkeys(["outbox to Kafka", "bare aiokafka", "faststream-outbox"], "events/s"),
    aims=[
        Aim("outbox to Kafka", "bare aiokafka", at_least=0.5),
        Aim("outbox to Kafka", "faststream-outbox", at_least=10),
    ],
    stage=_stage,
    rounds=5,
)
