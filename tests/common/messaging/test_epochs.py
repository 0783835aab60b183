"""A source that was restored from a backup: who heard more than it has notices, and nobody mistakes its events."""

from libs.common.messaging import event_log
from libs.common.messaging.cursors import continue_from
from tests.support.sample_projection import Lamps, lit, nobody_dead, wait_for_death
from tests.support.waiting import until


async def test_a_log_that_was_restored_stops_a_consumer_that_is_ahead_of_it(lamps: Lamps) -> None:
    await lamps.told(*(lit("a", shine) for shine in range(1, 4)))
    await lamps.follow(3)
    await restore(lamps, 2)
    async with lamps.following() as tasks:
        await wait_for_death(tasks, saying="EpochChanged")
        # The new life has come as far, and further: its events are not taken for the ones that were heard.
        await lamps.told(lit("a", 103))
        await wait_for_death(tasks, saying="is now of")
        await lamps.told(lit("a", 104))
        await wait_for_death(tasks, saying="is now of")
        assert await lamps.is_at(3)
        # The operator decides: go on after the last event that both know.
        last = await lamps.bus.at("lamps", 2)
        async with lamps.subscriber.begin() as session:
            await continue_from(session, "lamps", last)
        await lamps.at(4)
        await until(lambda: nobody_dead(tasks))
    assert await lamps.shines() == {"a": [1, 2, 3, 103, 104]}


async def restore(lamps: Lamps, position: int) -> None:
    """Bring the publisher's log back to this position, as from a backup, and begin a new epoch."""
    await lamps.rewrite("DELETE FROM event_log WHERE position > $1", position)
    await lamps.rewrite(
        "UPDATE sequencer_state SET last_position = $1, last_chain = (SELECT chain FROM event_log WHERE position = $1)",
        position,
    )
    await event_log.new_epoch(lamps.publisher)


async def test_a_log_restored_beyond_what_was_heard_is_followed_into_its_new_epoch(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1))
    await lamps.follow(1)
    await lamps.told(lit("a", 2), lit("a", 3))
    await restore(lamps, 2)
    await lamps.told(lit("a", 103))
    await lamps.follow(3)
    assert await lamps.shines() == {"a": [1, 2, 103]}
    row = await lamps.subscriber.fetchrow("SELECT epoch FROM consumer_offset")
    assert row is not None
    assert row["epoch"] == (await event_log.end(lamps.publisher)).epoch


async def test_a_running_consumer_notices_that_its_source_was_restored(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("a", 2))
    async with lamps.following() as tasks:
        await lamps.at(2)
        await restore(lamps, 1)
        await lamps.told(lit("a", 102), lit("a", 103))
        await wait_for_death(tasks, saying="EpochChanged: position 2 was consumed in epoch")
    assert await lamps.shines() == {"a": [1, 2]}


async def test_a_running_consumer_notices_a_restored_source_before_anything_new_is_told(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("a", 2))
    async with lamps.following() as tasks:
        await lamps.at(2)
        await restore(lamps, 1)
        await lamps.sequence()
        await wait_for_death(tasks, saying="EpochChanged: the source ends at 1")
