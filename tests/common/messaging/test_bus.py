"""What a bus is, on each of ours: order, any offset, waiting that is woken or stopped, an end, nothing lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from libs.common.messaging import event_log
from libs.common.messaging.consumer import Consumer, ConsumerLimits
from tests.support.buses import Street, access_to, direct_street, kafka_street, shines
from tests.support.sample_projection import Lamps, lit
from tests.support.waiting import until


@pytest.fixture(params=["direct", "kafka"])
async def street(request: pytest.FixtureRequest, lamps: Lamps) -> AsyncIterator[Street]:
    if request.param == "direct":
        async with direct_street(lamps) as street:
            yield street
    else:
        async with kafka_street(lamps, access_to(request.getfixturevalue("kafka"))) as street:
            yield street


def followers(street: Street, count: int = 1) -> list[Consumer]:
    limits = ConsumerLimits(batch=7, poll=60, longest_pause=0.1)
    lamps = street.lamps
    return [Consumer(lamps.subscriber, street.bus, lamps.subscriptions, "lamps", limits) for _ in range(count)]


async def test_a_source_that_told_nothing_is_empty(street: Street) -> None:
    assert await street.bus.read("lamps", 0, 10) == []
    assert (await street.bus.end("lamps")).position == 0
    assert await street.bus.at("lamps", 1) is None


async def test_events_are_read_in_order_from_any_offset_on_and_again(street: Street) -> None:
    await street.told(*(lit("a", shine) for shine in range(5)))
    everything = await street.read_all()
    assert [message.position for message in everything] == [1, 2, 3, 4, 5]
    assert [message.offset for message in everything] == sorted({message.offset for message in everything})
    assert await street.read_all(everything[0].offset) == everything
    assert shines(await street.read_all(everything[2].offset + 1)) == [3, 4]
    assert shines(await street.bus.read("lamps", everything[1].offset, 2)) == [1, 2]
    assert await street.bus.read("lamps", everything[-1].offset + 1, 100) == []


async def test_no_read_gives_more_than_it_was_asked_for(street: Street) -> None:
    await street.told(*(lit("a", shine) for shine in range(5)))
    assert len(await street.bus.read("lamps", 0, 3)) <= 3
    assert len(await street.bus.read("lamps", 0, 1)) == 1


async def test_a_message_is_the_very_bytes_of_the_log(street: Street) -> None:
    await street.told(lit("b", 1, "a"))
    [message] = await street.read_all()
    [entry] = await event_log.read_after(street.lamps.publisher, 0, 1)
    assert (message.body, message.keys) == (entry.body, ("a", "b"))
    assert await street.bus.at("lamps", message.offset) == message


async def test_the_end_of_a_source_is_where_its_log_ends(street: Street) -> None:
    await street.told(lit("a", 1), lit("a", 2))
    end, log = await street.bus.end("lamps"), await event_log.end(street.lamps.publisher)
    assert (end.position, end.epoch) == (log.position, log.epoch)
    assert await street.bus.at("lamps", end.next_offset) is None
    assert await street.bus.at("lamps", end.next_offset - 1) is not None


async def test_waiting_ends_when_something_is_told(street: Street) -> None:
    end = await street.bus.end("lamps")
    waiting = asyncio.create_task(street.bus.wait("lamps", end.next_offset, within=60, stop=asyncio.Event()))
    await street.told(lit("a", 1))
    await asyncio.wait_for(waiting, 30)


async def test_waiting_for_what_is_there_already_ends_at_once(street: Street) -> None:
    end = await street.bus.end("lamps")
    await street.told(lit("a", 1))
    await asyncio.wait_for(street.bus.wait("lamps", end.next_offset, within=60, stop=asyncio.Event()), 30)


async def test_waiting_ends_when_it_is_stopped_or_has_waited_long_enough(street: Street) -> None:
    stop, beyond = asyncio.Event(), (await street.bus.end("lamps")).next_offset + 1
    await asyncio.wait_for(street.bus.wait("lamps", beyond, within=0.01, stop=stop), 30)
    waiting = asyncio.create_task(street.bus.wait("lamps", beyond, within=60, stop=stop))
    stop.set()
    await asyncio.wait_for(waiting, 30)


async def test_others_may_ask_while_somebody_waits(street: Street) -> None:
    await street.told(lit("a", 1))
    end, stop = await street.bus.end("lamps"), asyncio.Event()
    waiting = asyncio.create_task(street.bus.wait("lamps", end.next_offset, within=60, stop=stop))
    assert shines(await asyncio.wait_for(street.read_all(), 30)) == [1]
    assert (await asyncio.wait_for(street.bus.end("lamps"), 30)).position == 1
    stop.set()
    await waiting


async def test_many_ask_at_once_and_each_gets_its_own_answer(street: Street) -> None:
    await street.told(*(lit("a", shine) for shine in range(20)))
    everything = await street.read_all()
    answers = await asyncio.gather(*(street.bus.at("lamps", each.offset) for each in everything))
    assert answers == everything


async def test_a_question_that_was_given_up_does_not_disturb_the_next(street: Street) -> None:
    await street.told(lit("a", 1))
    given_up = asyncio.create_task(street.bus.read("lamps", 0, 1))
    await asyncio.sleep(0)
    given_up.cancel()
    assert shines(await street.read_all()) == [1]
    assert given_up.cancelled()


async def test_every_event_is_applied_once_and_in_order_by_whoever_holds_the_lease(street: Street) -> None:
    lamps = street.lamps
    async with lamps.following(*followers(street, 3)) as tasks:
        for first in range(0, 60, 20):
            await street.told(*(lit("a", shine) for shine in range(first, first + 20)))
        await until(lambda: lamps.is_at(60), within=30)
        assert not tasks.dead
    assert await lamps.shines() == {"a": list(range(60))}
    assert await lamps.deeds() == [("a", shine) for shine in range(60)]


async def test_what_cannot_be_done_is_parked_and_the_rest_flows(street: Street) -> None:
    lamps = street.lamps
    lamps.poison.add(2)
    async with lamps.following(*followers(street)):
        await street.told(lit("a", 1), lit("b", 2), lit("c", 3), lit("b", 4))
        await until(lambda: lamps.is_at(4), within=30)
    assert await lamps.deeds() == [("a", 1), ("c", 3)]
    assert [(position, keys) for position, keys, _ in await lamps.parked()] == [(2, ["b"]), (4, ["b"])]
