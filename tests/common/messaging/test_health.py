"""The backbone's health: told from the database, and by tasks that died."""

import asyncio

from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.health import backbone_health
from libs.common.process.tasks import Alive, Tasks
from tests.support.sample_projection import Lamps, lit, nobody_dead
from tests.support.waiting import until


async def test_health_counts_what_is_behind_and_what_is_parked(lamps: Lamps) -> None:
    fresh = await backbone_health(lamps.subscriber, lamps.bus, ["lamps"])
    assert (fresh.outbox_events, fresh.oldest_outbox_seconds, fresh.last_position) == (0, 0.0, 0)
    assert (fresh.consumer_lag, fresh.parked_events) == ({"lamps": 0}, 0)

    lamps.poison.add(2)
    await lamps.told(lit("a", 1), lit("b", 2, "c"))
    await lamps.follow(2)
    await lamps.told(lit("a", 3))
    behind = await backbone_health(lamps.subscriber, lamps.bus, ["lamps"])
    assert (behind.consumer_lag, behind.consumer_position) == ({"lamps": 1}, {"lamps": 2})
    assert (behind.parked_events, behind.parked_keys) == (1, 2)
    assert behind.outbox_events == 1
    assert behind.oldest_outbox_seconds > 0


async def test_health_says_how_long_the_next_event_waits_for_a_consumer_that_does_not_move(lamps: Lamps) -> None:
    async def waiting() -> float:
        return (await backbone_health(lamps.subscriber, lamps.bus, ["lamps"])).consumer_waiting_seconds["lamps"]

    await lamps.told(lit("a", 1))
    assert 0 < await waiting() < 60
    await lamps.follow(1)
    assert await waiting() == 0
    await lamps.tell(lit("a", 2))
    await lamps.rewrite("UPDATE outbox SET recorded_at = recorded_at - interval '5 minutes'")
    await lamps.sequence()
    assert 0 < await waiting() < 60  # it moved a moment ago
    async with lamps.subscriber.connect() as connection:
        await connection.execute("UPDATE consumer_offset SET updated_at = updated_at - interval '4 minutes'")
    assert 240 < await waiting() < 300
    await lamps.follow(2)
    assert await waiting() == 0


async def test_health_of_a_publisher_shows_its_log_and_how_far_it_is_published(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("a", 2), lit("a", 3))
    health = await backbone_health(lamps.publisher, lamps.bus, [])
    assert (health.last_position, health.published_lag) == (3, 0)
    await lamps.rewrite("INSERT INTO publisher VALUES ('kafka', 1)")
    assert (await backbone_health(lamps.publisher, lamps.bus, [])).published_lag == 2


async def test_a_source_out_of_reach_hides_no_other_number(lamps: Lamps) -> None:
    bus = DirectBus({"lamps": lamps.publisher.url + "-that-is-not-there"})
    health = await backbone_health(lamps.subscriber, bus, ["lamps"])
    await bus.close()
    assert health.consumer_lag == {"lamps": None}


async def test_a_task_that_dies_is_seen_is_tried_again_and_is_well_once_a_round_succeeds() -> None:
    rounds: list[int] = []
    mended = asyncio.Event()

    async def work(stop: asyncio.Event, alive: Alive) -> None:
        rounds.append(1)
        if not mended.is_set():
            raise ValueError("broken")
        alive()
        await stop.wait()

    tasks = Tasks(first_pause=0.01, longest_pause=0.02)
    tasks.start("work", work)
    await until(lambda: count(rounds, 3))
    death = tasks.dead["work"]
    assert death.error == "ValueError: broken"
    mended.set()
    await until(lambda: nobody_dead(tasks))
    await tasks.close()


async def count(rounds: list[int], least: int) -> bool:
    return len(rounds) >= least


async def test_a_task_that_ends_by_itself_is_dead() -> None:
    async def work(_: asyncio.Event, __: Alive) -> None:
        """End at once."""

    tasks = Tasks(first_pause=60, longest_pause=60)
    tasks.start("work", work)
    assert await until(lambda: reason(tasks)) == "ended by itself"
    await asyncio.wait_for(tasks.close(), 5)


async def reason(tasks: Tasks) -> str:
    return tasks.dead["work"].error if tasks.dead else ""


async def test_a_task_that_does_not_stop_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def work(_: asyncio.Event, __: Alive) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()

    tasks = Tasks()
    tasks.start("work", work)
    await asyncio.sleep(0)
    await tasks.close(within=0.05)
    assert cancelled.is_set()
