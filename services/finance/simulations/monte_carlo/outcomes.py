"""Measures many runs at once: the streams of an option under drawn values, as the appraisal measures one.

The same arithmetic as `appraisals.worth`, on arrays: rows are runs, columns are years.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction

import numpy as np

from services.finance.appraisals.discounting import Schedule
from services.finance.appraisals.inputs import Inputs
from services.finance.appraisals.sensitivity import value_of
from services.finance.appraisals.worth import Appraised, Streams
from services.finance.simulations.monte_carlo.draws import Floats
from services.finance.simulations.rules import is_realisation
from services.finance.simulations.terms import UncertainInput, Weighting

_STREAMS = tuple(field.name for field in fields(Streams))
ONE_OFF, RECURRENT, RESIDUAL, RISK, BENEFIT, HEALTH = range(len(_STREAMS))


@dataclass(frozen=True, slots=True)
class UncertainPart:
    """A line or risk that is uncertain: its stream, its amounts by year as stated, and the rows that it is drawn by."""

    stream: int
    amounts: Floats
    is_benefit: bool
    value: int | None
    stated: float
    growth: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Present values of costs and benefits by run."""

    costs: Floats
    benefits: Floats

    @property
    def npv(self) -> Floats:
        """The net present value by run."""
        return self.benefits - self.costs


@dataclass(frozen=True, slots=True)
class Model:
    """An option over business as usual as arrays: what is certain, what the realisation scales, and uncertain parts.

    `certain` and `realised` have a row for each stream. `rates` are those of the standard and the health schedule by
    year; the numbers are rows of the draws.
    """

    certain: Floats
    realised: Floats
    parts: tuple[UncertainPart, ...]
    rates: tuple[Floats, Floats]
    realisation: int | None
    stated_realisation: float
    discount: int | None
    go_live: int | None

    @classmethod
    def of(
        cls,
        inputs: Inputs,
        appraised: Appraised,
        uncertain: Sequence[UncertainInput],
        weights: Mapping[str, float] | None = None,
    ) -> "Model":
        """Return the model of an appraised option; `weights` multiply what its lines count."""
        weighted = weights or {}
        rows = {each.name: number for number, each in enumerate(uncertain)}
        realisation = next((number for number, each in enumerate(uncertain) if is_realisation(each)), None)
        certain = _arrays(appraised.increments)
        realised, parts = np.zeros_like(certain), []
        benefits = {line.line for line in appraised.option.lines if line.is_benefit}
        for name, streams in appraised.by_input.items():
            arrays = _arrays(streams)
            weighed = arrays * weighted.get(name, 1.0)
            drawn_by = rows.get(name), rows.get(f"growth:{name}")
            if drawn_by == (None, None) and not (realisation is not None and name in benefits):
                certain += weighed - arrays
                continue
            certain -= arrays
            if drawn_by == (None, None):
                realised += weighed
                continue
            stream = int(arrays.any(axis=1).argmax())
            stated = float(value_of(inputs, appraised, name))
            parts.append(UncertainPart(stream, weighed[stream], name in benefits, drawn_by[0], stated, drawn_by[1]))
        return cls(
            certain=certain,
            realised=realised,
            parts=tuple(parts),
            rates=(_rates(inputs.standard.schedule(), inputs), _rates(inputs.health.schedule(), inputs)),
            realisation=realisation,
            stated_realisation=float(inputs.realisation),
            discount=rows.get("discount"),
            go_live=rows.get("go_live"),
        )

    def measured(self, draws: Floats) -> Outcome:
        """Return what each run of these draws is worth."""
        standard = self._factors(self.rates[0], draws)
        costs, benefits = np.zeros(draws.shape[1]), np.zeros(draws.shape[1])
        for stream in (ONE_OFF, RECURRENT):
            amounts = self._stream(stream, draws)
            if amounts is not None:
                added = _present(np.maximum(amounts, 0), standard)
                costs += added
                benefits += added - _present(amounts, standard)
        for stream, to in ((RESIDUAL, costs), (RISK, costs), (BENEFIT, benefits)):
            to += self._linear(stream, draws, standard)
        if self._has(HEALTH):
            benefits += self._linear(HEALTH, draws, self._factors(self.rates[1], draws))
        return Outcome(costs, benefits)

    def _has(self, stream: int) -> bool:
        of_parts = any(part.stream == stream for part in self.parts)
        return of_parts or bool(self.certain[stream].any() or self.realised[stream].any())

    def _realised(self, draws: Floats) -> Floats | float:
        return 1.0 if self.realisation is None else draws[self.realisation] / self.stated_realisation

    def _scale(self, part: UncertainPart, draws: Floats) -> Floats | float:
        """Return by what a part is multiplied in each run, without its growth."""
        drawn_value = 1.0 if part.value is None else draws[part.value] / part.stated
        return drawn_value * self._realised(draws) if part.is_benefit else drawn_value

    def _stream(self, stream: int, draws: Floats) -> Floats | None:
        """Return the amounts of a stream by run and year (by year alone: the same in each run); None: it has none."""
        if not self._has(stream):
            return None
        parts = [part for part in self.parts if part.stream == stream]
        steady = [part for part in parts if part.growth is None]
        total: Floats = self.certain[stream] + self.realised[stream]
        if steady:
            scales = np.column_stack([self._scale(part, draws) for part in steady])
            total = scales @ np.array([part.amounts for part in steady]) + total
        for part in parts:
            if part.growth is not None:
                total = _by_run(self._scale(part, draws)) * _grown(part.amounts, draws[part.growth]) + total
        return total

    def _linear(self, stream: int, draws: Floats, factors: Floats) -> Floats | float:
        """Return the present value by run of a stream whose sign does not matter: the sum of those of its parts."""
        if not self._has(stream):
            return 0.0
        total = _present(self.certain[stream], factors) + self._realised(draws) * _present(
            self.realised[stream], factors
        )
        for part in self.parts:
            if part.stream == stream:
                amounts = part.amounts if part.growth is None else _grown(part.amounts, draws[part.growth])
                total = total + self._scale(part, draws) * _present(amounts, factors)
        return total

    def _factors(self, rates: Floats, draws: Floats) -> Floats:
        """Return what an amount of each year of the option counts, by run where that differs between them."""
        added = 0.0 if self.discount is None else draws[self.discount][:, None]
        grown = 1 + rates[None, :] + added
        grown[:, 0] = 1
        factors = 1 / np.cumprod(grown, axis=1)
        if self.go_live is None:
            return factors[0] if self.discount is None else factors
        later = np.rint(draws[self.go_live]).astype(np.intp)
        return _shifted(factors, later)


