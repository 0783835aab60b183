"""Affordability by year and organisation: cash, capital and revenue, with capital charges and irrecoverable VAT.

Capital charges (depreciation, and the PDC dividend on average net assets) belong here, never to an NPV; of the benefits
only cash-releasing ones count here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from services.finance.appraisals.inputs import Inputs, Line, LineType, Option, flows_of
from services.finance.core.flows import EXCHEQUER, HOUSEHOLDS, Nature

Years = list[Fraction]


@dataclass(frozen=True, slots=True)
class CapitalCharge:
    """What an asset costs the accounts in one year."""

    depreciation: Fraction
    dividend: Fraction


def capital_charges(cost: Fraction, *, life: int, dividend: Fraction) -> list[CapitalCharge]:
    """Return the charges of an asset by year of its life: equal depreciation, dividend on average net assets."""
    yearly = cost / life
    return [CapitalCharge(yearly, (cost - yearly * (2 * year + 1) / 2) * dividend) for year in range(life)]


@dataclass(frozen=True, slots=True)
class Burden:
    """What an option means to one organisation's books, by year; an effect on revenue is positive where it helps."""

    organisation: str
    cash: Years
    capital: Years
    depreciation: Years
    dividend: Years
    vat: Years
    revenue_effect: Years


def affordability(inputs: Inputs, option: Option, organisation: str, *, dividend: Fraction) -> Burden:
    """Return what an option means to an organisation over business as usual.

    An asset (a one-off cost with a life) is capital when it is paid, and is charged to revenue over its life, VAT with
    it; everything else is revenue in its year.
    """
    mine, baseline = (_burden(inputs, each, organisation, dividend) for each in (option, inputs.bau))
    names = ("cash", "capital", "depreciation", "dividend", "vat", "revenue_effect")
    added = {name: [a - b for a, b in zip(getattr(mine, name), getattr(baseline, name), strict=True)] for name in names}
    return Burden(organisation=organisation, **added)


def _burden(inputs: Inputs, option: Option, organisation: str, dividend: Fraction) -> Burden:
    lines = {line.line: line for line in option.lines}
    cash, capital, vat, revenue = (_none(inputs) for _ in range(4))
    for entry, flow in flows_of(inputs, option, with_metb=False):
        amount = flow.pence * ((flow.payer == organisation) - (_receives(flow.payee, flow.nature, organisation)))
        line = lines.get(entry)
        if not amount or (line is not None and not _counts(line)):
            continue
        year = flow.on.year - inputs.base_year
        cash[year] += amount
        vat[year] += amount if flow.kind == "vat" else 0
        (capital if line is not None and line.asset_life else revenue)[year] += amount
    depreciation, dividends = _none(inputs), _none(inputs)
    assets = (line for line in option.lines if line.asset_life and line.payer == organisation)
    for year, charge in _charges(assets, dividend, inputs.years):
        depreciation[year] += charge.depreciation
        dividends[year] += charge.dividend
    effect = [-a - b - c for a, b, c in zip(revenue, depreciation, dividends, strict=True)]
    return Burden(organisation, cash, capital, depreciation, dividends, vat, effect)


def recurrent_cost(inputs: Inputs, option: Option) -> Fraction:
    """Return what recurrent costs of organisations are more than under business as usual, in the year of the most.

    With irrecoverable VAT and optimism bias; whoever of them pays. What it saves besides is another source of money.
    """
    mine, baseline = (_recurrent(inputs, each) for each in (option, inputs.bau))
    return max(Fraction(0), *(a - b for a, b in zip(mine, baseline, strict=True)))


def _recurrent(inputs: Inputs, option: Option) -> Years:
    recurrent = {line.line for line in option.lines if line.recurrent and line.type is LineType.COST}
    found = _none(inputs)
    for entry, flow in flows_of(inputs, option, with_metb=False):
        if entry in recurrent and flow.payer not in {HOUSEHOLDS, EXCHEQUER}:
            found[flow.on.year - inputs.base_year] += flow.pence
    return found


def _receives(payee: str, nature: Nature, organisation: str) -> bool:
    """Whether an organisation is paid. What it is paid for it uses up, so that a resource leaves it as it was."""
    return payee == organisation and nature is Nature.TRANSFER


def _counts(line: Line) -> bool:
    return line.type in {LineType.COST, LineType.CASH_RELEASING} and not line.residual


def _none(inputs: Inputs) -> Years:
    return [Fraction(0)] * inputs.years


def _charges(assets: Iterable[Line], dividend: Fraction, years: int) -> Iterable[tuple[int, CapitalCharge]]:
    for line in assets:
        for bought, amount in enumerate(line.amounts):
            if amount and line.asset_life:
                cost = amount * line.uplift * (1 + line.vat)
                for age, charge in enumerate(capital_charges(cost, life=line.asset_life, dividend=dividend)):
                    if bought + age < years:
                        yield bought + age, charge
