"""Simulated values against closed forms, against the appraisal of each run, and the same from the same seed."""

from fractions import Fraction
from math import asin, log1p, pi, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from services.finance.appraisals.discounting import Band, Schedule
from services.finance.appraisals.inputs import Inputs, LineType, OptionKind, Risk, StoredSchedule
from services.finance.appraisals.sensitivity import measured
from services.finance.simulations.monte_carlo.answer import answer
from services.finance.simulations.monte_carlo.draws import quantile_of
from services.finance.simulations.monte_carlo.outcomes import Model, weight_of
from services.finance.simulations.terms import UncertainInput
from services.finance.simulations.views import SimulationAnswer
from tests.finance.appraisals.golden import PENNY, a_line, an_option, once, saving, shared, the_inputs, through
from tests.finance.simulations.questions import a_job, golden_24, triangular_saving

RUNS = 100_000
NORMAL_TAIL = 0.103_135
"""The density of a standard normal variable at its 5th percentile."""


def within_four_errors(value: float, expected: float, error: float) -> bool:
    return abs(value - expected) <= 4 * error


@pytest.mark.parametrize(
    ("terms", "sd", "p5", "p95", "below", "kurtosis"),
    [
        pytest.param(golden_24(), 2_912_315, 9_128_025, 18_708_687, 0.3033, 3.0, id="independent"),
        pytest.param(golden_24(correlation="0.5"), 2_602_244, 9_638_045, 18_198_666, 0.2349, 3.0, id="correlated"),
        pytest.param(triangular_saving(), 1_759_705, 10_971_038, 16_865_674, 0.1540, 2.4, id="triangular"),
    ],
)
def test_golden_24_within_four_standard_errors(
    terms: dict[str, Any], sd: int, p5: int, p95: int, below: float, kurtosis: float
) -> None:
    spread = answer(a_job(the_inputs(shared()), terms)).spread
    assert spread.stated_npv_pence == 1_391_835_572
    assert within_four_errors(spread.mean_npv_pence / PENNY, 13_918_356, sd / sqrt(RUNS))
    assert within_four_errors(spread.sd_npv_pence / PENNY, sd, sd * sqrt((kurtosis - 1) / 4 / RUNS))
    by_percent = {each.percent: each for each in spread.percentiles}
    for percent, expected in ((5, p5), (95, p95)):
        found = by_percent[percent]
        # The density at a percentile, from the range that the answer gives for it.
        error = (found.high_pence - found.low_pence) / PENNY / 2 / 1.96
        assert within_four_errors(found.npv_pence / PENNY, expected, error)
        if kurtosis == 3.0:
            assert error == pytest.approx(sd * sqrt(0.05 * 0.95 / RUNS) / NORMAL_TAIL, rel=0.4)
    probability = spread.bcr_below_benchmark
    assert within_four_errors(float(probability.probability), below, sqrt(below * (1 - below) / RUNS))
    assert float(probability.standard_error) == pytest.approx(sqrt(below * (1 - below) / RUNS), rel=0.02)
    assert spread.npv_below_0.probability == "0.00000"


def test_the_same_seed_gives_the_same_bytes_and_another_one_other_draws() -> None:
    job = a_job(the_inputs(shared()), golden_24(correlation="0.5") | {"runs": 5_000, "seed": 7})
    first, second = (answer(job).model_dump_json() for _ in range(2))
    assert first == second
    other = answer(a_job(the_inputs(shared()), golden_24(correlation="0.5") | {"runs": 5_000, "seed": 8}))
    assert other.spread.mean_npv_pence != answer(job).spread.mean_npv_pence
    assert other.spread.stated_npv_pence == answer(job).spread.stated_npv_pence


