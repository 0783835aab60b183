"""A consumer on the direct bus: each event is applied once, in order, whatever is lost, killed or repeated."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from libs.common.database.connection import Database, raw
from libs.common.events import CATALOGUE, Envelope, Event
from libs.common.messaging import consumer as consumer_module
from libs.common.messaging import event_log
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.consumer import Consumer, ConsumerLimits
from libs.common.messaging.health import backbone_health
from libs.common.messaging.intake import Cursor, Intake
from libs.common.messaging.outbox import add
from libs.common.messaging.parking import list_parked, resume_key
from libs.common.messaging.sequencer import Sequencer
from libs.common.process import context
from tests.support.sample_projection import DAY, INSTANT, LampLit, Lamps, lit, nobody_dead, wait_for_death
from tests.support.waiting import until


async def test_events_reach_both_kinds_of_handler_in_order(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("b", 2), lit("a", 3))
    await lamps.follow(3)
    assert await lamps.shines() == {"a": [1, 3], "b": [2]}
    assert await lamps.deeds() == [("a", 1), ("b", 2), ("a", 3)]


async def test_an_acting_handler_finds_known_all_up_to_its_own_event_and_no_more(lamps: Lamps) -> None:
    await lamps.told(*(lit("a", shine) for shine in range(1, 6)))
    await lamps.follow(5)
    rows = await lamps.subscriber.fetch("SELECT known FROM deed ORDER BY id")
    assert [row["known"] for row in rows] == [1, 2, 3, 4, 5]


async def test_knowing_handlers_get_whole_batches(lamps: Lamps) -> None:
    lamps.subscriptions.acting.clear()
    await lamps.told(*(lit("a", shine) for shine in range(1, 21)))
    await lamps.follow(20)
    assert lamps.runs == [20]


async def test_what_a_reaction_does_ties_to_its_event_and_to_who_began_it(lamps: Lamps) -> None:
    context.begin(context.Origin("somebody", "correlation-1", "request-1"))
    [event_id] = await lamps.tell(lit("a", 1))
    context.begin(context.Origin())
    await lamps.sequence()
    await lamps.follow(1)
    told = await lamps.subscriber.fetchrow("SELECT actor, correlation, causation FROM outbox")
    assert told is not None
    assert tuple(told) == ("somebody", "correlation-1", event_id)
    record = await lamps.subscriber.fetchrow("SELECT * FROM write_record")
    assert record is not None
    assert (record["actor"], record["roles"], record["operation"]) == (
        "somebody",
        ["service:keepers"],
        "reaction lamp_is_tended",
    )
    assert (record["correlation"], record["causation"]) == ("correlation-1", event_id)
    assert context.origin() == context.Origin()


async def test_an_event_delivered_twice_is_applied_once(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("a", 2))
    repeating = Consumer(lamps.subscriber, RepeatingBus(lamps.publisher.url), lamps.subscriptions, "lamps")
    async with lamps.following(repeating):
        await lamps.at(2)
        await lamps.told(lit("a", 3))
        await lamps.at(3)
        await until(lambda: was_repeated(repeating))
    assert await lamps.deeds() == [("a", 1), ("a", 2), ("a", 3)]
    assert await lamps.shines() == {"a": [1, 2, 3]}


async def was_repeated(consumer: Consumer) -> bool:
    return consumer.duplicates > 0


class RepeatingBus(DirectBus):
    """Delivers the first event again and again, as a producer does that had no answer."""

    def __init__(self, url: str) -> None:
        super().__init__({"lamps": url}, poll=0.05)

    async def read(self, source: str, next_offset: int, limit: int):  # type: ignore[no-untyped-def]
        return [*await super().read(source, 0, 1), *await super().read(source, next_offset, limit)]


async def test_an_event_delivered_late_is_waited_for_and_never_skipped(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("a", 2), lit("a", 3))
    await lamps.rewrite("CREATE TABLE late AS SELECT * FROM event_log WHERE position = 2")
    await lamps.rewrite("DELETE FROM event_log WHERE position = 2")
    async with lamps.following() as tasks:
        await wait_for_death(tasks, saying="Gap: position 2 is missing: 3 follows")
        assert await lamps.shines() == {"a": [1]}
        await lamps.rewrite("INSERT INTO event_log SELECT * FROM late")
        await lamps.at(3)
        await until(lambda: nobody_dead(tasks))
    assert await lamps.deeds() == [("a", 1), ("a", 2), ("a", 3)]


class KilledAtTheEnd(Consumer):
    """Its connection is cut off between the last handler and the commit, the first time."""

    killed = False

    async def _apply_batch(self, session: AsyncSession, place: Cursor, intake: Intake) -> None:
        await super()._apply_batch(session, place, intake)
        if not self.killed:
            self.killed = True
            await terminate(self._database, await (await raw(session)).fetchval("SELECT pg_backend_pid()"))


async def terminate(database: Database, pid: int) -> None:
    async with database.connect() as other:
        await other.execute("SELECT pg_terminate_backend($1, 5000)", pid)


async def test_a_consumer_killed_between_handling_and_commit_has_done_nothing_and_then_does_it_once(
    lamps: Lamps,
) -> None:
    await lamps.told(lit("a", 1), lit("b", 2))
    consumer = KilledAtTheEnd(lamps.subscriber, lamps.bus, lamps.subscriptions, "lamps")
    async with lamps.following(consumer) as tasks:
        await lamps.at(2)
        assert not tasks.dead
    assert consumer.killed
    assert lamps.runs == [1, 1, 1, 1]
    assert await lamps.deeds() == [("a", 1), ("b", 2)]
    assert await lamps.shines() == {"a": [1], "b": [2]}
    assert await lamps.parked() == []


async def test_what_was_done_before_the_kill_is_not_seen_by_anybody(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1))
    seen: list[object] = []

    async def kill_once(_: LampLit, session: AsyncSession) -> None:
        if not seen:
            pid = await (await raw(session)).fetchval("SELECT pg_backend_pid()")
            await terminate(lamps.subscriber, pid)
            seen.append((await lamps.shines(), await lamps.deeds(), await lamps.is_at(0)))

    lamps.beside = kill_once
    await lamps.follow(1)
    assert seen == [({}, [], True)]
    assert await lamps.deeds() == [("a", 1)]


async def test_whatever_a_handler_makes_of_a_lost_connection_it_is_not_the_events_fault(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1))
    losses: list[int] = []

    async def confused(event: LampLit, session: AsyncSession) -> None:
        if not losses:
            losses.append(event.shine)
            await terminate(lamps.subscriber, await (await raw(session)).fetchval("SELECT pg_backend_pid()"))
            raise ValueError("something went wrong")

    lamps.beside = confused
    async with lamps.following() as tasks:
        await lamps.at(1)
        assert not tasks.dead
    assert lamps.runs == [1, 1]
    assert await lamps.parked() == []


@pytest.mark.parametrize("sqlstate", ["40P01", "40001", "55P03", "57P01", "08006"])
async def test_a_passing_fault_is_tried_again_and_parks_nothing(lamps: Lamps, sqlstate: str) -> None:
    await lamps.told(lit("a", 1), lit("a", 2))
    failures: list[int] = []

    async def fail_some_times(event: LampLit, session: AsyncSession) -> None:
        if len(failures) < 6:
            failures.append(event.shine)
            await (await raw(session)).execute(f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$")

    lamps.beside = fail_some_times
    await lamps.follow(2)
    assert failures == [1] * 6
    assert await lamps.parked() == []
    assert await lamps.deeds() == [("a", 1), ("a", 2)]


async def test_a_real_deadlock_is_passing(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1))
    await execute(lamps.subscriber, "INSERT INTO counter VALUES ('x', 0), ('y', 0)")
    crossing = asyncio.Event()
    others: list[asyncio.Task[None]] = []

    async def other() -> None:
        async with lamps.subscriber.connect() as connection, connection.transaction():
            await connection.execute("UPDATE counter SET shine = 1 WHERE lamp = 'y'")
            crossing.set()
            await connection.execute("UPDATE counter SET shine = 1 WHERE lamp = 'x'")

    async def cross(_: LampLit, session: AsyncSession) -> None:
        if not others:
            connection = await raw(session)
            await connection.execute("UPDATE counter SET shine = 2 WHERE lamp = 'x'")
            others.append(asyncio.create_task(other()))
            await crossing.wait()
            await connection.execute("UPDATE counter SET shine = 2 WHERE lamp = 'y'")

    lamps.beside = cross
    await lamps.follow(1)
    await asyncio.gather(*others, return_exceptions=True)
    assert await lamps.parked() == []
    assert await lamps.deeds() == [("a", 1)]


async def execute(database: Database, sql: str) -> None:
    async with database.connect() as connection:
        await connection.execute(sql)


@asynccontextmanager
async def no_lease(database: Database, _: str, **__: object) -> AsyncIterator[AsyncConnection]:
    """Give a connection without any lease: the safeguard removed."""
    async with database.connect() as own:

        async def this_one() -> asyncpg.Connection:
            return own

        engine = create_async_engine(database.url, poolclass=NullPool, async_creator=this_one)
        async with engine.connect() as connection:
            yield connection


async def test_even_without_a_lease_what_is_late_cannot_write(lamps: Lamps, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three at once believe that they hold the lease: the compare-and-set alone keeps each event single."""
    monkeypatch.setattr(consumer_module, "leased", no_lease)
    await lamps.told(*(lit(f"lamp {n % 3}", n) for n in range(120)))
    async with lamps.following(*(lamps.consumer(batch=7) for _ in range(3))) as tasks:
        await lamps.at(120)
        assert not tasks.dead
    assert [shine for _, shine in await lamps.deeds()] == list(range(120))
    assert await lamps.shines() == {f"lamp {k}": list(range(k, 120, 3)) for k in range(3)}


