"""Discount factors against the Green Book's tables, and against arithmetic on fractions of its own."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.finance.appraisals.discounting import Band, Schedule, annuity, discount_factor, present_value
from tests.finance.appraisals.schedules import HEALTH, LOWER, REVIEW, STANDARD

TABLES = {
    STANDARD: {
        1: ".9662",
        2: ".9335",
        3: ".9019",
        4: ".8714",
        5: ".8420",
        10: ".7089",
        20: ".5026",
        26: ".4088",
        0: "1.0000",
        30: ".3563",
        31: ".3459",
        75: ".0942",
        76: ".0919",
    },
    HEALTH: {
        1: ".9852",
        2: ".9707",
        3: ".9563",
        4: ".9422",
        5: ".9283",
        10: ".8617",
        20: ".7425",
        26: ".6790",
        30: ".6398",
        31: ".6316",
        60: ".4355",
    },
    LOWER: {1: ".9709", 10: ".7441", 30: ".4120", 31: ".4017"},
    REVIEW: {1: ".9709", 10: ".7441", 31: ".4000"},
}


@pytest.mark.parametrize("schedule", TABLES, ids=lambda schedule: schedule.pack)
def test_golden_1_factors_are_those_of_the_tables(schedule: Schedule) -> None:
    factors = {year: f"{float(discount_factor(schedule, year)):.4f}".removeprefix("0") for year in TABLES[schedule]}
    assert factors == TABLES[schedule]


def test_golden_2_sums_of_factors() -> None:
    sums = [round(float(annuity(schedule, years) + 1), 3) for schedule in (STANDARD, HEALTH) for years in (20, 26)]
    assert sums == [15.212, 17.890, 18.169, 22.399]


def test_golden_3_annuities() -> None:
    assert [round(float(annuity(STANDARD, years)), 6) for years in (5, 10, 30)] == [4.515052, 8.316605, 18.392045]
    assert annuity(STANDARD, 30) == (1 - Fraction(1000, 1035) ** 30) / Fraction(35, 1000)
    assert round(float(annuity(STANDARD, 100)), 4) == 28.8634


@pytest.mark.parametrize("year", [-1, 301])
def test_a_year_outside_300_is_refused(year: int) -> None:
    with pytest.raises(ValueError, match="0 to 300"):
        discount_factor(STANDARD, year)


@pytest.mark.parametrize("bands", [(), (Band(2, Fraction(1, 50)),), (Band(1, Fraction(0)), Band(1, Fraction(0)))])
def test_a_schedule_with_a_gap_is_refused(bands: tuple[Band, ...]) -> None:
    with pytest.raises(ValueError, match="begin in year 1"):
        Schedule("broken", bands)


RATES = st.integers(-100, 200).map(lambda thousandths: Fraction(thousandths, 1000))


@settings(max_examples=60, deadline=None)
@given(
    rates=st.lists(st.tuples(st.integers(2, 60), RATES), max_size=4, unique_by=lambda band: band[0]),
    first=RATES,
    amounts=st.lists(st.integers(-(10**9), 10**9), max_size=70),
)
def test_a_present_value_is_the_sum_of_chained_quotients(
    rates: list[tuple[int, Fraction]], first: Fraction, amounts: list[int]
) -> None:
    bands = {1: first} | dict(rates)
    schedule = Schedule("drawn", tuple(Band(year, bands[year]) for year in sorted(bands)))
    # Horner's scheme from the last year back: another way through the same arithmetic.
    value = Fraction(0)
    for year in range(len(amounts) - 1, -1, -1):
        value += amounts[year]
        if year:
            value /= 1 + bands[max(begin for begin in bands if begin <= year)]
    assert present_value(schedule, amounts) == value
