"""Money is whole pence, and a split of it sums exactly."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.money import apportion, nearest_penny, pence, pounds


def test_a_cost_is_shared_by_head_to_the_penny() -> None:
    assert apportion(240_000_000, [205_000, 330_000, 145_000]) == [72_352_941, 116_470_588, 51_176_471]


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_the_parts_sum_to_the_whole_and_none_is_a_penny_off(amount: int, weights: list[int]) -> None:
    parts = apportion(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1, 3]])
def test_weights_that_divide_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        apportion(100, weights)


@pytest.mark.parametrize(
    ("text", "expected"), [("25.00", 2500), ("0.005", 1), ("-0.005", -1), ("21750000", 2175000000)]
)
def test_pounds_become_pence(text: str, expected: int) -> None:
    assert pence(Decimal(text)) == expected


@pytest.mark.parametrize(("amount", "text"), [(0, "£0.00"), (123456789, "£1,234,567.89"), (-5, "-£0.05")])
def test_pence_are_written_as_people_write_them(amount: int, text: str) -> None:
    assert pounds(amount) == text


@given(st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=1000))
def test_an_exact_amount_becomes_the_nearest_penny(exact: Fraction) -> None:
    rounded = nearest_penny(exact)
    assert abs(rounded - exact) <= Fraction(1, 2)
    assert nearest_penny(-exact) == -rounded


def test_half_a_penny_is_rounded_away_from_zero() -> None:
    assert [nearest_penny(Fraction(half, 2)) for half in (1, 3, 5, -1, -3)] == [1, 2, 3, -1, -2]
