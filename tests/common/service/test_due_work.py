"""Due work: done up to the day it is, when the clock moves, once, however many look for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Envelope
from libs.common.identity import Caller
from libs.common.messaging import event_log, outbox
from libs.common.messaging.causes import DueBy, MadeDue
from libs.common.process import context
from libs.common.process.clock import Clock
from libs.common.process.tasks import Tasks
from libs.common.service.due_work import DueWork
from tests.support.sample_projection import DAY, INSTANT, LampLit, Lamps, LampTended, lit, nobody_dead
from tests.support.waiting import until


async def tend_next(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """A deed falls due on the day that is its shine, counted from DAY: done, it is not there any more."""
    assert stated_at.tzinfo is not None
    assert by.subject == "service:keepers"
    connection = await raw(session)
    lamp = await connection.fetchval(
        "SELECT lamp FROM counter WHERE shine <= $1 ORDER BY shine LIMIT 1", (up_to - DAY).days
    )
    if lamp is None:
        return 0
    if lamp == "broken":
        raise ValueError("the lamp is broken")
    # It looks and then acts, as commands do that need no more than one of them at a time.
    await connection.execute("DELETE FROM counter WHERE lamp = $1", lamp)
    await outbox.add(session, LampTended(effective_on=DAY, stated_at=INSTANT, lamp=lamp))
    return 1


async def plan(lamps: Lamps, **days: int) -> None:
    async with lamps.subscriber.connect() as connection:
        await connection.executemany("INSERT INTO counter VALUES ($1, $2)", list(days.items()))


async def tended(lamps: Lamps) -> list[str]:
    return [row["keys"][0] for row in await lamps.subscriber.fetch("SELECT keys FROM outbox ORDER BY id")]


@asynccontextmanager
async def working(lamps: Lamps, clock: Clock, **options: Any) -> AsyncIterator[tuple[DueWork, Tasks]]:
    work = DueWork(lamps.subscriber, clock, "keepers", tend_next, **options)
    tasks = Tasks(first_pause=0.01, longest_pause=0.05)
    tasks.start("due work", work.run)
    try:
        yield work, tasks
    finally:
        await tasks.close()


async def is_tended(lamps: Lamps, names: list[str]) -> bool:
    return await tended(lamps) == names


async def test_due_work_is_done_at_the_start_and_when_the_clock_moves(lamps: Lamps) -> None:
    await plan(lamps, b=2, a=1, c=5)
    clock = Clock(DAY + timedelta(days=2))
    async with working(lamps, clock) as (work, tasks):
        await until(lambda: is_tended(lamps, ["a", "b"]))
        clock.moved_to = DAY + timedelta(days=5)
        work.moved.give()
        await until(lambda: is_tended(lamps, ["a", "b", "c"]))
        assert not tasks.dead


async def test_due_work_is_done_up_to_a_named_day_and_no_further(lamps: Lamps) -> None:
    await plan(lamps, a=1, b=2, c=3)
    work = DueWork(lamps.subscriber, Clock(DAY), "keepers", tend_next)
    assert await work.run_up_to(DAY + timedelta(days=2)) == 2
    assert await tended(lamps) == ["a", "b"]
    assert await work.run_up_to(DAY + timedelta(days=2)) == 0


async def test_two_processes_do_each_piece_once(lamps: Lamps) -> None:
    await plan(lamps, **{f"lamp{n}": n for n in range(30)})
    works = [DueWork(lamps.subscriber, Clock(DAY), "keepers", tend_next) for _ in range(3)]
    done = await asyncio.gather(*(work.run_up_to(DAY + timedelta(days=30)) for work in works))
    assert sum(done) == 30
    assert await tended(lamps) == [f"lamp{n}" for n in range(30)]


async def test_a_failing_piece_is_seen_as_a_dead_task_is_tried_again_and_undoes_nothing_else(lamps: Lamps) -> None:
    await plan(lamps, a=1, broken=2, c=3)
    async with working(lamps, Clock(DAY + timedelta(days=3))) as (_, tasks):
        await until(lambda: is_dead(tasks))
        assert "the lamp is broken" in tasks.dead["due work"].error
        assert await tended(lamps) == ["a"]
        async with lamps.subscriber.connect() as connection:
            await connection.execute("DELETE FROM counter WHERE lamp = 'broken'")
        await until(lambda: is_tended(lamps, ["a", "c"]))
        await until(lambda: nobody_dead(tasks))


async def is_dead(tasks: Tasks) -> bool:
    return bool(tasks.dead)


async def test_each_piece_is_recorded_and_its_events_tie_to_the_service(lamps: Lamps) -> None:
    await plan(lamps, a=1)
    await DueWork(lamps.subscriber, Clock(DAY), "keepers", tend_next).run_up_to(DAY + timedelta(days=1))
    told = await lamps.subscriber.fetchrow("SELECT actor, correlation FROM outbox")
    record = await lamps.subscriber.fetchrow("SELECT actor, operation, correlation FROM write_record")
    assert told is not None
    assert record is not None
    assert (told["actor"], record["operation"]) == ("service:keepers", "due work up to 2017-04-02")
    assert told["correlation"] == record["correlation"] != ""


async def tend_all(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """All that is due is done in one piece."""
    assert by.subject == "service:lamps"
    connection = await raw(session)
    due = await connection.fetch("DELETE FROM counter WHERE shine <= $1 RETURNING lamp", (up_to - DAY).days)
    names = sorted(row["lamp"] for row in due)
    await outbox.add_all(session, [LampTended(effective_on=DAY, stated_at=stated_at, lamp=lamp) for lamp in names])
    return len(names)


async def test_what_falls_due_has_the_latest_event_that_made_it_due_as_its_cause(lamps: Lamps) -> None:
    begun = context.Origin(correlation="story-a", causation="request-a")
    context.begin(begun)
    await lamps.told(lit("a", 1))
    [in_the_log] = await lamps.tell(lit("a", 2, "d"))
    await lamps.sequence()
    context.begin(context.Origin())
    [in_the_outbox] = await lamps.tell(lit("b", 1))
    await lamps.rewrite("INSERT INTO counter VALUES ('a', 1), ('b', 1), ('c', 1)")
    made_due = MadeDue({LampTended: (DueBy("lamp", (LampTended,)), DueBy("lamp", (LampLit,)))})
    work = DueWork(lamps.publisher, Clock(DAY), "lamps", tend_all, made_due=made_due)
    assert await work.run_up_to(DAY + timedelta(days=1)) == 3
    await lamps.sequence()
    told = [Envelope.decode(entry.body) for entry in await event_log.read_after(lamps.publisher, 3, 10)]
    assert [(one.keys[0], one.causation, one.correlation, one.causation_source) for one in told[:2]] == [
        ("a", in_the_log, "story-a", "lamps"),
        ("b", in_the_outbox, in_the_outbox, "lamps"),
    ]
    [by_the_clock] = told[2:]
    assert (by_the_clock.causation_source, by_the_clock.causation) == ("", by_the_clock.correlation)
    record = await lamps.publisher.fetchrow("SELECT causation FROM write_record")
    assert record is not None
    assert record["causation"] == by_the_clock.causation


async def test_what_has_no_cause_of_its_own_has_that_of_its_piece_where_there_is_one_only(lamps: Lamps) -> None:
    [lighting] = await lamps.tell(lit("a", 1))
    await lamps.rewrite("INSERT INTO counter VALUES ('a', 1), ('c', 1)")
    made_due = MadeDue({LampTended: (DueBy("lamp", (LampLit,)),)})
    await DueWork(lamps.publisher, Clock(DAY), "lamps", tend_all, made_due=made_due).run_up_to(DAY + timedelta(days=1))
    rows = await lamps.publisher.fetch(
        "SELECT causation FROM outbox WHERE name = 'LampTended' UNION ALL SELECT causation FROM write_record"
    )
    assert [row["causation"] for row in rows] == [lighting] * 3


async def test_a_clock_that_another_process_moved_is_read_before_each_look(lamps: Lamps) -> None:
    await plan(lamps, a=1)
    clock = Clock(DAY)

    async def read_clock() -> None:
        clock.moved_to = DAY + timedelta(days=1)

    async with working(lamps, clock, before_looking=read_clock):
        await until(lambda: is_tended(lamps, ["a"]))


@pytest.mark.parametrize("stopped", [True, False])
async def test_stopping_does_not_wait_for_the_day_to_change(lamps: Lamps, stopped: bool) -> None:
    await plan(lamps, **({} if stopped else {"a": 1}))
    async with asyncio.timeout(5), working(lamps, Clock(DAY)) as (_, tasks):
        await until(lambda: nobody_dead(tasks))


async def test_what_is_due_by_a_day_to_come_is_seen_and_not_done(lamps: Lamps) -> None:
    await plan(lamps, a=3)
    work = DueWork(lamps.subscriber, Clock(DAY), "keepers", tend_next)
    seen = [await work.is_due_by(DAY + timedelta(days=day)) for day in (2, 3, 4)]
    assert (seen, await tended(lamps)) == ([False, True, True], [])
    assert await work.run_up_to(DAY + timedelta(days=3)) == 1
    assert not await work.is_due_by(DAY + timedelta(days=4))
