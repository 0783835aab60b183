"""Turns what an author stated into inputs of the arithmetic: packs looked up, prices brought to the base year."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from libs.common.errors import DomainError, Reason
from libs.common.rulepacks import RulePack, in_force
from services.finance.appraisals.discounting import Schedule, schedule_of
from services.finance.appraisals.inputs import (
    Inputs,
    Line,
    LineType,
    Option,
    OptionKind,
    Risk,
    StoredLens,
    StoredSchedule,
    Works,
)
from services.finance.appraisals.optimism import Mitigation, mixed_bound, optimism_bias
from services.finance.appraisals.profiles import (
    BeyondTheHorizon,
    in_base_prices,
    indexed,
    level,
    ramped,
    s_curve,
)
from services.finance.appraisals.units import NoValueOfUnit, UnitValue, unit_value_of
from services.finance.case_contents.content import (
    BiasStated,
    CaseContent,
    LineStated,
    OptionStated,
    RiskStated,
    TerminationStated,
)
from services.finance.case_contents.errors import (
    AmountTooLarge,
    MetbNotAllowed,
    NominalWithRealRate,
    PackNotKnown,
    PaysItself,
    PriceYearWithoutDeflator,
    RampBeyondHorizon,
    TerminationNotPriced,
)
from services.finance.core.codes import MOST_PENCE
from services.finance.core.deflators import SUBJECT as DEFLATOR
from services.finance.core.deflators import Deflator, NominalAmount, deflator_of, vintages
from services.finance.core.flows import EXCHEQUER, HOUSEHOLDS, Nature
from services.finance.core.lenses import Lens
from services.finance.core.terminations import PriceComponent, PricedTermination
from services.finance.core.years import FinancialYear

TITLES = {
    "contractual_payment": "termination payment",
    "redundancy": "redundancy",
    "breakage": "breakage",
    "stranded": "stranded cost",
    "dual_running": "dual running",
    "reprocurement": "reprocurement",
}


@dataclass
class Compilation:
    """The packs of a case's day, and what was found wrong on the way; `faults` are refused together.

    Vintages of deflators count up to `vintage_known` (None: now).
    """

    content: CaseContent
    organisation: str
    packs: Sequence[RulePack]
    on: date
    as_known: datetime | None
    faults: list[DomainError] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)
    vintage_known: datetime | None = None

    @property
    def base(self) -> int:
        """The calendar year in which year 0 begins."""
        return FinancialYear.parse(self.content.base_year).start

    def refuse(self, kind: type[DomainError], message: str, field_: str) -> None:
        """Take a fault down: all of them are refused together."""
        self.faults.append(kind(message, reasons=[Reason(message, field_)]))

    def pack(self, subject: str, named: str | None = None) -> RulePack | None:
        """Return the pack in force on the case's day as known, or the one that it names; None: taken down."""
        if named is not None:
            found = [pack for pack in self.packs if pack.id == named and pack.subject == subject]
        else:
            found = in_force(self.packs, self.on, subject=subject, as_known=self.as_known)
        if not found:
            self.refuse(PackNotKnown, f"{named or subject}: no rule pack on {subject} is known", subject)
            return None
        self.used[subject] = found[0].id
        return found[0]

    def deflator(self) -> Deflator | None:
        """Return the vintage of deflators that the case names, else the latest one; None where none is known.

        It is taken down as used only once an amount is deflated.
        """
        named, known = self.content.deflator, vintages(self.packs, as_known=self.vintage_known)
        if named is not None:
            known = [pack for pack in known if pack.id == named]
            if not known:
                self.refuse(PackNotKnown, f"{named}: no rule pack on {DEFLATOR} is known", DEFLATOR)
        return deflator_of(known[0]) if known else None


