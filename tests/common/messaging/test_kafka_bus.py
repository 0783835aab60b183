"""What is so of the bus over Kafka alone: what it publishes and when, what it survives, and how topics are kept."""

import asyncio
import logging
import os
import random
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from logging.handlers import BufferingHandler

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.structs import TopicPartition

from deploy.kafka import Broker
from libs.common.messaging import event_log
from libs.common.messaging.bus import BusEnd
from libs.common.messaging.bus.kafka import KafkaBus, create_topic
from libs.common.messaging.bus.kafka_access import BusUnavailable, KafkaAccess, TopicMissing
from libs.common.messaging.bus.kafka_publisher import KafkaPublisher, Sender, TopicNotEmpty, republish
from libs.common.messaging.consumer import Consumer, ConsumerLimits
from libs.common.messaging.event_log import Entry
from libs.common.process.tasks import Tasks
from tests.support.buses import Street, access_to, kafka_street, strange_record
from tests.support.sample_projection import Lamps, lit, wait_for_death
from tests.support.waiting import until


@pytest.fixture
def access(kafka: Broker) -> KafkaAccess:
    return access_to(kafka)


@pytest.fixture
async def street(lamps: Lamps, access: KafkaAccess) -> AsyncIterator[Street]:
    """The lamps on Kafka, with nobody who publishes yet."""
    await create_topic(access, "lamps")
    bus = KafkaBus(access)
    street = Street(lamps, bus)
    yield street
    await street.tasks.close()
    await bus.close()


def follower(street: Street) -> Consumer:
    limits = ConsumerLimits(batch=50, poll=1, longest_pause=0.1)
    return Consumer(street.lamps.subscriber, street.bus, street.lamps.subscriptions, "lamps", limits)


def kafka_of(street: Street) -> KafkaBus:
    assert isinstance(street.bus, KafkaBus)
    return street.bus


@asynccontextmanager
async def administration(access: KafkaAccess) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=access.bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


@asynccontextmanager
async def stopped(kafka: Broker) -> AsyncIterator[None]:
    """The broker alive and silent: connections stay open, and nothing is answered."""
    pid = kafka.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class Stumbling:
    """A sender that sends a part, and fails before it or after it has been kept."""

    def __init__(self, sender: Sender, chance: random.Random) -> None:
        self._sender = sender
        self._chance = chance

    async def start(self) -> None:
        await self._sender.start()

    async def send(self, entries: Sequence[Entry]) -> int:
        fate = self._chance.random()
        if fate < 0.2:
            raise BusUnavailable("nothing was sent")
        sent = await self._sender.send(entries[: self._chance.randint(1, 40)])
        if fate < 0.4:
            raise BusUnavailable("nobody heard the acknowledgement")
        return sent

    def let_go(self) -> None:
        self._sender.let_go()


async def test_after_an_error_in_mid_batch_nothing_is_lost_and_nothing_comes_before_its_predecessor(
    street: Street,
) -> None:
    await street.lamps.told(*(lit("a", shine) for shine in range(200)))
    bus, chance, senders = kafka_of(street), random.Random(4), []

    def stumbling() -> Stumbling:
        senders.append(Stumbling(bus.sender("lamps"), chance))
        return senders[-1]

    publisher = KafkaPublisher(
        "lamps", street.lamps.publisher, stumbling, lambda: bus.last("lamps"), longest_pause=0.01
    )
    street.tasks.start("publisher", publisher.run)
    async with street.lamps.following(follower(street)):
        await until(lambda: street.lamps.is_at(200), within=60)
    assert await street.lamps.shines() == {"a": list(range(200))}
    positions = [message.position or 0 for message in await street.read_all()]
    assert len(positions) > 200
    assert all(position <= max(positions[:place], default=0) + 1 for place, position in enumerate(positions))
    assert len(senders) > 2


async def test_a_broker_that_is_killed_and_comes_back_costs_nothing(
    street: Street, kafka: Broker, access: KafkaAccess
) -> None:
    street.tasks.start("publisher", kafka_of(street).publisher("lamps", street.lamps.publisher).run)
    async with street.lamps.following(follower(street)):
        await street.told(*(lit("a", shine) for shine in range(20)))
        await asyncio.to_thread(kafka.kill)
        try:
            await street.lamps.told(*(lit("a", shine) for shine in range(20, 40)))
        finally:
            await asyncio.to_thread(kafka.start)
        await until(lambda: street.lamps.is_at(40), within=90)
    assert await street.lamps.shines() == {"a": list(range(40))}
    assert access.bootstrap == kafka.bootstrap


