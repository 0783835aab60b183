"""Everything that an appraisal computes with, exact and whole, so that a stored case runs again bit for bit."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from fractions import Fraction

from pydantic import BaseModel, ConfigDict

from services.finance.appraisals.discounting import Band, Schedule
from services.finance.core.flows import Flow, Nature


class LineType(StrEnum):
    """What a line is: a cost, or a benefit of one of four types."""

    COST = "cost"
    CASH_RELEASING = "cash_releasing"
    NON_CASH_RELEASING = "non_cash_releasing"
    SOCIETAL = "societal"
    UNMONETISED = "unmonetised"


class OptionKind(StrEnum):
    """Business as usual, the least that has to be done anyway, or another option."""

    BAU = "bau"
    DO_MINIMUM = "do_minimum"
    OTHER = "other"


class InputPart(BaseModel):
    """A part of the inputs; never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredBand(InputPart):
    """The rate from a year on."""

    first_year: int
    rate: Fraction


class StoredSchedule(InputPart):
    """A discount schedule as its pack had it."""

    pack: str
    bands: tuple[StoredBand, ...]

    @classmethod
    def of(cls, schedule: Schedule) -> "StoredSchedule":
        """Return a schedule in the form in which it is stored."""
        bands = (StoredBand(first_year=band.first_year, rate=band.rate) for band in schedule.bands)
        return cls(pack=schedule.pack, bands=tuple(bands))

    def schedule(self) -> Schedule:
        """Return the schedule to compute with."""
        return Schedule(self.pack, tuple(Band(band.first_year, band.rate) for band in self.bands))


class Line(InputPart):
    """One cost or benefit of an option, by year in prices of the base year, before optimism bias.

    `amounts` are pence of the years 0, 1, 2 ..., positive for a cost and for a benefit alike. `uplift` is what optimism
    bias multiplies it by, `metb` what the excess tax burden does: it is paid by none, so that no books have it. `value`
    is the amount as it is quoted (a year's, or the lump), as a switching value is. `health`: discounted by the health
    schedule. A residual value is a cost that comes back in the last year.
    """

    line: str
    title: str
    type: LineType
    recurrent: bool
    residual: bool = False
    health: bool = False
    payer: str
    payee: str = ""
    nature: Nature = Nature.RESOURCE
    kind: str
    cause: str = ""
    amounts: tuple[Fraction, ...]
    uplift: Fraction = Fraction(1)
    metb: Fraction = Fraction(1)
    value: Fraction
    asset_life: int | None = None
    vat: Fraction = Fraction(0)

    @property
    def is_benefit(self) -> bool:
        """Whether it is a benefit of some type."""
        return self.type is not LineType.COST


class Risk(InputPart):
    """One entry of a risk register: expected cost by year is probability times impact, less what is mitigated."""

    risk: str
    title: str
    probability: Fraction
    impacts: tuple[Fraction, ...]
    mitigated: Fraction
    payer: str
    owner: str


class Works(InputPart):
    """How long works are planned to take, and the optimism bias on that."""

    planned_months: Fraction
    bias: Fraction

    @property
    def expected_months(self) -> Fraction:
        """How long they are expected to take."""
        return self.planned_months * (1 + self.bias)


class Option(InputPart):
    """One way to go, with all its flows."""

    option: str
    title: str
    kind: OptionKind
    lines: tuple[Line, ...]
    risks: tuple[Risk, ...] = ()
    works: Works | None = None


class StoredLens(InputPart):
    """A set of parties as it was when the inputs were put together: for each party 1 or 0 by year."""

    name: str
    base_year: int
    members: dict[str, str]

    def has(self, party: str, day: date) -> bool:
        """Return whether a party belonged to it in the financial year that begins on the day."""
        return self.members.get(party, "")[day.year - self.base_year : day.year - self.base_year + 1] == "1"


class Inputs(InputPart):
    """A version of a case, compiled: options, lenses, schedules, and the packs and events that all of it came from."""

    base_year: int
    years: int
    lens: str
    standard: StoredSchedule
    health: StoredSchedule
    lower_rate: StoredSchedule | None = None
    realisation: Fraction = Fraction(1)
    benchmark: Fraction
    options: tuple[Option, ...]
    lenses: tuple[StoredLens, ...]
    sunk: tuple[tuple[str, str, int], ...] = ()
    packs: dict[str, str]
    causes: tuple[str, ...] = ()

    def option(self, code: str) -> Option | None:
        """Return the option of this code."""
        return next((option for option in self.options if option.option == code), None)

    @property
    def bau(self) -> Option:
        """Business as usual."""
        return next(option for option in self.options if option.kind is OptionKind.BAU)

    def lens_named(self, name: str) -> StoredLens | None:
        """Return the lens of this name."""
        return next((lens for lens in self.lenses if lens.name == name), None)

    def first_day(self, year: int) -> date:
        """Return the first day of a year, on which its flows are taken to flow."""
        return date(self.base_year + year, 4, 1)


def year_label(start: int) -> str:
    """Return a financial year as the NHS writes it, such as 2016-17."""
    return f"{start}-{(start + 1) % 100:02d}"


def flows_of(
    inputs: Inputs, option: Option, *, with_vat: bool = True, with_metb: bool = True
) -> Iterator[tuple[str, Flow]]:
    """Yield an option's flows with the id of the line or risk that each comes from.

    Benefits are flows that are saved. Irrecoverable VAT is a transfer to the Exchequer, on what is paid.
    """
    for line in option.lines:
        if line.type is LineType.UNMONETISED:
            continue
        sign = -1 if line.is_benefit or line.residual else 1
        paid = sign * line.uplift * (inputs.realisation if line.is_benefit else 1)
        factor = paid * line.metb if with_metb else paid
        for year, amount in enumerate(line.amounts):
            if amount:
                day, pence = inputs.first_day(year), amount * factor
                yield line.line, Flow(line.payer, line.payee, day, pence, line.nature, line.kind, line.cause)
                if with_vat and line.vat:
                    vat = Flow(
                        line.payer, "exchequer", day, amount * paid * line.vat, Nature.TRANSFER, "vat", line.cause
                    )
                    yield line.line, vat
    for risk in option.risks:
        for year, expected in enumerate(expected_cost(risk)):
            if expected:
                yield risk.risk, Flow(risk.payer, "", inputs.first_day(year), expected, Nature.RESOURCE, "risk")


def expected_cost(risk: Risk) -> list[Fraction]:
    """Return a risk's expected cost by year, after mitigation."""
    return [risk.probability * impact * (1 - risk.mitigated) for impact in risk.impacts]
