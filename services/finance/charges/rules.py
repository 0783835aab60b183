"""Computes the support charges of a body in a financial year from the events of contracts, by days."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from libs.common.money import apportion
from services.finance.core.years import FinancialYear, day_before


@dataclass(frozen=True, slots=True)
class ContractStatement:
    """A change of a contract from `effective_on`: `what` is signed, transferred or ended.

    `last_day` belongs to signing; `customers` and `annual_pence` to signing and transfer. `order` is that of contracts'
    log: it decides the order of two changes of one day.
    """

    contract: str
    what: str
    effective_on: date
    order: int
    title: str = ""
    supplier: str = ""
    customers: tuple[str, ...] = ()
    annual_pence: int = 0
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class ChargePeriod:
    """Days, both included, on which a contract has the same customers and the same annual charge."""

    first_day: date
    last_day: date
    customers: tuple[str, ...]
    annual_pence: int


@dataclass(frozen=True, slots=True)
class Charge:
    """The charge of one contract to one body for its days in a year, shared equally by `shared_among` customers."""

    contract: str
    title: str
    supplier: str
    first_day: date
    last_day: date
    days: int
    annual_pence: int
    shared_among: tuple[str, ...]
    amount_pence: int


def charge_periods(facts: Iterable[ContractStatement]) -> list[ChargePeriod]:
    """Return the periods of one contract from its changes, in whatever order they arrived.

    Without a signing there is none: a contract that ends or is transferred before its signing is known has no charge.
    """
    told = sorted(facts, key=lambda fact: (fact.effective_on, fact.order))
    signed = next((fact for fact in told if fact.what == "signed" and fact.last_day), None)
    if signed is None or signed.last_day is None:
        return []
    end = min([signed.last_day, *(day_before(fact.effective_on) for fact in told if fact.what == "ended")])
    found = [ChargePeriod(signed.effective_on, end, tuple(sorted(signed.customers)), signed.annual_pence)]
    for fact in told:
        if fact.what == "transferred":
            day = max(fact.effective_on, signed.effective_on)
            found[-1] = replace(found[-1], last_day=min(end, day_before(day)))
            found.append(ChargePeriod(day, end, tuple(sorted(fact.customers)), fact.annual_pence))
    return [span for span in found if span.first_day <= span.last_day]


def charges(code: str, year: FinancialYear, facts: Iterable[ContractStatement]) -> list[Charge]:
    """Return the charge of each contract to a body in a year, ordered by contract and first day.

    The annual charge is apportioned by the days of the year, then equally among the customers of those days; the
    parts of one contract, and the shares of its customers, sum to the penny.
    """
    by_contract: dict[str, list[ContractStatement]] = defaultdict(list)
    for fact in facts:
        by_contract[fact.contract].append(fact)
    return [
        charge for contract in sorted(by_contract) for charge in _charges_of_contract(code, year, by_contract[contract])
    ]


def _charges_of_contract(code: str, year: FinancialYear, facts: list[ContractStatement]) -> list[Charge]:
    in_year = [span for span in charge_periods(facts) if year.overlap(span.first_day, span.last_day)]
    signed = next((fact for fact in facts if fact.what == "signed"), None)
    if signed is None:
        return []
    found = []
    for span, amount_pence in zip(in_year, _amounts(year, in_year), strict=True):
        if code not in span.customers:
            continue
        share = apportion(amount_pence, [1] * len(span.customers))[span.customers.index(code)]
        first_day, last_day = max(span.first_day, year.first_day), min(span.last_day, year.last_day)
        days = year.overlap(first_day, last_day)
        found.append(
            Charge(
                contract=signed.contract,
                title=signed.title,
                supplier=signed.supplier,
                first_day=first_day,
                last_day=last_day,
                days=days,
                annual_pence=span.annual_pence,
                shared_among=span.customers,
                amount_pence=share,
            )
        )
    return found


def _amounts(year: FinancialYear, in_year: list[ChargePeriod]) -> list[int]:
    """Return each period's part of its annual charge; periods of one charge are split together, so that they sum."""
    amounts: dict[int, int] = {}
    for annual_pence in {span.annual_pence for span in in_year}:
        indexes = [index for index, span in enumerate(in_year) if span.annual_pence == annual_pence]
        days = [year.overlap(in_year[index].first_day, in_year[index].last_day) for index in indexes]
        parts = apportion(annual_pence, [*days, year.days - sum(days)])
        amounts |= dict(zip(indexes, parts, strict=False))
    return [amounts[index] for index in range(len(in_year))]