async def test_a_broker_that_is_silent_for_longer_than_every_timeout_costs_nothing(
    street: Street, kafka: Broker
) -> None:
    bus, senders = kafka_of(street), []

    def counted() -> Sender:
        senders.append(bus.sender("lamps"))
        return senders[-1]

    publisher = KafkaPublisher("lamps", street.lamps.publisher, counted, lambda: bus.last("lamps"), longest_pause=0.1)
    street.tasks.start("publisher", publisher.run)
    async with street.lamps.following(follower(street)):
        await street.told(*(lit("a", shine) for shine in range(20)))
        async with stopped(kafka):
            await street.lamps.told(*(lit("a", shine) for shine in range(20, 40)))
            # The first was given up while it waited for the acknowledgement, the second while it connected.
            given_up = len(senders) + 2
            await until(lambda: _have_come(senders, given_up), within=120)
        await until(lambda: street.lamps.is_at(40), within=90)
    assert await street.lamps.shines() == {"a": list(range(40))}


async def _have_come(senders: Sequence[Sender], number: int) -> bool:
    return len(senders) >= number


async def test_a_stop_does_not_wait_for_a_broker_that_does_not_answer(street: Street, kafka: Broker) -> None:
    bus = kafka_of(street)
    street.tasks.start("publisher", bus.publisher("lamps", street.lamps.publisher).run)
    street.tasks.start("consumer", follower(street).run)
    await street.told(lit("a", 1))
    async with stopped(kafka):
        await street.lamps.told(lit("a", 2))
        await asyncio.wait_for(street.tasks.close(), 20)
        await asyncio.wait_for(bus.close(), 20)


async def test_an_event_whose_bytes_cannot_be_read_is_parked_under_its_keys(street: Street) -> None:
    await street.lamps.told(lit("a", 1), lit("b", 2), lit("a", 3), lit("b", 4))
    entries = list(await event_log.read_after(street.lamps.publisher, 0, 10))
    entries[1] = replace(entries[1], body=b"\xff{")
    sender = kafka_of(street).sender("lamps")
    await sender.start()
    assert await sender.send(entries) == 4
    sender.let_go()
    async with street.lamps.following(follower(street)) as tasks:
        await until(lambda: street.lamps.is_at(4), within=30)
        assert not tasks.dead
    assert await street.lamps.deeds() == [("a", 1), ("a", 3)]
    assert [(position, keys) for position, keys, _ in await street.lamps.parked()] == [(2, ["b"]), (4, ["b"])]


async def test_the_end_is_seen_at_once_while_nobody_follows_and_events_come_one_by_one(street: Street) -> None:
    bus = kafka_of(street)
    street.tasks.start("publisher", bus.publisher("lamps", street.lamps.publisher).run)
    for shine in range(1, 6):
        await street.lamps.told(lit("a", shine))

        async def has_come(position: int = shine) -> bool:
            return (await asyncio.wait_for(bus.end("lamps"), 5)).position == position

        await until(has_come, within=20)


async def test_a_strangers_message_stops_the_consumer_and_is_told(street: Street, access: KafkaAccess) -> None:
    await strange_record(access, b"hello")
    async with street.lamps.following(follower(street)) as tasks:
        await wait_for_death(tasks, saying="the record at offset 1 is no event")


@pytest.mark.parametrize("number", [1, 5])
async def test_strangers_messages_at_the_end_hide_no_event_and_stop_no_publisher(
    street: Street, access: KafkaAccess, number: int
) -> None:
    bus, database = kafka_of(street), street.lamps.publisher
    for _ in range(number):
        await strange_record(access, b"\x00\xff not an event")
    assert await bus.end("lamps") == BusEnd(number + 1, 0, "")
    street.tasks.start("publisher", bus.publisher("lamps", database).run)
    await street.told(lit("a", 1), lit("a", 2))
    await street.tasks.close()
    for _ in range(number):
        await strange_record(access, b"\x00\xff not an event")
    end = await bus.end("lamps")
    assert (end.position, end.next_offset, end.epoch != "") == (2, 2 * number + 3, True)
    tasks = Tasks(first_pause=0.01, longest_pause=0.05)
    tasks.start("publisher", bus.publisher("lamps", database).run)
    await street.told(lit("a", 3))
    assert not tasks.dead
    await tasks.close()
    assert [message.position for message in await street.read_all()] == [
        *([None] * number),
        1,
        2,
        *([None] * number),
        3,
    ]


