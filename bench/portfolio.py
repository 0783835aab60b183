"""A portfolio of 500 exits over ten years: what is spent outside the solver, and how near the best the plan comes."""

import asyncio
import json
import statistics
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from bench.runner import TINY, Aim, Benchmark, Contest, Size
from services.finance.plans.problem import Custom, GoLives, Item, Problem, Start, Supplier
from services.finance.portfolios.jobs import MOST_BYTES, WORKER, WorkerJob
from services.finance.portfolios.views import Answer

_YEARS, _SUPPLIERS, _FUNCTIONS, _PAIRS, _CAP = 10, 25, 10, 60, 15
_POUND = 100


def published(seed: int, contracts: int = 500) -> Problem:
    """Return the published instance of this seed: exits that budgets, go-lives and suppliers keep from one another."""
    rng = np.random.default_rng(seed)
    charge = np.rint(rng.lognormal(np.log(240_000), 0.8, contracts)).astype(np.int64) * _POUND
    replacement = np.rint(charge * rng.uniform(0.55, 0.95, contracts)).astype(np.int64)
    transition = np.rint(charge * rng.uniform(0.1, 0.4, contracts)).astype(np.int64)
    share = rng.choice([0, 0.25, 0.3, 0.5, 0.6, 1], contracts)
    end = rng.integers(1, 6, contracts)
    first = rng.choice([1, 1, 2], contracts)
    supplier = rng.integers(0, _SUPPLIERS, contracts)
    function = rng.integers(0, _FUNCTIONS, contracts)
    need = rng.uniform(0.3, 0.6, _SUPPLIERS)
    pairs = {(int(before), int(after)) for before, after in rng.integers(0, contracts, (_PAIRS, 2)) if before != after}
    year = np.arange(_YEARS)
    factor = 1.035**-year
    saved = (charge - replacement)[:, None] * np.cumsum(factor[::-1])[::-1]
    remaining = charge[:, None] * np.maximum(end[:, None] - year, 0)
    cash = np.rint(transition[:, None] + share[:, None] * remaining).astype(np.int64)
    value = np.rint(saved - cash * factor).astype(np.int64)
    value[year < first[:, None]] = np.iinfo(np.int64).min
    best = value.argmax(axis=1)
    worthwhile = value[np.arange(contracts), best] > 0
    budget = int(cash[np.arange(contracts), best][worthwhile].sum()) // 16
    items = tuple(
        Item(
            name=f"C{index:03}",
            function=f"F{function[index]}",
            starts=tuple(
                Start(when, int(value[index, when]), ((when, int(cash[index, when])),))
                for when in range(int(first[index]), _YEARS)
            ),
        )
        for index in range(contracts)
    )
    return Problem(
        first_year=2027,
        years=_YEARS,
        items=items,
        budgets_pence=(budget,) * _YEARS,
        go_lives=(GoLives("", _CAP), *(GoLives(f"F{number}", _CAP) for number in range(_FUNCTIONS))),
        dependencies=tuple(sorted(pairs)),
        suppliers=tuple(_supplier(number, need[number], supplier, charge) for number in range(_SUPPLIERS)),
    )


def _supplier(
    number: int, need: float, of: "np.typing.NDArray[np.int64]", charge: "np.typing.NDArray[np.int64]"
) -> Supplier:
    members = np.flatnonzero(of == number)
    customs = tuple(Custom((int(item),), int(charge[item])) for item in members)
    return Supplier(f"S{number}", int(need * int(charge[members].sum())), 0, customs)


async def _answered(job: WorkerJob) -> Answer:
    """Return the answer of the optimiser's own process, as a run gets it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", WORKER), stdin=PIPE, stdout=PIPE, cwd=Path(__file__).parents[1], limit=MOST_BYTES
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(job.model_dump_json().encode() + b"\n")
    lines = [json.loads(line) async for line in process.stdout]
    await process.wait()
    return Answer.model_validate(lines[-1]["answer"])


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    contracts, seconds, seeds = (40, 10, (1,)) if size is TINY else (500, 60, range(1, 7))
    found: list[Answer] = []

    async def solved() -> Mapping[str, float]:
        for seed in seeds:
            problem = published(seed, contracts)
            found.append(
                await _answered(WorkerJob(problem=problem, gap="0.0001", seconds=seconds, threads=2, curve=False))
            )
        gaps = [(one.bound_pence or 0) / (one.value_pence or 1) - 1 for one in found]
        binding = [sum(1 for year in one.years if year.spent_pence > 0.99 * (year.budget_pence or 1)) for one in found]
        return {
            "solver": statistics.median(one.solver_seconds for one in found),
            "around it": statistics.median(one.own_seconds for one in found),
            "gap": statistics.median(gaps),
            "worst gap": max(gaps),
            "years that bind": min(binding),
            "suppliers that close": min(len(one.closures) for one in found),
        }

    yield Contest([solved])


BENCHMARK = Benchmark(
    name="portfolio",
    words="500 exits over ten years, six seeds, 60 s each on two cores: processor seconds around the solver; the gap",
    units={
        "solver": "s",
        "around it": "s",
        "gap": "",
        "worst gap": "",
        "years that bind": "",
        "suppliers that close": "",
    },
    aims=[
        Aim("around it", "solver", at_most=0.1),
        Aim("gap", at_most=1e-3),
        Aim("worst gap", at_most=3e-3),
    ],
    stage=_stage,
    rounds=1,
)
