"""Financial years: read, refused, counted."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.finance.core.years import FinancialYear, NotAFinancialYear, day_before, days_of

YEARS = st.integers(1900, 2199).map(FinancialYear)


def test_a_year_runs_from_1_april_to_31_march() -> None:
    year = FinancialYear.parse("2013-14")
    assert (year.first_day, year.last_day) == (date(2013, 4, 1), date(2014, 3, 31))


@pytest.mark.parametrize(("text", "days"), [("2013-14", 365), ("2015-16", 366), ("1999-00", 366), ("2099-00", 365)])
def test_a_year_has_366_days_where_29_february_lies_in_it(text: str, days: int) -> None:
    assert FinancialYear.parse(text).days == days


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2013-15", "2013 is followed by 14, not by 15"),
        ("2013-13", "2013 is followed by 14, not by 13"),
        ("1999-01", "1999 is followed by 00, not by 01"),
        ("2013", "written like 2013-14"),
        ("2013/14", "written like 2013-14"),
        ("2013-2014", "written like 2013-14"),
        ("13-14", "written like 2013-14"),
        (" 2013-14", "written like 2013-14"),
        ("2013-14\n", "written like 2013-14"),
        ("٢٠١٣-١٤", "written like 2013-14"),
        ("", "written like 2013-14"),
        ("1899-00", "between 1900 and 2199"),
        ("2200-01", "between 1900 and 2199"),
    ],
)
def test_what_is_no_financial_year_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NotAFinancialYear, match=reason):
        FinancialYear.parse(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        year = FinancialYear.parse(text)
    except NotAFinancialYear:
        return
    assert str(year) == text


@given(YEARS)
def test_a_year_is_read_as_it_is_written(year: FinancialYear) -> None:
    assert FinancialYear.parse(str(year)) == year


@given(st.dates(date(1901, 4, 1), date(2200, 3, 31)))
def test_every_day_lies_in_the_year_that_is_named_for_it_and_in_no_neighbour(day: date) -> None:
    year = FinancialYear.of(day)
    assert day in year
    assert FinancialYear.of(day_before(year.first_day)).start == year.start - 1
    assert year.last_day + timedelta(days=1) not in year


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2013, 4, 1), date(2013, 4, 1), 1),
        (date(2013, 3, 1), date(2013, 4, 2), 2),
        (date(2014, 3, 31), date(2015, 1, 1), 1),
        (date(2012, 1, 1), date(2016, 1, 1), 365),
        (date(2014, 4, 1), date(2014, 5, 1), 0),
        (date(2013, 6, 2), date(2013, 6, 1), 0),
    ],
)
def test_the_days_of_a_span_that_lie_in_a_year_are_counted(first: date, last: date, days: int) -> None:
    assert FinancialYear(2013).overlap(first, last) == days


def test_days_count_both_ends() -> None:
    assert days_of(date(2018, 4, 1), date(2018, 9, 30)) == 183