def compile_case(
    compilation: Compilation,
    *,
    terminations: Mapping[tuple[str, str], PricedTermination],
    lenses: Callable[[Iterable[str]], tuple[StoredLens, ...]],
) -> Inputs | None:
    """Return the inputs of a case, or None where something is wrong: `compilation.faults` then say what.

    `terminations` are the priced ends that the case names, by option and line; `lenses` makes the case's lenses for the
    parties that its flows name.
    """
    content = compilation.content
    standard, health, lower = _schedules(compilation)
    benchmark = compilation.pack("benchmark-bcr")
    compilation.pack("value-for-money-bands")
    deflator = compilation.deflator()
    sunk = [(each.title, each.financial_year, each.amount_pence) for each in content.sunk]
    options = tuple(_option(compilation, each, deflator, terminations, sunk) for each in content.options)
    if compilation.faults or standard is None or health is None or benchmark is None:
        return None
    return Inputs(
        base_year=compilation.base,
        years=content.years,
        lens=content.lens,
        standard=StoredSchedule.of(standard),
        health=StoredSchedule.of(health),
        lower_rate=None if lower is None else StoredSchedule.of(lower),
        realisation=Fraction(content.realisation),
        benchmark=Fraction(str(benchmark.values["ratio"])),
        options=options,
        lenses=lenses(parties_of_options(options)),
        sunk=tuple(sunk),
        packs=dict(sorted(compilation.used.items())),
        causes=tuple(sorted({cause(each) for each in terminations.values()})),
    )


def cause(priced: PricedTermination) -> str:
    """Return what names the event that a component comes from."""
    return f"TerminationPriced {priced.contract} {priced.termination} {priced.stated_at.isoformat()}"


def parties_of_options(options: Iterable[Option]) -> set[str]:
    """Return every party that a line or risk names."""
    lines = {party for option in options for line in option.lines for party in (line.payer, line.payee)}
    return (lines | {risk.payer for option in options for risk in option.risks} | {"exchequer"}) - {""}


def _schedules(compilation: Compilation) -> tuple[Schedule | None, Schedule | None, Schedule | None]:
    content = compilation.content
    pack = compilation.pack("discounting-standard", content.discounting)
    if pack is not None and pack.values.get("replaces_health"):
        compilation.used["discounting-health"] = pack.id
        health: RulePack | None = pack
    else:
        health = compilation.pack("discounting-health")
    lower = compilation.pack("discounting-lower-rate") if content.years - 1 > 50 else None
    standard, healthy, lowered = (None if each is None else schedule_of(each) for each in (pack, health, lower))
    return standard, healthy, lowered


def _option(
    compilation: Compilation,
    stated: OptionStated,
    deflator: Deflator | None,
    terminations: Mapping[tuple[str, str], PricedTermination],
    sunk: list[tuple[str, str, int]],
) -> Option:
    metb = _metb(compilation, stated)
    lines = [line for each in stated.lines if (line := _line(compilation, stated.option, each, deflator, metb))]
    for end in stated.terminations:
        priced = terminations.get((stated.option, end.line))
        if priced is not None:
            lines += _termination(compilation, end, priced, sunk)
    return Option(
        option=stated.option,
        title=stated.title,
        kind=OptionKind(stated.kind),
        lines=tuple(lines),
        risks=tuple(risk for each in stated.risks if (risk := _risk(compilation, stated.option, each))),
        works=_works(compilation, stated),
    )


def _metb(compilation: Compilation, option: OptionStated) -> Fraction:
    """Return the uplift for the marginal excess tax burden, by the pack or, with private finance, a rate of its own."""
    if option.metb_rate is not None:
        if not option.private_finance:
            message = f"{option.option}: metb_rate is for an option with private finance"
            compilation.refuse(MetbNotAllowed, message, f"options.{option.option}.metb_rate")
        return Fraction(option.metb_rate)
    if not option.metb:
        return Fraction(0)
    pack = compilation.pack("metb")
    return Fraction(0) if pack is None else Fraction(str(pack.values["rate"]))


def _bias(compilation: Compilation, stated: BiasStated | None, *, of: str, field_: str) -> Fraction:
    """Return the optimism bias that is left at the case's stage, on `cost` or `duration`."""
    pack = None if stated is None else compilation.pack("optimism-bias")
    if stated is None or pack is None:
        return Fraction(0)
    bounds = []
    for each in stated.mix:
        values = pack.values["categories"].get(each.category, {}).get(of)
        if values is None:
            compilation.refuse(PackNotKnown, f"{each.category}: {pack.id} has no bound on its {of}", field_)
            continue
        bounds.append((Fraction(each.share), Fraction(values[0])))
    mitigations = (
        Mitigation(Fraction(each.contribution), Fraction(each.mitigated), each.from_stage)
        for each in stated.mitigations
    )
    return optimism_bias(mixed_bound(bounds), mitigations, stage=compilation.content.stage)


