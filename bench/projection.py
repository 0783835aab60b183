"""Measures applying events to a projection through the consumer, against bare `unnest` inserts of the same rows."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import asyncpg

from bench.hearing import (
    BATCH,
    OPENED_ON,
    SOURCE,
    STATED_AT,
    UPSERT,
    batches,
    bitemporally,
    forget,
    metadata,
    opened,
    plainly,
    sequence,
    tell,
)
from bench.machine import on_measured
from bench.runner import Aim, Benchmark, Contest, Size
from bench.servers import new_database, postgres, temporary_folder
from bench.servers import opened as opened_database
from libs.common.database.connection import Database
from libs.common.events.registry import OrganisationOpened
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.consumer import Consumer, ConsumerLimits
from libs.common.messaging.subscriptions import Subscriptions
from libs.common.messaging.wakeup import outbox_signal

_FEWER_KNOWN = 4
_FEWER_SINGLY = 100

_SUBJECTS = """
INSERT INTO known_organisation (code) SELECT c FROM unnest($1::text[]) AS new (c)
    ON CONFLICT (code) DO UPDATE SET heard = known_organisation.heard + 1 RETURNING id
"""
_STATEMENTS = """
INSERT INTO known_organisation_statement
       (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_by)
SELECT s, f, v, daterange(b, NULL), t, f <> 1, 'registry', 'service:registry'
  FROM unnest($1::int[], $2::smallint[], $3::text[], $4::date[], $5::timestamptz[]) AS new (s, f, v, b, t)
    ON CONFLICT DO NOTHING
"""
_BELIEFS = """
INSERT INTO known_organisation_belief (subject_id, facet, value, valid, known)
SELECT s, f, v, daterange(b, NULL), tstzrange(t, NULL)
  FROM unnest($1::int[], $2::smallint[], $3::text[], $4::date[], $5::timestamptz[]) AS new (s, f, v, b, t)
"""
_OFFSET = "UPDATE consumer_offset SET next_offset = next_offset + 1 WHERE source = $1"


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        async with postgres(folder) as server:
            source = await new_database(server, SOURCE, metadata)
            url = await new_database(server, "hearer", metadata)
            events = [opened(number) for number in range(size.events)]
            async with opened_database(source) as told:
                await tell(told, events)
                await sequence(told)
            bus = DirectBus({SOURCE: source})
            async with opened_database(url) as database:
                yield _contest(_Applying(database, bus), events)
            await bus.close()


_Write = Callable[[asyncpg.Connection], Awaitable[None]]


class _Applying:
    """Ways to apply events to this database, each from an empty one; rates in events a second."""

    def __init__(self, database: Database, bus: DirectBus) -> None:
        self._database, self._bus = database, bus

    async def consumer(self, subscriptions: Subscriptions, events: int, *, batch: int = BATCH) -> float:
        await forget(self._database)
        consumer = Consumer(self._database, self._bus, subscriptions, SOURCE, ConsumerLimits(batch=batch))
        stop, applied = asyncio.Event(), outbox_signal(self._database.url)
        seen = applied.count
        with on_measured():
            began = time.perf_counter()
            running = asyncio.create_task(consumer.run(stop))
            while consumer.applied < events and not running.done():
                seen = await applied.wait(seen, within=1)
            rate = consumer.applied / (time.perf_counter() - began)
            stop.set()
            await running
        return rate

    async def plain(self, events: Sequence[OrganisationOpened]) -> float:
        columns = [_columns(batch) for batch in batches(events)]

        async def write(connection: asyncpg.Connection) -> None:
            for each in columns:
                await connection.execute(UPSERT, *each)

        return len(events) / await self._timed(write)

    async def known(self, events: Sequence[OrganisationOpened]) -> float:
        columns = [_columns(batch) for batch in batches(events)]

        async def write(connection: asyncpg.Connection) -> None:
            for codes, names, _ in columns:
                async with connection.transaction():
                    ids = [row["id"] for row in await connection.fetch(_SUBJECTS, codes)]
                    many = 3 * len(ids)
                    facets = [1] * len(ids) + [2] * len(ids) + [4] * len(ids)
                    values = ["open"] * len(ids) + names + ["ccg"] * len(ids)
                    given = (ids * 3, facets, values, [OPENED_ON] * many, [STATED_AT] * many)
                    await connection.execute(_STATEMENTS, *given)
                    await connection.execute(_BELIEFS, *given)

        return len(events) / await self._timed(write)

    async def singly(self, events: Sequence[OrganisationOpened]) -> float:
        async def write(connection: asyncpg.Connection) -> None:
            await connection.execute("INSERT INTO consumer_offset VALUES ($1, '', 0, 0)", SOURCE)
            for event in events:
                async with connection.transaction():
                    await connection.execute(UPSERT, [event.code], [event.name], [event.effective_on])
                    await connection.execute(_OFFSET, SOURCE)

        return len(events) / await self._timed(write)

    async def _timed(self, write: _Write) -> float:
        await forget(self._database)
        async with self._database.connect() as connection:
            with on_measured():
                began = time.perf_counter()
                await write(connection)
                return time.perf_counter() - began


def _columns(events: Sequence[OrganisationOpened]) -> tuple[list[str], list[str], list[object]]:
    return [event.code for event in events], [event.name for event in events], [event.effective_on for event in events]


def _contest(applying: _Applying, events: Sequence[OrganisationOpened]) -> Contest:
    fewer, few = events[: len(events) // _FEWER_KNOWN], events[: len(events) // _FEWER_SINGLY]

    async def plain() -> Mapping[str, float]:
        return {
            "plain": await applying.consumer(plainly(), len(events)),
            "plain, bare unnest": await applying.plain(events),
            "plain, one transaction an event": await applying.singly(few),
        }

    async def known() -> Mapping[str, float]:
        return {
            "known": await applying.consumer(bitemporally(), len(fewer)),
            "known, bare unnest": await applying.known(fewer),
            "known, one transaction an event": await applying.consumer(bitemporally(), len(few), batch=1),
        }

    return Contest([plain, known], ["known: what every service keeps of organisations, on both axes of time"])


BENCHMARK = Benchmark(
    name="projection",
    words="events through the consumer (decoding, duplicates, parked keys, offset) into tables, against bare writes",
    units=dict.fromkeys(
        [
            "plain",
            "plain, bare unnest",
            "plain, one transaction an event",
            "known",
            "known, bare unnest",
            "known, one transaction an event",
        ],
        "events/s",
    ),
    aims=[
        Aim("plain", "plain, bare unnest", at_least=0.65),
        Aim("plain", "plain, one transaction an event", at_least=25),
        Aim("known", "known, bare unnest", at_least=0.65),
        Aim("known", "known, one transaction an event", at_least=25),
    ],
    stage=_stage,
)
