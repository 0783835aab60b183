"""Poisoned events: parked under all their keys, the rest flows, resumed in order or discarded."""

import pytest

from libs.common.identity import Caller, Role
from libs.common.messaging import parking
from libs.common.messaging.parking import NotFirstInQueue, ParkedEventNotFound, Resumed
from libs.common.messaging.rebuild import rebuild
from tests.support.sample_projection import Lamps, lit, wait_for_death
from tests.support.waiting import until

OPERATOR = Caller("operator-1", frozenset({Role.OPERATOR}), frozenset({"*"}))


async def with_poison(lamps: Lamps) -> None:
    """Park 666, which names a and b; 3 behind it by b, which also names c; 4 behind that by c."""
    lamps.poison.add(666)
    await lamps.told(lit("a", 1), lit("a", 666, "b"), lit("b", 3, "c"), lit("c", 4), lit("d", 5), lit("d", 6))
    await lamps.follow(6)


async def ids(lamps: Lamps) -> list[int]:
    return [event.id for event in await parking.list_parked(lamps.subscriber)]


async def resume(lamps: Lamps, parked_id: int) -> Resumed:
    async with lamps.subscriber.begin() as session:
        return await parking.resume(session, lamps.subscriptions, parked_id)


async def resume_key(lamps: Lamps, key: str) -> Resumed:
    async with lamps.subscriber.begin() as session:
        return await parking.resume_key(session, lamps.subscriptions, "lamps", key)


async def test_a_poisoned_event_parks_its_keys_and_what_shares_them_while_the_rest_flows(lamps: Lamps) -> None:
    await with_poison(lamps)
    assert await lamps.deeds() == [("a", 1), ("d", 5), ("d", 6)]
    assert await lamps.parked() == [(2, ["a", "b"], 3), (3, ["b", "c"], 0), (4, ["c"], 0)]
    # What the culprit did before it failed is undone: its knowing handler's work too.
    assert await lamps.shines() == {"a": [1], "d": [5, 6]}
    [culprit, follower, _] = await parking.list_parked(lamps.subscriber, source="lamps")
    assert culprit.error == "ValueError: shine 666 dazzles"
    assert follower.error == "waits behind parked events of b"


async def test_later_batches_wait_behind_what_is_parked(lamps: Lamps) -> None:
    await with_poison(lamps)
    await lamps.told(lit("e", 7, "a"), lit("e", 8), lit("f", 9))
    await lamps.follow(9)
    assert [position for position, *_ in await lamps.parked()] == [2, 3, 4, 7, 8]
    assert (await lamps.deeds())[-1] == ("f", 9)


async def test_what_is_parked_is_resumed_in_order_and_its_keys_are_free_then(lamps: Lamps) -> None:
    await with_poison(lamps)
    queue = await ids(lamps)
    lamps.poison.clear()
    assert await resume_key(lamps, "c") == Resumed(tuple(queue), ())
    assert await lamps.deeds() == [("a", 1), ("d", 5), ("d", 6), ("a", 666), ("b", 3), ("c", 4)]
    assert await lamps.shines() == {"a": [1, 666], "b": [3], "c": [4], "d": [5, 6]}
    await lamps.told(lit("a", 7))
    await lamps.follow(7)
    assert (await lamps.deeds())[-1] == ("a", 7)


async def test_one_event_is_resumed_only_when_none_before_it_shares_a_key(lamps: Lamps) -> None:
    await with_poison(lamps)
    lamps.poison.clear()
    first, second, third = await ids(lamps)
    for early in (second, third):
        with pytest.raises(NotFirstInQueue):
            await resume(lamps, early)
    for parked_id in (first, second, third):
        assert await resume(lamps, parked_id) == Resumed((parked_id,), ())
    assert await lamps.parked() == []


async def test_a_key_is_free_only_when_its_queue_is_empty(lamps: Lamps) -> None:
    await with_poison(lamps)
    lamps.poison.clear()
    [first, *_] = await ids(lamps)
    await resume(lamps, first)
    await lamps.told(lit("b", 7), lit("a", 8))
    await lamps.follow(8)
    assert [position for position, *_ in await lamps.parked()] == [3, 4, 7]
    assert (await lamps.deeds())[-1] == ("a", 8)


async def test_what_fails_again_stays_parked_with_one_more_attempt(lamps: Lamps) -> None:
    await with_poison(lamps)
    queue = await ids(lamps)
    assert await resume_key(lamps, "a") == Resumed((), tuple(queue))
    assert await resume(lamps, queue[0]) == Resumed((), (queue[0],))
    assert await lamps.parked() == [(2, ["a", "b"], 5), (3, ["b", "c"], 0), (4, ["c"], 0)]
    assert await lamps.deeds() == [("a", 1), ("d", 5), ("d", 6)]


