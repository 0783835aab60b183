"""Common to all benchmarks: interleaved rounds, medians, the machine's noise, and a ratio for each round."""

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from bench.machine import PROCESSORS

Measure = Callable[[], Awaitable[Mapping[str, float]]]
"""Runs one contender once and returns its figures by name."""


class Absent(Exception):
    """What a benchmark needs is not on this machine."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured. `seconds` and `events` are those of one contender in one round."""

    rounds: int
    seconds: float
    events: int


FULL = Size(rounds=9, seconds=1.5, events=20_000)
TINY = Size(rounds=1, seconds=0.2, events=500)
"""Shows that a benchmark runs; its figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Aim:
    """The figure `of` divided by the figure `against` (by nothing: the figure itself) is at least, or at most, so much.

    Without a bound the ratio is printed beside the others and aims at nothing.
    """

    of: str
    against: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def name(self) -> str:
        """Return the ratio in words."""
        return f"{self.of} / {self.against}" if self.against else self.of

    @property
    def bound(self) -> str:
        """Return what is aimed at, in words."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return f"<= {self.at_most:g}" if self.at_most is not None else ""

    def reached_by(self, value: float) -> bool | None:
        """Whether the value reaches the bound; None where there is none."""
        if self.at_least is not None:
            return value >= self.at_least
        return value <= self.at_most if self.at_most is not None else None


@dataclass(slots=True)
class Contest:
    """What is measured in each round, in turn; a measure may add to the remarks what no figure tells."""

    measures: Sequence[Measure]
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark: `stage` sets everything up for a size and gives the contest; `units` names every figure."""

    name: str
    words: str
    units: Mapping[str, str]
    aims: Sequence[Aim]
    stage: Callable[[Size], AbstractAsyncContextManager[Contest]]
    rounds: int | None = None
    """Fewer than usual, where one round takes long."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds, and the least and the most of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of these values."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a benchmark gave: the spread of each figure and of each aim's ratio, which is taken within each round."""

    benchmark: Benchmark
    rounds: int
    figures: Mapping[str, Spread]
    ratios: Sequence[tuple[Aim, Spread]]
    remarks: Sequence[str]

    @property
    def missed(self) -> list[Aim]:
        """Return the aims that the median does not reach."""
        return [aim for aim, ratio in self.ratios if aim.reached_by(ratio.median) is False]


async def run(benchmark: Benchmark, size: Size) -> Outcome:
    """Measure once to warm up, then in rounds, every second one in reverse: what disturbs one disturbs its peer."""
    count = min(size.rounds, benchmark.rounds or size.rounds)
    async with benchmark.stage(size) as contest:
        if count > 1:
            await _round(contest.measures)
            contest.remarks.clear()
        rounds = [await _round(contest.measures[:: 1 if number % 2 == 0 else -1]) for number in range(count)]
    return Outcome(
        benchmark,
        count,
        {name: Spread.of([each[name] for each in rounds]) for name in benchmark.units},
        [(aim, Spread.of([_ratio(aim, each) for each in rounds])) for aim in benchmark.aims],
        contest.remarks,
    )


async def _round(measures: Sequence[Measure]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for measure in measures:
        figures |= await measure()
    return figures


def _ratio(aim: Aim, figures: Mapping[str, float]) -> float:
    return figures[aim.of] / figures[aim.against] if aim.against else figures[aim.of]


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processors, Python, and what making a write durable costs here."""
    return {
        "processors": len(PROCESSORS),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 2),
        "fdatasync_ms": round(_fdatasync_ms(), 3),
    }


def _fdatasync_ms() -> float:
    costs = []
    with tempfile.NamedTemporaryFile(prefix="footprint-bench-") as file:
        for _ in range(100):
            file.write(bytes(8192))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            costs.append(time.perf_counter() - began)
    return statistics.median(costs) * 1000


def table(outcome: Outcome) -> str:
    """Return the outcome for people."""
    benchmark = outcome.benchmark
    wide = max(len(name) for name in [*benchmark.units, *(aim.name for aim in benchmark.aims)])
    lines = [f"{benchmark.name}: {benchmark.words}", f"  {'':{wide}}  {'median':>10}  least .. most ({outcome.rounds})"]
    for name, spread in outcome.figures.items():
        lines.append(f"  {name:{wide}}  {_figure(spread.median):>10}  {_range(spread)}  {benchmark.units[name]}")
    for aim, ratio in outcome.ratios:
        reached = {True: "reached", False: "MISSED", None: ""}[aim.reached_by(ratio.median)]
        lines.append(
            f"  {aim.name:{wide}}  {_figure(ratio.median):>10}  {_range(ratio)}  {aim.bound}  {reached}".rstrip()
        )
    return "\n".join([*lines, *(f"  {remark}" for remark in outcome.remarks), ""])


def _range(spread: Spread) -> str:
    return f"{_figure(spread.least)} .. {_figure(spread.most)}".rjust(22)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def document(facts: Mapping[str, Any], outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes for machines, as JSON."""
    return json.dumps({"machine": facts, "benchmarks": [_as_json(outcome) for outcome in outcomes]}, indent=1)


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.benchmark.name,
        "rounds": outcome.rounds,
        "figures": {
            name: {"unit": outcome.benchmark.units[name], **_spread(spread)} for name, spread in outcome.figures.items()
        },
        "ratios": [
            {"name": aim.name, "aim": aim.bound, "reached": aim.reached_by(ratio.median), **_spread(ratio)}
            for aim, ratio in outcome.ratios
        ],
        "remarks": list(outcome.remarks),
    }


def _spread(spread: Spread) -> dict[str, float]:
    return {"median": spread.median, "least": spread.least, "most": spread.most}