async def test_a_topic_that_lost_its_events_stops_the_publisher_until_the_log_is_published_again(
    street: Street, access: KafkaAccess
) -> None:
    bus, topic, database = kafka_of(street), access.topic("lamps"), street.lamps.publisher
    street.tasks.start("publisher", bus.publisher("lamps", database).run)
    await street.told(*(lit("a", shine) for shine in range(30)))
    before = await street.read_all()
    with pytest.raises(TopicNotEmpty):
        await republish(database, bus.publisher("lamps", database), await bus.last("lamps"))
    await street.tasks.close()
    async with administration(access) as admin:
        await admin.delete_topics([topic])

        async def is_gone() -> bool:
            return topic not in await admin.list_topics()

        await until(is_gone)
    await create_topic(access, "lamps")
    again = Tasks(first_pause=0.01, longest_pause=0.05)
    other = KafkaBus(access)
    again.start("publisher", other.publisher("lamps", database).run)
    try:
        await wait_for_death(again, "publisher", saying="the topic has lost events")
        assert await republish(database, other.publisher("lamps", database), await other.last("lamps")) == 30
        after = await street.read_all(bus=other)
        assert [(each.position, each.keys, each.body) for each in after] == [
            (each.position, each.keys, each.body) for each in before
        ]
    finally:
        await again.close()
        await other.close()


async def test_of_several_publishers_one_works_and_each_event_is_sent_once(street: Street, access: KafkaAccess) -> None:
    other = KafkaBus(access)
    street.tasks.start("one", kafka_of(street).publisher("lamps", street.lamps.publisher).run)
    street.tasks.start("another", other.publisher("lamps", street.lamps.publisher).run)
    await street.told(*(lit("a", shine) for shine in range(50)))
    assert [message.position for message in await street.read_all()] == list(range(1, 51))
    await street.tasks.close()
    await other.close()


async def test_what_is_too_much_for_one_batch_goes_in_several(street: Street) -> None:
    entries = [Entry(position, ("a",), bytes([position]) * 300_000) for position in range(1, 9)]
    sender = kafka_of(street).sender("lamps")
    await sender.start()
    left = entries
    while left:
        sent = await sender.send(left)
        assert 0 < sent < len(entries)
        left = left[sent:]
    sender.let_go()
    assert [message.body for message in await street.read_all()] == [entry.body for entry in entries]


async def test_lag_tools_see_how_far_a_reader_has_come(street: Street, access: KafkaAccess) -> None:
    street.tasks.start("publisher", kafka_of(street).publisher("lamps", street.lamps.publisher).run)
    await street.told(*(lit("a", shine) for shine in range(3)))
    shown = KafkaBus(access, group=f"{access.topic_prefix}keepers", mirror_every=0.05)
    last = (await street.read_all(bus=shown))[-1]
    try:
        await _shows(access, 3)
    finally:
        await shown.close()
    assert last.position == 3


async def _shows(access: KafkaAccess, offset: int) -> None:
    async with administration(access) as admin:

        async def place() -> int:
            try:
                found = await admin.list_consumer_group_offsets(f"{access.topic_prefix}keepers")
            except GroupCoordinatorNotAvailableError:
                return -1  # the first group of a broker waits until its topic is made
            at = found.get(TopicPartition(access.topic("lamps"), 0))
            return at.offset if at else -1

        async def is_shown() -> bool:
            return await place() == offset

        await until(is_shown, within=30)


async def test_a_topic_is_made_once_and_one_with_other_settings_is_refused(access: KafkaAccess) -> None:
    assert await create_topic(access, "lamps")
    assert not await create_topic(access, "lamps")
    async with administration(access) as admin:
        await admin.create_topics([NewTopic(access.topic("bulbs"), 2, 1, topic_configs={"retention.ms": "1000"})])
    with pytest.raises(TopicMissing, match=r"retention\.ms=1000.*2 partitions"):
        await create_topic(access, "bulbs")


async def test_a_topic_that_is_not_there_is_named_with_the_command_that_makes_it(access: KafkaAccess) -> None:
    bus = KafkaBus(access)
    with pytest.raises(TopicMissing, match=r"no topic .*\.lamps.*`topics`"):
        await bus.read("lamps", 0, 1)
    await bus.close()


async def test_where_nobody_listens_the_reason_is_told_once_and_the_library_is_silent() -> None:
    said = BufferingHandler(1000)
    logging.getLogger().addHandler(said)
    bus = KafkaBus(KafkaAccess("127.0.0.1:1"))
    try:
        with pytest.raises(BusUnavailable, match="Connection refused"):
            await bus.end("lamps")
        await bus.close()
    finally:
        logging.getLogger().removeHandler(said)
    assert not [record.getMessage() for record in said.buffer if record.name.startswith("aiokafka")]


async def test_a_topic_of_one_life_and_a_log_of_another_are_not_mixed(lamps: Lamps, access: KafkaAccess) -> None:
    async with kafka_street(lamps, access) as street:
        await street.told(lit("a", 1), lit("a", 2))
    await lamps.rewrite("UPDATE event_log SET body = body || ' '::bytea WHERE position = 2")
    bus, tasks = KafkaBus(access), Tasks(first_pause=0.01, longest_pause=0.05)
    tasks.start("publisher", bus.publisher("lamps", lamps.publisher).run)
    try:
        await wait_for_death(tasks, "publisher", saying="differs from the log's event at position 2")
    finally:
        await tasks.close()
        await bus.close()
