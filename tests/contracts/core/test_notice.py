"""Notice is counted by corresponding dates (rule EXIT-1)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.temporal.months import after_months
from services.contracts.core.notice import earliest_exit, last_notice_day

days = st.dates(date(1990, 1, 1), date(2100, 12, 31))
months = st.integers(0, 60)

ONE_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("exit_day", "notice", "due"),
    [
        (date(2018, 3, 31), 12, date(2017, 3, 31)),
        (date(2018, 3, 31), 6, date(2017, 9, 30)),
        (date(2018, 2, 28), 6, date(2017, 8, 31)),
        (date(2018, 2, 27), 6, date(2017, 8, 27)),
        (date(2016, 2, 28), 6, date(2015, 8, 28)),
        (date(2016, 2, 29), 6, date(2015, 8, 31)),
        (date(2024, 7, 31), 3, date(2024, 4, 30)),
        (date(2018, 5, 15), 0, date(2018, 5, 15)),
        (date(2018, 1, 31), 2, date(2017, 11, 30)),
    ],
)
def test_the_last_notice_day_is_the_corresponding_one(exit_day: date, notice: int, due: date) -> None:
    assert last_notice_day(exit_day, notice) == due


@pytest.mark.parametrize(
    ("served_on", "notice", "exit_day"),
    [
        (date(2017, 9, 30), 6, date(2018, 3, 30)),
        (date(2017, 8, 31), 6, date(2018, 2, 28)),
        (date(2015, 8, 31), 6, date(2016, 2, 29)),
        (date(2017, 12, 31), 12, date(2018, 12, 31)),
    ],
)
def test_the_earliest_exit_is_the_corresponding_day(served_on: date, notice: int, exit_day: date) -> None:
    assert earliest_exit(served_on, notice) == exit_day


def test_no_notice_brings_an_exit_before_the_minimum_term() -> None:
    term = date(2018, 3, 31)
    assert earliest_exit(date(2016, 7, 1), 6, not_before=term) == term
    assert earliest_exit(date(2017, 11, 1), 6, not_before=term) == date(2018, 5, 1)


@given(days, months)
def test_notice_on_the_last_notice_day_is_in_time_and_a_day_later_it_is_not(exit_day: date, notice: int) -> None:
    due = last_notice_day(exit_day, notice)
    assert after_months(due, notice) <= exit_day < after_months(due + ONE_DAY, notice)


@given(days, months)
def test_who_serves_later_leaves_no_earlier(served_on: date, notice: int) -> None:
    assert after_months(served_on, notice) <= after_months(served_on + ONE_DAY, notice)


def test_a_day_past_the_calendar_is_refused() -> None:
    with pytest.raises(OverflowError):
        after_months(date(9999, 6, 1), 7)