def _shifted(factors: Floats, later: np.typing.NDArray[np.intp]) -> Floats:
    """Return the factors of the years so much later; 0 after the last year: what comes then is lost."""
    years = factors.shape[1]
    padded = np.zeros((len(factors), 2 * years))
    padded[:, :years] = factors
    columns = later[:, None] + np.arange(years)
    return padded[0][columns] if len(factors) == 1 else np.take_along_axis(padded, columns, axis=1)


def _present(amounts: Floats, factors: Floats) -> Floats | float:
    """Return the present value by run; both have a row for each run, or one for all."""
    if amounts.ndim == 1:
        return factors @ amounts
    return amounts @ factors if factors.ndim == 1 else np.einsum("rt,rt->r", amounts, factors)


def _grown(amounts: Floats, growth: Floats) -> Floats:
    """Return amounts by run that grow from year 0 on."""
    by_year = np.empty((len(growth), len(amounts)))
    by_year[:, 0] = 1
    by_year[:, 1:] = (1 + growth)[:, None]
    return np.cumprod(by_year, axis=1) * amounts


def _by_run(scale: Floats | float) -> Floats | float:
    return scale[:, None] if isinstance(scale, np.ndarray) else scale


def _arrays(streams: Streams) -> Floats:
    return np.array([_floats(each) for each in streams.each()])


def _floats(amounts: Iterable[Fraction]) -> list[float]:
    return [float(amount) for amount in amounts]


def _rates(schedule: Schedule, inputs: Inputs) -> Floats:
    return np.array([0.0, *(float(schedule.rate(year)) for year in range(1, inputs.years))])


def weight_of(income_pence: int, *, median_pence: int, elasticity: float) -> float:
    """Return what a pound counts for a group: the median income over its own, to the power of the elasticity."""
    return float((median_pence / income_pence) ** elasticity)


def weights_of(stated: Weighting, elasticity: float) -> dict[str, float]:
    """Return by line what it counts, as the average of its groups by their shares."""
    median = stated.median_income_pence
    return {
        each.input: sum(
            float(Fraction(group.share)) * weight_of(group.income_pence, median_pence=median, elasticity=elasticity)
            for group in each.groups
        )
        for each in stated.lines
    }