def test_what_drives_the_spread_is_named_the_strongest_first() -> None:
    found = answer(a_job(the_inputs(shared()), golden_24() | {"runs": 50_000}))
    rows = [(each.input, float(each.rank_correlation or "nan")) for each in found.drivers]
    assert [name for name, _ in rows] == ["saving", "one-off"]
    # Of jointly normal variables with correlation r, Spearman's is 6/π asin(r/2).
    parts = {"saving": 400_000 * 7.124595, "one-off": -600_000}
    whole = sqrt(sum(part**2 for part in parts.values()))
    for name, found_correlation in rows:
        assert found_correlation == pytest.approx(6 / pi * asin(parts[name] / whole / 2), abs=0.01)


def mean_and_sd(low: float, mode: float, high: float) -> tuple[float, float]:
    mean = (low + mode + high) / 3
    return mean, sqrt((low**2 + mode**2 + high**2 - low * mode - low * high - mode * high) / 18)


def pert(low: float, mode: float, high: float) -> tuple[float, float]:
    mean = (low + 4 * mode + high) / 6
    return mean, sqrt((mean - low) * (high - mean) / 7)


SHAPES: list[tuple[dict[str, Any], tuple[float, float]]] = [
    ({"distribution": "normal", "mean": "-3", "sd": "2.5"}, (-3, 2.5)),
    ({"distribution": "lognormal", "mean": "10", "sd": "4"}, (10, 4)),
    ({"distribution": "triangular", "low": "1", "mode": "1", "high": "4"}, mean_and_sd(1, 1, 4)),
    ({"distribution": "triangular", "low": "-2", "mode": "3/2", "high": "2"}, mean_and_sd(-2, 1.5, 2)),
    ({"distribution": "triangular", "low": "0", "mode": "9", "high": "9"}, mean_and_sd(0, 9, 9)),
    ({"distribution": "pert", "low": "1", "mode": "2", "high": "9"}, pert(1, 2, 9)),
    ({"distribution": "pert", "low": "1", "mode": "9", "high": "9"}, pert(1, 9, 9)),
    ({"distribution": "uniform", "low": "-1", "high": "5"}, (2, sqrt(3))),
    (
        {
            "distribution": "discrete",
            "values": [
                {"value": "4", "probability": "1/4"},
                {"value": "0", "probability": "1/2"},
                {"value": "1", "probability": "1/4"},
            ],
        },
        (1.25, sqrt(0.25 * 17 - 1.25**2)),
    ),
]


@pytest.mark.parametrize(("stated", "moments"), SHAPES, ids=[str(shape["distribution"]) for shape, _ in SHAPES])
def test_a_distribution_has_its_mean_and_standard_deviation_and_never_falls(
    stated: dict[str, Any], moments: tuple[float, float]
) -> None:
    points = 400_000
    scores = ndtri((np.arange(points) + 0.5) / points)
    values = quantile_of(UncertainInput.model_validate({"distribution": stated, "input": "x"}).distribution)(scores)
    assert (np.diff(values) >= 0).all()
    assert (float(values.mean()), float(values.std())) == pytest.approx(moments, rel=2e-4, abs=2e-4)


def test_a_log_normal_input_has_a_closed_form_at_every_percentile() -> None:
    stated = {"distribution": "lognormal", "mean": "400000000", "sd": "200000000"}
    terms = {"inputs": [{"input": "one-off", "distribution": stated}]}
    spread = answer(a_job(the_inputs(shared()), terms)).spread
    of_log = sqrt(log1p(0.25))
    for each in spread.percentiles:
        score = float(ndtri(1 - each.percent / 100))
        outlay = 4_000_000 * np.exp(of_log * score - of_log**2 / 2)
        error = (each.high_pence - each.low_pence) / PENNY / 2 / 1.96
        assert within_four_errors(each.npv_pence / PENNY, 17_918_355.72 - outlay, error)


# A case with every kind of stream, whose runs are appraised one by one with the drawn values in place of the stated.


def a_risk(probability: Fraction) -> Risk:
    impacts = tuple(Fraction(700_000_00) if year in (1, 2) else Fraction(0) for year in range(10))
    return Risk(
        risk="delay",
        title="delay",
        probability=probability,
        impacts=impacts,
        mitigated=Fraction(1, 4),
        payer="A",
        owner="",
    )


