"""Reads one topic from any offset, with read-ahead, and with a new consumer after any error."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Protocol

from libs.common.messaging.bus import Message
from libs.common.messaging.bus.kafka_access import BusUnavailable
from libs.common.process.faults import pause

_FETCH_SECONDS = 10.0
_SLICE_SECONDS = 0.2


class OutOfRange(Exception):
    """The topic does not have this offset: it begins later, or ends before."""


class Consumer(Protocol):
    """A connection that reads one topic. Its methods raise BusUnavailable, and it must not be used afterwards."""

    async def start(self) -> None:
        """Connect. Raises TopicMissing."""

    def seek(self, offset: int) -> None:
        """Start the next fetch at this offset."""

    async def fetch(self, within: float) -> Sequence[Message]:
        """Return the next messages as soon as there are some; empty after `within` seconds. Raises OutOfRange."""

    async def beginning(self) -> int:
        """Return the offset of the first message."""

    async def end(self) -> int:
        """Return the next offset."""

    def let_go(self) -> None:
        """Close it in the background."""


class Reader:
    """Reads with one consumer, created when needed and again after an error; one query at a time.

    It caches the messages fetched from `_first` up to `_next`, so reading on, and reading the same again, costs
    nothing.
    """

    def __init__(self, consumer: Callable[[], Consumer]) -> None:
        self.newest: Message | None = None
        self._new = consumer
        self._consumer: Consumer | None = None
        self._asking = asyncio.Lock()
        self._fetched: deque[Message] = deque()
        self._first = self._next = -1

    async def read(self, next_offset: int, limit: int) -> Sequence[Message]:
        """Return at most `limit` messages from this offset on; empty at the end of the topic."""
        async with self._asked() as consumer:
            self._stand_at(consumer, next_offset)
            if not self._fetched:
                await self._fetch(consumer, 0)
            if not self._fetched and next_offset < await consumer.end():
                deadline = time.monotonic() + _FETCH_SECONDS
                while not self._fetched:
                    if time.monotonic() > deadline:
                        raise BusUnavailable(f"Kafka does not deliver the message at offset {next_offset}")
                    await self._fetch(consumer, _SLICE_SECONDS)
            return list(islice(self._fetched, limit))

    async def wait(self, next_offset: int, within: float, stop: asyncio.Event) -> None:
        """Wait until there is a message at this offset, `within` seconds have passed, or `stop` is set."""
        deadline = time.monotonic() + within
        while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            # In slices, so that other callers get their turn.
            async with self._asked() as consumer:
                self._stand_at(consumer, next_offset)
                has_place = bool(self._fetched) or await self._fetch(consumer, min(left, _SLICE_SECONDS))
                if self._fetched:
                    return
            if not has_place:
                await pause(min(left, _SLICE_SECONDS), stop)

    async def end(self) -> int:
        """Return the next offset."""
        async with self._asked() as consumer:
            return await consumer.end()

    def drop(self) -> None:
        """Close the consumer; the next query creates a new one."""
        consumer, self._consumer = self._consumer, None
        self._fetched.clear()
        self._first = self._next = -1
        if consumer is not None:
            consumer.let_go()

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[Consumer]:
        async with self._asking:
            try:
                if self._consumer is None:
                    self._consumer = self._new()
                    await self._consumer.start()
                yield self._consumer
            except BaseException:
                # A consumer that failed, or whose query was cancelled, is not used again.
                self.drop()
                raise

    def _stand_at(self, consumer: Consumer, next_offset: int) -> None:
        if not self._first <= next_offset <= self._next:
            consumer.seek(next_offset)
            self._fetched.clear()
            self._next = next_offset
        self._first = next_offset
        while self._fetched and self._fetched[0].offset < next_offset:
            self._fetched.popleft()

    async def _fetch(self, consumer: Consumer, within: float) -> bool:
        """Fetch and cache the next messages; return whether the topic has this offset at all."""
        try:
            self._fetched.extend(await consumer.fetch(within))
        except OutOfRange:
            beginning = await consumer.beginning()
            is_before = self._next < beginning
            # Messages removed from the beginning show as a gap. Beyond the end, only a new seek reads again.
            self._first, self._next = (self._first, beginning) if is_before else (-1, -1)
            if is_before:
                consumer.seek(beginning)
            return is_before
        if self._fetched:
            self.newest = self._fetched[-1]
            self._next = self.newest.offset + 1
        return True
