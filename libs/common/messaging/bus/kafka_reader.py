"""Reading one topic from any offset on, with what was fetched ahead kept, and a new consumer after any error."""

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
    """The topic does not have this place: it begins later, or ends before."""


class Consumer(Protocol):
    """A connection that reads one topic. Its methods raise BusUnavailable, and it is not to be used after that."""

    async def start(self) -> None:
        """Connect. Raises TopicMissing."""

    def seek(self, offset: int) -> None:
        """Have the next fetch begin here."""

    async def fetch(self, within: float) -> Sequence[Message]:
        """Return what comes next as soon as there is something, or nothing after so many seconds. Raises OutOfRange."""

    async def beginning(self) -> int:
        """Return the offset of the first message."""

    async def end(self) -> int:
        """Return the offset that comes next."""

    def let_go(self) -> None:
        """Close it in the background."""


class Reader:
    """Reads with one consumer, made when it is needed and made again; one question at a time.

    It keeps what it has fetched from `_first` up to `_next`, so that reading on, and reading the same again, is free.
    """

    def __init__(self, consumer: Callable[[], Consumer]) -> None:
        self.newest: Message | None = None
        self._new = consumer
        self._consumer: Consumer | None = None
        self._asking = asyncio.Lock()
        self._fetched: deque[Message] = deque()
        self._first = self._next = -1

    async def read(self, next_offset: int, limit: int) -> Sequence[Message]:
        """Return at most `limit` messages from this offset on; none where the topic ends."""
        async with self._asked() as consumer:
            self._stand_at(consumer, next_offset)
            if not self._fetched:
                await self._fetch(consumer, 0)
            if not self._fetched and next_offset < await consumer.end():
                deadline = time.monotonic() + _FETCH_SECONDS
                while not self._fetched:
                    if time.monotonic() > deadline:
                        raise BusUnavailable(f"what is at offset {next_offset} does not come")
                    await self._fetch(consumer, _SLICE_SECONDS)
            return list(islice(self._fetched, limit))

    async def wait(self, next_offset: int, within: float, stop: asyncio.Event) -> None:
        """Return when there is a message at this offset, after so many seconds, or when `stop` is set."""
        deadline = time.monotonic() + within
        while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            # In slices, so that others who ask meanwhile have their turn.
            async with self._asked() as consumer:
                self._stand_at(consumer, next_offset)
                has_place = bool(self._fetched) or await self._fetch(consumer, min(left, _SLICE_SECONDS))
                if self._fetched:
                    return
            if not has_place:
                await pause(min(left, _SLICE_SECONDS), stop)

    async def end(self) -> int:
        """Return the offset that comes next."""
        async with self._asked() as consumer:
            return await consumer.end()

    def drop(self) -> None:
        """Let go of the consumer; the next question makes a new one."""
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
                # A consumer that failed, or whose answer was not waited for, is not asked again.
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
        """Keep what comes next; return whether there is such a place in the topic at all."""
        try:
            self._fetched.extend(await consumer.fetch(within))
        except OutOfRange:
            beginning = await consumer.beginning()
            is_before = self._next < beginning
            # What was removed from the beginning shows as a gap. Beyond the end, only a new seek looks again.
            self._first, self._next = (self._first, beginning) if is_before else (-1, -1)
            if is_before:
                consumer.seek(beginning)
            return is_before
        if self._fetched:
            self.newest = self._fetched[-1]
            self._next = self.newest.offset + 1
        return True
