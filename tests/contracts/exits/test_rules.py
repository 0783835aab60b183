"""Terms, renewals, notice days and exits (EXIT-1, EXIT-2), by table and against oracles that go day by day."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from libs.common.temporal.months import last_day_of_term, share_of_a_year
from services.contracts.core.exit_terms import BreakClause, ExitTerms
from services.contracts.exits.rules import (
    Leaving,
    charge_between,
    charge_if_missed,
    earliest_exit_from,
    exits_on,
    free_exit_from,
    notice_due_for,
    offered_exits,
)

ONE_DAY = timedelta(days=1)


def leaving(starts_on: str, last_day: str, notice: int, annual_pence: int = 12_000_000, **terms: Any) -> Leaving:
    """A contract of these terms."""
    return Leaving(
        starts_on=date.fromisoformat(starts_on),
        last_day=date.fromisoformat(last_day),
        notice_months=notice,
        annual_pence=annual_pence,
        terms=ExitTerms.model_validate(terms),
    )


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        ("2021-03-01", 36, "2024-02-29"),
        ("2020-02-29", 12, "2021-02-28"),
        ("2020-02-29", 48, "2024-02-28"),
        ("2020-08-31", 6, "2021-02-28"),
        ("2016-04-01", 24, "2018-03-31"),
        ("2016-04-01", 18, "2017-09-30"),
    ],
)
def test_a_term_ends_on_the_day_before_the_corresponding_one(first: str, months: int, last: str) -> None:
    assert last_day_of_term(date.fromisoformat(first), months) == date.fromisoformat(last)


GLPI = leaving("2020-08-01", "2023-07-31", 3, initial_months=36, renewal_months=12)


def test_a_contract_that_renews_shows_its_present_term() -> None:
    seen = exits_on(GLPI, date(2023, 10, 31))
    assert (seen.current_end, seen.last_notice_on) == (date(2024, 7, 31), date(2024, 4, 30))
    assert (seen.is_missed, seen.days_left, seen.exposure_pence) == (False, 182, 0)


def test_a_missed_window_shows_the_next_end_and_what_it_costs() -> None:
    assert not exits_on(GLPI, date(2024, 4, 30)).is_missed
    seen = exits_on(GLPI, date(2024, 5, 1))
    assert seen.is_missed
    assert seen.days_left is None
    assert (seen.current_end, seen.next_end) == (date(2024, 7, 31), date(2025, 7, 31))
    assert seen.exposure_pence == 120_000_00
    assert (seen.earliest_exit, seen.earliest_exit_notice_by) == (date(2025, 7, 31), date(2025, 4, 30))


@pytest.mark.parametrize(
    ("contract", "day", "pence"),
    [
        (GLPI, date(2024, 4, 30), 120_000_00),
        (GLPI, date(2024, 5, 1), 120_000_00),
        (leaving("2020-08-01", "2023-07-31", 3), date(2023, 4, 30), 0),
        (leaving("2020-08-01", "2023-07-31", 3, open_ended=True), date(2021, 4, 30), 0),
    ],
)
def test_a_window_that_is_open_shows_the_charge_of_the_term_that_follows(
    contract: Leaving, day: date, pence: int
) -> None:
    assert charge_if_missed(contract, day) == pence


def test_renewed_terms_are_counted_from_the_first_day() -> None:
    short = leaving("2020-08-31", "2021-02-28", 1, initial_months=6, renewal_months=6)
    ends = [short.term_end(number) for number in range(3)]
    assert ends == [date(2021, 2, 28), date(2021, 8, 30), date(2022, 2, 28)]
    due = [notice_due_for(short, end) for end in ends]
    assert due == [date(2021, 1, 31), date(2021, 7, 30), date(2022, 1, 31)]


def test_an_open_ended_contract_is_left_at_its_minimum_term_or_on_any_day_after_it() -> None:
    csu = leaving("2016-04-01", "2199-12-31", 6, open_ended=True, minimum_months=24)
    seen = exits_on(csu, date(2016, 11, 21))
    assert (seen.current_end, seen.earliest_free_exit) == (None, date(2018, 3, 31))
    assert (seen.last_notice_on, seen.is_missed) == (date(2017, 9, 30), False)
    late = exits_on(csu, date(2017, 10, 1))
    assert (late.is_missed, late.earliest_free_exit) == (True, date(2018, 4, 1))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("any_day", "2017-11-15"),
        ("month", "2017-11-30"),
        ("quarter", "2017-12-31"),
        ("year", "2018-03-31"),
        ("anniversary", "2018-05-31"),
        ("term_end", "2019-05-31"),
    ],
)
def test_an_exit_falls_on_a_day_that_the_terms_allow(days: str, expected: str) -> None:
    contract = leaving("2016-06-01", "2019-05-31", 6, exit_days=days)
    assert earliest_exit_from(contract, date(2017, 5, 15)) == date.fromisoformat(expected)


def test_a_break_clause_opens_the_minimum_term_on_its_own_notice() -> None:
    contract = leaving(
        "2016-04-01",
        "2021-03-31",
        12,
        minimum_months=48,
        breaks=[{"last_day": "2018-03-31", "notice_months": 3}],
    )
    assert earliest_exit_from(contract, date(2017, 12, 31)) == date(2018, 3, 31)
    assert notice_due_for(contract, date(2018, 3, 31)) == date(2017, 12, 31)
    assert earliest_exit_from(contract, date(2018, 1, 1)) == date(2020, 3, 31)


def test_a_free_end_beyond_a_break_is_the_next_break_and_none_within_the_minimum_term() -> None:
    breaks = [{"last_day": "2017-03-31"}, {"last_day": "2018-03-31"}]
    contract = leaving("2016-04-01", "2021-03-31", 3, minimum_months=48, breaks=breaks)
    asked = date(2016, 6, 1)
    assert earliest_exit_from(contract, asked) == date(2017, 3, 31)
    assert free_exit_from(contract, date(2017, 6, 30), asked) == date(2018, 3, 31)
    assert free_exit_from(contract, date(2018, 6, 30), asked) == date(2020, 3, 31)
    assert free_exit_from(contract, date(2018, 3, 31), date(2018, 1, 1)) == date(2020, 3, 31)


def test_a_fixed_term_needs_no_notice_to_expire() -> None:
    contract = leaving("2016-04-01", "2019-03-31", 6)
    assert notice_due_for(contract, date(2019, 3, 31)) is None
    assert exits_on(contract, date(2019, 1, 1)).earliest_exit == date(2019, 3, 31)


def test_an_end_that_costs_a_payment_is_not_free() -> None:
    contract = leaving("2016-04-01", "2021-03-31", 6, exit_days="year", payment_share="1/2")
    seen = exits_on(contract, date(2016, 9, 30))
    assert (seen.earliest_exit, seen.earliest_free_exit) == (date(2017, 3, 31), date(2021, 3, 31))
    assert list(offered_exits(contract, date(2016, 9, 30))) == [date(year, 3, 31) for year in range(2017, 2022)]


def test_offered_exits_show_renewals_quarters_and_breaks() -> None:
    assert list(offered_exits(GLPI, date(2023, 10, 31))) == [date(year, 7, 31) for year in range(2024, 2028)]
    fixed = leaving("2016-04-01", "2017-02-28", 1, breaks=[{"last_day": "2016-05-10"}], minimum_months=6)
    assert list(offered_exits(fixed, date(2016, 4, 1))) == [
        date(2016, 5, 10),
        date(2016, 9, 30),
        date(2016, 12, 31),
        date(2017, 2, 28),
    ]


def test_terms_that_contradict_each_other_are_refused() -> None:
    for terms in (
        {"open_ended": True, "renewal_months": 12},
        {"payment_share": "1/2", "payment_schedule_from": "2016-04-01", "payment_schedule_pence": [1]},
        {"payment_schedule_pence": [1]},
        {"payment_share": "3/2"},
        {"deemed_service": {"rule": "days_after_posting"}},
        {"open_ended": True, "exit_days": "term_end"},
    ):
        with pytest.raises(ValidationError):
            ExitTerms.model_validate(terms)


def test_whole_months_are_twelfths_of_a_year() -> None:
    assert share_of_a_year(date(2024, 8, 1), date(2025, 7, 31)) == 1
    assert share_of_a_year(date(2023, 8, 1), date(2024, 7, 31)) == 1
    assert charge_between(12_000_000, date(2018, 4, 1), date(2018, 4, 15)) == 500_000
    assert charge_between(12_000_000, date(2018, 4, 2), date(2018, 4, 1)) == 0


# The oracles go from day to day, with the months of python-dateutil.


def _reaches(day: date, months: int, end: date) -> bool:
    return day + relativedelta(months=months) <= end


def _term_last_day(first: date, months: int) -> date:
    corresponding = first + relativedelta(months=months)
    return corresponding - ONE_DAY if corresponding.day == first.day else corresponding


def _days_from(first: date) -> Iterator[date]:
    while True:
        yield first
        first += ONE_DAY


def _allows(days: str, start: date, ends: set[date], day: date) -> bool:
    tomorrow = day + ONE_DAY
    if day in ends or days == "any_day":
        return True
    if days == "anniversary":
        return any(_term_last_day(start, 12 * year) == day for year in range(1, 30))
    starts = {"month": range(1, 13), "quarter": (1, 4, 7, 10), "year": (4,), "term_end": ()}
    return tomorrow.day == 1 and tomorrow.month in starts[days]


starts = st.dates(date(2015, 1, 1), date(2017, 12, 31))
kinds = st.sampled_from(["any_day", "month", "quarter", "year", "anniversary", "term_end"])


@settings(max_examples=100, deadline=None)
@given(starts, st.integers(1, 30), st.integers(1, 18), st.integers(0, 1500))
def test_the_term_of_a_day_is_found_as_by_counting_renewals(
    start: date, initial: int, renewal: int, later: int
) -> None:
    first = _term_last_day(start, initial)
    contract = Leaving(
        starts_on=start,
        last_day=first,
        notice_months=0,
        annual_pence=0,
        terms=ExitTerms(initial_months=initial, renewal_months=renewal),
    )
    day, number = start + timedelta(days=later), 0
    while _term_last_day(start, initial + number * renewal) < day:
        number += 1
    assert contract.term_on(day) == number
    assert contract.term_end(number) == _term_last_day(start, initial + number * renewal)


@settings(max_examples=100, deadline=None)
@given(starts, st.integers(1, 30), st.integers(0, 12), st.integers(1, 24), kinds, st.booleans(), st.integers(0, 900))
def test_the_earliest_exit_is_the_first_day_that_notice_reaches_and_the_terms_allow(
    start: date, term: int, notice: int, minimum: int, days: str, renews: bool, later: int
) -> None:
    last = _term_last_day(start, term)
    least = min(_term_last_day(start, minimum), last)
    contract = Leaving(
        starts_on=start,
        last_day=last,
        notice_months=notice,
        annual_pence=0,
        not_before=least,
        terms=ExitTerms.model_validate(
            {"initial_months": term, "exit_days": days} | ({"renewal_months": 7} if renews else {})
        ),
    )
    served = start + timedelta(days=later)
    ends = {_term_last_day(start, term + 7 * number) for number in range(30 if renews else 1)}
    expected = next(
        end
        for end in _days_from(start)
        if (_reaches(served, notice, end) and end >= least and _allows(days, start, ends, end))
        or (end == last and not renews)
    )
    assert earliest_exit_from(contract, served) == expected
    due = notice_due_for(contract, expected)
    if due is not None:
        assert _reaches(due, notice, expected)
        assert not _reaches(due + ONE_DAY, notice, expected)


@settings(max_examples=60, deadline=None)
@given(starts, st.integers(1, 24), st.integers(0, 9), kinds)
def test_every_offered_exit_is_allowed_and_none_is_left_out(start: date, term: int, notice: int, days: str) -> None:
    last = _term_last_day(start, term)
    contract = Leaving(
        starts_on=start,
        last_day=last,
        notice_months=notice,
        annual_pence=0,
        terms=ExitTerms.model_validate({"exit_days": days}),
    )
    shown = "quarter" if days == "any_day" else days
    term_days = (start + timedelta(days=number) for number in range((last - start).days + 1))
    assert list(offered_exits(contract, start)) == [day for day in term_days if _allows(shown, start, {last}, day)]


@settings(max_examples=100, deadline=None)
@given(starts, st.integers(0, 800), st.integers(0, 800))
def test_a_year_is_divided_without_loss(start: date, one: int, other: int) -> None:
    split, last = start + timedelta(days=min(one, other)), start + timedelta(days=max(one, other))
    assert share_of_a_year(start, split) <= share_of_a_year(start, last)
    whole = 0
    while start + relativedelta(months=whole + 1) - ONE_DAY <= last:
        whole += 1
    assert Fraction(whole, 12) <= share_of_a_year(start, last) < Fraction(whole + 2, 12)


def test_a_break_is_a_part_of_the_terms() -> None:
    assert ExitTerms(breaks=(BreakClause(last_day=date(2018, 3, 31)),)).breaks[0].notice_months is None
