"""Rebuilding a projection: the same content from the log alone, without any reaction."""

import pytest

from libs.common.messaging.rebuild import NotReplayable, UnknownProjection, checksums, rebuild, rebuild_carried_over
from libs.common.messaging.subscriptions import Projection
from tests.support.sample_projection import LampLit, Lamps, lit


async def rebuilt_equal(lamps: Lamps) -> bool:
    return (await rebuild(lamps.subscriber, lamps.bus, lamps.subscriptions, "known_lamps")).is_equal


async def test_a_rebuild_gives_the_same_content_and_calls_no_reaction(lamps: Lamps) -> None:
    await lamps.told(*(lit(f"lamp {n % 7}", n) for n in range(50)))
    await lamps.follow(50)
    before, deeds = await lamps.shines(), await lamps.deeds()
    rebuilt = await rebuild(lamps.subscriber, lamps.bus, lamps.subscriptions, "known_lamps")
    assert (rebuilt.is_equal, rebuilt.events) == (True, 50)
    assert await lamps.shines() == before
    assert await lamps.deeds() == deeds
    row = await lamps.subscriber.fetchrow("SELECT count(*) AS told FROM outbox")
    assert row is not None
    assert row["told"] == 50


async def test_a_rebuild_finds_and_mends_what_the_log_does_not_say(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("b", 2))
    await lamps.follow(2)
    async with lamps.subscriber.connect() as connection:
        await connection.execute("UPDATE known_lamp SET shines = '{9}' WHERE lamp = 'a'")
    assert not await rebuilt_equal(lamps)
    assert await lamps.shines() == {"a": [1], "b": [2]}
    assert await rebuilt_equal(lamps)


async def test_a_rebuild_replays_only_what_was_heard(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1))
    await lamps.follow(1)
    await lamps.told(lit("a", 2))
    assert await rebuilt_equal(lamps)
    await lamps.follow(2)
    assert await lamps.shines() == {"a": [1, 2]}


async def test_a_failing_rebuild_changes_nothing(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("a", 2), lit("a", 3))
    await lamps.follow(3)
    await lamps.rewrite("DELETE FROM event_log WHERE position = 2")
    with pytest.raises(NotReplayable, match="position 2 is missing"):
        await rebuilt_equal(lamps)
    await lamps.rewrite("DELETE FROM event_log WHERE position = 3")
    with pytest.raises(NotReplayable, match="ends at 1, but 3 was consumed"):
        await rebuilt_equal(lamps)
    assert await lamps.shines() == {"a": [1, 2, 3]}


async def test_the_checksum_is_over_content_and_its_order(lamps: Lamps) -> None:
    empty = await checksums(lamps.subscriber, lamps.subscriptions)
    await lamps.told(lit("a", 1), lit("b", 2))
    await lamps.follow(2)
    full = await checksums(lamps.subscriber, lamps.subscriptions)
    lamps.subscriptions.knowing[:] = []
    backwards = Projection("known_lamps", ("known_lamp",), "SELECT lamp, shines FROM known_lamp ORDER BY lamp DESC")
    lamps.subscriptions.knows(backwards)(lamps.know_lamps)
    turned = await checksums(lamps.subscriber, lamps.subscriptions)
    assert len({empty["known_lamps"], full["known_lamps"], turned["known_lamps"]}) == 3


async def test_a_projection_that_is_not_there_is_refused(lamps: Lamps) -> None:
    with pytest.raises(UnknownProjection, match="there are known_lamps"):
        await rebuild(lamps.subscriber, lamps.bus, lamps.subscriptions, "nonsense")


async def test_what_a_migration_carried_over_is_rebuilt_at_start_once_and_what_cannot_be_stays(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("a", 2))
    await lamps.follow(2)
    lamps.subscriptions.knowing[:] = []
    carried = Projection(
        "known_lamps",
        ("known_lamp",),
        "SELECT lamp, shines FROM known_lamp ORDER BY lamp",
        carried_over="SELECT EXISTS (SELECT FROM known_lamp WHERE 0 = ANY(shines))",
    )
    lamps.subscriptions.knows(carried, LampLit)(lamps.know_lamps)
    async with lamps.subscriber.connect() as connection:
        await connection.execute("UPDATE known_lamp SET shines = '{0, 2}'")
    await rebuild_carried_over(lamps.subscriber, lamps.bus, lamps.subscriptions)
    assert await lamps.shines() == {"a": [1, 2]}
    runs = len(lamps.runs)
    await rebuild_carried_over(lamps.subscriber, lamps.bus, lamps.subscriptions)
    assert len(lamps.runs) == runs

    async with lamps.subscriber.connect() as connection:
        await connection.execute("UPDATE known_lamp SET shines = '{0, 2}'")
    await lamps.rewrite("DELETE FROM event_log WHERE position = 2")
    await rebuild_carried_over(lamps.subscriber, lamps.bus, lamps.subscriptions)
    assert await lamps.shines() == {"a": [0, 2]}
