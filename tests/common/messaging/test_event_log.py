"""Outbox, sequencer and log: nothing lost, nothing split, in order, chained, and woken by commits."""

import asyncio
import json
import random
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Envelope
from libs.common.identity import Caller
from libs.common.messaging import event_log, outbox
from libs.common.messaging.event_log import EpochEnded
from libs.common.messaging.sequencer import Sequencer
from libs.common.messaging.verification import verify
from libs.common.messaging.wakeup import log_signal
from libs.common.process import context
from libs.common.process.tasks import Tasks
from tests.support.sample_projection import Counter, Lamps, lit, oiled
from tests.support.waiting import until


async def envelopes(lamps: Lamps) -> list[Envelope]:
    return [Envelope.decode(entry.body) for entry in await event_log.read_after(lamps.publisher, 0, 10_000)]


async def lit_in_order(lamps: Lamps) -> list[tuple[str, int]]:
    return [(told.fields["lamp"], told.fields["shine"]) for told in await envelopes(lamps)]


async def test_an_event_is_told_only_if_its_transaction_commits(lamps: Lamps) -> None:
    with suppress(ZeroDivisionError):
        async with lamps.publisher.begin() as session:
            await outbox.add(session, lit("a", 1))
            raise ZeroDivisionError
    await lamps.told(lit("a", 2))
    assert await lit_in_order(lamps) == [("a", 2)]


async def test_what_a_command_changed_is_locked_before_its_events_take_their_place(lamps: Lamps) -> None:
    async with lamps.publisher.begin() as first:
        first.add(Counter("a", 1))
    async with lamps.publisher.begin() as session:
        lamp = await session.get_one(Counter, "a")
        lamp.shine = 2
        await outbox.add(session, lit("a", 2))
        async with lamps.publisher.connect() as other:
            with pytest.raises(asyncpg.LockNotAvailableError):
                await other.execute("SELECT FROM counter WHERE lamp = 'a' FOR UPDATE NOWAIT")


async def test_an_event_carries_where_it_comes_from(lamps: Lamps) -> None:
    context.begin(context.Origin("somebody", "correlation-1", "event-1", "keepers", "00-1-1-01"))
    async with lamps.publisher.begin() as session:
        event_id = await outbox.add(session, lit("b", 1, "a"), version=7)
    context.begin(context.Origin())
    await lamps.sequence()
    [told] = await envelopes(lamps)
    assert (told.id, told.source, told.name, told.keys, told.position) == (event_id, "lamps", "LampLit", ("a", "b"), 1)
    assert (told.actor, told.correlation, told.causation) == ("somebody", "correlation-1", "event-1")
    assert told.causation_source == "keepers"
    [kept] = await lamps.publisher.fetch("SELECT causation, correlation FROM event_log")
    assert tuple(kept) == ("event-1", "correlation-1")
    assert (told.traceparent, told.aggregate_version) == ("00-1-1-01", 7)
    assert told.epoch == (await event_log.end(lamps.publisher)).epoch
    assert told.event() == lit("b", 1, "a")


async def test_events_of_several_causes_go_into_the_log_in_their_order_each_with_its_own(lamps: Lamps) -> None:
    rows: list[outbox.Row] = []
    for cause in ("event-1", "event-2", "event-1"):
        context.begin(context.Origin("somebody", "correlation-1", cause, "keepers"))
        rows += await outbox.rows_of([lit("a", len(rows))])
    context.begin(context.Origin())
    async with lamps.publisher.begin() as session:
        await outbox.add_rows(session, rows)
    await lamps.sequence()
    assert [(told.fields["shine"], told.causation) for told in await envelopes(lamps)] == [
        *((0, "event-1"), (1, "event-2"), (2, "event-1"))
    ]


async def test_many_events_are_told_in_their_order_with_one_call(lamps: Lamps) -> None:
    events = [lit("a", 3), lit("b", 1), lit("a", 2, "b", "c")]
    ids = await lamps.tell(*events)
    await lamps.sequence()
    told = await envelopes(lamps)
    assert [each.id for each in told] == ids
    assert [each.event() for each in told] == events
    assert await lamps.tell() == []


async def test_a_transaction_that_commits_late_is_not_lost(lamps: Lamps) -> None:
    async with lamps.publisher.begin() as early:
        await outbox.add(early, lit("a", 1))
        await lamps.told(lit("b", 2))
        assert await lit_in_order(lamps) == [("b", 2)]
    await lamps.sequence()
    assert await lit_in_order(lamps) == [("b", 2), ("a", 1)]


