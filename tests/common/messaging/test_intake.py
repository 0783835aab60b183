"""What a consumer decides about messages, without any I/O."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.messaging.bus import Message
from libs.common.messaging.chain import GENESIS, link
from libs.common.messaging.intake import Cursor, EpochChanged, Gap, Parking, Unreadable, divide, take_in
from tests.support.sample_projection import DAY, INSTANT, LampTended, lit, message

WANTED = {"LampLit"}


def test_events_are_taken_in_order_and_the_place_moves_past_them() -> None:
    told = [message(1, lit("a", 1)), message(2, lit("b", 2))]
    intake = take_in(told, Cursor(), WANTED)
    assert [step.position for step in intake.steps] == [1, 2]
    assert intake.place == Cursor("one", 3, 2, head=link(link(GENESIS, told[0].body), told[1].body))
    assert intake.stopped is None


def test_a_gap_stops_before_what_follows_it() -> None:
    intake = take_in([message(1, lit("a", 1)), message(3, lit("b", 3))], Cursor(), WANTED)
    assert ([step.position for step in intake.steps], intake.place.position) == ([1], 1)
    assert isinstance(intake.stopped, Gap)
    assert "position 2 is missing" in str(intake.stopped)


def test_what_was_heard_before_is_dropped_whatever_its_offset() -> None:
    place = Cursor("one", 8, 5)
    new = message(6, lit("a", 6), offset=9)
    intake = take_in([message(4, lit("a", 4), offset=8), new], place, WANTED)
    assert ([step.position for step in intake.steps], intake.duplicates) == ([6], 1)
    assert intake.place == Cursor("one", 10, 6, head=link(GENESIS, new.body))


def test_an_event_that_no_handler_wants_is_passed_over_without_a_word() -> None:
    tended = LampTended(effective_on=DAY, stated_at=INSTANT, lamp="a")
    intake = take_in([message(1, tended)], Cursor(), WANTED)
    assert (intake.steps, intake.place.position, intake.unknown.total()) == ([], 1, 0)


def from_the_future(position: int, name: bytes, *, keys: bytes = b"a") -> Message:
    today = message(position, lit("a", 1))
    return replace(today, body=today.body.replace(b"LampLit.v1", name).replace(b'"keys":"a"', b'"keys":"%b"' % keys))


def test_an_event_of_an_unknown_name_is_skipped_and_counted() -> None:
    intake = take_in([from_the_future(1, b"LampSold.v1"), message(2, lit("a", 2))], Cursor(), WANTED)
    assert [step.position for step in intake.steps] == [2]
    assert intake.unknown == {"LampSold.v1": 1}


def test_a_version_from_the_future_waits_and_so_does_all_that_shares_its_keys() -> None:
    messages = [from_the_future(1, b"LampLit.v9"), message(2, lit("b", 2)), message(3, lit("a", 3))]
    intake = take_in(messages, Cursor(), WANTED)
    flowing, parking = divide(intake.steps, ())
    assert [delivery.envelope.position for delivery in flowing] == [2]
    assert [(each.step.position, each.error) for each in parking] == [
        (1, "UnknownEvent: LampLit version 9"),
        (3, "waits behind parked events of a"),
    ]
    assert (intake.place.position, intake.unknown.total()) == (3, 0)


def test_a_version_from_the_future_without_keys_stops_the_consumer() -> None:
    intake = take_in([from_the_future(1, b"LampLit.v9", keys=b"")], Cursor(), WANTED)
    assert isinstance(intake.stopped, Unreadable)


def test_a_new_epoch_ends_the_batch_and_is_taken_only_where_it_goes_on_from() -> None:
    batch = [message(1, lit("a", 1)), message(2, lit("a", 2), epoch="two")]
    first = Cursor("one", 2, 1, head=link(GENESIS, batch[0].body))
    assert take_in(batch, Cursor(), WANTED).place == first
    assert take_in(batch[1:], first, WANTED).place == Cursor("two", 3, 2, head=link(first.head, batch[1].body))
    ahead = take_in([message(2, lit("a", 2), epoch="two")], Cursor("one", 6, 5), WANTED)
    assert isinstance(ahead.stopped, EpochChanged)


def test_bytes_that_cannot_be_read_are_parked_under_the_keys_that_the_bus_tells() -> None:
    intake = take_in([Message(offset=1, position=1, keys=("a",), body=b"{")], Cursor(), WANTED)
    [step] = intake.steps
    assert step.delivery is None
    assert (step.keys, step.position) == (frozenset("a"), 1)
    assert divide(intake.steps, ()) == ([], [Parking(step, 0, step.error)])


@pytest.mark.parametrize(
    "unreadable", [Message(1, 1, (), b"{"), Message(1, 1, None, b"{"), Message(1, None, None, b"")]
)
def test_bytes_that_cannot_be_read_and_name_no_keys_stop_the_consumer(unreadable: Message) -> None:
    intake = take_in([unreadable], Cursor(), WANTED)
    assert isinstance(intake.stopped, Unreadable)
    assert intake.place == Cursor()


def test_fields_that_its_class_refuses_are_parked_under_the_envelopes_keys() -> None:
    wrong = message(1, lit("a", 1))
    wrong = replace(wrong, body=wrong.body.replace(b'"shine":1', b'"shine":"much"'))
    [step] = take_in([wrong], Cursor(), WANTED).steps
    assert step.delivery is None
    assert step.keys == {"a"}
    assert "shine" in step.error


def test_what_is_parked_holds_back_all_that_share_a_key_and_so_on() -> None:
    events = [lit("a", 1, "b"), lit("c", 2), lit("b", 3, "d"), lit("d", 4), lit("e", 5)]
    steps = take_in([message(n, event) for n, event in enumerate(events, 1)], Cursor(), WANTED).steps
    flowing, parking = divide(steps, {"a"})
    assert [delivery.envelope.position for delivery in flowing] == [2, 5]
    assert [(each.step.position, each.attempts) for each in parking] == [(1, 0), (3, 0), (4, 0)]
    assert "waits behind parked events of d" in parking[2].error


@settings(deadline=None)
@given(st.integers(), st.integers(1, 30))
def test_whatever_a_bus_repeats_or_delays_each_event_is_taken_once_and_in_order(seed: int, length: int) -> None:
    """The bus sends the log again from any point, in any portions; sometimes a portion is lost on the way."""
    rng = random.Random(seed)
    log = [message(n, lit(f"lamp {n % 3}", n)) for n in range(1, length + 1)]
    place, taken, offset = Cursor(), [], 0
    for _ in range(1000):
        if place.position == length:
            break
        start = rng.randint(0, min(place.position + rng.choice([0, 0, 3]), length - 1))
        portion = [replace(each, offset=offset + n) for n, each in enumerate(log[start : start + rng.randint(1, 8)])]
        offset += len(portion)
        intake = take_in(portion, place, WANTED)
        assert (intake.stopped is None) == (start <= place.position)
        taken += [step.position for step in intake.steps]
        place = intake.place
    assert taken == list(range(1, length + 1))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sets(st.sampled_from("abcdef"), min_size=1, max_size=3)), max_size=12))
def test_nothing_is_delivered_while_one_of_its_keys_is_parked(keys: list[tuple[set[str]]]) -> None:
    steps = [
        replace(take_in([message(n, lit("a", n))], Cursor("one", n, n - 1), WANTED).steps[0], keys=frozenset(each))
        for n, (each,) in enumerate(keys, 1)
    ]
    flowing, parking = divide(steps, {"a"})
    delivered = {delivery.envelope.position for delivery in flowing}
    held: set[str] = {"a"}
    for step in steps:
        assert (step.position in delivered) == held.isdisjoint(step.keys)
        if step.position not in delivered:
            held |= step.keys
    assert len(delivered) + len(parking) == len(steps)
