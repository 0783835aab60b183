"""Switching values re-run to the threshold, tornado, two inputs at once."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.finance.appraisals.inputs import Inputs, LineType, OptionKind
from services.finance.appraisals.sensitivity import (
    REALISATION,
    Measure,
    changed,
    inputs_of,
    measured,
    switching_factor,
    tornado,
    two_way,
    value_of,
)
from services.finance.appraisals.worth import Appraised
from tests.finance.appraisals.golden import TERMINATION, a_line, an_option, once, saving, shared, the_inputs, through


def _value(inputs: Inputs, appraised: Appraised, name: str, of: Measure, threshold: int) -> Fraction | None:
    factor = switching_factor(inputs, appraised, name, of=of, threshold=Fraction(threshold))
    return None if factor is None else factor * value_of(inputs, appraised, name)


@pytest.mark.parametrize(
    ("with_payment", "name", "of", "threshold", "pounds"),
    [
        (True, "termination", "bcr", 4, 479_589),
        (False, "saving", "npv", 0, 561_435),
        (True, "saving", "npv", 0, 912_333),
    ],
)
def test_golden_11_switching_values(*, with_payment: bool, name: str, of: Measure, threshold: int, pounds: int) -> None:
    inputs = the_inputs(shared(4_000_000, *([TERMINATION] if with_payment else [])))
    value = _value(inputs, through(inputs)["SHARED"], name, of, threshold)
    assert value is not None
    assert round(value / 100) == pounds


def test_golden_26_how_much_has_to_be_realised() -> None:
    inputs = the_inputs(shared(), realisation=Fraction(7, 10))
    found = through(inputs)["SHARED"]
    values = [_value(inputs, found, REALISATION, "bcr", 4), _value(inputs, found, REALISATION, "npv", 0)]
    assert [round(float(value or 0) * 100, 2) for value in values] == [89.29, 22.32]


def test_a_threshold_that_no_value_reaches_has_no_switching_value() -> None:
    inputs = the_inputs(shared())
    assert _value(inputs, through(inputs)["SHARED"], "one-off", "bcr", 0) is None


def test_an_input_that_turns_a_cost_into_a_cost_avoided_is_solved_by_pieces() -> None:
    bau = an_option("BAU", a_line("charge", LineType.COST, [100] * 10, recurrent=True), kind=OptionKind.BAU)
    charge = a_line("charge", LineType.COST, [150] * 10, recurrent=True)
    inputs = the_inputs(an_option("X", once("one-off", 10), charge), bau=bau)
    found = through(inputs)["X"]
    factor = switching_factor(inputs, found, "charge", of="bcr", threshold=Fraction(4))
    assert factor is not None
    assert factor < Fraction(100, 150)
    assert measured(inputs, changed(found, {"charge": factor})).bcr == 4


MONEY = st.integers(1, 10**9)


@settings(max_examples=60, deadline=None)
@given(
    one_off=MONEY,
    charge=MONEY,
    before=MONEY,
    yearly=MONEY,
    threshold=st.integers(1, 5),
    of=st.sampled_from(["npv", "bcr"]),
    name=st.sampled_from(["one-off", "charge", "saving", REALISATION]),
)
def test_a_switching_value_run_again_meets_its_threshold(
    *, one_off: int, charge: int, before: int, yearly: int, threshold: int, of: Measure, name: str
) -> None:
    bau = an_option("BAU", a_line("charge", LineType.COST, [before] * 10, recurrent=True), kind=OptionKind.BAU)
    new = a_line("charge", LineType.COST, [before, *[charge] * 9], recurrent=True)
    inputs = the_inputs(an_option("X", once("one-off", one_off), new, saving(yearly)), bau=bau)
    found = through(inputs)["X"]
    factor = switching_factor(inputs, found, name, of=of, threshold=Fraction(threshold))
    if factor is not None:
        again = measured(inputs, changed(found, {name: factor}))
        assert (again.npv if of == "npv" else again.bcr) == threshold
    else:
        # No root: the measure stays on one side of the threshold from factor 0 to far beyond.
        sides = set()
        for tried in (Fraction(0), Fraction(1, 2), Fraction(1), Fraction(3), Fraction(10**6)):
            again = measured(inputs, changed(found, {name: tried}))
            apart = again.npv - threshold if of == "npv" else again.pv_benefits - threshold * again.pv_costs
            if again.pv_costs or of == "npv":
                sides.add(apart > 0)
        assert len(sides) == 1


def test_a_tornado_has_the_widest_input_first_and_equals_a_re_run() -> None:
    inputs = the_inputs(shared(4_000_000, TERMINATION))
    bars = tornado(inputs, through(inputs)["SHARED"], change=Fraction(1, 10))
    assert [bar.name for bar in bars] == [REALISATION, "saving", "one-off", "termination"]
    more = the_inputs(shared(4_400_000, TERMINATION))
    assert bars[2].high == through(more)["SHARED"].measures


def test_two_inputs_at_once_equal_a_re_run() -> None:
    inputs = the_inputs(shared())
    factors = [Fraction(1, 2), Fraction(1), Fraction(3, 2)]
    grid = two_way(inputs, through(inputs)["SHARED"], "one-off", "saving", factors=factors)
    again = the_inputs(shared(6_000_000, yearly=Fraction(2_515_000, 2)))
    assert grid[2][0] == through(again)["SHARED"].measures
    assert grid[1][1] == through(inputs)["SHARED"].measures


def test_the_inputs_of_an_option_are_its_lines_and_risks() -> None:
    inputs = the_inputs(shared())
    assert inputs_of(through(inputs)["SHARED"]) == ["one-off", "saving", REALISATION]
