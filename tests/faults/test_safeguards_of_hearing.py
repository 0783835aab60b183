"""Each safeguard between the bus and a projection, taken away once: an event is then lost, repeated or early."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from libs.common.database.connection import Database
from libs.common.events import Envelope
from libs.common.messaging import consumer as consumer_module
from libs.common.messaging import event_log, intake
from libs.common.messaging.bus import Message
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.consumer import Consumer, ConsumerLimits
from tests.faults.mutation import changed, held_only_if, with_and_without
from tests.support.sample_projection import Lamps, lit
from tests.support.waiting import until


async def must_agree(lamps: Lamps) -> None:
    """What was done and what is known is the log, each event once and in order: nothing lost, nothing twice."""
    log = [Envelope.decode(entry.body) for entry in await event_log.read_after(lamps.publisher, 0, 1000)]
    assert [entry.position for entry in log] == list(range(1, len(log) + 1))
    expected = [(entry.fields["lamp"], entry.fields["shine"]) for entry in log]
    assert await lamps.deeds() == expected
    known: dict[str, list[int]] = {}
    for lamp, shine in expected:
        known.setdefault(lamp, []).append(shine)
    assert await lamps.shines() == known


@asynccontextmanager
async def no_lease(database: Database, _: str, **__: object) -> AsyncIterator[AsyncConnection]:
    async with database.connect() as own:

        async def this_one() -> asyncpg.Connection:
            return own

        engine = create_async_engine(database.url, poolclass=NullPool, async_creator=this_one)
        async with engine.connect() as connection:
            yield connection


class PausingBus(DirectBus):
    """Its reader falls asleep with the first messages in its hands, as a process does that was stopped."""

    def __init__(self, url: str) -> None:
        super().__init__({"lamps": url}, poll=0.05)
        self.asleep, self.wake = asyncio.Event(), asyncio.Event()

    async def read(self, source: str, next_offset: int, limit: int) -> Sequence[Message]:
        messages = await super().read(source, next_offset, limit)
        self.asleep.set()
        await self.wake.wait()
        return messages


async def overtaken(lamps: Lamps) -> None:
    """Have a consumer sleep, another one apply the same events meanwhile, and the first one go on."""
    await lamps.told(lit("a", 1), lit("b", 2))
    bus = PausingBus(lamps.publisher.url)
    sleeper = Consumer(lamps.subscriber, bus, lamps.subscriptions, "lamps", ConsumerLimits(longest_pause=0.05))
    async with lamps.following(sleeper):
        await bus.asleep.wait()
        await lamps.follow(2)
        bus.wake.set()
        await lamps.told(lit("a", 3))
        await lamps.at(3)
    await bus.close()


@with_and_without
async def test_the_compare_and_set_of_the_place_refuses_who_was_overtaken(
    lamps: Lamps, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    """Without the lease too, so that this safeguard stands alone."""
    monkeypatch.setattr(consumer_module, "leased", no_lease)
    if not safe:
        here = {"AND next_offset = $7 AND source_position = $8": "AND $7::bigint + $8::bigint IS NOT NULL"}
        changed(monkeypatch, Consumer, "_move", here)
    await overtaken(lamps)
    with held_only_if(safe):
        await must_agree(lamps)


@with_and_without
async def test_the_lease_lets_one_at_a_time_read(lamps: Lamps, monkeypatch: pytest.MonkeyPatch, *, safe: bool) -> None:
    """What it prevents is work in vain: the compare-and-set alone would keep every event single."""
    await lamps.told(lit("a", 1))
    if not safe:
        monkeypatch.setattr(consumer_module, "leased", no_lease)
    buses = [PausingBus(lamps.publisher.url) for _ in range(2)]
    consumers = [Consumer(lamps.subscriber, bus, lamps.subscriptions, "lamps") for bus in buses]

    async def reading() -> int:
        return sum(bus.asleep.is_set() for bus in buses)

    async def both_came() -> bool:
        waiting = await lamps.subscriber.fetch(_CAME)
        return len(waiting) + await reading() >= 2

    async with lamps.following(*consumers):
        await until(reading)
        await until(both_came)
        with held_only_if(safe):
            assert await reading() == 1
        for bus in buses:
            bus.wake.set()
        await lamps.at(1)
    await must_agree(lamps)
    for bus in buses:
        await bus.close()


_CAME = """
SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_advisory_lock%'
AND wait_event_type = 'Lock'
"""
"""Connections that wait for the lease, while another one has it and works."""


class RepeatingBus(DirectBus):
    """Delivers each message at two offsets, as after a producer that sent again because it had no answer."""

    async def read(self, source: str, next_offset: int, limit: int) -> Sequence[Message]:
        messages = await super().read(source, max(next_offset - 1, 0) // 2 + 1, limit)
        doubled = [
            Message(2 * each.offset - 1 + again, each.position, each.keys, each.body)
            for each in messages
            for again in (0, 1)
        ]
        return [each for each in doubled if each.offset >= next_offset]

    async def wait(self, source: str, next_offset: int, *, within: float, stop: asyncio.Event) -> None:
        await super().wait(source, (next_offset - 1) // 2 + 1, within=within, stop=stop)


@with_and_without
async def test_dropping_what_is_not_beyond_the_last_position_keeps_repeated_events_single(
    lamps: Lamps, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    await lamps.told(lit("a", 1), lit("b", 2), lit("a", 3))
    if not safe:
        here = {"if position <= before.position:": "if False:"}
        changed(monkeypatch, intake, "take_in", here, also=(consumer_module,))
    bus = RepeatingBus({"lamps": lamps.publisher.url}, poll=0.05)
    repeated = Consumer(lamps.subscriber, bus, lamps.subscriptions, "lamps", ConsumerLimits(longest_pause=0.05))
    async with lamps.following(repeated):
        await until(lambda: is_past(lamps, 7))
    await bus.close()
    with held_only_if(safe):
        await must_agree(lamps)


async def is_past(lamps: Lamps, offset: int) -> bool:
    row = await lamps.subscriber.fetchrow("SELECT next_offset FROM consumer_offset")
    return row is not None and row["next_offset"] >= offset


@with_and_without
async def test_looking_for_gaps_stops_before_what_is_missing(
    lamps: Lamps, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    await lamps.told(lit("a", 1), lit("a", 2), lit("a", 3))
    await lamps.rewrite("CREATE TABLE late AS SELECT * FROM event_log WHERE position = 2")
    await lamps.rewrite("DELETE FROM event_log WHERE position = 2")
    if not safe:
        changed(monkeypatch, intake, "_reason_to_stop", {"if position > before.position + 1:": "if False:"})
    async with lamps.following() as tasks:
        await until(lambda: _stopped_or_at(lamps, tasks.dead, 3))
        await lamps.rewrite("INSERT INTO event_log SELECT * FROM late")
        await lamps.at(3)
    with held_only_if(safe):
        await must_agree(lamps)


async def _stopped_or_at(lamps: Lamps, dead: dict[str, Any], position: int) -> bool:
    return bool(dead) or await lamps.is_at(position)


@with_and_without
async def test_the_epoch_tells_a_restored_source_from_the_one_that_was_heard(
    lamps: Lamps, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    await lamps.told(lit("a", 1), lit("a", 2), lit("a", 3))
    await lamps.follow(3)
    # Restored from a backup of before the third event, the source tells others, and comes as far and further.
    await lamps.rewrite("DELETE FROM event_log WHERE position > 2")
    await lamps.rewrite(
        "UPDATE sequencer_state SET last_position = 2, last_chain = (SELECT chain FROM event_log WHERE position = 2)"
    )
    await event_log.new_epoch(lamps.publisher)
    await lamps.told(lit("a", 103), lit("a", 104))
    if not safe:
        changed(monkeypatch, Consumer, "_check_footing", {"if place.position == 0:": "if True:"})
    with held_only_if(safe):
        async with lamps.following() as tasks:
            await until(lambda: _stopped_or_at(lamps, tasks.dead, 4))
            assert "EpochChanged" in tasks.dead["consumer 0"].error if tasks.dead else await _agrees(lamps)


async def _agrees(lamps: Lamps) -> bool:
    await must_agree(lamps)
    return True


@with_and_without
async def test_what_follows_a_parked_event_of_its_keys_is_parked_behind_it(
    lamps: Lamps, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    if not safe:
        here = {"sorted(step.keys.intersection(blocked))": "[]"}
        changed(monkeypatch, intake, "reason_to_park", here, also=(consumer_module,))
    lamps.poison.add(666)
    await lamps.told(lit("a", 1), lit("a", 666, "b"), lit("b", 3), lit("d", 4), lit("a", 5))
    await lamps.follow(5)
    with held_only_if(safe):
        parked = await lamps.subscriber.fetch("SELECT position, keys FROM parked ORDER BY position")
        assert [row["position"] for row in parked] == [2, 3, 5]
        assert await lamps.deeds() == [("a", 1), ("d", 4)]
