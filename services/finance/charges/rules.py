"""Computes the support charges of a body in a financial year from the events of contracts, by days."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction

from libs.common.money import apportion
from services.finance.core.years import FIRST_YEAR, FinancialYear, day_before

_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ContractStatement:
    """A change of a contract from `effective_on`: `what` is signed, varied, transferred or ended.

    `last_day` belongs to signing and variation; `customers`, their exact `shares` (empty: equal) and `annual_pence` to
    these and to a transfer. `tiers` are those of the tariff by function; where a change has none, those before it stay.
    Of two changes of one day the one stated later counts, then the later one in contracts' log (`order`).
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
    shares: tuple[str, ...] = ()
    stated_at: datetime = _EVER
    tiers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ChargePeriod:
    """Days, both included, on which a contract has the same customers, shares and annual charge."""

    first_day: date
    last_day: date
    customers: tuple[str, ...]
    annual_pence: int
    weights: tuple[Fraction, ...] = ()
    tiers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Charge:
    """The charge of one contract to one body for its days in a year, shared by the `shared_among` customers."""

    contract: str
    title: str
    supplier: str
    first_day: date
    last_day: date
    days: int
    annual_pence: int
    shared_among: tuple[str, ...]
    amount_pence: int
    tiers: dict[str, str]


def charge_periods(facts: Iterable[ContractStatement]) -> list[ChargePeriod]:
    """Return the periods of one contract from its changes, in whatever order they arrived.

    Without a signing there is none: a contract that ends or is transferred before its signing is known has no charge.
    """
    told = sorted(facts, key=lambda fact: (fact.effective_on, fact.stated_at, fact.order))
    signed = next((fact for fact in told if fact.what == "signed" and fact.last_day), None)
    if signed is None or signed.last_day is None:
        return []
    agreed = signed.last_day
    found = [_period(signed, signed.effective_on, agreed)]
    for fact in told:
        if fact.what in {"transferred", "varied"}:
            day = max(fact.effective_on, signed.effective_on)
            agreed = fact.last_day or agreed
            found[-1] = replace(found[-1], last_day=min(found[-1].last_day, day_before(day)))
            found.append(_period(fact, day, agreed, before=found[-1].tiers))
    ends = [day_before(fact.effective_on) for fact in told if fact.what == "ended"]
    cut = [replace(span, last_day=min([span.last_day, *ends])) for span in found]
    return [span for span in cut if span.first_day <= span.last_day]


def _period(
    fact: ContractStatement, first_day: date, last_day: date, *, before: tuple[tuple[str, str], ...] = ()
) -> ChargePeriod:
    """Return the period that begins by a statement, with its customers sorted and their shares beside them."""
    shares = [Fraction(share) for share in fact.shares] or [Fraction(1)] * len(fact.customers)
    pairs = sorted(zip(fact.customers, shares, strict=True))
    codes, weights = tuple(code for code, _ in pairs), tuple(weight for _, weight in pairs)
    return ChargePeriod(first_day, last_day, codes, fact.annual_pence, weights, fact.tiers or before)


def charges(code: str, year: FinancialYear, facts: Iterable[ContractStatement]) -> list[Charge]:
    """Return the charge of each contract to a body in a year, ordered by contract and first day.

    The annual charge is apportioned by the days of the year, then by their shares among the customers of those days,
    equally where none are stated; the parts of one contract, and the shares of its customers, sum to the penny. What
    the same customers share alike, contract after contract and year after year, is divided as its sum is, so that what
    each has paid never differs from its share by more than a penny, however many contracts leave one over.
    """
    by_contract: dict[str, list[ContractStatement]] = defaultdict(list)
    for fact in facts:
        by_contract[fact.contract].append(fact)
    periods = {contract: charge_periods(some) for contract, some in by_contract.items()}
    found, shared = list[Charge](), dict[tuple[tuple[str, ...], tuple[Fraction, ...]], int]()
    for each in _years(year, periods.values()):
        for contract, span, amount_pence in _in_year(each, periods):
            if code not in span.customers:
                continue
            before = shared.get((span.customers, span.weights), 0)
            shared[span.customers, span.weights] = before + amount_pence
            if each == year:
                share = _share(code, span, before + amount_pence) - _share(code, span, before)
                found.append(_charge(_signing(by_contract[contract]), year, span, share))
    return sorted(found, key=lambda charge: (charge.contract, charge.first_day))


def _years(last: FinancialYear, periods: Iterable[list[ChargePeriod]]) -> Iterator[FinancialYear]:
    """Yield the years up to the last one, from the first that a period is in."""
    first_days = (span.first_day for spans in periods for span in spans if span.first_day <= last.last_day)
    if (first := min(first_days, default=None)) is not None:
        begin = max(first, FinancialYear(FIRST_YEAR).first_day)
        yield from map(FinancialYear, range(FinancialYear.of(begin).start, last.start + 1))


def _in_year(year: FinancialYear, periods: Mapping[str, list[ChargePeriod]]) -> Iterator[tuple[str, ChargePeriod, int]]:
    """Yield each period of the year with its contract and its part of the annual charge, in order of days."""
    parts: list[tuple[str, ChargePeriod, int]] = []
    for contract, spans in periods.items():
        in_year = [span for span in spans if year.overlap(span.first_day, span.last_day)]
        parts.extend((contract, span, amount) for span, amount in zip(in_year, _amounts(year, in_year), strict=True))
    yield from sorted(parts, key=lambda part: (max(part[1].first_day, year.first_day), part[0]))


def _signing(facts: Iterable[ContractStatement]) -> ContractStatement:
    """Return the signing, which a contract with a period has."""
    return next(fact for fact in facts if fact.what == "signed")


def _share(code: str, span: ChargePeriod, amount_pence: int) -> int:
    return apportion(amount_pence, span.weights)[span.customers.index(code)]


def _charge(signed: ContractStatement, year: FinancialYear, span: ChargePeriod, amount_pence: int) -> Charge:
    first_day, last_day = max(span.first_day, year.first_day), min(span.last_day, year.last_day)
    return Charge(
        contract=signed.contract,
        title=signed.title,
        supplier=signed.supplier,
        first_day=first_day,
        last_day=last_day,
        days=year.overlap(first_day, last_day),
        annual_pence=span.annual_pence,
        shared_among=span.customers,
        amount_pence=amount_pence,
        tiers=dict(span.tiers),
    )


def _amounts(year: FinancialYear, in_year: list[ChargePeriod]) -> list[int]:
    """Return each period's part of its annual charge; periods of one charge are split together, so that they sum."""
    amounts: dict[int, int] = {}
    for annual_pence in {span.annual_pence for span in in_year}:
        indexes = [index for index, span in enumerate(in_year) if span.annual_pence == annual_pence]
        days = [year.overlap(in_year[index].first_day, in_year[index].last_day) for index in indexes]
        parts = apportion(annual_pence, [*days, year.days - sum(days)])
        amounts |= dict(zip(indexes, parts, strict=False))
    return [amounts[index] for index in range(len(in_year))]