async def test_a_transaction_that_waited_for_another_comes_after_it(lamps: Lamps) -> None:
    async with lamps.publisher.begin() as waits:
        await outbox.add(waits, lit("a", 1))
        await lamps.tell(lit("b", 2))
        await outbox.add(waits, lit("b", 3))
    await lamps.sequence()
    assert await lit_in_order(lamps) == [("b", 2), ("a", 1), ("b", 3)]


async def test_the_outbox_moves_whatever_else_the_server_does(lamps: Lamps) -> None:
    """A write left open in another database, a snapshot held by a long report, transaction ids of another server."""
    async with lamps.subscriber.begin() as elsewhere, lamps.publisher.read() as report:
        elsewhere.add(Counter("x", 1))
        await elsewhere.flush()
        await report.execute(text("SELECT count(*) FROM event_log"))
        for shine in range(5):
            await lamps.tell(lit("a", shine))
        await lamps.rewrite("UPDATE outbox SET tx = '18446744073709551615' WHERE id = 2")
        assert await lamps.sequence() == 5
    assert await lit_in_order(lamps) == [("a", shine) for shine in range(5)]


async def test_a_batch_never_splits_a_transaction(lamps: Lamps) -> None:
    sizes = [2, 3, 1, 7, 1, 1]
    for number, size in enumerate(sizes):
        await lamps.tell(*[lit("a", number)] * size)
    taken = []
    async with lamps.publisher.connect() as connection:
        while moved := await event_log.append_from_outbox(connection, "lamps", batch=4):
            taken.append(moved)
    assert taken == [2, 4, 7, 2]


async def test_a_transaction_around_many_others_comes_whole_and_after_them(lamps: Lamps) -> None:
    async with lamps.publisher.begin() as long:
        await outbox.add(long, lit("long", 0))
        for shine in range(10):
            await lamps.tell(lit("a", shine), lit("a", shine))
        await outbox.add_all(long, [lit("long", n) for n in range(1, 12)])
    await lamps.tell(lit("last", 0))
    taken = []
    async with lamps.publisher.connect() as connection:
        while moved := await event_log.append_from_outbox(connection, "lamps", batch=2):
            taken.append(moved)
    assert taken == [2] * 10 + [12, 1]
    assert (await lit_in_order(lamps))[20:] == [*(("long", n) for n in range(12)), ("last", 0)]