async def test_a_zombie_that_was_overtaken_writes_nothing(lamps: Lamps, monkeypatch: pytest.MonkeyPatch) -> None:
    await lamps.told(lit("a", 1))
    paused, go_on = asyncio.Event(), asyncio.Event()

    class PausingBus(DirectBus):
        async def read(self, source: str, next_offset: int, limit: int):  # type: ignore[no-untyped-def]
            messages = await super().read(source, next_offset, limit)
            paused.set()
            await go_on.wait()
            return messages

    monkeypatch.setattr(consumer_module, "leased", no_lease)
    bus = PausingBus({"lamps": lamps.publisher.url})
    zombie = Consumer(lamps.subscriber, bus, lamps.subscriptions, "lamps", ConsumerLimits(longest_pause=0.05))
    async with lamps.following(zombie):
        await paused.wait()
        await lamps.follow(1)
        go_on.set()
        await lamps.told(lit("a", 2))
        await lamps.at(2)
    await bus.close()
    assert await lamps.deeds() == [("a", 1), ("a", 2)]
    assert zombie.applied == 1


async def test_one_holds_the_lease_and_another_takes_over_when_it_ends(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1))
    first, second = lamps.consumer(), lamps.consumer()
    async with lamps.following(first):
        await lamps.at(1)
        async with lamps.following(second):
            await lamps.told(lit("a", 2))
            await lamps.at(2)
            await until(lambda: has_applied(first, 2))
            assert second.applied == 0
    async with lamps.following(second):
        await lamps.told(lit("a", 3))
        await lamps.at(3)
    assert (first.applied, second.applied) == (2, 1)
    assert await lamps.deeds() == [("a", 1), ("a", 2), ("a", 3)]


