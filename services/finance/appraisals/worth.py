"""Measures of worth of an option over another: present values, NPV, BCR, EANC and payback, through one lens."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction

from services.finance.appraisals.discounting import Schedule, annuity, discount_factor
from services.finance.appraisals.inputs import Inputs, Line, LineType, Option, Risk, StoredLens, expected_cost, flows_of
from services.finance.core.lenses import Lens, cost_in

Years = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Streams:
    """What the members of a lens bear and gain by year, real and undiscounted; benefits are positive."""

    one_off: Years
    recurrent: Years
    residual: Years
    risk: Years
    benefit: Years
    health: Years

    @classmethod
    def none(cls, years: int) -> "Streams":
        """Return streams without any amount."""
        return cls(*(((Fraction(0),) * years),) * len(fields(cls)))

    def plus(self, other: "Streams", factor: Fraction | int = 1) -> "Streams":
        """Return the sum of these streams and another's times a factor."""
        return Streams(*(_plus(mine, theirs, factor) for mine, theirs in zip(self.each(), other.each(), strict=True)))

    def delayed(self, years: int) -> "Streams":
        """Return the streams so many years later; what would come after the last year is lost."""
        return Streams(*((*((Fraction(0),) * years), *each)[: len(each)] for each in self.each()))

    def longer(self, years: int) -> "Streams":
        """Return the streams with so many empty years after the last one."""
        return Streams(*((*each, *((Fraction(0),) * years)) for each in self.each()))

    def each(self) -> Iterator[Years]:
        """Yield the amounts of each stream, in the order of the fields."""
        return (getattr(self, field.name) for field in fields(self))

    @property
    def costs(self) -> Years:
        """The costs by year: one-off, residual and risk as they are, recurrent where they are more than without it."""
        added = (max(amount, Fraction(0)) for amount in self.recurrent)
        parts = zip(self._avoided(self.one_off), added, self.residual, self.risk, strict=True)
        return tuple(sum(amounts, Fraction(0)) for amounts in parts)

    @property
    def benefits(self) -> Years:
        """The benefits by year: typed ones, and the costs that are avoided; without those on health."""
        avoided = (max(-each, Fraction(0)) for each in self.recurrent)
        once = (max(-each, Fraction(0)) for each in self.one_off)
        return tuple(sum(amounts, Fraction(0)) for amounts in zip(self.benefit, avoided, once, strict=True))

    @property
    def net(self) -> Years:
        """Benefits, health included, less costs by year."""
        parts = zip(self.benefits, self.health, self.costs, strict=True)
        return tuple(benefit + health - cost for benefit, health, cost in parts)

    @staticmethod
    def _avoided(amounts: Years) -> Years:
        return tuple(max(amount, Fraction(0)) for amount in amounts)


def _plus(mine: Years, theirs: Years, factor: Fraction | int) -> Years:
    return tuple(a + factor * b if b else a for a, b in zip(mine, theirs, strict=True))


@dataclass(frozen=True, slots=True)
class Measures:
    """What an option is worth over business as usual. `bcr` is None without costs; a payback is None where none is."""

    pv_costs: Fraction
    pv_benefits: Fraction
    npv: Fraction
    bcr: Fraction | None
    eanc: Fraction
    payback: int | None
    discounted_payback: int | None


def measure(streams: Streams, standard: Schedule, health: Schedule) -> Measures:
    """Return the measures of streams: one-off costs stand in the denominator, effects on health at their own rate."""
    costs, benefits, healthy = (
        [amount * discount_factor(schedule, year) if amount else amount for year, amount in enumerate(amounts)]
        for schedule, amounts in (
            (standard, streams.costs),
            (standard, streams.benefits),
            (health, streams.health),
        )
    )
    pv_costs, pv_benefits = sum(costs, Fraction(0)), sum(benefits, Fraction(0)) + sum(healthy, Fraction(0))
    npv, last = pv_benefits - pv_costs, len(costs) - 1
    discounted = [gain + well - cost for gain, well, cost in zip(benefits, healthy, costs, strict=True)]
    return Measures(
        pv_costs=pv_costs,
        pv_benefits=pv_benefits,
        npv=npv,
        bcr=pv_benefits / pv_costs if pv_costs > 0 else None,
        eanc=npv / annuity(standard, last) if last > 0 else npv,
        payback=payback(streams.costs, streams.net),
        discounted_payback=payback(streams.costs, discounted),
    )