BAU = an_option(
    "BAU", a_line("charge", LineType.COST, [1_000_000] * 10, recurrent=True), once("works", 300_000, year=2),
    kind=OptionKind.BAU,
)  # fmt: skip
CELLS = (
    "saving",
    "one-off",
    "charge",
    "care",
    "realisation",
    "delay",
    "growth:charge",
    "growth:care",
    "discount",
    "go_live",
)


def whole_case(
    draws: dict[str, Fraction],
) -> Inputs:
    """The case with these values in place of the stated ones."""

    def amounts(name: str, stated: int, ages: range) -> list[Fraction]:
        growth = 1 + draws.get(f"growth:{name}", Fraction(0))
        return [draws.get(name, Fraction(stated)) * growth**year if year in ages else Fraction(0) for year in range(10)]

    option = an_option(
        "SHARED",
        once("one-off", draws.get("one-off", Fraction(4_000_000))),
        saving(draws.get("saving", Fraction(2_515_000))),
        a_line("charge", LineType.COST, amounts("charge", 900_000, range(10)), recurrent=True),
        a_line("care", LineType.SOCIETAL, amounts("care", 50_000, range(3, 10)), recurrent=True, health=True),
        once("left", 90_000, year=9, residual=True),
        risks=(a_risk(draws.get("delay", Fraction(3, 10))),),
    )
    added = draws.get("discount", Fraction(0))
    inputs = the_inputs(option, bau=BAU, realisation=draws.get("realisation", Fraction(4, 5)))
    stored = {
        name: StoredSchedule.of(
            Schedule(name, tuple(Band(band.first_year, band.rate + added) for band in getattr(inputs, name).bands))
        )
        for name in ("standard", "health")
    }
    return inputs.model_copy(update=stored)


def an_input(name: str) -> UncertainInput:
    cell, _, of = name.rpartition(":")
    any_value = {"distribution": "uniform", "low": "0", "high": "1"}
    if name in ("discount", "go_live"):
        return UncertainInput.model_validate({"cell": name, "distribution": any_value})
    return UncertainInput.model_validate({"cell": cell or "value", "input": of, "distribution": any_value})


PARTS = st.fractions(0, 1, max_denominator=100)
VALUES: dict[str, st.SearchStrategy[Fraction]] = {
    "saving": st.integers(-1_000_000, 5_000_000).map(Fraction),
    "one-off": st.integers(-1_000_000, 9_000_000).map(Fraction),
    "charge": st.integers(0, 3_000_000).map(Fraction),
    "care": st.integers(-60_000, 90_000).map(Fraction),
    "realisation": PARTS,
    "delay": PARTS,
    "growth:charge": st.fractions(-Fraction(1, 10), Fraction(1, 10), max_denominator=100),
    "growth:care": st.fractions(-Fraction(1, 10), Fraction(1, 10), max_denominator=100),
    "discount": st.fractions(-Fraction(2, 100), Fraction(5, 100), max_denominator=1000),
    "go_live": st.integers(0, 9).map(Fraction),
}


@given(
    st.sets(st.sampled_from(CELLS), min_size=1).flatmap(
        lambda names: st.fixed_dictionaries({n: VALUES[n] for n in sorted(names)})
    )
)
@settings(max_examples=25, deadline=None)
def test_each_run_is_worth_what_its_appraisal_says(draws: dict[str, Fraction]) -> None:
    stated = whole_case({})
    later = int(draws.get("go_live", 0))
    in_pence = {
        name: value * (PENNY if name in ("saving", "one-off", "charge", "care") else 1) for name, value in draws.items()
    }
    uncertain = [an_input(name) for name in draws]
    columns = np.array([[float(value)] * 2 for value in in_pence.values()])
    outcome = Model.of(stated, through(stated)["SHARED"], uncertain).measured(columns)

    inputs = whole_case(draws)
    exact = measured(inputs, through(inputs)["SHARED"].increments.delayed(later))
    assert outcome.npv.tolist() == pytest.approx([float(exact.npv)] * 2, abs=1.0)
    assert outcome.costs.tolist() == pytest.approx([float(exact.pv_costs)] * 2, abs=1.0)


