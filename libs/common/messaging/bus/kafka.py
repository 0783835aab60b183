"""Kafka adapter of the bus: one topic a service, one partition each, read by offset without consumer groups."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka import errors as kafka_errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from libs.common.database.connection import Database
from libs.common.messaging.bus import BusEnd, Message, epoch_of, position_of
from libs.common.messaging.bus.kafka_access import CLOSE_SECONDS, BusUnavailable, KafkaAccess, Leaving, TopicMissing
from libs.common.messaging.bus.kafka_mirror import Mirror
from libs.common.messaging.bus.kafka_publisher import KafkaPublisher, Sender
from libs.common.messaging.bus.kafka_reader import OutOfRange, Reader
from libs.common.messaging.bus.kafka_records import headers_of, key_of, message_of
from libs.common.messaging.event_log import Entry

TOPIC_SETTINGS = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "max.message.bytes": "10485760",
}
"""Events are retained for ever. A message may be larger than any request body, with room to spare."""

# Our offsets are Kafka's plus one: while no event appears twice, offset and position are the same, as on the direct
# bus, so that a consumer continues unchanged when a system moves to Kafka.
_FIRST = 1
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 3.0
_FETCH_SECONDS = 1.0
_ACKNOWLEDGE_SECONDS = 10.0
_BATCH_BYTES = 1_000_000
_MIRROR_EVERY_SECONDS = 5.0
_LASTING = (
    kafka_errors.AuthenticationFailedError,
    kafka_errors.AuthenticationMethodNotSupported,
    kafka_errors.ClusterAuthorizationFailedError,
    kafka_errors.MessageSizeTooLargeError,
    kafka_errors.RecordListTooLargeError,
    kafka_errors.TopicAuthorizationFailedError,
    kafka_errors.UnsupportedVersionError,
)


class _LastMessage(logging.Handler):
    """Stores the client library's last log message: it repeats them, and raises errors without a reason."""

    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()


_last_message = _LastMessage(logging.ERROR)
logging.getLogger("aiokafka").addHandler(_last_message)
logging.getLogger("aiokafka").propagate = False