def _works(compilation: Compilation, option: OptionStated) -> Works | None:
    if option.works is None:
        return None
    bias = _bias(compilation, option.works.bias, of="duration", field_=f"options.{option.option}.works")
    return Works(planned_months=Fraction(option.works.months), bias=bias)


def _line(
    compilation: Compilation, option: str, stated: LineStated, deflator: Deflator | None, metb: Fraction
) -> Line | None:
    where = f"options.{option}.lines.{stated.line}"
    amounts, value, health = _amounts(compilation, stated, deflator, where)
    is_cost = stated.type is LineType.COST
    payer, payee = stated.payer or compilation.organisation, stated.payee or ""
    if payer == payee or (payer == EXCHEQUER and stated.vat != "0"):
        compilation.refuse(PaysItself, f"{where}: {payer} would pay itself", f"{where}.payee")
    bias = _bias(compilation, stated.optimism_bias, of="cost", field_=where)
    grows = is_cost and not stated.residual
    return Line(
        line=stated.line,
        title=stated.title,
        type=stated.type,
        recurrent=stated.recurrent,
        residual=stated.residual,
        health=health,
        payer=payer,
        payee=payee,
        nature=stated.nature,
        kind=stated.kind or stated.type,
        amounts=tuple(amounts),
        uplift=1 + bias if grows else Fraction(1),
        metb=1 + metb if grows else Fraction(1),
        value=value,
        asset_life=stated.asset_life,
        vat=Fraction(stated.vat),
    )


def _amounts(
    compilation: Compilation, stated: LineStated, deflator: Deflator | None, where: str
) -> tuple[list[Fraction], Fraction, bool]:
    """Return a line's real amounts by year, its value as it is quoted, and whether it is discounted as health."""
    years, first = compilation.content.years, stated.first_year
    amount, unit = Fraction(stated.amount_pence or 0), None
    try:
        if stated.amounts_pence is not None:
            value = Fraction(sum(stated.amounts_pence))
            nominal = _spread(stated.amounts_pence, first=first, years=years)
        elif stated.unit is not None:
            unit = _unit(compilation, stated)
            nominal = _valued(compilation, stated, unit)
            value = nominal[first]
        else:
            value = amount
            nominal = level(amount, years=years, first=first, last=_last_year(stated))
        steps = s_curve(stated.s_curve) if stated.s_curve else [Fraction(step) for step in stated.ramp]
        nominal = ramped(nominal, steps, first=first) if steps else nominal
        real = _real(compilation, stated, nominal, deflator, unit)
        if max(real) > MOST_PENCE:
            compilation.refuse(AmountTooLarge, f"{where}: more than {MOST_PENCE} pence in a year", where)
        return real, value, unit is not None and unit.is_health
    except BeyondTheHorizon as error:
        compilation.refuse(RampBeyondHorizon, f"{where}: {error}", where)
    except NoValueOfUnit as error:
        compilation.refuse(PackNotKnown, f"{where}: {error}", f"{where}.unit")
    except NominalAmount as error:
        of_a_year = stated.prices == "year" or unit is not None
        kind = NominalWithRealRate if deflator is None and not of_a_year else PriceYearWithoutDeflator
        compilation.refuse(kind, f"{where}: {error}", where)
    return [], amount, False


def _last_year(stated: LineStated) -> int | None:
    return stated.last_year if stated.recurrent else stated.first_year


def _unit(compilation: Compilation, stated: LineStated) -> UnitValue | None:
    """Return what the pack of the case's day says that a unit is worth; None: taken down. Raises NoValueOfUnit."""
    pack = compilation.pack(f"unit-value-{str(stated.unit).replace('_', '-')}")
    return None if pack is None else unit_value_of(pack, stated.unit_value)


def _valued(compilation: Compilation, stated: LineStated, unit: UnitValue | None) -> list[Fraction]:
    """Return what a line's units are worth by year. Raises BeyondTheHorizon, NoValueOfUnit."""
    number = Fraction(str(stated.quantity)) if unit is not None else Fraction(0)
    several = level(number, years=compilation.content.years, first=stated.first_year, last=_last_year(stated))
    if unit is None:
        return several
    return [each * unit.in_year(compilation.base + year) if each else each for year, each in enumerate(several)]


def _spread(amounts: Sequence[int], *, first: int, years: int) -> list[Fraction]:
    if first + len(amounts) > years:
        raise BeyondTheHorizon(f"{len(amounts)} amounts from year {first} end after year {years - 1}")
    return [*([Fraction(0)] * first), *map(Fraction, amounts), *([Fraction(0)] * (years - first - len(amounts)))]