def test_distributional_weights_are_a_sensitivity_beside_the_value() -> None:
    groups = [
        {"group": "Lower half", "share": "3/4", "income_pence": 20_000_00},
        {"group": "Upper half", "share": "1/4", "income_pence": 40_000_00},
    ]
    weights = {
        "median_income_pence": 30_000_00,
        "source": "Figures of test",
        "lines": [{"input": "saving", "groups": groups}],
    }
    job = a_job(
        the_inputs(shared()), golden_24() | {"runs": 20_000, "weights": weights}, elasticity="1.3", weights_pack="P"
    )
    found, plain = answer(job), answer(a_job(the_inputs(shared()), golden_24() | {"runs": 20_000}))
    assert found.spread == plain.spread
    assert found.weighted is not None
    weight = 0.75 * 1.5**1.3 + 0.25 * 0.75**1.3
    assert [(each.input, each.weight) for each in found.weighted.lines] == [("saving", f"{weight:.3f}")]
    benefits = 17_918_355.72
    assert found.weighted.spread.stated_npv_pence / PENNY == pytest.approx(benefits * weight - 4_000_000, abs=1)
    # Every run's saving is weighted: the mean moves by as much of the mean saving.
    moved = (found.weighted.spread.mean_npv_pence - found.spread.mean_npv_pence) / PENNY
    assert moved == pytest.approx((weight - 1) * (found.spread.mean_npv_pence / PENNY + 4_000_000), rel=1e-3)
    assert (found.packs["distributional-weights"], found.weighted.elasticity) == ("P", "1.3")


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_pound_counts_one_at_the_median_and_more_below_it(income: int, median: int) -> None:
    weight = weight_of(income, median_pence=median, elasticity=1.3)
    assert (weight > 1) == (income < median)
    assert weight_of(median, median_pence=median, elasticity=1.3) == 1
    assert weight * weight_of(median, median_pence=income, elasticity=1.3) == pytest.approx(1)


@pytest.mark.parametrize(("name", "stated"), [("delay", "3/10"), ("realisation", "4/5")])
def test_what_cannot_be_is_limited_and_counted(name: str, stated: str) -> None:
    inputs = whole_case({})
    terms = {
        "runs": 20_000,
        "inputs": [{"input": name, "distribution": {"distribution": "normal", "mean": "0", "sd": "0.1"}}],
    }
    [drawn] = answer(a_job(inputs, terms)).drawn
    assert within_four_errors(drawn.outside, 10_000, sqrt(20_000 / 4))
    assert float(drawn.mean) == pytest.approx(0.1 / sqrt(2 * pi), rel=0.05)
    assert drawn.stated == stated


@pytest.mark.parametrize(("high", "bins"), [("400000000.000001", 1), ("400000003.5", 3), ("400001000", 40)])
def test_a_histogram_has_no_bin_that_is_narrower_than_a_penny(high: str, bins: int) -> None:
    distribution = {"distribution": "uniform", "low": "400000000", "high": high}
    terms = {"runs": 1_000, "inputs": [{"input": "one-off", "distribution": distribution}]}
    found = answer(a_job(the_inputs(shared()), terms)).histogram
    assert (len(found), sum(each.runs for each in found)) == (bins, 1_000)


def test_an_input_that_never_differs_drives_nothing() -> None:
    once_only = {"distribution": "discrete", "values": [{"value": "2", "probability": "1"}]}
    terms = golden_24() | {"runs": 1_000}
    terms["inputs"] = [*terms["inputs"], {"cell": "go_live", "distribution": once_only}]
    found = answer(a_job(the_inputs(shared()), terms))
    assert found.drivers[-1].model_dump() == {
        "input": "go_live",
        "title": "Years by which the option begins later",
        "rank_correlation": None,
    }
    assert sum(each.runs for each in found.histogram) == 1_000
    assert SimulationAnswer.model_validate_json(found.model_dump_json()) == found
