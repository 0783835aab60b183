"""What a bus is: the same events from any offset on, an end that can be asked for, waiting that is woken or stopped."""

import asyncio

import pytest

from libs.common import event_log
from libs.common.bus import Bus
from libs.common.events import Envelope
from tests.common.lamps import Lamps, lit


@pytest.fixture
def bus(lamps: Lamps) -> Bus:
    return lamps.bus


async def shines_from(bus: Bus, offset: int, limit: int = 100) -> list[int]:
    return [Envelope.decode(each.body).fields["shine"] for each in await bus.read("lamps", offset, limit)]


async def test_a_source_that_told_nothing_is_empty(bus: Bus) -> None:
    assert await bus.read("lamps", 0, 10) == []
    assert (await bus.end("lamps")).position == 0
    assert await bus.at("lamps", 1) is None


async def test_events_are_read_from_any_offset_on_and_again(bus: Bus, lamps: Lamps) -> None:
    await lamps.told(*(lit("a", shine) for shine in range(5)))
    everything = await bus.read("lamps", 0, 100)
    assert [message.position for message in everything] == [1, 2, 3, 4, 5]
    assert await bus.read("lamps", everything[0].offset, 100) == everything
    assert await shines_from(bus, everything[2].offset + 1) == [3, 4]
    assert await shines_from(bus, everything[1].offset, 2) == [1, 2]
    assert await bus.read("lamps", everything[-1].offset + 1, 100) == []


async def test_a_message_is_the_very_bytes_of_the_log(bus: Bus, lamps: Lamps) -> None:
    await lamps.told(lit("b", 1, "a"))
    [message] = await bus.read("lamps", 0, 1)
    [entry] = await event_log.read_after(lamps.publisher, 0, 1)
    assert (message.body, message.keys) == (entry.body, ("a", "b"))
    assert await bus.at("lamps", message.offset) == message


async def test_the_end_of_a_source_is_where_its_log_ends(bus: Bus, lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("a", 2))
    end, log = await bus.end("lamps"), await event_log.end(lamps.publisher)
    assert (end.position, end.epoch) == (log.position, log.epoch)
    assert await bus.at("lamps", end.next_offset) is None
    assert await bus.at("lamps", end.next_offset - 1) is not None


async def test_waiting_ends_when_something_is_told(bus: Bus, lamps: Lamps) -> None:
    waiting = asyncio.create_task(bus.wait("lamps", 1, within=60, stop=asyncio.Event()))
    await lamps.told(lit("a", 1))
    await asyncio.wait_for(waiting, 10)


async def test_waiting_for_what_is_there_already_ends_at_once(bus: Bus, lamps: Lamps) -> None:
    await lamps.told(lit("a", 1))
    await asyncio.wait_for(bus.wait("lamps", 1, within=60, stop=asyncio.Event()), 10)


async def test_waiting_ends_when_it_is_stopped_or_has_waited_long_enough(bus: Bus) -> None:
    stop = asyncio.Event()
    await asyncio.wait_for(bus.wait("lamps", 1, within=0.01, stop=stop), 10)
    waiting = asyncio.create_task(bus.wait("lamps", 1, within=60, stop=stop))
    stop.set()
    await asyncio.wait_for(waiting, 10)


async def test_another_process_is_woken_through_the_database(bus: Bus, lamps: Lamps) -> None:
    """Nothing in this process gives the signal: the log grows, and its growth is told, by another connection."""
    waiting = asyncio.create_task(bus.wait("lamps", 1, within=60, stop=asyncio.Event()))
    while not waiting.done():
        await lamps.rewrite("NOTIFY event_log")
        await asyncio.wait({waiting}, timeout=0.05)
    await waiting


async def test_many_ask_at_once_and_each_gets_its_own_answer(bus: Bus, lamps: Lamps) -> None:
    await lamps.told(*(lit("a", shine) for shine in range(20)))
    answers = await asyncio.gather(*(shines_from(bus, offset, 1) for offset in range(1, 21)))
    assert answers == [[shine] for shine in range(20)]


async def test_a_question_that_was_given_up_does_not_disturb_the_next(bus: Bus, lamps: Lamps) -> None:
    await lamps.told(lit("a", 1))
    given_up = asyncio.create_task(bus.read("lamps", 1, 1))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await shines_from(bus, 1) == [1]
    assert given_up.cancelled()


async def test_the_direct_bus_takes_one_connection_a_source(lamps: Lamps) -> None:
    await asyncio.gather(*(lamps.bus.end("lamps") for _ in range(5)))
    row = await lamps.publisher.fetchrow(
        "SELECT count(*) AS connections FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'footprint bus'"
    )
    assert row is not None
    assert row["connections"] == 1
