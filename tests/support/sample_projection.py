"""A service that lights lamps and one that hears of it: all that the backbone's tests need of a domain."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
from sqlalchemy import Column, Identity, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import registry

from libs.common.database import tables
from libs.common.database.connection import Database, raw, service_metadata
from libs.common.events import Envelope, Event, OdsCode
from libs.common.identity import Caller
from libs.common.messaging import event_log, outbox
from libs.common.messaging.bus import Message
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.consumer import Consumer, ConsumerLimits
from libs.common.messaging.subscriptions import Projection, Subscriptions
from libs.common.messaging.wakeup import log_signal
from libs.common.process import context
from libs.common.process.tasks import Tasks
from tests.support.waiting import until

METADATA = service_metadata()
tables.add_to(METADATA)
Table("known_lamp", METADATA, Column("lamp", Text, primary_key=True), Column("shines", ARRAY(Integer), nullable=False))
Table(
    "deed",
    METADATA,
    Column("id", Integer, Identity(), primary_key=True),
    Column("cause", Text, nullable=False),
    Column("lamp", Text, nullable=False),
    Column("shine", Integer, nullable=False),
    Column("known", Integer, nullable=False),
)
_counter = Table("counter", METADATA, Column("lamp", Text, primary_key=True), Column("shine", Integer, nullable=False))


class Counter:
    """A lamp's count, mapped: for what happens between the ORM and the outbox."""

    def __init__(self, lamp: str, shine: int) -> None:
        self.lamp = lamp
        self.shine = shine


registry(metadata=METADATA).map_imperatively(Counter, _counter)

DAY = date(2017, 4, 1)
INSTANT = datetime(2017, 1, 1, tzinfo=UTC)


class LampLit(Event, topic="lamps", keys=("lamp", "others")):
    """A lamp shines, with others beside it."""

    lamp: str
    shine: int
    others: tuple[OdsCode, ...] = ()


class LampTended(Event, topic="lamps", keys=("lamp",)):
    """Somebody saw to a lamp."""

    lamp: str


class LampOiled(Event, topic="lamps", keys=("lamp",), parties_only=True):
    """A lamp was given oil; only its owner is told."""

    lamp: OdsCode


def lit(lamp: str, shine: int, *others: str) -> LampLit:
    return LampLit(effective_on=DAY, stated_at=INSTANT, lamp=lamp, shine=shine, others=others)


def oiled(lamp: str) -> LampOiled:
    return LampOiled(effective_on=DAY, stated_at=INSTANT, lamp=lamp)


