"""Publishes a service's log to its Kafka topic in the order of positions, without gaps."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, cast

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.database.connection import Database
from libs.common.messaging import event_log
from libs.common.messaging.bus import Message
from libs.common.messaging.event_log import Entry
from libs.common.messaging.lease import leased
from libs.common.messaging.sequencer import CHANNEL
from libs.common.messaging.wakeup import log_signal
from libs.common.process import tracing
from libs.common.process.faults import Backoff, is_passing
from libs.common.process.tasks import Alive, unwatched

NAME = "kafka"
"""Name of the row in table `publisher` that stores how far the topic has come."""

_BATCH = 1000
_GRACE_SECONDS = 1.0
_TRACEPARENT = re.compile(rb'"traceparent": ?"([0-9a-f-]+)"')

_log = structlog.get_logger(__name__)


class TopicDiffers(Exception):
    """The topic does not end with the last event published: it lost events, or has events that the log lacks."""


class TopicNotEmpty(Exception):
    """A log can be republished only to an empty topic."""


class SetBack(ConnectionError):
    """The published position was changed by another process."""


class Sender(Protocol):
    """Sends to one topic until its first error; then a new sender is needed."""

    async def start(self) -> None:
        """Connect."""

    async def send(self, entries: Sequence[Entry]) -> int:
        """Send as many entries as fit into one batch, wait until they are stored, and return their number."""

    def let_go(self) -> None:
        """Close it in the background."""


class KafkaPublisher:
    """Publishes one service's log. Several may run: a lease in the service's database lets one at a time publish.

    The published position is stored in that database and advances only after the topic has acknowledged the events.
    After any error publishing restarts there with a new sender, so events may be sent twice but never out of order.
    """

    def __init__(
        self,
        service: str,
        database: Database,
        sender: Callable[[], Sender],
        last: Callable[[], Awaitable[Message | None]],
        *,
        poll: float = 2.0,
        longest_pause: float = 10.0,
    ) -> None:
        self._database = database
        self._sender = sender
        self._last = last
        self._poll = poll
        self._grown = log_signal(database.url)
        self._backoff = Backoff(most=longest_pause)
        self._service = service
        self._log = _log.bind(service=service)

    async def run(self, stop: asyncio.Event, alive: Alive = unwatched) -> None:
        """Publish until `stop` is set; transient faults are retried. Raises TopicDiffers, for an operator."""
        while not stop.is_set():
            try:
                async with leased(self._database, "publisher", stop=stop) as connection:
                    if connection is not None:
                        await self._publish(await _driver(connection), stop, alive)
            except Exception as error:
                if not (isinstance(error, OSError) or is_passing(error)):
                    raise
                self._log.warning("publisher pauses", error=f"{type(error).__name__}: {error}")
                await self._backoff.pause(stop)

    async def _publish(self, driver: asyncpg.Connection, stop: asyncio.Event, alive: Alive) -> None:
        await driver.add_listener(CHANNEL, lambda *_: self._grown.give())
        await driver.execute(
            "INSERT INTO publisher (name, published_position) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING", NAME
        )
        position = await _published(driver)
        sender = self._sender()
        try:
            if await _unless_stopped(sender.start(), stop) or await _unless_stopped(
                self._check(driver, position), stop
            ):
                return
            while not stop.is_set():
                seen = self._grown.count
                entries = await event_log.read_after(driver, position, _BATCH)
                while entries:
                    sending = asyncio.ensure_future(sender.send(entries))
                    traces = (_traceparent(entry.body) for entry in entries)
                    with tracing.traced_in_each(self._service, "publish", traces, kind=tracing.BUS):
                        if await _unless_stopped(sending, stop):
                            return
                    sent = sending.result()
                    await _move(driver, position, entries[sent - 1].position)
                    position, entries = entries[sent - 1].position, entries[sent:]
                    self._backoff.reset()
                    alive()
                alive()
                if await self._grown.wait(seen, within=self._poll, stop=stop) == seen:
                    position = await _published(driver)
        finally:
            sender.let_go()

    async def _check(self, driver: asyncpg.Connection, position: int) -> None:
        """Raise TopicDiffers unless the topic ends with an event of this log, at or after the published position."""
        last = await self._last()
        at = (last.position if last else 0) or 0
        if at < position:
            raise TopicDiffers(
                f"the topic ends at position {at}, but {position} was published: the topic has lost events"
            )
        if last is not None and [entry.body for entry in await event_log.read_after(driver, at - 1, 1)] != [last.body]:
            raise TopicDiffers(f"the topic's last event differs from the log's event at position {at}")


async def republish(database: Database, publisher: KafkaPublisher, last: Message | None) -> int:
    """Publish the whole log to an empty topic (`last` is None); return the number of events in it.

    A running publisher of the service does the work, or else this one. Raises TopicNotEmpty.
    """
    if last is not None:
        raise TopicNotEmpty("the topic is not empty: delete it and create it again first")
    end = await event_log.end(database)
    async with database.connect() as connection:
        await connection.execute("UPDATE publisher SET published_position = 0 WHERE name = $1", NAME)
        stop = asyncio.Event()
        running = asyncio.create_task(publisher.run(stop))
        try:
            while not running.done() and await _published(connection) < end.position:
                await asyncio.wait({running}, timeout=0.1)
        finally:
            stop.set()
            await running
    return end.position


def _traceparent(body: bytes) -> str:
    found = _TRACEPARENT.search(body)
    return found[1].decode() if found else ""


async def _published(connection: asyncpg.Connection) -> int:
    position: int | None = await connection.fetchval("SELECT published_position FROM publisher WHERE name = $1", NAME)
    return position or 0


async def _move(driver: asyncpg.Connection, before: int, to: int) -> None:
    moved = await driver.execute(
        "UPDATE publisher SET published_position = $1 WHERE name = $2 AND published_position = $3", to, NAME, before
    )
    if moved != "UPDATE 1":
        raise SetBack(f"the published position is no longer {before}")


async def _unless_stopped(work: Awaitable[object], stop: asyncio.Event) -> bool:
    """Await `work`; return True if it was cancelled shortly after `stop` was set. Raises what it raises."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({working}, timeout=_GRACE_SECONDS)
    finally:
        stopping.cancel()
        if not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
    if working.cancelled():
        return True
    working.result()
    return False


async def _driver(connection: AsyncConnection) -> asyncpg.Connection:
    return cast("asyncpg.Connection", (await connection.get_raw_connection()).driver_connection)
