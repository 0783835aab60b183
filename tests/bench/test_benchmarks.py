"""Every benchmark runs, on a size that shows nothing but that: each prints its ratios, and none of them is asserted."""

import json
import sys
from asyncio import create_subprocess_exec, timeout
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import NAMES
from bench.runner import FULL, Aim, Benchmark, Contest, Outcome, Size, Spread, document, run, table

ROOT = Path(__file__).parents[2]
LONGEST_SECONDS = 900


async def bench(*arguments: str) -> str:
    running = await create_subprocess_exec(
        sys.executable, "-m", "bench", *arguments, "--tiny", cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    try:
        async with timeout(LONGEST_SECONDS):
            output, errors = await running.communicate()
    except TimeoutError:
        running.terminate()
        await running.wait()
        raise
    assert running.returncode == 0, errors.decode()
    return output.decode()


@pytest.fixture(scope="module")
async def benchmarks() -> dict[str, Any]:
    """What each benchmark tells; all are run by one command, as `make bench` does, which saves a start of each."""
    return {told["name"]: told for told in json.loads(await bench("--json"))["benchmarks"]}


@pytest.mark.xdist_group("benchmarks")
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_runs_and_tells_its_ratios(benchmarks: dict[str, Any], name: str) -> None:
    told = benchmarks[name]
    assert told["ratios"]
    assert all(ratio["median"] >= 0 for ratio in told["ratios"])
    assert {"lost", "out of order", "twice"}.isdisjoint(_above_zero(told)), "what the outbox promises holds on any size"


def _above_zero(told: Any) -> set[str]:
    return {name for name, figure in told["figures"].items() if figure["median"] > 0}


class Halving:
    """Two contenders of which one is always half as fast, on a machine that gets slower from round to round."""

    def __init__(self) -> None:
        self.speed = 64.0

    async def fast(self) -> Mapping[str, float]:
        return {"fast": self.speed}

    async def slow(self) -> Mapping[str, float]:
        return {"slow": self.speed / 2}

    async def tire(self) -> Mapping[str, float]:
        self.speed /= 2
        return {}


async def halving(*aims: Aim) -> Outcome:
    @asynccontextmanager
    async def stage(_: Size) -> AsyncIterator[Contest]:
        both = Halving()
        yield Contest([both.tire, both.fast, both.slow, both.tire], ["said once"])

    return await run(Benchmark("halving", "one half", {"fast": "/s", "slow": "/s"}, aims, stage, rounds=3), FULL)


async def test_a_ratio_is_taken_within_a_round_so_that_a_machine_that_tires_does_not_change_it() -> None:
    outcome = await halving(Aim("slow", "fast", at_least=0.5))
    assert outcome.figures["fast"].most > outcome.figures["fast"].least
    assert [ratio for _, ratio in outcome.ratios] == [Spread(0.5, 0.5, 0.5)]


async def test_an_aim_that_the_median_does_not_reach_is_said_to_be_missed() -> None:
    aims = (Aim("slow", "fast", at_least=0.6), Aim("slow", "fast", at_most=0.4), Aim("slow", "fast", at_most=0.5))
    outcome = await halving(*aims, Aim("slow", "fast"))
    assert outcome.missed == list(aims[:2])
    shown = table(outcome)
    assert shown.count("MISSED") == 2
    assert shown.count("reached") == 1
    reached = [ratio["reached"] for ratio in json.loads(document({}, [outcome]))["benchmarks"][0]["ratios"]]
    assert reached == [False, False, True, None]
