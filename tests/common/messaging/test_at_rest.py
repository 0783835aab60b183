"""Where nothing happens, next to nothing is asked: every wait of the backbone asks fewer than twice a second."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import make_url

from deploy.kafka import Broker
from deploy.postgres.server import EmbeddedPostgres
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.consumer import Consumer
from libs.common.messaging.sequencer import Sequencer
from libs.common.process.tasks import Run
from tests.support.buses import access_to, kafka_street
from tests.support.sample_projection import Lamps, lit
from tests.support.statements import Statements
from tests.support.waiting import until

MOST = 2.0
"""Questions a second of one wait, to the database or to Kafka."""


@pytest.fixture
async def statements(postgres: EmbeddedPostgres, lamps: Lamps) -> Statements:
    """The statements that reach both databases of the lamps."""
    statements = Statements(postgres)
    await statements.logged(*(str(make_url(each.url).database) for each in (lamps.publisher, lamps.subscriber)))
    return statements


class Resting:
    """A background task that was started, and has had a round of its work."""

    def __init__(self, run: Run) -> None:
        self.rounds = 0
        self.stop = asyncio.Event()
        self.running = asyncio.ensure_future(run(self.stop, self._alive))

    def _alive(self) -> None:
        self.rounds += 1

    async def rests(self) -> None:
        async def has_worked() -> bool:
            if self.running.done():
                self.running.result()
            return self.rounds > 0

        await until(has_worked)

    async def end(self) -> None:
        self.stop.set()
        await self.running


@pytest.fixture
async def bus(lamps: Lamps) -> AsyncIterator[DirectBus]:
    """The direct bus with the intervals that services have."""
    bus = DirectBus({"lamps": lamps.publisher.url})
    yield bus
    await bus.close()


async def asked_by(run: Run, statements: Statements) -> float:
    """Return how much a task asks a second once it has nothing to do; it asks at all."""
    task = Resting(run)
    await task.rests()
    asked = await statements.a_second()
    assert not task.running.done()
    await task.end()
    return asked


def consumer_of(lamps: Lamps, bus: DirectBus) -> Consumer:
    return Consumer(lamps.subscriber, bus, lamps.subscriptions, "lamps")


async def test_a_consumer_whose_publisher_told_nothing_rests(
    lamps: Lamps, bus: DirectBus, statements: Statements
) -> None:
    assert await asked_by(consumer_of(lamps, bus).run, statements) < MOST


async def test_a_consumer_that_heard_everything_rests(lamps: Lamps, bus: DirectBus, statements: Statements) -> None:
    await lamps.told(lit("a", 1), lit("a", 2))
    await lamps.follow(2)
    assert await asked_by(consumer_of(lamps, bus).run, statements) < MOST


async def test_a_consumer_that_waits_for_the_lease_rests(lamps: Lamps, bus: DirectBus, statements: Statements) -> None:
    holder, waiting = Resting(consumer_of(lamps, bus).run), consumer_of(lamps, bus)
    await holder.rests()
    second = Resting(waiting.run)

    async def waits() -> bool:
        rows = await lamps.subscriber.fetch(
            "SELECT FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
        )
        return len(rows) == 1

    await until(waits)
    assert await statements.a_second() < MOST
    assert await statements.a_second("pg_advisory_lock") == 0
    await second.end()
    await holder.end()


async def test_the_sequencer_of_an_empty_outbox_rests(lamps: Lamps, statements: Statements) -> None:
    asked = await asked_by(Sequencer(lamps.publisher, "lamps").run, statements)
    assert 0 < asked < MOST


async def requests_a_second(seconds: float = 6.0) -> float:
    """Return how many requests the client library sends to Kafka a second: the wait is the measurement."""
    requests: list[str] = []

    class Counting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage().startswith("Request to"):
                requests.append(record.getMessage())

    counting, library = Counting(logging.DEBUG), logging.getLogger("aiokafka.conn")
    library.addHandler(counting)
    library.setLevel(logging.DEBUG)
    try:
        began = time.monotonic()
        await asyncio.sleep(seconds)
        return len(requests) / (time.monotonic() - began)
    finally:
        library.removeHandler(counting)
        library.setLevel(logging.NOTSET)


@pytest.mark.parametrize("told", [0, 2])
async def test_publisher_and_consumer_rest_on_kafka(
    kafka: Broker, lamps: Lamps, statements: Statements, told: int
) -> None:
    async with kafka_street(lamps, access_to(kafka)) as street:
        await street.told(*(lit("a", shine) for shine in range(told)))
        consumer = Resting(Consumer(lamps.subscriber, street.bus, lamps.subscriptions, "lamps").run)
        await consumer.rests()
        if told:
            await lamps.at(told)
        assert 0 < await requests_a_second() < MOST
        assert 0 < await statements.a_second() < MOST
        await consumer.end()
