"""Answers a question whole: how the value is spread, what drives it, and the same with distributional weights."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import ceil, sqrt

import numpy as np
import scipy

from libs.common.money import nearest_penny
from services.finance.appraisals.inputs import Inputs
from services.finance.appraisals.sensitivity import changed, measured, value_of
from services.finance.appraisals.worth import Appraised, Measures, appraise
from services.finance.cases.presentation import titles_of
from services.finance.cases.rules import decimal_text, ratio_text
from services.finance.simulations.jobs import SimulationJob
from services.finance.simulations.monte_carlo.draws import Floats, drawn
from services.finance.simulations.monte_carlo.outcomes import Model, Outcome, weights_of
from services.finance.simulations.rules import CONVENTIONS
from services.finance.simulations.terms import UncertainInput
from services.finance.simulations.views import (
    Bin,
    DrawnView,
    DriverView,
    Percentile,
    Probability,
    SimulationAnswer,
    SpreadView,
    WeightedView,
    WeightView,
)

Say = Callable[[str, int], object]
"""Gets the stage, and how many runs are measured."""

AT_ONCE = 2048
"""Runs that are measured together: their years lie in the processor's cache."""
_PERCENTS = (5, 10, 25, 50, 75, 90, 95)
_BINS = 40
_SURE = 1.959963984540054
"""Standard errors on each side that have 95 % between them."""
_SAY_EVERY = 20


def unheard(stage: str, runs: int) -> None:
    """Say nothing."""


def answer(job: SimulationJob, say: Say = unheard) -> SimulationAnswer:
    """Return what a simulation finds: a function of its job alone."""
    inputs, terms = job.inputs, job.terms
    each = _appraised(job)
    weights = weights_of(terms.weights, float(job.elasticity)) if terms.weights is not None else None
    models = [Model.of(inputs, each, terms.inputs)]
    if weights is not None:
        models.append(Model.of(inputs, each, terms.inputs, weights))
    values, outside, outcomes = _measured(job, each, models, say)
    say("ranking", terms.runs)
    titles = titles_of(each.option)
    npv = outcomes[0].npv
    return SimulationAnswer(
        case=job.case,
        version=job.version,
        revision=job.revision,
        option=job.option,
        lens=job.lens,
        runs=terms.runs,
        seed=terms.seed,
        benchmark=str(inputs.benchmark),
        spread=_spread(outcomes[0], each.measures, inputs.benchmark),
        drivers=_drivers(terms.inputs, values, npv, titles),
        drawn=_drawn(inputs, each, terms.inputs, values, outside),
        histogram=_histogram(npv),
        weighted=None if weights is None else _weighted(job, each, outcomes[1], weights),
        packs=dict(inputs.packs) | ({"distributional-weights": job.weights_pack} if weights is not None else {}),
        inputs_digest=job.inputs_digest,
        conventions=CONVENTIONS,
        computed_with=f"NumPy {np.__version__}, SciPy {scipy.__version__}",
    )


def _appraised(job: SimulationJob) -> Appraised:
    lens = job.inputs.lens_named(job.lens)
    assert lens is not None
    return next(each for each in appraise(job.inputs, lens) if each.option.option == job.option)