async def test_after_a_discard_the_rest_of_the_queue_can_go_on(lamps: Lamps) -> None:
    await with_poison(lamps)
    [first, second, third] = await ids(lamps)
    async with lamps.subscriber.begin() as session:
        event = await parking.discard(session, first, by=OPERATOR, reason="the lamp is broken")
    assert event.position == 2
    record = await lamps.subscriber.fetchrow("SELECT actor, roles, operation FROM write_record ORDER BY id DESC")
    assert record is not None
    assert tuple(record) == ("operator-1", ["operator"], "discard event 2 of lamps: the lamp is broken")
    assert await resume_key(lamps, "c") == Resumed((second, third), ())
    assert ("a", 666) not in await lamps.deeds()


async def test_what_is_not_parked_is_not_found(lamps: Lamps) -> None:
    await with_poison(lamps)
    with pytest.raises(ParkedEventNotFound):
        await resume(lamps, 99)
    with pytest.raises(ParkedEventNotFound):
        await resume_key(lamps, "z")
    async with lamps.subscriber.begin() as session:
        with pytest.raises(ParkedEventNotFound):
            await parking.discard(session, 99, by=OPERATOR, reason="")


async def test_an_event_that_cannot_be_decoded_is_parked_and_resumed_once_it_can(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("b", 2))
    await lamps.rewrite("UPDATE event_log SET body = 'nonsense' WHERE position = 1")
    await lamps.told(lit("a", 3))
    await lamps.follow(3)
    assert await lamps.parked() == [(1, ["a"], 0), (3, ["a"], 0)]
    assert await lamps.deeds() == [("b", 2)]
    assert (await resume_key(lamps, "a")).applied == ()


async def test_an_unreadable_event_without_keys_stops_the_consumer(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("b", 2), lit("c", 3))
    await lamps.rewrite("UPDATE event_log SET body = 'nonsense', keys = '{}' WHERE position = 2")
    async with lamps.following() as tasks:
        await wait_for_death(tasks, saying="Unreadable: position 2")
        assert await lamps.is_at(1)
    assert await lamps.deeds() == [("a", 1)]


async def test_beyond_so_many_parked_keys_the_consumer_stops_and_parks_no_more(lamps: Lamps) -> None:
    lamps.poison.update(range(10))
    await lamps.told(*(lit(f"lamp {n}", n) for n in range(3)))
    async with lamps.following(parked_keys=3) as tasks:
        await lamps.at(3)
        await lamps.told(lit("lamp 9", 9), lit("lamp x", 10))
        await wait_for_death(tasks, saying="TooManyParked: 4 keys")
        assert await lamps.is_at(3)
        assert len(await lamps.parked()) == 3
        lamps.poison.clear()
        for key in range(3):
            await resume_key(lamps, f"lamp {key}")
        await lamps.at(5)
    assert sorted(shine for _, shine in await lamps.deeds()) == [0, 1, 2, 9, 10]


async def test_a_resume_and_the_consumer_take_turns(lamps: Lamps) -> None:
    """While an operator frees a key, the consumer does not judge the next event by what was parked before."""
    await with_poison(lamps)
    lamps.poison.clear()
    await lamps.told(lit("a", 7))
    async with lamps.subscriber.begin() as session:
        await parking.resume_key(session, lamps.subscriptions, "lamps", "a")
        async with lamps.following(lamps.consumer()) as tasks:
            await until(lambda: waits_for_a_lock(lamps))
            await session.commit()
            await lamps.at(7)
            assert not tasks.dead
    assert await lamps.parked() == []
    assert (await lamps.deeds())[-1] == ("a", 7)


async def waits_for_a_lock(lamps: Lamps) -> bool:
    row = await lamps.subscriber.fetchrow(
        "SELECT count(*) AS waiting FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'UPDATE consumer_offset%'"
    )
    return row is not None and row["waiting"] > 0


async def test_a_poisoned_handler_of_one_kind_leaves_no_half_of_an_event(lamps: Lamps) -> None:
    """An event of two handlers is applied by both or by none."""
    await lamps.told(lit("a", 1), lit("a", 666))
    lamps.poison.add(666)
    await lamps.follow(2)
    rows = await lamps.subscriber.fetch("SELECT keys FROM outbox")
    assert [row["keys"] for row in rows] == [["a"]]
    assert await lamps.shines() == {"a": [1]}


async def test_what_is_parked_stays_out_of_a_rebuild(lamps: Lamps) -> None:
    await with_poison(lamps)
    rebuilt = await rebuild(lamps.subscriber, lamps.bus, lamps.subscriptions, "known_lamps")
    assert rebuilt.is_equal
    assert rebuilt.events == 3
