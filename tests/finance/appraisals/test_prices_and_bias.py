"""Prices, profiles, optimism bias and affordability against the golden figures."""

from fractions import Fraction

import pytest

from services.finance.appraisals.affordability import affordability
from services.finance.appraisals.discounting import present_value
from services.finance.appraisals.optimism import Mitigation, mixed_bound, optimism_bias
from services.finance.appraisals.profiles import (
    BeyondTheHorizon,
    in_base_prices,
    indexed,
    level,
    ramped,
    s_curve,
)
from services.finance.core.deflators import Deflator, NominalAmount
from tests.finance.appraisals.golden import once, pounds, saving, shared, the_inputs, through
from tests.finance.appraisals.schedules import STANDARD

INDICES = {2016: Fraction(100), 2017: Fraction("101.6"), 2018: Fraction("103.7"), 2019: Fraction(106)}
VINTAGE = Deflator("deflators-of-a-test", INDICES)
MILLION = Fraction(100_000_000)


def test_golden_19_nominal_amounts_in_prices_of_the_base_year() -> None:
    real = in_base_prices([MILLION] * 4, VINTAGE, base=2016)
    assert [pounds(each) for each in real] == [1_000_000.00, 984_251.97, 964_320.15, 943_396.23]
    assert pounds(present_value(STANDARD, real)) == 3_702_060.61
    assert pounds(present_value(STANDARD, [MILLION] * 4)) == 3_801_636.98


def test_golden_19_a_charge_that_is_indexed() -> None:
    real = in_base_prices(indexed([MILLION] * 4, Fraction(2, 100)), VINTAGE, base=2016)
    assert [pounds(each) for each in real] == [1_000_000.00, 1_003_937.01, 1_003_278.69, 1_001_139.62]
    assert pounds(present_value(STANDARD, real)) == 3_809_529.42


def test_a_real_rate_never_meets_a_nominal_amount() -> None:
    with pytest.raises(NominalAmount, match="no deflator"):
        in_base_prices([MILLION], None, base=2016)
    with pytest.raises(NominalAmount, match="has no index of 2020-21"):
        in_base_prices([Fraction(0), *[MILLION] * 4], VINTAGE, base=2016)


def test_golden_7_duration() -> None:
    mitigations = [
        Mitigation(Fraction(part, 100), Fraction(done, 100))
        for part, done in ((5, 100), (2, 100), (22, 40), (5, 100), (3, 100))
    ]
    bias = optimism_bias(Fraction(39, 100), mitigations, stage="full")
    assert round(float(28 * Fraction(139, 100)), 1) == 38.9
    assert (round(float(bias * 100), 1), round(float(28 * (1 + bias)), 1)) == (29.7, 36.3)


def test_golden_8_a_mix_of_categories_and_mitigation_inside_the_bias() -> None:
    shares = (Fraction(3, 10), Fraction(7, 10))
    bounds = [
        mixed_bound(zip(shares, pair, strict=True))
        for pair in ((Fraction(51), Fraction(24)), (Fraction(39), Fraction(4)))
    ]
    assert bounds == [Fraction("32.1"), Fraction("14.5")]
    managed = [Mitigation(Fraction(1), Fraction(92, 100))]
    bias = optimism_bias(Fraction(51, 100), managed, stage="full")
    assert bias == Fraction("0.0408")
    # The CIA model once took the mitigation off the cost, instead of off the bias.
    assert 100 * (1 + bias) == Fraction("104.08")
    assert 100 * (1 + bias) + 7 == Fraction("111.08")


def test_what_is_mitigated_later_does_not_count_yet() -> None:
    managed = [Mitigation(Fraction(1), Fraction(1, 2), from_stage="full")]
    assert [optimism_bias(Fraction(1, 2), managed, stage=stage) for stage in ("outline", "full")] == [
        Fraction(1, 2),
        Fraction(1, 4),
    ]


def test_a_ramp_holds_its_last_step_and_ends_within_the_horizon() -> None:
    steps = [Fraction(1, 4), Fraction(1, 2)]
    assert ramped(level(8, years=5), steps, first=1) == [0, 2, 4, 4, 4]
    with pytest.raises(BeyondTheHorizon, match="ends after year 4"):
        ramped(level(8, years=5), steps, first=4)
    with pytest.raises(BeyondTheHorizon, match="do not lie in the years"):
        level(8, years=5, first=2, last=5)


def test_an_s_curve_is_gentle_at_both_ends_and_exact() -> None:
    curve = s_curve(4)
    assert curve == [0, Fraction(5, 32), Fraction(1, 2), Fraction(27, 32), 1]


def test_golden_25_affordability_of_an_asset_of_eight_years() -> None:
    option = shared(0).model_copy(update={"lines": (once("build", 4_000_000, asset_life=8), saving(2_515_000))})
    found = affordability(the_inputs(option), option, "A", dividend=Fraction(35, 1000))
    assert [pounds(each) for each in found.dividend] == [
        131_250,
        113_750,
        96_250,
        78_750,
        61_250,
        43_750,
        26_250,
        8_750,
        0,
        0,
    ]
    assert [pounds(each) for each in found.revenue_effect] == [
        *(-631_250, 643_750, 1_918_750, 1_936_250, 1_953_750, 1_971_250, 1_988_750, 2_006_250),
        *(2_515_000, 2_515_000),
    ]
    assert [pounds(each) for each in found.capital] == [4_000_000, *[0] * 9]


def test_golden_25_irrecoverable_vat_is_in_the_financial_case_alone() -> None:
    option = shared(0).model_copy(update={"lines": (once("build", 4_000_000, vat=Fraction(1, 5)),)})
    inputs = the_inputs(option)
    found = affordability(inputs, option, "A", dividend=Fraction(35, 1000))
    assert (pounds(found.cash[0]), pounds(found.vat[0])) == (4_800_000, 800_000)
    assert pounds(through(inputs, "uk_society")["SHARED"].measures.pv_costs) == 4_000_000
