"""The day can be moved; real instants cannot."""

from datetime import UTC, date, datetime

from libs.common.process.clock import LONDON, Clock


def test_a_moved_clock_stands_on_its_day_until_released() -> None:
    clock = Clock(moved_to=date(2015, 4, 1))
    assert clock.today() == date(2015, 4, 1)
    clock.moved_to = None
    assert clock.today() == datetime.now(LONDON).date()


def test_statements_on_a_moved_clock_lie_on_its_day_in_london_and_grow() -> None:
    clock = Clock(moved_to=date(2015, 7, 1))  # summer time: the day begins at 23:00 UTC of the one before
    first, second = clock.stated_at(), clock.stated_at()
    assert first.astimezone(LONDON).date() == second.astimezone(LONDON).date() == date(2015, 7, 1)
    assert first <= second
    assert first.tzinfo is UTC


def test_an_unmoved_clock_states_now() -> None:
    before = datetime.now(UTC)
    assert before <= Clock().stated_at() <= datetime.now(UTC)