async def test_a_large_transaction_moves_whole_and_never_in_memory_as_a_whole(
    lamps: Lamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces: list[int] = []

    class Counting(event_log._Written):  # noqa: SLF001  (what is in memory at once shows nowhere else)
        async def append(self, connection: asyncpg.Connection, rows: Sequence[asyncpg.Record]) -> None:
            pieces.append(len(rows))
            await super().append(connection, rows)

    monkeypatch.setattr(event_log, "_Written", Counting)
    await lamps.tell(*(lit("large", n) for n in range(17)))
    await lamps.tell(lit("last", 0))
    async with lamps.publisher.connect() as connection:
        assert await event_log.append_from_outbox(connection, "lamps", batch=4) == 17
    await lamps.sequence()
    assert pieces == [4, 4, 4, 4, 1, 1]
    assert await lit_in_order(lamps) == [*(("large", n) for n in range(17)), ("last", 0)]
    assert (await verify(lamps.publisher)).is_whole


async def test_positions_are_dense_and_a_second_sequencer_does_no_harm(lamps: Lamps) -> None:
    sequencers = [Sequencer(lamps.publisher, "lamps", batch=3) for _ in range(3)]
    tasks = Tasks()
    for number, sequencer in enumerate(sequencers):
        tasks.start(f"sequencer {number}", sequencer.run)
    for shine in range(40):
        await lamps.tell(lit("a", shine))
    await until(lambda: is_at(lamps, 40))
    await tasks.close()
    assert not tasks.dead
    assert [told.position for told in await envelopes(lamps)] == list(range(1, 41))
    assert await lit_in_order(lamps) == [("a", shine) for shine in range(40)]
    assert (await verify(lamps.publisher)).is_whole


async def is_at(lamps: Lamps, position: int) -> bool:
    return (await event_log.end(lamps.publisher)).position == position


async def write_some(lamps: Lamps, seed: int, committed: list[int]) -> None:
    rng = random.Random(seed)
    for _ in range(50):
        chosen = sorted(rng.sample(range(12), rng.randint(1, 4)))
        fails = rng.random() < 0.05
        try:
            async with lamps.publisher.begin() as session:
                shines = [await next_shine(session, f"lamp {number}") for number in chosen]
                events = [lit(f"lamp {n}", shine) for n, shine in zip(chosen, shines, strict=True)]
                await outbox.add_all(session, events)
                if rng.random() < 0.1:
                    await session.execute(text("SELECT pg_sleep(0.01)"))
                if fails:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            continue
        committed.append(len(events))


async def next_shine(session: AsyncSession, lamp: str) -> int:
    connection = await raw(session)
    value = await connection.fetchval(
        "INSERT INTO counter VALUES ($1, 1) ON CONFLICT (lamp) DO UPDATE SET shine = counter.shine + 1 RETURNING shine",
        lamp,
    )
    return int(value)


async def test_sixteen_writers_lose_nothing_and_each_lamp_keeps_its_order(lamps: Lamps) -> None:
    committed: list[int] = []
    tasks = Tasks()
    tasks.start("sequencer", Sequencer(lamps.publisher, "lamps", batch=50).run)
    tasks.start("consumer", lamps.consumer(batch=64).run)
    await asyncio.gather(*(write_some(lamps, seed, committed) for seed in range(16)))
    total = sum(committed)
    assert total > 1500
    await until(lambda: is_at(lamps, total), within=30)
    await until(lambda: lamps.is_at(total), within=30)
    await tasks.close()
    assert not tasks.dead
    counters = await lamps.publisher.fetch("SELECT lamp, shine FROM counter")
    expected = {row["lamp"]: list(range(1, row["shine"] + 1)) for row in counters}
    told: dict[str, list[int]] = {}
    for lamp, shine in await lit_in_order(lamps):
        told.setdefault(lamp, []).append(shine)
    assert told == expected
    assert await lamps.shines() == expected
    assert (await verify(lamps.publisher)).is_whole


async def test_a_commit_wakes_the_sequencer_and_its_readers_without_polling(lamps: Lamps) -> None:
    tasks = Tasks()
    tasks.start("sequencer", Sequencer(lamps.publisher, "lamps", busy=60, idle=60).run)
    async with lamps.following():
        for shine in range(1, 6):
            await lamps.tell(lit("a", shine))
            await lamps.at(shine)
    await tasks.close()
    assert await lamps.shines() == {"a": [1, 2, 3, 4, 5]}


async def test_a_sequencer_wakes_this_process_without_the_database(lamps: Lamps) -> None:
    grown = log_signal(lamps.publisher.url)
    seen = grown.count
    tasks = Tasks()
    tasks.start("sequencer", Sequencer(lamps.publisher, "lamps", busy=60, idle=60).run)
    await lamps.tell(lit("a", 1))
    assert await grown.wait(seen, within=10) > seen
    await tasks.close()


async def test_a_sequencer_wakes_listeners_of_other_processes(lamps: Lamps) -> None:
    heard = asyncio.Event()
    tasks = Tasks()
    async with lamps.publisher.connect() as elsewhere:
        await elsewhere.add_listener("event_log", lambda *_: heard.set())
        tasks.start("sequencer", Sequencer(lamps.publisher, "lamps", busy=60, idle=60).run)
        await lamps.tell(lit("a", 1))
        await asyncio.wait_for(heard.wait(), 10)
    await tasks.close()


async def test_what_another_process_commits_is_found_by_polling(lamps: Lamps) -> None:
    tasks = Tasks()
    tasks.start("sequencer", Sequencer(lamps.publisher, "lamps", idle=0.05).run)
    async with lamps.publisher.connect() as elsewhere:
        await elsewhere.execute(
            "INSERT INTO outbox (event_id, name, version, keys, actor, correlation, causation, traceparent, fields)"
            " VALUES (gen_random_uuid(), 'LampLit', 1, '{a}', '', '', '', '', '{}')"
        )
        await until(lambda: is_at(lamps, 1))
    await tasks.close()


async def test_a_sequencer_survives_the_loss_of_its_connection(lamps: Lamps) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(Sequencer(lamps.publisher, "lamps", idle=0.05).run(stop))
    for shine in range(1, 4):
        await lamps.rewrite(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%sequencer_state%'"
        )
        await lamps.tell(lit("a", shine))
        await until(lambda at=shine: is_at(lamps, at))  # type: ignore[misc]
    stop.set()
    await running


async def test_what_an_older_release_appends_without_causes_is_no_fault_and_is_filled_by_the_sequencer(
    lamps: Lamps,
) -> None:
    context.begin(context.Origin(correlation="story", causation="request"))
    await lamps.told(lit("a", 1), lit("b", 2))
    await lamps.rewrite("UPDATE event_log SET causation = '', correlation = '' WHERE position = 2")
    assert (await verify(lamps.publisher)).is_whole
    tasks = Tasks()
    tasks.start("sequencer", Sequencer(lamps.publisher, "lamps").run)

    async def filled() -> bool:
        rows = await lamps.publisher.fetch("SELECT causation, correlation FROM event_log")
        return [tuple(row) for row in rows] == [("request", "story")] * 2

    await until(filled)
    await tasks.close()
    await lamps.rewrite("UPDATE event_log SET causation = 'other' WHERE position = 2")
    assert not (await verify(lamps.publisher)).is_whole


async def test_the_chain_goes_on_through_a_new_epoch(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1))
    first = (await event_log.end(lamps.publisher)).epoch
    second = await event_log.new_epoch(lamps.publisher)
    await lamps.told(lit("a", 2))
    assert [told.epoch for told in await envelopes(lamps)] == [first, second]
    assert first != second
    assert (await verify(lamps.publisher)).is_whole


