"""Golden 15 and 30: the price of a unit as customers leave, who loses, and where the domino rests."""

from datetime import date
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.finance.core.lenses import SocietyLens, costs_in
from services.finance.core.shifts import detect_shift
from services.finance.cost_shifts.rules import (
    Customer,
    Unit,
    deficit_after,
    domino,
    increments_of_exit,
    orders_by_cost,
)

DAY = date(2017, 4, 1)
UNIT = Unit("0CX", 600_000_000, 400, 1_000)
THREE = [Customer("A", 400_000), Customer("B", 300_000), Customer("C", 300_000)]


def test_golden_15_an_exit_that_saves_is_paid_by_those_who_stay() -> None:
    shift = detect_shift(SocietyLens(), increments_of_exit(UNIT, THREE, {"A": 800}, DAY))
    assert {one.party: one.gain for one in shift.gainers} == {"A": 80_000_000}
    assert {one.party: one.gain for one in shift.losers} == {"B": -120_000_000, "C": -120_000_000}
    assert shift.net == -160_000_000
    assert shift.counted_saving == 0
    assert deficit_after(UNIT, THREE, {"A"}) == 240_000_000
    assert [step.price for step in domino(UNIT, THREE, {"A"})] == [1_400]


@pytest.mark.parametrize(
    ("c_trigger", "rounds"),
    [
        (1_350, [("A", 1_400), ("C", 1_900), ("B", 6_400), ("D", None)]),
        (1_400, [("A", 1_400)]),
    ],
)
def test_golden_30_the_domino_goes_to_the_end_or_rests(c_trigger: int, rounds: list[tuple[str, int | None]]) -> None:
    four = [
        Customer("A", 400_000),
        Customer("B", 300_000, 1_500),
        Customer("C", 200_000, c_trigger),
        Customer("D", 100_000, 2_000),
    ]
    steps = domino(UNIT, four, {"A"})
    assert [one.leaving for one in steps] == [(code,) for code, _ in rounds]
    assert [one.price for one in steps] == [price for _, price in rounds]


def test_all_whose_trigger_is_passed_leave_at_once() -> None:
    steps = domino(UNIT, [Customer("A", 5), Customer("B", 3, 1_000), Customer("C", 2, 1_000)], {"A"})
    assert [one.leaving for one in steps] == [("A",), ("B", "C")]
    assert (steps[-1].staying, steps[-1].price) == ((), None)


def test_the_cheapest_order_is_that_of_brute_force() -> None:
    replacements = {"A": 800, "B": 350, "C": 500}
    orders = orders_by_cost(UNIT, THREE, replacements)
    heads = {one.code: one.heads for one in THREE}

    def cost(codes: tuple[str, ...]) -> int:
        total, gone = 0, list[str]()
        for code in codes:
            gone.append(code)
            left = 1_000_000 - sum(heads[one] for one in gone)
            total += (600_000_000 + 400 * left) * (left > 0) + sum(replacements[one] * heads[one] for one in gone)
        return total

    assert {one.codes: one.pence for one in orders} == {codes: cost(codes) for codes in permutations("ABC")}
    assert orders[0].pence == min(map(cost, permutations("ABC")))
    assert orders[0].codes == ("B", "C", "A")
    with pytest.raises(ValueError, match="too many orders"):
        orders_by_cost(UNIT, THREE, dict.fromkeys("ABCDEFG", 1))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 10**9),
    st.integers(0, 10**4),
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(-1, 10**4)), min_size=2, max_size=5),
)
def test_prices_only_rise_and_whoever_stays_pays_no_more_than_its_trigger(
    fixed: int, per_head: int, sizes: list[tuple[int, int]]
) -> None:
    customers = [
        Customer(f"C{number}", heads, None if trigger < 0 else trigger) for number, (heads, trigger) in enumerate(sizes)
    ]
    unit = Unit("0CX", fixed, per_head, 0)
    steps = domino(unit, customers, {"C0"})
    prices = [step.price for step in steps if step.price is not None]
    assert prices == sorted(prices)
    left = [one for one in customers if one.code in steps[-1].staying]
    assert all(one.trigger_pence is None or prices[-1] <= one.trigger_pence for one in left)
    assert sorted(code for step in steps for code in step.leaving) == sorted(
        one.code for one in customers if one not in left
    )
    flows = increments_of_exit(unit, customers, {"C0": 5}, DAY)
    shift = detect_shift(SocietyLens(), flows)
    assert shift.net == -sum(costs_in(SocietyLens(), flows), Fraction(0))
    assert shift.gain - shift.loss == shift.net
