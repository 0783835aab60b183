"""Whole calendar months of a delay, by table."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.temporal.delays import Stop, count_months, reached_on, whole_months

DUE = date(2017, 4, 1)


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2017-04-01", "2017-09-01", 5),
        ("2017-04-01", "2017-08-31", 4),
        ("2017-01-31", "2017-02-28", 1),
        ("2017-01-31", "2017-02-27", 0),
        ("2016-02-29", "2017-02-28", 12),
        ("2017-09-01", "2017-04-01", 0),
    ],
)
def test_a_month_ends_on_its_corresponding_day(start: str, end: str, months: int) -> None:
    assert whole_months(date.fromisoformat(start), date.fromisoformat(end)) == months


@pytest.mark.parametrize(
    ("stops", "months"),
    [
        ([("2017-06-01", "2017-08-01")], 3),
        ([("2017-06-01", "2017-07-01"), ("2017-06-15", "2017-08-01")], 3),
        ([("2017-03-01", "2017-05-01")], 4),
        ([("2017-03-01", None)], 0),
        ([("2017-10-01", None)], 5),
        ([("2017-06-15", "2017-07-15")], 3),
    ],
)
def test_each_stretch_counts_its_own_whole_months(stops: list[tuple[str, str | None]], months: int) -> None:
    found = [Stop(date.fromisoformat(a), date.fromisoformat(b) if b else None, "deferred") for a, b in stops]
    assert count_months(DUE, found, as_at=date(2017, 9, 1)).months == months


@given(
    due=st.dates(date(2016, 1, 1), date(2018, 12, 31)),
    days=st.integers(0, 900),
    stops=st.lists(st.tuples(st.integers(-60, 500), st.integers(1, 200) | st.none(), st.just("deferred")), max_size=4),
)
@settings(max_examples=60)
def test_the_months_of_a_delay_are_reached_on_the_first_day_that_has_them(
    due: date, days: int, stops: list[tuple[int, int | None, str]]
) -> None:
    found = []
    for start, length, why in stops:
        first = due + timedelta(days=start)
        found.append(Stop(first, first + timedelta(days=length) if length else None, why))
    as_at = due + timedelta(days=days)
    months = count_months(due, found, as_at=as_at).months
    each_day = (due + timedelta(days=number) for number in range(days + 1))
    first_day = next(day for day in each_day if count_months(due, found, as_at=day).months == months)
    assert reached_on(due, found, as_at=as_at) == first_day
