"""100,000 runs of a case of sixty years with ten correlated inputs, beside bare NumPy that does the same arithmetic."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.special import ndtri

from bench.runner import TINY, Aim, Benchmark, Contest, Size
from services.finance.appraisals.inputs import Inputs, Line, LineType, Option, OptionKind, StoredLens, StoredSchedule
from services.finance.appraisals.inputs import StoredBand as Band
from services.finance.simulations.jobs import SimulationJob
from services.finance.simulations.monte_carlo.answer import answer
from services.finance.simulations.terms import SimulationTerms
from services.finance.simulations.views import SimulationAnswer

_YEARS, _LINES, _PENCE = 60, 9, 100
_LATER = (0.5, 0.8, 1.0)
"""How probable it is that the option goes live at most 0, 1 and 2 years later."""
_CORRELATION = 0.3
_PERCENTS = (5, 10, 25, 50, 75, 90, 95)


def _amount(line: int) -> int:
    return (line + 1) * 1_000_000 * _PENCE


def _case() -> Inputs:
    """Return three one-off costs, three recurrent costs and three savings over sixty years."""
    kinds = [(LineType.COST, False)] * 3 + [(LineType.COST, True)] * 3 + [(LineType.CASH_RELEASING, True)] * 3
    lines = tuple(
        Line(
            line=f"line-{number}",
            title=f"Line {number}",
            type=type_,
            recurrent=recurrent,
            payer="A",
            kind="",
            amounts=tuple(
                Fraction(_amount(number)) if recurrent or year == number else Fraction(0) for year in range(_YEARS)
            ),
            value=Fraction(_amount(number)),
        )
        for number, (type_, recurrent) in enumerate(kinds)
    )
    bands = (Band(first_year=1, rate=Fraction("0.035")), Band(first_year=31, rate=Fraction("0.03")))
    schedule = StoredSchedule(pack="bench", bands=bands)
    bau = Option(option="bau", title="", kind=OptionKind.BAU, lines=())
    return Inputs(
        base_year=2026,
        years=_YEARS,
        lens="organisation",
        standard=schedule,
        health=schedule,
        benchmark=Fraction(4),
        options=(bau, Option(option="shared", title="", kind=OptionKind.OTHER, lines=lines)),
        lenses=(StoredLens(name="organisation", base_year=2026, members={"A": "1" * _YEARS}),),
        packs={},
    )


def _question(runs: int) -> str:
    """Return the line that the process of a run reads: each line is normal, a tenth of it its standard deviation."""
    inputs: list[dict[str, Any]] = [
        {
            "input": f"line-{number}",
            "distribution": {"distribution": "normal", "mean": str(_amount(number)), "sd": str(_amount(number) // 10)},
        }
        for number in range(_LINES)
    ]
    values = [{"value": str(later), "probability": part} for later, part in enumerate(("1/2", "3/10", "1/5"))]
    inputs.append({"cell": "go_live", "distribution": {"distribution": "discrete", "values": values}})
    size = len(inputs)
    matrix = [["1" if row == column else str(_CORRELATION) for column in range(size)] for row in range(size)]
    terms = SimulationTerms.model_validate({"runs": runs, "inputs": inputs, "correlations": matrix})
    job = SimulationJob(
        case="BENCH-1",
        version=1,
        revision=1,
        inputs_digest="",
        inputs=_case(),
        option="shared",
        lens="organisation",
        terms=terms,
    )
    return job.model_dump_json()


def _bare(runs: int) -> tuple[float, float, float]:
    """Return mean, P(BCR < 4) and the first rank correlation, as one would write it for this case alone."""
    source = np.random.default_rng(1)
    size = _LINES + 1
    matrix = np.full((size, size), _CORRELATION) + (1 - _CORRELATION) * np.eye(size)
    scores = np.linalg.cholesky(matrix) @ source.standard_normal((size, runs))
    amounts = np.array([_amount(number) for number in range(_LINES)], dtype=float)[:, None]
    values = amounts * (1 + 0.1 * scores[:_LINES])
    later = np.searchsorted(ndtri(np.array(_LATER[:-1])), scores[_LINES], side="right")
    rates = np.array([0.0, *(0.035 if year <= 30 else 0.03 for year in range(1, _YEARS))])
    factors = np.concatenate((1 / np.cumprod(1 + rates), np.zeros(_YEARS)))[later[:, None] + np.arange(_YEARS)]
    one_off = np.zeros((runs, _YEARS))
    one_off[:, :3] = values[:3].T
    recurrent = np.broadcast_to(values[3:6].sum(axis=0)[:, None], (runs, _YEARS))
    saved = np.broadcast_to(values[6:].sum(axis=0)[:, None], (runs, _YEARS))
    added = np.maximum(one_off, 0) + np.maximum(recurrent, 0)
    avoided = np.maximum(-one_off, 0) + np.maximum(-recurrent, 0)
    costs, benefits = (added * factors).sum(axis=1), ((saved + avoided) * factors).sum(axis=1)
    npv = benefits - costs
    np.percentile(npv, _PERCENTS)
    np.percentile(benefits / costs, _PERCENTS)
    np.histogram(npv, bins=40)
    ranked = npv.argsort().argsort()
    correlations = [float(np.corrcoef(row.argsort().argsort(), ranked)[0, 1]) for row in (*values, later)]
    return float(npv.mean()), float((benefits / costs < 4).mean()), correlations[0]


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    runs = 2_000 if size is TINY else 100_000
    question = _question(runs)

    async def simulated() -> Mapping[str, float]:
        began = time.perf_counter()
        found = json.dumps(answer(SimulationJob.model_validate_json(question)).model_dump(mode="json"))
        took = time.perf_counter() - began
        _agree(SimulationAnswer.model_validate_json(found), runs)
        return {"simulated": runs / took}

    async def bare() -> Mapping[str, float]:
        began = time.perf_counter()
        _bare(runs)
        return {"bare NumPy": runs / (time.perf_counter() - began)}

    yield Contest([simulated, bare])


def _agree(found: SimulationAnswer, runs: int) -> None:
    """Both find the same, within what their draws differ by."""
    mean, below, _ = _bare(runs)
    assert abs(found.spread.mean_npv_pence - mean) < 6 * max(found.spread.mean_standard_error_pence, 1)
    assert abs(float(found.spread.bcr_below_benchmark.probability) - below) < 6 / runs**0.5


BENCHMARK = Benchmark(
    name="simulation",
    words="100,000 Monte Carlo runs of a 60-year case, 10 correlated inputs, one the go-live year, question to answer",
    units={"simulated": "runs/s", "bare NumPy": "runs/s"},
    aims=[Aim("simulated", "bare NumPy", at_least=0.5)],
    stage=_stage,
    rounds=5,
)