def _measured(
    job: SimulationJob, each: Appraised, models: Sequence[Model], say: Say
) -> tuple[Floats, list[int], list[Outcome]]:
    """Return the draws by input, how many lay outside, and what each model makes of them."""
    terms, risks = job.terms, frozenset(risk.risk for risk in each.option.risks)
    values = np.empty((len(terms.inputs), terms.runs))
    outcomes = [Outcome(np.empty(terms.runs), np.empty(terms.runs)) for _ in models]
    outside, first, step = [0] * len(terms.inputs), 0, max(terms.runs // _SAY_EVERY, AT_ONCE)
    for some in drawn(terms, risks, at_once=AT_ONCE):
        last = first + some.values.shape[1]
        if first // step != last // step:
            say("drawing", first)
        values[:, first:last] = some.values
        outside = [before + now for before, now in zip(outside, some.outside, strict=True)]
        for model, outcome in zip(models, outcomes, strict=True):
            found = model.measured(some.values)
            outcome.costs[first:last] = found.costs
            outcome.benefits[first:last] = found.benefits
        first = last
    return values, outside, outcomes


def _spread(outcome: Outcome, stated: Measures, benchmark: Fraction) -> SpreadView:
    npv, runs = np.sort(outcome.npv), len(outcome.costs)
    with_costs = outcome.costs > 0
    ratios = np.sort(outcome.benefits[with_costs] / outcome.costs[with_costs])
    without = runs - len(ratios)
    poor = int(np.count_nonzero(ratios < float(benchmark))) + int(np.count_nonzero(outcome.benefits[~with_costs] <= 0))
    sd = float(npv.std(ddof=1))
    return SpreadView(
        stated_npv_pence=nearest_penny(stated.npv),
        stated_bcr=ratio_text(stated.bcr),
        mean_npv_pence=_pence(float(npv.mean())),
        mean_standard_error_pence=_pence(sd / sqrt(runs)),
        sd_npv_pence=_pence(sd),
        percentiles=tuple(_percentile(percent, npv, ratios) for percent in _PERCENTS),
        npv_below_0=_probability(int(np.searchsorted(npv, 0.0, side="left")), runs),
        bcr_below_benchmark=_probability(poor, runs),
        runs_without_costs=without,
    )


def _percentile(percent: int, npv: Floats, ratios: Floats) -> Percentile:
    low, high = _ranks_around(percent / 100, len(npv))
    return Percentile(
        percent=percent,
        npv_pence=_pence(_between(npv, percent)),
        low_pence=_pence(float(npv[low])),
        high_pence=_pence(float(npv[high])),
        bcr=_text(_between(ratios, percent), 3) if len(ratios) else None,
    )


def _between(ascending: Floats, percent: int) -> float:
    """Return a percentile of sorted values, in a straight line between the two next to it."""
    position = (len(ascending) - 1) * percent / 100
    below = int(position)
    above = min(below + 1, len(ascending) - 1)
    return float(ascending[below] + (ascending[above] - ascending[below]) * (position - below))


def _ranks_around(part: float, runs: int) -> tuple[int, int]:
    """Return the ranks between which a quantile lies with 95 % probability: normal to the binomial number below it."""
    off = _SURE * sqrt(runs * part * (1 - part))
    return max(int(runs * part - off), 0), min(ceil(runs * part + off), runs - 1)


def _probability(count: int, runs: int) -> Probability:
    part = count / runs
    return Probability(probability=_text(part, 5), standard_error=_text(sqrt(part * (1 - part) / runs), 5))


def _drivers(
    uncertain: Sequence[UncertainInput], values: Floats, npv: Floats, titles: Mapping[str, str]
) -> tuple[DriverView, ...]:
    of_npv = _ranks(npv)
    pairs = [(each, _correlation(_ranks(row), of_npv)) for each, row in zip(uncertain, values, strict=True)]
    pairs.sort(key=lambda pair: -abs(pair[1] or 0.0))
    return tuple(
        DriverView(
            input=each.name,
            title=_title(each, titles),
            rank_correlation=None if found is None else _text(found, 3),
        )
        for each, found in pairs
    )


def _ranks(values: Floats) -> Floats:
    """Return the ranks of values from 0 on; those that are equal share the average of theirs."""
    order = np.argsort(values, kind="stable")
    ascending = values[order]
    starts = np.flatnonzero(np.concatenate(([True], ascending[1:] != ascending[:-1])))
    ends = np.concatenate((starts[1:], [len(values)]))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((starts + ends - 1) / 2, ends - starts)
    return ranks


def _correlation(one: Floats, other: Floats) -> float | None:
    first, second = one - one.mean(), other - other.mean()
    both = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / both if both else None


def _drawn(
    inputs: Inputs, each: Appraised, uncertain: Sequence[UncertainInput], values: Floats, outside: Sequence[int]
) -> tuple[DrawnView, ...]:
    titles = titles_of(each.option)
    return tuple(
        DrawnView(
            input=one.name,
            title=_title(one, titles),
            stated=_stated(inputs, each, one),
            mean=_text(float(row.mean()), 6),
            sd=_text(float(row.std(ddof=1)), 6),
            outside=number,
        )
        for one, row, number in zip(uncertain, values, outside, strict=True)
    )


def _stated(inputs: Inputs, each: Appraised, one: UncertainInput) -> str:
    return str(value_of(inputs, each, one.input)) if one.cell == "value" and one.input is not None else "0"


def _title(one: UncertainInput, titles: Mapping[str, str]) -> str:
    match one.cell:
        case "discount":
            return "Added to the discount rate"
        case "go_live":
            return "Years by which the option begins later"
        case "growth":
            return f"Real growth a year: {titles.get(one.input or '', '')}"
        case _:
            return titles.get(one.input or "", "")


def _histogram(npv: Floats) -> tuple[Bin, ...]:
    """Return how many runs lie in bins of the same width, none narrower than a penny."""
    low, high = float(npv.min()), float(npv.max())
    # Inputs that balance each other leave what differs by rounding alone, which NumPy refuses to divide.
    if high - low < 1:
        return (Bin(from_pence=_pence(low), to_pence=_pence(high), runs=len(npv)),)
    counts, edges = np.histogram(npv, bins=min(_BINS, int(high - low)))
    ends = [_pence(float(edge)) for edge in edges]
    return tuple(
        Bin(from_pence=start, to_pence=end, runs=int(count))
        for start, end, count in zip(ends, ends[1:], counts, strict=False)
    )


def _weighted(job: SimulationJob, each: Appraised, outcome: Outcome, weights: Mapping[str, float]) -> WeightedView:
    inputs, stated = job.inputs, job.terms.weights
    assert stated is not None
    exact = {name: Fraction(weight) for name, weight in weights.items()}
    return WeightedView(
        pack=job.weights_pack,
        elasticity=job.elasticity,
        source=stated.source,
        lines=tuple(WeightView(input=name, weight=_text(weight, 3)) for name, weight in weights.items()),
        spread=_spread(outcome, measured(inputs, changed(each, exact)), inputs.benchmark),
    )


def _pence(amount: float) -> int:
    return nearest_penny(Fraction(amount))


def _text(number: float, places: int) -> str:
    return decimal_text(Fraction(number), places)