def payback(costs: Sequence[Fraction], net: Sequence[Fraction]) -> int | None:
    """Return the first year, at or after the first outlay, from which the sum never falls below 0 again.

    None without an outlay, and where the sum ends below 0.
    """
    outlay = next((year for year, cost in enumerate(costs) if cost > 0), None)
    if outlay is None:
        return None
    total, sums = Fraction(0), []
    for amount in net:
        total += amount
        sums.append(total)
    if sums[-1] < 0:
        return None
    last_below = max((year for year, amount in enumerate(sums) if amount < 0), default=-1)
    return max(outlay, last_below + 1)


def streams_by_input(inputs: Inputs, option: Option, lens: Lens) -> dict[str, Streams]:
    """Return the streams that each line and risk of an option adds, through a lens, by their ids."""
    entries: Mapping[str, Line | Risk] = {line.line: line for line in option.lines} | {
        risk.risk: risk for risk in option.risks
    }
    amounts: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0)] * inputs.years)
    for entry, flow in flows_of(inputs, option):
        if cost := cost_in(lens, flow):
            amounts[entry][flow.on.year - inputs.base_year] += cost
    return {entry: _streams(entries[entry], tuple(by_year)) for entry, by_year in amounts.items()}


def _streams(entry: Line | Risk, cost: Years) -> Streams:
    none = Streams.none(len(cost))
    stream, sign = _stream_of(entry)
    amounts = tuple(sign * amount for amount in cost)
    return Streams(
        **{field.name: amounts if field.name == stream else getattr(none, field.name) for field in fields(none)}
    )


def _stream_of(entry: Line | Risk) -> tuple[str, int]:
    if isinstance(entry, Risk):
        return "risk", 1
    if entry.is_benefit:
        return ("health", -1) if entry.health else ("benefit", -1)
    if entry.residual:
        return "residual", 1
    return ("recurrent", 1) if entry.recurrent else ("one_off", 1)


def total(streams: Iterable[Streams], years: int) -> Streams:
    """Return the sum of streams."""
    found = Streams.none(years)
    for each in streams:
        found = found.plus(each)
    return found


@dataclass(frozen=True, slots=True)
class Appraised:
    """One option through one lens: its streams over business as usual, its measures, and its parts by input."""

    option: Option
    lens: str
    increments: Streams
    measures: Measures
    by_input: Mapping[str, Streams]


def appraise(inputs: Inputs, lens: StoredLens) -> list[Appraised]:
    """Return every option but business as usual, measured over it through a lens."""
    standard, health = inputs.standard.schedule(), inputs.health.schedule()
    bau = total(streams_by_input(inputs, inputs.bau, lens).values(), inputs.years)
    found = []
    for option in inputs.options:
        if option is not inputs.bau:
            parts = streams_by_input(inputs, option, lens)
            increments = total(parts.values(), inputs.years).plus(bau, -1)
            found.append(Appraised(option, lens.name, increments, measure(increments, standard, health), parts))
    return found


def present_values(inputs: Inputs, streams: Streams) -> Fraction:
    """Return the net present value of streams, which is linear in them."""
    return measure(streams, inputs.standard.schedule(), inputs.health.schedule()).npv


def risk_value(inputs: Inputs, risk: Risk) -> Fraction:
    """Return the present value of a risk's expected cost."""
    schedule = inputs.standard.schedule()
    return sum((cost * discount_factor(schedule, year) for year, cost in enumerate(expected_cost(risk))), Fraction(0))


def unmonetised(option: Option) -> list[Line]:
    """Return the benefits without a price: named in every answer, counted in none."""
    return [line for line in option.lines if line.type is LineType.UNMONETISED]