class KafkaBus:
    """One service's bus: a reader for each source it subscribes to, and the publisher of its own log.

    If `group` is given, the readers' offsets are mirrored to Kafka for lag tools; nothing depends on that.
    """

    def __init__(
        self, access: KafkaAccess, *, group: str | None = None, mirror_every: float = _MIRROR_EVERY_SECONDS
    ) -> None:
        self._access = access
        self._leaving = Leaving()
        self._following: dict[str, Reader] = {}
        self._looking: dict[str, Reader] = {}
        self._group = group
        self._mirror = Mirror(self._show, mirror_every) if group else None

    async def read(self, source: str, next_offset: int, limit: int) -> Sequence[Message]:
        """Return at most `limit` messages from this offset on. Raises BusUnavailable, TopicMissing."""
        if self._mirror is not None:
            self._mirror.note(self._access.topic(source), max(next_offset - _FIRST, 0))
        return await self._reader(self._following, source).read(max(next_offset, _FIRST), limit)

    async def at(self, source: str, offset: int) -> Message | None:
        """Return the message at this offset, or None."""
        found = await self._reader(self._following, source).read(max(offset, _FIRST), 1)
        return found[0] if found and found[0].offset == offset else None

    async def wait(self, source: str, next_offset: int, *, within: float, stop: asyncio.Event) -> None:
        """Wait until there is a message at this offset, `within` seconds have passed, or `stop` is set."""
        await self._reader(self._following, source).wait(max(next_offset, _FIRST), within, stop)

    async def end(self, source: str) -> BusEnd:
        """Return where the topic ends now: after its last record, at the position of its last event."""
        next_offset, last = await self._end(source)
        if last is not None and position_of(last) is None:
            last = await self._last_event(source, next_offset)
        return (
            BusEnd(next_offset, 0, "")
            if last is None
            else BusEnd(next_offset, position_of(last) or 0, epoch_of(last) or "")
        )

    async def last(self, source: str) -> Message | None:
        """Return the topic's last record, or None if it is empty."""
        return (await self._end(source))[1]

    async def last_event(self, source: str) -> Message | None:
        """Return the topic's last record that is an event, or None if it has none."""
        next_offset, last = await self._end(source)
        return last if last is None or position_of(last) is not None else await self._last_event(source, next_offset)

    def publisher(self, service: str, database: Database) -> KafkaPublisher:
        """Return the publisher of this service's log to its topic."""
        return KafkaPublisher(service, database, lambda: self.sender(service), lambda: self.last_event(service))

    def sender(self, service: str) -> Sender:
        """Return a new connection that sends to the service's topic."""
        return _Sender(self._access, self._access.topic(service), self._leaving)

    async def close(self) -> None:
        """Close every connection, within seconds even if no broker answers."""
        for reader in (*self._following.values(), *self._looking.values()):
            reader.drop()
        if self._mirror is not None:
            await self._mirror.close()
        await self._leaving.gone()

    async def _end(self, source: str) -> tuple[int, Message | None]:
        # Not with the following reader: it may be far behind, and would have to fetch the same messages again.
        looking = self._reader(self._looking, source)
        next_offset = await looking.end()
        if next_offset == _FIRST:
            return next_offset, None
        newest = self._reader(self._following, source).newest
        if newest is not None and newest.offset == next_offset - 1:
            return next_offset, newest
        found = await looking.read(next_offset - 1, 1)
        return next_offset, found[0] if found else None

    async def _last_event(self, source: str, next_offset: int) -> Message | None:
        """Look for it backwards, each time twice as far: hardly ever is a record of the topic no event."""
        reader, back = self._reader(self._looking, source), 1
        while True:
            start, events = max(next_offset - back, _FIRST), []
            at = start
            while at < next_offset:
                found = await reader.read(at, next_offset - at)
                events += [each for each in found if position_of(each) is not None]
                at = found[-1].offset + 1 if found else next_offset
            if events or start == _FIRST:
                return events[-1] if events else None
            back *= 2

    async def _show(self, places: Mapping[str, int]) -> None:
        offsets = {TopicPartition(topic, 0): offset for topic, offset in places.items()}
        consumer: Any = AIOKafkaConsumer(**self._access.options(), group_id=self._group, enable_auto_commit=False)
        try:
            async with _translated(_ACKNOWLEDGE_SECONDS):
                await consumer.start()
                consumer.assign(list(offsets))
                consumer.pause(*offsets)
                await consumer.commit(offsets)
        finally:
            self._leaving.let_go(consumer.stop(), consumer._client)  # noqa: SLF001  (see _Consumer)

    def _reader(self, readers: dict[str, Reader], source: str) -> Reader:
        if source not in readers:
            topic, follows = self._access.topic(source), readers is self._following
            readers[source] = Reader(lambda: _Consumer(self._access, topic, self._leaving, follows=follows))
        return readers[source]


async def create_topic(access: KafkaAccess, service: str) -> bool:
    """Create the service's topic, with one partition and unlimited retention; return whether it was missing.

    Raises BusUnavailable, or TopicMissing if a topic of this name has other settings.
    """
    topic = access.topic(service)
    admin = AIOKafkaAdminClient(**access.options())
    try:
        async with _translated(_CONNECT_SECONDS):
            await admin.start()
        async with _translated(_ACKNOWLEDGE_SECONDS):
            missing = NewTopic(topic, 1, 1, topic_configs=TOPIC_SETTINGS)
            missing.replication_factor = -1  # the brokers' default; the constructor refuses -1
            answer = await admin.create_topics([missing])
            code, reason = answer.topic_errors[0][1:3]
            if code == kafka_errors.TopicAlreadyExistsError.errno:
                await _check_topic(admin, topic)
                return False
            if code:
                raise TopicMissing(f"{topic} cannot be created: {kafka_errors.for_code(code).__name__} {reason or ''}")
            return True
    finally:
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_SECONDS):
                await admin.close()


async def _check_topic(admin: Any, topic: str) -> None:
    [described] = await admin.describe_topics([topic])
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    settings = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    wrong = [f"{name}={settings.get(name)}" for name, value in TOPIC_SETTINGS.items() if settings.get(name) != value]
    if len(described["partitions"]) != 1:
        wrong.append(f"{len(described['partitions'])} partitions")
    if wrong:
        raise TopicMissing(f"{topic} exists with other settings than it needs: {', '.join(wrong)}")


