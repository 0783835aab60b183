"""The golden figures of appraisal: NPV, BCR, EANC, payback, lenses, risk, residual values, QALYs, realisation."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.finance.appraisals.affordability import affordability
from services.finance.appraisals.comparisons import incremental_table
from services.finance.appraisals.delay import cost_of_delay
from services.finance.appraisals.inputs import Inputs, LineType, Option, OptionKind, Risk, StoredSchedule
from services.finance.appraisals.profiles import level
from services.finance.appraisals.worth import Streams, measure, payback, present_values, risk_value
from services.finance.cases.rules import shift_of
from services.finance.core.flows import Nature
from tests.finance.appraisals.golden import (
    TERMINATION,
    YEARS,
    a_line,
    an_option,
    once,
    pounds,
    saving,
    shared,
    the_inputs,
    through,
)
from tests.finance.appraisals.schedules import HEALTH, REVIEW, STANDARD

BENEFIT = LineType.SOCIETAL


def test_golden_4_npv_and_eanc() -> None:
    option = an_option("X", once("cost", 100, years=6), a_line("gain", BENEFIT, [0, *[30] * 5], recurrent=True))
    measures = through(the_inputs(option, years=6))["X"].measures
    assert [round(float(amount / 100), 4) for amount in (measures.npv, measures.eanc)] == [35.4516, 7.8519]


def test_golden_5_costs_over_three_years() -> None:
    costs = a_line("cost", LineType.COST, [100, 50, 50, *[0] * 7])
    option = an_option("X", costs, a_line("gain", BENEFIT, [0, 0, 0, *[30] * 7], recurrent=True))
    found = through(the_inputs(option))["X"].measures
    assert found.bcr is not None
    amounts = [round(float(amount / 100), 4) for amount in (found.pv_costs, found.pv_benefits, found.npv)]
    assert (amounts, round(float(found.bcr), 4)) == ([194.9847, 171.2398, -23.7449], 0.8782)
    assert found.payback is not None
    assert found.discounted_payback is None


@pytest.mark.parametrize(("metb", "npv"), [(Fraction(6, 5), 48.3577), (Fraction(1), 70.3577)])
def test_golden_6_optimism_bias_and_metb(metb: Fraction, npv: float) -> None:
    gain = a_line("gain", BENEFIT, [0, *[10] * 29], recurrent=True)
    option = an_option("X", once("capex", 100, years=30, uplift=Fraction(11, 10), metb=metb), gain)
    inputs = the_inputs(option, years=30)
    assert affordability(inputs, option, "A", dividend=Fraction(0)).cash[0] == 110_00
    assert shift_of(inputs, option, inputs.lenses[1]).net == (29 * 10 - 110) * 100
    found = through(inputs)["X"].measures
    assert [round(float(found.pv_benefits / 100), 4), round(float(found.npv / 100), 4)] == [180.3577, npv]


@pytest.mark.parametrize(
    ("option", "npv", "bcr", "paid_back", "discounted"),
    [
        (shared(), 13_918_356, 4.480, 3, 3),
        (shared(4_000_000, TERMINATION), 11_418_356, 2.757, 4, 4),
        (shared(4_000_000, TERMINATION, yearly=1_910_000), None, 2.094, 4, 5),
    ],
)
def test_golden_11_termination_degrades_the_case(
    option: Option, npv: int | None, bcr: float, paid_back: int, discounted: int
) -> None:
    found = through(the_inputs(option))["SHARED"].measures
    assert found.bcr is not None
    assert (found.payback, found.discounted_payback, round(float(found.bcr), 3)) == (paid_back, discounted, bcr)
    assert npv is None or round(found.npv / 100) == npv
    assert round(found.pv_benefits / 100) == 17_918_356 or npv is None


def test_golden_13_a_year_later_on_a_fixed_and_a_rolling_horizon() -> None:
    inputs = the_inputs(shared())
    delay = cost_of_delay(inputs, through(inputs)["SHARED"])
    assert delay.delayed.bcr is not None
    assert (round(delay.delayed.npv / 100), round(float(delay.delayed.bcr), 3)) == (11_664_756, 4.018)
    assert delay.delayed.payback == 4
    assert [pounds(each) for each in (delay.fixed, delay.fixed_month, 5 * delay.fixed_month)] == [
        2_253_599.85,
        187_799.99,
        938_999.94,
    ]
    assert [round(each / 100) for each in (delay.rolling, delay.rolling_month)] == [470_669, 39_222]


def test_effects_on_health_wait_at_their_own_rate_on_a_rolling_horizon() -> None:
    inputs = the_inputs(
        an_option("X", a_line("qaly", LineType.SOCIETAL, [0, 100], recurrent=True, health=True)), years=2
    )
    delay = cost_of_delay(inputs, through(inputs)["X"])
    factor = 1 / Fraction(1015, 1000)
    assert delay.rolling == 100_00 * (factor - factor**2)
    assert delay.fixed == 100_00 * factor


def test_golden_14_the_rate_flips_the_decision() -> None:
    found = []
    for schedule in (STANDARD, REVIEW):
        inputs = the_inputs(shared(4_560_000), standard=StoredSchedule.of(schedule))
        bcr = through(inputs)["SHARED"].measures.bcr
        assert bcr is not None
        found.append(round(float(bcr), 3))
    assert found == [3.929, 4.027]


def _golden_20() -> Inputs:
    bau = an_option("BAU", a_line("charge", LineType.COST, [7_000_000] * YEARS, recurrent=True), kind=OptionKind.BAU)
    charge = a_line("charge", LineType.COST, [7_000_000] * YEARS, recurrent=True)
    less = a_line("charge", LineType.COST, [7_000_000, *[6_800_000] * 9], recurrent=True)
    options = (
        an_option("DO-MIN", once("repairs", 400_000), less, kind=OptionKind.DO_MINIMUM),
        an_option("SHARED", once("one-off", 4_000_000), charge, saving(2_515_000)),
        an_option("OUT", once("one-off", 6_000_000), charge, saving(3_000_000)),
    )
    return the_inputs(*options, bau=bau)


def test_golden_20_options_over_business_as_usual_and_over_the_next_cheaper() -> None:
    found = through(_golden_20())
    measured = {code: (round(each.measures.npv / 100), each.measures.bcr) for code, each in found.items()}
    assert {code: (npv, round(float(bcr or 0), 3)) for code, (npv, bcr) in measured.items()} == {
        "DO-MIN": (1_121_537, 3.804),
        "SHARED": (13_918_356, 4.480),
        "OUT": (15_373_784, 3.562),
    }
    rows = incremental_table(list(found.values()), bau="BAU")
    assert [(row.option, row.over, row.dominated_by) for row in rows] == [
        ("DO-MIN", "BAU", None),
        ("SHARED", "DO-MIN", None),
        ("OUT", "SHARED", None),
    ]
    assert [round(float(row.bcr or 0), 3) for row in rows] == [3.804, 4.555, 1.728]
    last = rows[-1]
    assert [round(each / 100) for each in (last.added_cost, last.added_npv)] == [2_000_000, 1_455_428]


def test_an_option_that_costs_more_and_brings_less_is_dominated() -> None:
    worse = an_option("WORSE", once("one-off", 5_000_000), saving(2_000_000))
    rows = incremental_table(list(through(the_inputs(shared(), worse)).values()), bau="BAU")
    assert [(row.option, row.dominated_by) for row in rows] == [("SHARED", None), ("WORSE", "SHARED")]


def _a_risk(name: str, probability: str, amounts: list[int], mitigated: str = "0") -> Risk:
    impacts = tuple(Fraction(amount * 100) for amount in [*amounts, *[0] * YEARS][:YEARS])
    return Risk(
        risk=name,
        title=name,
        probability=Fraction(probability),
        impacts=impacts,
        mitigated=Fraction(mitigated),
        payer="A",
        owner="Chief finance officer",
    )


def test_golden_21_risks_count_beyond_those_of_business_as_usual() -> None:
    risks = (
        _a_risk("strike", "3/10", [0, 800_000], "1/4"),
        _a_risk("late", "1/2", [0, 200_000, 200_000, 200_000]),
        _a_risk("claim", "1/5", [1_500_000], "2/5"),
    )
    own = _a_risk("fails", "2/5", [0, 0, 500_000])
    bau = Option(option="BAU", title="BAU", kind=OptionKind.BAU, lines=(), risks=(own,))
    inputs = the_inputs(shared(risks=risks), bau=bau)
    assert [pounds(risk_value(inputs, risk)) for risk in risks] == [173_913.04, 280_163.70, 180_000.00]
    assert pounds(risk_value(inputs, own)) == 186_702.14
    found = through(inputs)["SHARED"]
    assert found.measures.bcr is not None
    assert (round(found.measures.npv / 100), round(float(found.measures.bcr), 3)) == (13_470_981, 4.029)


def test_golden_22_a_residual_value_is_a_negative_cost_of_the_last_year() -> None:
    option = an_option(
        "X", once("works", 10_000_000, years=11), once("rest", 7_500_000, year=10, years=11, residual=True)
    )
    inputs = the_inputs(option, years=11)
    found = through(inputs)["X"]
    assert pounds(found.measures.pv_costs) == 4_683_108.90
    assert pounds(present_values(inputs, found.by_input["rest"])) == 5_316_891.10


@pytest.mark.parametrize(
    ("value", "health", "expected"), [(70_000, True, 6_455_529), (70_000, False, 5_821_624), (60_000, True, 5_533_311)]
)
def test_golden_23_qalys_have_their_own_schedule(value: int, health: bool, expected: int) -> None:
    amounts = [each * value for each in level(10, years=11, first=1)]
    option = an_option("X", a_line("qaly", BENEFIT, amounts, recurrent=True, health=health))
    assert round(through(the_inputs(option, years=11))["X"].measures.npv / 100) == expected


def test_golden_26_realisation_scales_the_benefits() -> None:
    found = through(the_inputs(shared(), realisation=Fraction(7, 10)))["SHARED"].measures
    assert found.bcr is not None
    assert (round(found.npv / 100), round(float(found.bcr), 3)) == (8_542_849, 3.136)


def test_a_transfer_inside_a_lens_nets_out() -> None:
    payment = once("termination", 2_500_000, payee="B", nature=Nature.TRANSFER)
    inputs = the_inputs(shared(4_000_000, payment))
    assert round(through(inputs)["SHARED"].measures.npv / 100) == 11_418_356
    assert round(through(inputs, "uk_society")["SHARED"].measures.npv / 100) == 13_918_356


def test_a_stored_case_runs_again_bit_for_bit() -> None:
    inputs = _golden_20()
    again = Inputs.model_validate_json(inputs.model_dump_json())
    assert again == inputs
    assert [each.measures for each in through(again).values()] == [each.measures for each in through(inputs).values()]


def test_the_published_fault_of_years_66_to_70_is_not_ours() -> None:
    """The CIA model lost its discount factors of risks in the years 66 to 70."""
    amounts = [0] * 66 + [1_000_000] * 5
    risk = Risk(
        risk="late",
        title="late",
        probability=Fraction(1),
        impacts=tuple(Fraction(each) for each in amounts),
        mitigated=Fraction(0),
        payer="A",
        owner="Chief finance officer",
    )
    inputs = the_inputs(an_option("X", risks=(risk,)), years=71)
    chained = [Fraction(1)]
    for year in range(1, 71):
        chained.append(chained[-1] / (Fraction(207, 200) if year <= 30 else Fraction(103, 100)))
    assert risk_value(inputs, risk) == 1_000_000 * sum(chained[66:71])
    assert through(inputs)["X"].measures.npv == -risk_value(inputs, risk)


def test_each_benefit_keeps_its_own_name_and_all_options_one_schedule() -> None:
    """The CIA model linked benefits to the lines of others, and discounted options differently."""
    first, second = (a_line(name, BENEFIT, [0, amount, *[0] * 8]) for name, amount in (("one", 10), ("two", 20)))
    inputs = the_inputs(an_option("X", first, second), an_option("Y", second, first))
    found = through(inputs)
    for each in found.values():
        assert {name: pounds(streams.benefit[1]) for name, streams in each.by_input.items()} == {"one": 10, "two": 20}
    assert found["X"].measures == found["Y"].measures


AMOUNTS = st.lists(st.integers(-1000, 1000), min_size=1, max_size=12)


@settings(max_examples=80, deadline=None)
@given(one_off=AMOUNTS, data=st.data())
def test_measures_equal_brute_force(one_off: list[int], data: st.DataObject) -> None:
    years = len(one_off)
    draw = st.lists(st.integers(-1000, 1000), min_size=years, max_size=years)
    recurrent, benefit, health = (data.draw(draw) for _ in range(3))
    zero = [0] * years
    each = [tuple(map(Fraction, amounts)) for amounts in (one_off, recurrent, zero, zero, benefit, health)]
    found = measure(Streams(*each), STANDARD, HEALTH)
    costs = benefits = Fraction(0)
    sums: list[Fraction] = []
    factor = well = Fraction(1)
    for year in range(years):
        if year:
            factor, well = factor / Fraction(1035, 1000), well / Fraction(1015, 1000)
        for amount in (one_off[year], recurrent[year]):
            costs += factor * amount if amount > 0 else 0
            benefits -= factor * amount if amount < 0 else 0
        benefits += factor * benefit[year] + well * health[year]
        before = sums[-1] if sums else Fraction(0)
        sums.append(before + benefit[year] + health[year] - one_off[year] - recurrent[year])
    assert (found.pv_costs, found.pv_benefits, found.npv) == (costs, benefits, benefits - costs)
    assert found.bcr == (benefits / costs if costs else None)
    outlays = [year for year in range(years) if one_off[year] > 0 or recurrent[year] > 0]
    lasting = [year for year in range(years) if outlays and year >= outlays[0] and min(sums[year:]) >= 0]
    assert found.payback == (lasting[0] if lasting else None)


def test_without_an_outlay_there_is_no_payback() -> None:
    assert payback([Fraction(0)] * 3, [Fraction(1)] * 3) is None
