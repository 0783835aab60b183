"""Draws the inputs of many runs: normal scores, correlated, through the quantiles of each distribution."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log, log1p, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr, ndtri

from services.finance.simulations.rules import SCALE, Elimination, bounds_of, eliminated
from services.finance.simulations.terms import (
    Discrete,
    Distribution,
    LogNormal,
    Normal,
    Pert,
    SimulationTerms,
    Triangular,
    Uniform,
)

Floats: TypeAlias = NDArray[np.float64]
Quantile = Callable[[Floats], Floats]
"""Turns normal scores into values."""

_KNOTS, _FARTHEST = 8193, 8.3
"""The quantiles of a beta distribution are exact at these scores and linear between: to 10^-6 of its range."""


def quantile_of(given: Distribution) -> Quantile:
    """Return what turns a normal score into the value that as many lie below."""
    match given:
        case Normal():
            return _normal(float(Fraction(given.mean)), float(Fraction(given.sd)))
        case LogNormal():
            mean, sd = float(Fraction(given.mean)), float(Fraction(given.sd))
            of_log = log1p((sd / mean) ** 2)
            scaled = _normal(log(mean) - of_log / 2, sqrt(of_log))
            return lambda scores: np.exp(scaled(scores))
        case Triangular():
            return _triangular(*(float(Fraction(each)) for each in (given.low, given.mode, given.high)))
        case Pert():
            return _pert(*(float(Fraction(each)) for each in (given.low, given.mode, given.high)))
        case Uniform():
            low, high = float(Fraction(given.low)), float(Fraction(given.high))
            return _uniform(low, high)
        case Discrete():
            return _discrete(given)


def _normal(mean: float, sd: float) -> Quantile:
    return lambda scores: mean + sd * scores


def _uniform(low: float, high: float) -> Quantile:
    def value(scores: Floats) -> Floats:
        below: Floats = ndtr(scores)
        return low + (high - low) * below

    return value


def _triangular(low: float, mode: float, high: float) -> Quantile:
    width, rising = high - low, mode - low

    def value(scores: Floats) -> Floats:
        below: Floats = ndtr(scores)
        up = low + np.sqrt(below * width * rising)
        down = high - np.sqrt((1 - below) * width * (high - mode))
        return np.where(below * width < rising, up, down)

    return value


def _pert(low: float, mode: float, high: float) -> Quantile:
    width = high - low
    knots = np.linspace(-_FARTHEST, _FARTHEST, _KNOTS)
    below = ndtr(knots)
    values: Floats = low + width * betaincinv(1 + 4 * (mode - low) / width, 1 + 4 * (high - mode) / width, below)

    def value(scores: Floats) -> Floats:
        return np.interp(scores, knots, values)

    return value


def _discrete(given: Discrete) -> Quantile:
    """Return the step function of the values in ascending order, so that a higher score is a higher value."""
    chances = sorted((Fraction(each.value), Fraction(each.probability)) for each in given.values)
    values = np.array([float(value) for value, _ in chances])
    total, ends = Fraction(0), []
    for _, probability in chances[:-1]:
        total += probability
        ends.append(float(total))
    steps = ndtri(np.array(ends))
    return lambda scores: values[np.searchsorted(steps, scores, side="right")]


def factor_of(form: Elimination) -> Floats:
    """Return the lower triangular matrix whose product with its transpose is the matrix of correlations."""
    size = len(form.steps)
    factor = np.zeros((size, size))
    for step, (pivot, before, column) in enumerate(form.steps):
        if pivot:
            root = sqrt(pivot / (before * SCALE))
            factor[step:, step] = [each / pivot * root for each in column[step:]]
    return factor


@dataclass(frozen=True, slots=True)
class Drawn:
    """Values by input (a row each) of some runs, and by input how many lay outside what the cell can be."""

    values: Floats
    outside: Sequence[int]


def drawn(terms: SimulationTerms, risks: frozenset[str], *, at_once: int) -> Iterator[Drawn]:
    """Yield the draws of a question, so many runs at once; the seed alone decides on them."""
    source = np.random.Generator(np.random.PCG64(terms.seed))
    quantiles = [quantile_of(each.distribution) for each in terms.inputs]
    bounds = [bounds_of(each, risks) for each in terms.inputs]
    mixing = None
    if terms.correlations is not None:
        mixing = factor_of(eliminated([[Fraction(each) for each in row] for row in terms.correlations]))
    for first in range(0, terms.runs, at_once):
        size = min(at_once, terms.runs - first)
        scores = source.standard_normal((len(quantiles), size))
        if mixing is not None:
            scores = mixing @ scores
        values, outside = np.empty_like(scores), []
        for number, (quantile, limits) in enumerate(zip(quantiles, bounds, strict=True)):
            values[number] = quantile(scores[number])
            outside.append(0 if limits is None else _limited(values[number], float(limits[0]), float(limits[1])))
        yield Drawn(values, outside)


def _limited(values: Floats, low: float, high: float) -> int:
    """Bring values into their bounds, and return how many lay outside."""
    outside = int(np.count_nonzero((values < low) | (values > high)))
    if outside:
        np.clip(values, low, high, out=values)
    return outside
