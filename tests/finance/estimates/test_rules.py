"""Estimates by benchmark, against the golden figures."""

from fractions import Fraction

import pytest

from services.finance.estimates.rules import NOTHING, Realisation, estimate
from tests.finance.appraisals.schedules import PACKS

BENCHMARK = PACKS["shared-services-savings-2011"]
BASELINES = {"hr": 1_200_000, "finance": 2_000_000, "it": 3_000_000, "procurement": 800_000}


@pytest.mark.parametrize(
    ("realisation", "low", "mid", "high"),
    [(None, 1_910_000, 2_515_000, 3_120_000), (Realisation(Fraction(7, 10)), 1_337_000, 1_760_500, 2_184_000)],
)
def test_golden_10_benchmarks_of_four_functions(realisation: Realisation | None, low: int, mid: int, high: int) -> None:
    found = estimate(BASELINES, BENCHMARK, realisation=realisation)
    whole = sum((each for each in found.values() if each is not None), NOTHING)
    assert [int(each) for each in (whole.low, whole.mid, whole.high)] == [low, mid, high]
    if realisation is None:
        assert [round(float(end / sum(BASELINES.values()) * 100), 2) for end in (whole.low, whole.high)] == [
            27.29,
            44.57,
        ]


def test_a_function_without_a_benchmark_is_neither_0_nor_extrapolated() -> None:
    assert estimate({"estates": 1_000, "hr": 0}, BENCHMARK) == {"estates": None, "hr": NOTHING}
    assert estimate({"hr": 1_000}, None) == {"hr": None}