@asynccontextmanager
async def _translated(within: float) -> AsyncIterator[None]:
    """Limit the time of a call to Kafka, and tell transient errors from lasting ones."""
    try:
        async with asyncio.timeout(within):
            yield
    except TimeoutError as error:
        raise BusUnavailable(f"Kafka did not respond within {within:.0f} s") from error
    except _LASTING:
        raise
    except kafka_errors.KafkaError as error:
        why = f" ({_last_message.text})" if isinstance(error, kafka_errors.KafkaConnectionError) else ""
        raise BusUnavailable(f"{error!r}{why}") from error


class _Consumer:
    def __init__(self, access: KafkaAccess, topic: str, leaving: Leaving, *, follows: bool) -> None:
        self._partition = TopicPartition(topic, 0)
        self._follows = follows
        self._leaving = leaving
        self._consumer: Any = AIOKafkaConsumer(
            **access.options(),
            enable_auto_commit=False,
            auto_offset_reset="none",
            retry_backoff_ms=50,
            # The broker answers as soon as there is something. What else is asked on the connection waits meanwhile.
            fetch_max_wait_ms=int(_FETCH_SECONDS * 1000),
        )

    async def start(self) -> None:
        async with _translated(_CONNECT_SECONDS):
            await self._consumer.start()
            if self._partition.topic not in await self._consumer.topics():
                raise TopicMissing(
                    f"there is no topic {self._partition.topic}: create it with its service's command `topics`"
                )

    def seek(self, offset: int) -> None:
        if not self._consumer.assignment():
            self._consumer.assign([self._partition])
        self._consumer.seek(self._partition, offset - _FIRST)

    async def fetch(self, within: float) -> Sequence[Message]:
        self._consumer.resume(self._partition)
        try:
            async with _translated(within + _ANSWER_SECONDS):
                got = await self._consumer.getmany(self._partition, timeout_ms=int(within * 1000))
        except BusUnavailable as error:
            if isinstance(error.__cause__, kafka_errors.OffsetOutOfRangeError):
                raise OutOfRange from error
            raise
        if got and not self._follows:
            # Otherwise it would fetch ahead, and the next query would have to wait for that response.
            self._consumer.pause(self._partition)
        return [
            message_of(each.offset + _FIRST, each.key, each.value, each.headers)
            for each in got.get(self._partition, ())
        ]

    async def beginning(self) -> int:
        async with _translated(_ANSWER_SECONDS):
            return int((await self._consumer.beginning_offsets([self._partition]))[self._partition]) + _FIRST

    async def end(self) -> int:
        async with _translated(_ANSWER_SECONDS):
            return int((await self._consumer.end_offsets([self._partition]))[self._partition]) + _FIRST

    def let_go(self) -> None:
        self._leaving.let_go(self._consumer.stop(), self._consumer._client)  # noqa: SLF001  (`stop` may not reach it)


class _Sender:
    """An idempotent producer for one topic, until its first error."""

    def __init__(self, access: KafkaAccess, topic: str, leaving: Leaving) -> None:
        self._topic = topic
        self._leaving = leaving
        self._producer: Any = AIOKafkaProducer(
            **access.options(), enable_idempotence=True, max_batch_size=_BATCH_BYTES, retry_backoff_ms=50
        )

    async def start(self) -> None:
        async with _translated(_CONNECT_SECONDS):
            await self._producer.start()

    async def send(self, entries: Sequence[Entry]) -> int:
        # One batch at a time: if a later batch were stored and this one not, readers would find a permanent gap.
        batch = self._producer.create_batch()
        for entry in entries:
            if batch.append(timestamp=None, key=key_of(entry), value=entry.body, headers=headers_of(entry)) is None:
                break
        batch.close()
        async with _translated(_ACKNOWLEDGE_SECONDS):
            await (await self._producer.send_batch(batch, self._topic, partition=0))
        return int(batch.record_count())

    def let_go(self) -> None:
        self._leaving.let_go(self._producer.stop(), self._producer.client)
