"""Whatever is done to a log is found: by its own chain, by what subscribers kept of it, or by its topic."""

import pytest

from deploy.kafka import Broker
from libs.common.messaging import event_log
from libs.common.messaging.chain import GENESIS, link
from libs.common.messaging.cursors import continue_from
from libs.common.messaging.verification import verify, verify_heard, verify_topic
from tests.support.buses import access_to, kafka_street
from tests.support.sample_projection import Lamps, lit

_STATE_AT_THE_END = """
UPDATE sequencer_state SET (last_position, last_chain) = (
    SELECT position, chain FROM event_log ORDER BY position DESC LIMIT 1)
"""
_BEGUN_ANEW = f"UPDATE sequencer_state SET last_position = 0, last_chain = '\\x{GENESIS.hex()}'"


async def three_heard(lamps: Lamps) -> None:
    """Three events, which the subscriber has consumed."""
    await lamps.told(lit("a", 1), lit("b", 2), lit("c", 3))
    await lamps.follow(3)
    assert (await verify(lamps.publisher)).events == (await verify_heard(lamps.subscriber, lamps.bus, "lamps")).events
    await lamps.rewrite("ALTER TABLE event_log DROP CONSTRAINT pk_event_log")


async def chained_anew(lamps: Lamps) -> None:
    """Give each event the hash that its bytes have now, and the sequencer the last: the log agrees with itself."""
    chain = GENESIS
    for entry in await event_log.read_after(lamps.publisher, 0, 100):
        chain = link(chain, entry.body)
        await lamps.rewrite("UPDATE event_log SET chain = $1 WHERE position = $2", chain, entry.position)
    await lamps.rewrite(_STATE_AT_THE_END)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE event_log SET body = body || ' ' WHERE position = 2", "position 2 was changed"),
        ("UPDATE event_log SET chain = body WHERE position = 2", "position 2 was changed"),
        ("DELETE FROM event_log WHERE position = 2", "position 2 is missing"),
        ("DELETE FROM event_log WHERE position = 3", "the log ends at 2"),
        ("DELETE FROM event_log", "the log ends at 0, but the sequencer was at 3"),
        ("UPDATE event_log SET keys = '{}' WHERE position = 1", "position 1 is stored under columns that differ"),
        ("UPDATE event_log SET causation = 'x', correlation = 'y' WHERE position = 1", "position 1 is stored under"),
        (
            "UPDATE event_log SET recorded_at = recorded_at + interval '1 day' WHERE position = 3",
            "position 3 is stored",
        ),
        ("UPDATE event_log SET position = 4 - position WHERE position <> 2", "position 1 was changed"),
        ("INSERT INTO event_log SELECT 4, event_id, name, keys, recorded_at, body, chain FROM event_log LIMIT 1", "4"),
        ("UPDATE sequencer_state SET last_position = 2", "the log ends at 3, but the sequencer was at 2"),
        ("DELETE FROM sequencer_state", "the log has 3 events, but the sequencer's state is gone"),
        ("UPDATE sequencer_state SET epoch = gen_random_uuid()", "no new epoch was recorded"),
    ],
)
async def test_what_is_done_to_the_log_is_found_by_its_own_chain(lamps: Lamps, change: str, fault: str) -> None:
    await three_heard(lamps)
    if change.startswith("INSERT"):
        await lamps.rewrite("ALTER TABLE event_log DROP CONSTRAINT uq_event_log_event_id")
    await lamps.rewrite(change)
    found = await verify(lamps.publisher)
    assert not found.is_whole
    assert fault in (found.fault or "")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        pytest.param(["DELETE FROM event_log", "DELETE FROM sequencer_state"], "lamps ends at 0", id="emptied"),
        pytest.param(["DELETE FROM event_log", _BEGUN_ANEW], "lamps ends at 0", id="emptied, its state mended"),
        pytest.param(["DELETE FROM event_log WHERE position = 3", _STATE_AT_THE_END], "was cut or emptied", id="cut"),
        pytest.param(
            ["UPDATE event_log SET position = 4 - position WHERE position <> 2"],
            "positions 1 to 3 of lamps are not what was consumed",
            id="put into another order",
        ),
        pytest.param(
            ["UPDATE event_log SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"b\"', '\"x\"'), 'UTF8')"],
            "positions 1 to 3 of lamps are not what was consumed",
            id="rewritten",
        ),
    ],
)
async def test_a_log_that_agrees_with_itself_differs_from_what_was_consumed(
    lamps: Lamps, changes: list[str], fault: str
) -> None:
    await three_heard(lamps)
    for change in changes:
        await lamps.rewrite(change)
    if "UPDATE event_log" in changes[0]:
        await chained_anew(lamps)
    found = await verify_heard(lamps.subscriber, lamps.bus, "lamps")
    assert not found.is_whole
    assert fault in (found.fault or "")


async def test_a_recorded_epoch_is_no_fault_of_the_log_until_subscribers_ask(lamps: Lamps) -> None:
    await three_heard(lamps)
    await event_log.new_epoch(lamps.publisher)
    assert (await verify(lamps.publisher)).is_whole
    assert "the epoch of lamps is" in ((await verify_heard(lamps.subscriber, lamps.bus, "lamps")).fault or "")
    await lamps.told(lit("a", 4))
    await lamps.follow(4)
    assert (await verify_heard(lamps.subscriber, lamps.bus, "lamps")).events == 4


async def test_a_cursor_that_an_operator_moved_keeps_what_comes_from_there_on(lamps: Lamps) -> None:
    await three_heard(lamps)
    async with lamps.subscriber.begin() as session:
        await continue_from(session, "lamps", await lamps.bus.at("lamps", 2))
    await lamps.follow(3)
    found = await verify_heard(lamps.subscriber, lamps.bus, "lamps")
    assert (found.is_whole, found.events) == (True, 1)
    # What is not kept is not compared: the second event was consumed before the cursor was moved.
    await lamps.rewrite("UPDATE event_log SET body = body || ' ' WHERE position = 2")
    assert (await verify_heard(lamps.subscriber, lamps.bus, "lamps")).is_whole
    await lamps.rewrite("UPDATE event_log SET body = body || ' ' WHERE position = 3")
    assert not (await verify_heard(lamps.subscriber, lamps.bus, "lamps")).is_whole


async def test_nothing_consumed_is_nothing_to_compare(lamps: Lamps) -> None:
    found = await verify_heard(lamps.subscriber, lamps.bus, "lamps")
    assert (found.is_whole, found.events) == (True, 0)


async def test_the_topic_is_compared_with_the_log(lamps: Lamps, kafka: Broker) -> None:
    async with kafka_street(lamps, access_to(kafka)) as street:
        await street.told(lit("a", 1), lit("b", 2), lit("c", 3))
        assert (await verify_topic(lamps.publisher, street.bus, "lamps")).events == 3
        await lamps.rewrite("DELETE FROM event_log WHERE position = 3")
        await lamps.rewrite(_STATE_AT_THE_END)
        assert (await verify(lamps.publisher)).is_whole
        found = await verify_topic(lamps.publisher, street.bus, "lamps")
        assert found.fault == "the topic has position 3, but the log ends at 2"
        await lamps.rewrite("DELETE FROM event_log")
        await lamps.rewrite(_BEGUN_ANEW)
        await lamps.told(lit("x", 1), lit("y", 2), lit("z", 3))
        assert (await verify(lamps.publisher)).is_whole
        found = await verify_topic(lamps.publisher, street.bus, "lamps")
        assert found.fault == "between positions 1 and 3 the topic differs from the log"