async def create_schema(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await engine.dispose()


async def _nothing(_: LampLit, __: AsyncSession) -> None:
    """Do nothing beside."""


class Lamps:
    """The two services. What a test wants to go wrong, it puts into `poison` or `beside`."""

    def __init__(self, publisher: str, subscriber: str) -> None:
        self.publisher = Database(publisher, application_name="lamps", pool_size=17)
        self.subscriber = Database(subscriber, application_name="keepers")
        self.bus = DirectBus({"lamps": publisher}, poll=60)
        self.subscriptions = Subscriptions("keepers")
        self.poison: set[int] = set()
        """Lamps lit with such a shine cannot be tended."""
        self.beside: Callable[[LampLit, AsyncSession], Awaitable[None]] = _nothing
        self.runs: list[int] = []
        """How many events each call of the knowing handler got."""
        self.known = Projection("known_lamps", ("known_lamp",), "SELECT lamp, shines FROM known_lamp ORDER BY lamp")
        self.subscriptions.knows(self.known, LampLit)(self.know_lamps)
        self.subscriptions.on(LampLit)(self.lamp_is_tended)

    async def open(self) -> None:
        await self.publisher.open()
        await self.subscriber.open()

    async def close(self) -> None:
        await self.bus.close()
        await self.publisher.close()
        await self.subscriber.close()

    async def know_lamps(self, events: Sequence[Event], connection: asyncpg.Connection) -> None:
        self.runs.append(len(events))
        lamps = [event for event in events if isinstance(event, LampLit)]
        await connection.execute(
            "INSERT INTO known_lamp SELECT lamp, array_agg(shine ORDER BY n)"
            " FROM unnest($1::text[], $2::int[]) WITH ORDINALITY AS lit (lamp, shine, n) GROUP BY lamp"
            " ON CONFLICT (lamp) DO UPDATE SET shines = known_lamp.shines || excluded.shines",
            [event.lamp for event in lamps],
            [event.shine for event in lamps],
        )

    async def lamp_is_tended(self, event: LampLit, session: AsyncSession, *, by: Caller) -> bool:
        assert by.subject == "service:keepers"
        if event.shine in self.poison:
            raise ValueError(f"shine {event.shine} dazzles")
        await (await raw(session)).execute(
            "INSERT INTO deed (cause, lamp, shine, known)"
            " SELECT $1, $2, $3, cardinality(shines) FROM known_lamp WHERE lamp = $2",
            context.origin().causation,
            event.lamp,
            event.shine,
        )
        await outbox.add(session, LampTended(effective_on=DAY, stated_at=INSTANT, lamp=event.lamp))
        await self.beside(event, session)
        return True

    async def tell(self, *events: Event) -> list[str]:
        """Tell these in one transaction."""
        async with self.publisher.begin() as session:
            return await outbox.add_all(session, events)

    async def sequence(self) -> int:
        """Move the publisher's outbox to its log."""
        moved = 0
        async with self.publisher.connect() as connection:
            while step := await event_log.append_from_outbox(connection, "lamps"):
                moved += step
        log_signal(self.publisher.url).give()
        return moved

    async def told(self, *events: Event) -> None:
        """Tell each of these in a transaction of its own, and have them in the log."""
        for event in events:
            await self.tell(event)
        await self.sequence()

    def consumer(self, **limits: Any) -> Consumer:
        quick = ConsumerLimits(poll=60, longest_pause=0.1)
        return Consumer(self.subscriber, self.bus, self.subscriptions, "lamps", replace(quick, **limits))

    @asynccontextmanager
    async def following(self, *consumers: Consumer, **limits: Any) -> AsyncIterator[Tasks]:
        """Have these consumers, or one, run meanwhile."""
        tasks = Tasks(first_pause=0.01, longest_pause=0.05)
        for number, consumer in enumerate(consumers or (self.consumer(**limits),)):
            tasks.start(f"consumer {number}", consumer.run)
        try:
            yield tasks
        finally:
            await tasks.close()

    async def follow(self, position: int, **limits: Any) -> None:
        """Have one consumer run until it has come to this position."""
        async with self.following(**limits) as tasks:
            await self.at(position)
            assert not tasks.dead

    async def at(self, position: int) -> None:
        """Wait until the consumer is at this position."""
        await until(lambda: self.is_at(position))

    async def is_at(self, position: int) -> bool:
        row = await self.subscriber.fetchrow("SELECT source_position FROM consumer_offset")
        return row is not None and row["source_position"] == position

    async def shines(self) -> dict[str, list[int]]:
        """What is known of each lamp, in the order in which it was heard."""
        return {row["lamp"]: row["shines"] for row in await self.subscriber.fetch(self.known.content)}

    async def deeds(self) -> list[tuple[str, int]]:
        """What was done, in order."""
        return [tuple(row) for row in await self.subscriber.fetch("SELECT lamp, shine FROM deed ORDER BY id")]

    async def parked(self) -> list[tuple[int, list[str], int]]:
        """Position, keys and attempts of what is parked."""
        return [
            tuple(row)
            for row in await self.subscriber.fetch("SELECT position, keys, attempts FROM parked ORDER BY position")
        ]

    async def rewrite(self, sql: str, *args: Any) -> None:
        """Do something to the publisher's log that no publisher does."""
        async with self.publisher.connect() as connection:
            await connection.execute(sql, *args)


def message(position: int, event: Event, *, epoch: str = "one", offset: int | None = None) -> Message:
    """An event as a bus delivers it."""
    body = Envelope(
        id=f"00000000-0000-0000-0000-{position:012}",
        source="lamps",
        name=event.event_name,
        version=event.event_version,
        keys=tuple(sorted(event.keys)),
        recorded_at=INSTANT,
        position=position,
        epoch=epoch,
        fields=event.model_dump(mode="json"),
    ).encode()
    return Message(offset=position if offset is None else offset, position=position, keys=None, body=body)


async def wait_for_death(tasks: Tasks, name: str = "consumer 0", *, saying: str) -> str:
    """Wait until the task is dead for this reason."""

    async def reason() -> str:
        death = tasks.dead.get(name)
        return death.error if death is not None and saying in death.error else ""

    return await until(reason)


async def nobody_dead(tasks: Tasks) -> bool:
    """Whether all tasks are well."""
    return not tasks.dead
