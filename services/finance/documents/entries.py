"""What a case's workbook computes with: each input of each option, factor by factor, through the case's lens. Pure.

Multiplied out as the workbook does, an entry gives the same amounts by year as the appraisal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from services.finance.appraisals.inputs import Inputs, Line, LineType, Option, Risk, StoredLens
from services.finance.core.flows import EXCHEQUER, Nature

STREAMS = ("one_off", "recurrent", "residual", "risk", "benefit", "health")
"""In this order: entries of one option and stream stand in neighbouring rows."""

Years = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line or risk of an option, of which `value` is the input: pence, or for a risk its probability.

    The amount of a year is value * part * sign * uplift * remains * realisation * (metb * share + vat * vat_share).
    """

    option: str
    name: str
    title: str
    stream: str
    payer: str
    payee: str
    value: Fraction
    parts: Years
    sign: int
    uplift: Fraction
    metb: Fraction
    vat: Fraction
    remains: Fraction
    is_benefit: bool
    shares: tuple[int, ...]
    vat_shares: tuple[int, ...]

    @property
    def is_risk(self) -> bool:
        """Whether its value is a probability, and its parts are pence."""
        return self.stream == "risk"

    def amounts(self, realisation: Fraction) -> Years:
        """Return the amount of each year, multiplied out."""
        factor = self.value * self.sign * self.uplift * self.remains * (realisation if self.is_benefit else 1)
        years = zip(self.parts, self.shares, self.vat_shares, strict=True)
        return tuple(factor * part * (self.metb * share + self.vat * vat) for part, share, vat in years)


def entries_of(inputs: Inputs, lens: StoredLens) -> list[Entry]:
    """Return the entries of every option that carry an amount, by option and stream."""
    return [
        entry
        for option in inputs.options
        for entry in sorted(_of_option(inputs, option, lens), key=lambda each: STREAMS.index(each.stream))
    ]


def _of_option(inputs: Inputs, option: Option, lens: StoredLens) -> Iterator[Entry]:
    for line in option.lines:
        if line.type is not LineType.UNMONETISED and any(line.amounts):
            yield _of_line(inputs, option, line, lens)
    for risk in option.risks:
        if any(risk.impacts):
            yield _of_risk(inputs, option, risk, lens)


def _of_line(inputs: Inputs, option: Option, line: Line, lens: StoredLens) -> Entry:
    days = [inputs.first_day(year) for year in range(inputs.years)]
    pays = [int(lens.has(line.payer, day)) for day in days]
    receives = [int(line.nature is Nature.TRANSFER and lens.has(line.payee, day)) for day in days]
    taxes = [int(lens.has(EXCHEQUER, day)) for day in days]
    value = line.value or Fraction(1)
    return Entry(
        option=option.option,
        name=line.line,
        title=line.title,
        stream=_stream_of(line),
        payer=line.payer,
        payee=line.payee,
        value=value,
        parts=_whole([amount / value for amount in line.amounts], inputs.years),
        sign=-1 if line.residual and not line.is_benefit else 1,
        uplift=line.uplift,
        metb=line.metb,
        vat=line.vat,
        remains=Fraction(1),
        is_benefit=line.is_benefit,
        shares=tuple(pay - receive for pay, receive in zip(pays, receives, strict=True)),
        vat_shares=tuple(pay - tax for pay, tax in zip(pays, taxes, strict=True)),
    )


def _stream_of(line: Line) -> str:
    if line.is_benefit:
        return "health" if line.health else "benefit"
    if line.residual:
        return "residual"
    return "recurrent" if line.recurrent else "one_off"


def _of_risk(inputs: Inputs, option: Option, risk: Risk, lens: StoredLens) -> Entry:
    return Entry(
        option=option.option,
        name=risk.risk,
        title=risk.title,
        stream="risk",
        payer=risk.payer,
        payee="",
        value=risk.probability,
        parts=_whole(list(risk.impacts), inputs.years),
        sign=1,
        uplift=Fraction(1),
        metb=Fraction(1),
        vat=Fraction(0),
        remains=1 - risk.mitigated,
        is_benefit=False,
        shares=tuple(int(lens.has(risk.payer, inputs.first_day(year))) for year in range(inputs.years)),
        vat_shares=(0,) * inputs.years,
    )


def _whole(parts: list[Fraction], years: int) -> Years:
    return (*parts, *[Fraction(0)] * (years - len(parts)))
