"""Builds the answer of an estimate."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from libs.common.money import nearest_penny
from libs.common.rulepacks import RulePack
from services.finance.estimates.rules import NOTHING, Range, Realisation, benchmark_of, estimate
from services.finance.estimates.views import EstimateView, FunctionEstimateView, LearnedView, RangeView


def estimate_view(
    baselines: Mapping[str, int],
    pack: RulePack | None,
    *,
    realisation: Realisation,
    as_at: date,
    as_known: datetime | None,
) -> EstimateView:
    """Return the estimate of all functions, and their sum over those that have a benchmark."""
    savings = estimate(baselines, pack, realisation=realisation)
    covered = sum(baselines[function] for function, saving in savings.items() if saving is not None)
    total = sum((saving for saving in savings.values() if saving is not None), NOTHING)
    return EstimateView(
        functions=[
            _function_view(function, baselines[function], benchmark_of(pack, function), saving, realisation)
            for function, saving in savings.items()
        ],
        baseline_pence=sum(baselines.values()),
        with_benchmark_pence=covered,
        no_benchmark_pence=sum(baselines.values()) - covered,
        saving=_range(total),
        low_percent=_percent(total.low, covered),
        high_percent=_percent(total.high, covered),
        realisation=None if realisation.learned is not None else str(realisation.of("")[0]),
        realisation_source="learned" if realisation.learned is not None else realisation.of("")[1],
        pack=None if pack is None else pack.id,
        source="" if pack is None else pack.note,
        as_at=as_at,
        as_known=as_known,
    )


def _function_view(
    function: str, baseline: int, benchmark: Range | None, saving: Range | None, realisation: Realisation
) -> FunctionEstimateView:
    part, source = realisation.of(function)
    rate = (realisation.learned or {}).get(function)
    return FunctionEstimateView(
        function=function,
        baseline_pence=baseline,
        benchmark=_benchmark(benchmark),
        saving=None if saving is None else _range(saving),
        realisation=str(part),
        realisation_source=source,
        learned=None
        if rate is None
        else LearnedView(count=rate.count, lowest=str(rate.lowest), median=str(rate.median), highest=str(rate.highest)),
    )


def _range(saving: Range) -> RangeView:
    low, mid, high = (nearest_penny(amount) for amount in (saving.low, saving.mid, saving.high))
    return RangeView(low_pence=low, mid_pence=mid, high_pence=high)


def _benchmark(benchmark: Range | None) -> str:
    if benchmark is None:
        return "no benchmark"
    return f"{_percent(benchmark.low, 1, 0)} % to {_percent(benchmark.high, 1, 0)} %"


def _percent(part: Fraction, whole: int, places: int = 2) -> str:
    if not whole:
        return str(Decimal(0).scaleb(-places))
    return str(Decimal(nearest_penny(part * 100 * 10**places / whole)).scaleb(-places))
