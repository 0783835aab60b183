"""The laptop's bus: subscribers read the publishers' event logs directly, so offset and position are the same."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import asyncpg

from libs.common.database.connection import ANSWER_SECONDS, Database, dsn
from libs.common.messaging import event_log
from libs.common.messaging.bus import BusEnd, Message
from libs.common.messaging.event_log import Entry
from libs.common.messaging.sequencer import CHANNEL
from libs.common.messaging.wakeup import log_signal

T = TypeVar("T")

_SETTINGS = {"application_name": "footprint bus", "default_transaction_read_only": "on"}


class DirectBus:
    """Reads each publisher's log over one read-only connection, opened when needed and reopened when lost.

    `urls` gives each publisher's database. Readers are woken by a signal in this process and by NOTIFY from others; if
    both fail, they read again after `poll` seconds.
    """

    def __init__(self, urls: Mapping[str, str], *, poll: float = 5.0) -> None:
        self._logs = {source: _Log(url) for source, url in urls.items()}
        self._poll = poll

    async def read(self, source: str, next_offset: int, limit: int) -> Sequence[Message]:
        """Return at most `limit` events from this position on, without waiting."""
        entries = await self._logs[source].ask(lambda log: event_log.read_after(log, next_offset - 1, limit))
        return [_message(entry) for entry in entries]

    async def at(self, source: str, offset: int) -> Message | None:
        """Return the event at this position, or None."""
        found = await self.read(source, offset, 1)
        return found[0] if found and found[0].offset == offset else None

    async def wait(self, source: str, next_offset: int, *, within: float, stop: asyncio.Event) -> None:
        """Wait until the log has grown, `within` seconds or the polling interval have passed, or `stop` is set."""
        log = self._logs[source]
        seen = log.grown.count
        # Events appended between the reader's last read and this count would be missed, so check the end once more.
        at = await log.ask(event_log.end)
        # A consumer that has read nothing yet waits for the first event: the log begins at position 1.
        if at.position < max(next_offset, 1):
            await log.grown.wait(seen, within=min(within, self._poll), stop=stop)

    async def end(self, source: str) -> BusEnd:
        """Return where the log ends now."""
        at = await self._logs[source].ask(event_log.end)
        return BusEnd(next_offset=at.position + 1, position=at.position, epoch=at.epoch)

    def publisher(self, service: str, database: Database) -> None:
        """Return None: subscribers read the log itself."""

    async def close(self) -> None:
        """Close the connections."""
        for log in self._logs.values():
            await log.close()


class _Log:
    """One publisher's log: a connection that reads and listens, one query at a time."""

    def __init__(self, url: str) -> None:
        self._url = dsn(url)
        self._connection: asyncpg.Connection | None = None
        self._asking = asyncio.Lock()
        self.grown = log_signal(url)

    async def ask(self, question: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        async with self._asking:
            try:
                return await question(await self._connected())
            except BaseException:
                # A connection that failed, or whose query was cancelled, is not used again.
                self._drop()
                raise

    async def close(self) -> None:
        async with self._asking:
            if self._connection is not None and not self._connection.is_closed():
                await self._connection.close(timeout=2)
            self._connection = None

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._url, server_settings=_SETTINGS, timeout=ANSWER_SECONDS, command_timeout=ANSWER_SECONDS
            )
            await self._connection.add_listener(CHANNEL, self._notified)
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    def _notified(self, *_: object) -> None:
        self.grown.give()


def _message(entry: Entry) -> Message:
    return Message(offset=entry.position, position=entry.position, keys=entry.keys, body=entry.body)