async def test_when_the_holders_connection_is_cut_its_lease_is_free_at_once(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1))
    holder = (
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with lamps.following(lamps.consumer(), lamps.consumer()) as tasks:
        for shine in (1, 2, 3, 4):
            await lamps.at(shine)
            [row] = await lamps.subscriber.fetch(holder)
            await terminate(lamps.subscriber, row["pid"])
            await lamps.told(lit("a", shine + 1))
        await lamps.at(5)
        assert not tasks.dead
    assert await lamps.deeds() == [("a", shine) for shine in (1, 2, 3, 4, 5)]


async def has_applied(consumer: Consumer, events: int) -> bool:
    return consumer.applied == events


async def test_stopping_is_immediate_also_while_waiting_for_events_or_for_the_lease(lamps: Lamps) -> None:
    async with asyncio.timeout(5), lamps.following(lamps.consumer(), lamps.consumer()):
        await lamps.told(lit("a", 1))
        await lamps.at(1)


async def test_events_of_an_unknown_name_are_skipped_and_counted(lamps: Lamps) -> None:
    await lamps.tell(lit("a", 1), lit("a", 2))
    await lamps.rewrite("UPDATE outbox SET name = 'LampSold' WHERE id = 1")
    await lamps.sequence()
    consumer = lamps.consumer()
    async with lamps.following(consumer):
        await lamps.at(2)
        await until(lambda: has_applied(consumer, 1))
    assert consumer.unknown == {"LampSold.v1": 1}
    assert await lamps.deeds() == [("a", 2)]


async def test_a_version_from_the_future_waits_until_the_software_can_read_it(lamps: Lamps) -> None:
    await lamps.tell(lit("a", 1), lit("b", 2), lit("a", 3))
    await lamps.rewrite("UPDATE outbox SET version = 9 WHERE id = 1")
    await lamps.sequence()
    await lamps.follow(3)
    assert await lamps.deeds() == [("b", 2)]
    assert await lamps.parked() == [(1, ["a"], 0), (3, ["a"], 0)]
    numbers = await backbone_health(lamps.subscriber, lamps.bus, ["lamps"])
    assert (numbers.parked_events, numbers.newer_events) == (2, {"LampLit version 9": 1})
    async with lamps.subscriber.begin() as session:  # too early: the software is still the old one
        early = await resume_key(session, lamps.subscriptions, "lamps", "a")
    assert (early.applied, len(early.parked)) == ((), 2)
    assert (await list_parked(lamps.subscriber))[0].error == "UnknownEvent: LampLit version 9"

    class LampLitOfTheFuture(LampLit, topic="lamps", keys=("lamp", "others"), version=9, name="LampLit"):
        """A lamp shines, as a newer version of the software states it."""

    try:
        async with lamps.subscriber.begin() as session:
            late = await resume_key(session, lamps.subscriptions, "lamps", "a")
    finally:
        del CATALOGUE["LampLit", LampLitOfTheFuture.event_version]
    assert (len(late.applied), late.parked) == (2, ())
    assert await lamps.deeds() == [("b", 2), ("a", 1), ("a", 3)]
    assert (await backbone_health(lamps.subscriber, lamps.bus, ["lamps"])).newer_events == {}


async def test_an_old_version_reaches_handlers_as_the_newest(lamps: Lamps) -> None:
    class LampLitOfOld(Event, topic="lamps", keys=("name",), version=0, name="LampLit"):
        """A lamp shines; it did not say how much."""

        name: str

        def upgrade(self) -> LampLit:
            return lit(self.name, 0)

    try:
        await lamps.told(LampLitOfOld(effective_on=DAY, stated_at=INSTANT, name="a"), lit("a", 1))
        [first, _] = await event_log.read_after(lamps.publisher, 0, 2)
        assert Envelope.decode(first.body).version == 0
        await lamps.follow(2)
    finally:
        del CATALOGUE["LampLit", 0]
    assert await lamps.shines() == {"a": [0, 1]}


async def test_a_reactions_own_events_wake_its_sequencer(lamps: Lamps) -> None:
    async with lamps.following() as tasks:
        tasks.start("sequencer", Sequencer(lamps.subscriber, "keepers", busy=60, idle=60).run)
        for shine in (1, 2, 3):
            await lamps.told(lit("a", shine))
            await until(lambda at=shine: ends_at(lamps.subscriber, at))  # type: ignore[misc]


async def ends_at(database: Database, position: int) -> bool:
    return (await event_log.end(database)).position == position


async def test_a_source_out_of_reach_is_waited_for(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1))
    async with lamps.following() as tasks:
        await lamps.at(1)
        await lamps.rewrite(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'footprint bus'"
        )
        await lamps.told(lit("a", 2))
        await lamps.at(2)
        assert not tasks.dead


async def test_an_event_is_told_by_a_reaction_only_if_the_batch_commits(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("b", 666))
    lamps.poison.add(666)

    async def tell_more(event: LampLit, session: AsyncSession) -> None:
        await add(session, lit("told of " + event.lamp, event.shine))

    lamps.beside = tell_more
    await lamps.follow(2)
    rows = await lamps.subscriber.fetch("SELECT name, keys FROM outbox ORDER BY id")
    assert [tuple(row) for row in rows] == [("LampTended", ["a"]), ("LampLit", ["told of a"])]