NATIONAL = Caller("england", frozenset(), frozenset({"*"}))
OWNER = Caller("owner of b", frozenset(), frozenset({"b"}))
STRANGER = Caller("stranger", frozenset(), frozenset({"x"}))


async def test_a_feed_shows_what_the_caller_may_see_and_never_a_gap(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), oiled("a"), oiled("b"), lit("c", 4), oiled("a"))
    shown = {}
    for caller in (NATIONAL, OWNER, STRANGER):
        page = await event_log.feed(lamps.publisher, after=0, epoch=None, limit=50, visible_to=caller)
        shown[caller.subject] = [(previous, Envelope.decode(body).position) for previous, body in page.items]
        assert page.next == 5
    assert shown == {
        "england": [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)],
        "owner of b": [(0, 1), (1, 3), (3, 4)],
        "stranger": [(0, 1), (1, 4)],
    }


async def test_a_feed_is_read_page_by_page_to_its_end(lamps: Lamps) -> None:
    await lamps.told(*[oiled("b") if n % 3 else lit("a", n) for n in range(20)])
    after, epoch, seen = 0, None, []
    while True:
        page = await event_log.feed(lamps.publisher, after=after, epoch=epoch, limit=4, visible_to=STRANGER)
        if not page.items:
            break
        assert page.items[0][0] == after
        seen += [Envelope.decode(body).fields["shine"] for _, body in page.items]
        after, epoch = page.next, page.epoch
    assert (seen, after) == ([0, 3, 6, 9, 12, 15, 18], 20)


async def test_a_feed_page_holds_the_very_bytes_of_the_log(lamps: Lamps) -> None:
    await lamps.told(lit("Zoë", 1))
    page = await event_log.feed(lamps.publisher, after=0, epoch=None, limit=1, visible_to=STRANGER)
    [entry] = await event_log.read_after(lamps.publisher, 0, 1)
    assert entry.body in page.encode()
    document = json.loads(page.encode())
    assert (document["next"], document["items"][0]["previous"]) == (1, 0)
    assert document["items"][0]["event"]["data"]["lamp"] == "Zoë"


async def test_a_feed_tells_a_reader_of_a_former_life_of_the_log(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("a", 2))
    first = (await event_log.end(lamps.publisher)).epoch
    second = await event_log.new_epoch(lamps.publisher)
    await lamps.told(lit("a", 3))

    async def page(after: int, epoch: str | None) -> event_log.Page:
        return await event_log.feed(lamps.publisher, after=after, epoch=epoch, limit=9, visible_to=STRANGER)

    # Who had read no further than the restored part goes on, and learns the new epoch.
    assert (await page(2, first)).epoch == second
    for after, epoch in ((3, first), (4, second), (0, "another"), (4, None)):
        with pytest.raises(EpochEnded):
            await page(after, epoch)
