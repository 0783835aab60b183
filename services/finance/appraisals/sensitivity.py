"""What if an input were different: exact switching values, one and two inputs at a time, tornado, scenarios."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from services.finance.appraisals.inputs import Inputs, Line, Risk
from services.finance.appraisals.worth import Appraised, Measures, Streams, measure, total

REALISATION = "realisation"
"""The input that scales every benefit of an option."""

USUAL_CHANGE: Final = Fraction(1, 5)
"""By what part each input is lower and higher where a request names none, and in reports."""

Measure = Literal["npv", "bcr"]


def inputs_of(appraised: Appraised) -> list[str]:
    """Return the ids of an option's inputs: its lines and risks that carry an amount, and the realisation."""
    has_benefit = any(line.is_benefit and line.line in appraised.by_input for line in appraised.option.lines)
    return [*appraised.by_input, *([REALISATION] if has_benefit else [])]


def value_of(inputs: Inputs, appraised: Appraised, name: str) -> Fraction:
    """Return the value of an input as it is quoted: pence of a line, the probability of a risk, the realisation."""
    if name == REALISATION:
        return inputs.realisation
    entries: Mapping[str, Line | Risk] = {line.line: line for line in appraised.option.lines} | {
        risk.risk: risk for risk in appraised.option.risks
    }
    entry = entries[name]
    return entry.value if isinstance(entry, Line) else entry.probability


def part_of(appraised: Appraised, name: str) -> Streams:
    """Return the streams that scale with an input. Raises KeyError on one that the option does not have."""
    if name == REALISATION:
        benefits = {line.line for line in appraised.option.lines if line.is_benefit}
        parts = (streams for entry, streams in appraised.by_input.items() if entry in benefits)
        return total(parts, len(appraised.increments.benefit))
    return appraised.by_input[name]


def changed(appraised: Appraised, factors: Mapping[str, Fraction]) -> Streams:
    """Return the option's streams with inputs multiplied by factors; realisation multiplies the changed benefits."""
    streams, realised = appraised.increments, factors.get(REALISATION, Fraction(1))
    benefits = {line.line for line in appraised.option.lines if line.is_benefit}
    for name, part in appraised.by_input.items():
        factor = factors.get(name, Fraction(1)) * (realised if name in benefits else 1)
        if factor != 1:
            streams = streams.plus(part, factor - 1)
    return streams


def measured(inputs: Inputs, streams: Streams) -> Measures:
    """Return the measures of streams under the schedules of a case."""
    return measure(streams, inputs.standard.schedule(), inputs.health.schedule())


def switching_factor(
    inputs: Inputs, appraised: Appraised, name: str, *, of: Measure, threshold: Fraction
) -> Fraction | None:
    """Return the factor on an input at which NPV or BCR is exactly the threshold; None where no factor from 0 on is.

    NPV is linear in every input. A BCR's difference from the threshold is piecewise linear: its pieces end where a
    cost of a year turns into a cost avoided, and each is solved exactly. Of several the one nearest to 1 is returned.
    """
    part = part_of(appraised, name)

    def distance(factor: Fraction) -> Fraction:
        found = measured(inputs, appraised.increments.plus(part, factor - 1))
        return found.npv - threshold if of == "npv" else found.pv_benefits - threshold * found.pv_costs

    ends = [Fraction(0)] if of == "npv" else sorted({Fraction(0), *_turns(appraised.increments, part)})
    roots = [root for root in _roots(distance, ends) if of == "npv" or _has_ratio(inputs, appraised, part, root)]
    return min(roots, key=lambda root: (abs(root - 1), root), default=None)


def _has_ratio(inputs: Inputs, appraised: Appraised, part: Streams, factor: Fraction) -> bool:
    return measured(inputs, appraised.increments.plus(part, factor - 1)).bcr is not None


def _turns(streams: Streams, part: Streams) -> Iterator[Fraction]:
    """Yield the factors at which a year's cost changes its sign."""
    for amounts, moved in ((streams.one_off, part.one_off), (streams.recurrent, part.recurrent)):
        for amount, step in zip(amounts, moved, strict=True):
            if step and (turn := 1 - amount / step) > 0:
                yield turn


def _roots(distance: Callable[[Fraction], Fraction], ends: Sequence[Fraction]) -> Iterator[Fraction]:
    """Yield the roots of a continuous function that is linear between the ends and after the last one."""
    for position, start in enumerate(ends):
        end = ends[position + 1] if position + 1 < len(ends) else None
        at_start = distance(start)
        beyond = start + 1 if end is None else end
        slope = (distance(beyond) - at_start) / (beyond - start)
        if at_start == 0:
            yield start
        elif slope and (root := start - at_start / slope) > start and (end is None or root <= end):
            yield root


@dataclass(frozen=True, slots=True)
class Swing:
    """One bar of a tornado: an option's measures with one input lower and higher by the same part."""

    name: str
    value: Fraction
    low: Measures
    high: Measures

    @property
    def width(self) -> Fraction:
        """How far the NPV moves."""
        return abs(self.high.npv - self.low.npv)


def tornado(inputs: Inputs, appraised: Appraised, *, change: Fraction) -> list[Swing]:
    """Return a bar for each input, the widest first."""
    bars = []
    for name in inputs_of(appraised):
        low, high = (measured(inputs, changed(appraised, {name: 1 + step})) for step in (-change, change))
        bars.append(Swing(name, value_of(inputs, appraised, name), low, high))
    return sorted(bars, key=lambda bar: (-bar.width, bar.name))


def two_way(
    inputs: Inputs, appraised: Appraised, first: str, second: str, *, factors: Sequence[Fraction]
) -> list[list[Measures]]:
    """Return the measures by factor on the first input (rows) and on the second (columns)."""
    return [
        [measured(inputs, changed(appraised, {first: row, second: column})) for column in factors] for row in factors
    ]
