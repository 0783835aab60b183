"""Both buses for tests: the same source on each, with what carries its log to where it is read."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer

from deploy.kafka import Broker
from libs.common.events import Envelope, Event
from libs.common.messaging.bus import Bus, Message
from libs.common.messaging.bus.kafka import KafkaBus, create_topic
from libs.common.messaging.bus.kafka_access import KafkaAccess
from libs.common.process.tasks import Tasks
from tests.support.sample_projection import Lamps
from tests.support.waiting import until


def access_to(kafka: Broker) -> KafkaAccess:
    """The broker, with topics that no other test has."""
    return KafkaAccess(kafka.bootstrap, topic_prefix=f"test-{uuid.uuid4().hex[:12]}.")


async def strange_record(access: KafkaAccess, body: bytes, source: str = "lamps") -> None:
    """Put into a topic what is no event: a record without key and headers."""
    producer = AIOKafkaProducer(bootstrap_servers=access.bootstrap)
    await producer.start()
    await producer.send_and_wait(access.topic(source), body)
    await producer.stop()


class Street:
    """Lamps, and the bus on which they are heard of."""

    def __init__(self, lamps: Lamps, bus: Bus) -> None:
        self.lamps = lamps
        self.bus = bus
        self.tasks = Tasks(first_pause=0.01, longest_pause=0.05)

    async def told(self, *events: Event) -> None:
        """Tell these, each in a transaction of its own, and wait until the bus has them."""
        await self.lamps.told(*events)
        await self.published()

    async def published(self) -> None:
        """Wait until the bus has all that was told."""
        row = await self.lamps.publisher.fetchrow("SELECT last_position FROM sequencer_state")
        wanted = row["last_position"] if row else 0

        async def has_all() -> bool:
            return (await self.bus.end("lamps")).position >= wanted

        await until(has_all, within=30)

    async def read_all(self, offset: int = 0, *, bus: Bus | None = None) -> list[Message]:
        """All messages from this offset on: a read may give fewer than there are."""
        found: list[Message] = []
        while got := await (bus or self.bus).read("lamps", offset, 500):
            found += got
            offset = got[-1].offset + 1
        return found


def shines(messages: Sequence[Message]) -> list[int]:
    """What the messages say, in their order."""
    return [Envelope.decode(each.body).fields["shine"] for each in messages]


@asynccontextmanager
async def direct_street(lamps: Lamps) -> AsyncIterator[Street]:
    """The lamps on the direct bus."""
    yield Street(lamps, lamps.bus)


@asynccontextmanager
async def kafka_street(lamps: Lamps, access: KafkaAccess) -> AsyncIterator[Street]:
    """The lamps on Kafka, published meanwhile."""
    await create_topic(access, "lamps")
    bus = KafkaBus(access)
    street = Street(lamps, bus)
    street.tasks.start("publisher", bus.publisher("lamps", lamps.publisher).run)
    try:
        yield street
    finally:
        await street.tasks.close()
        await bus.close()
