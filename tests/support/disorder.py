"""A bus that carries each event more than once, late, and the second half before the first."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from libs.common.database.connection import Database
from libs.common.messaging.bus import Bus, BusEnd, Message, Publisher
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.bus.kafka import KafkaBus
from libs.common.messaging.bus.kafka_publisher import Sender
from libs.common.messaging.event_log import Entry
from libs.common.process.faults import pause

_LOOK_AGAIN_SECONDS = 0.05


@dataclass
class Disorder:
    """What is on its way: the positions of each source that no subscriber is given yet."""

    late: dict[str, range] = field(default_factory=dict)

    def around(self, bus: Bus) -> Bus:
        """Return a bus that keeps back what is late; around the direct one, it gives each message twice."""
        return _DisorderlyBus(bus, self, copies=2 if isinstance(bus, DirectBus) else 1)


class _DisorderlyBus:
    def __init__(self, bus: Bus, disorder: Disorder, *, copies: int) -> None:
        self._bus = bus
        self._disorder = disorder
        self._copies = copies

    async def read(self, source: str, next_offset: int, limit: int) -> Sequence[Message]:
        late, offset = self._disorder.late.get(source, range(0)), self._inner(next_offset)
        # Kafka may give what is late alone, with more behind it.
        while messages := await self._bus.read(source, offset, limit):
            copies = [copy for each in messages if each.position not in late for copy in self._copied(each)]
            if given := [copy for copy in copies if copy.offset >= next_offset]:
                return given
            offset = messages[-1].offset + 1
        return []

    async def at(self, source: str, offset: int) -> Message | None:
        found = await self._bus.at(source, self._inner(offset))
        return next((copy for copy in self._copied(found) if copy.offset == offset), None) if found else None

    async def wait(self, source: str, next_offset: int, *, within: float, stop: asyncio.Event) -> None:
        if source in self._disorder.late:
            await pause(min(within, _LOOK_AGAIN_SECONDS), stop)
        else:
            await self._bus.wait(source, self._inner(next_offset), within=within, stop=stop)

    async def end(self, source: str) -> BusEnd:
        end = await self._bus.end(source)
        return BusEnd(self._first_copy(end.next_offset), end.position, end.epoch)

    def publisher(self, service: str, database: Database) -> Publisher | None:
        return self._bus.publisher(service, database)

    async def close(self) -> None:
        await self._bus.close()

    def _first_copy(self, offset: int) -> int:
        return self._copies * (offset - 1) + 1

    def _inner(self, offset: int) -> int:
        return (max(offset, 1) - 1) // self._copies + 1

    def _copied(self, message: Message) -> list[Message]:
        first = self._first_copy(message.offset)
        return [Message(first + again, message.position, message.keys, message.body) for again in range(self._copies)]


class RepeatingKafka(KafkaBus):
    """Its producer sends each batch, the second half of it, and all of it again: the topic has them all."""

    def sender(self, service: str) -> Sender:
        """Return a sender that sends again."""
        return _RepeatingSender(super().sender(service))


class _RepeatingSender:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def start(self) -> None:
        await self._sender.start()

    async def send(self, entries: Sequence[Entry]) -> int:
        sent = await self._sender.send(entries)
        for again in (entries[sent // 2 : sent], entries[:sent]):
            await self._sender.send(again)
        return sent

    def let_go(self) -> None:
        self._sender.let_go()