def _real(
    compilation: Compilation,
    stated: LineStated,
    amounts: list[Fraction],
    deflator: Deflator | None,
    unit: UnitValue | None,
) -> list[Fraction]:
    """Return amounts in prices of the base year. Raises NominalAmount."""
    base = compilation.base
    if stated.indexation is not None:
        real = in_base_prices(indexed(amounts, Fraction(stated.indexation)), deflator, base=base)
    elif stated.prices == "nominal":
        real = in_base_prices(amounts, deflator, base=base)
    elif (of := _price_year(stated, unit)) is None or of == base or not any(amounts):
        return amounts
    elif deflator is None:
        raise NominalAmount("amounts in prices of another year have no deflator")
    else:
        real = [deflator.real(each, of=of, base=base) if each else each for each in amounts]
    if deflator is not None and any(amounts):
        compilation.used[DEFLATOR] = deflator.pack
    return real


def _price_year(stated: LineStated, unit: UnitValue | None) -> int | None:
    """Return in whose prices a line's amounts are; None: in those of the base year."""
    if unit is not None:
        return unit.price_year
    return FinancialYear.parse(stated.price_year).start if stated.price_year is not None else None


def _risk(compilation: Compilation, option: str, stated: RiskStated) -> Risk | None:
    where = f"options.{option}.risks.{stated.risk}"
    last = stated.first_year if stated.last_year is None else stated.last_year
    try:
        impacts = level(stated.impact_pence, years=compilation.content.years, first=stated.first_year, last=last)
    except BeyondTheHorizon as error:
        compilation.refuse(RampBeyondHorizon, f"{where}: {error}", where)
        return None
    return Risk(
        risk=stated.risk,
        title=stated.title,
        probability=Fraction(stated.probability),
        impacts=tuple(impacts),
        mitigated=Fraction(stated.mitigated),
        payer=stated.payer or compilation.organisation,
        owner=stated.owner,
    )


def _termination(
    compilation: Compilation, stated: TerminationStated, priced: PricedTermination, sunk: list[tuple[str, str, int]]
) -> list[Line]:
    """Return a line for each component of a priced end, in the year in which it is due; what is past is sunk."""
    if priced.unpriced:
        message = f"{priced.contract}: the price lacks {', '.join(priced.unpriced)}"
        compilation.refuse(TerminationNotPriced, message, stated.line)
    lines, years = [], compilation.content.years
    components = [component for component in priced.components if component.pence]
    for number, component in enumerate(components):
        due = FinancialYear.of(component.due_on)
        title = f"{TITLES.get(component.component, component.component)}, {priced.contract}"
        if due.start < compilation.base:
            sunk.append((title, str(due), component.pence))
        elif due.start - compilation.base < years:
            code = stated.line if len(components) == 1 else f"{stated.line}.{number + 1}"
            lines.append(_component(component, code, title, due.start - compilation.base, years, priced))
        else:
            message = f"{priced.contract}: the {component.component} is due in {due}, after the last year"
            compilation.refuse(RampBeyondHorizon, message, stated.line)
    return lines


def _component(
    component: PriceComponent, code: str, title: str, year: int, years: int, priced: PricedTermination
) -> Line:
    return Line(
        line=code,
        title=title,
        type=LineType.COST,
        recurrent=False,
        payer=component.payer,
        payee=component.payee,
        nature=component.nature if component.payee else Nature.RESOURCE,
        kind=component.component,
        cause=priced.contract,
        amounts=tuple(level(component.pence, years=years, first=year, last=year)),
        value=Fraction(component.pence),
    )


def organisations_of(parties: Sequence[str]) -> list[str]:
    """Return the parties that have a code."""
    return [party for party in parties if party not in {HOUSEHOLDS, EXCHEQUER}]


def stored_lens(name: str, lens: Lens, parties: Sequence[str], *, base_year: int, years: int) -> StoredLens:
    """Return a lens as it is for these parties in each year, so that a stored case needs nothing else."""
    days = [date(base_year + year, 4, 1) for year in range(years)]
    members = {party: "".join("1" if lens.has(party, day) else "0" for day in days) for party in sorted(parties)}
    return StoredLens(name=name, base_year=base_year, members=members)
