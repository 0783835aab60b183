"""Assembles the problem of a portfolio from what was stated and what contracts' events say. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from services.finance.core.years import FinancialYear
from services.finance.plans.problem import Alternatives, Custom, GoLives, Item, Problem, Start, Supplier
from services.finance.portfolios.terms import AnyItem, BuyOutItem, ExitItem, PortfolioTerms, StatedItem

_MONTHS_OF_A_QUARTER = 3


@dataclass(frozen=True, slots=True)
class ExitOffer:
    """A day on which a contract may be left: its value against never through the lens, and cash by financial year."""

    exit_on: date
    value_pence: int
    cash_pence: tuple[tuple[FinancialYear, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ContractExits:
    """A contract's supplier and annual charge, the days still on offer, and the day for which notice was served.

    Of a buy-out the days on which it may be paid.
    """

    supplier: str
    annual_pence: int
    offers: tuple[ExitOffer, ...]
    committed: ExitOffer | None = None


def problem_of(
    terms: PortfolioTerms, exits: Mapping[str, ContractExits], buy_outs: Mapping[str, ContractExits]
) -> Problem:
    """Return the problem; the contract of each exit is among `exits`, that of each buy-out among `buy_outs`."""
    numbers = {item.name: number for number, item in enumerate(terms.items)}

    def stated(item: AnyItem) -> Item:
        match item:
            case ExitItem():
                return _exit(terms, item, exits[item.contract])
            case BuyOutItem():
                return _exit(terms, item, buy_outs[item.contract], committed_to=item.committed_to)
            case StatedItem():
                return _stated(terms, item)

    items = tuple(stated(item) for item in terms.items)
    return Problem(
        first_year=terms.start.start,
        years=terms.years,
        items=items,
        budgets_pence=None if terms.budgets_pence is None else tuple(terms.budgets_pence),
        carry_over=terms.carry_over,
        go_lives=tuple(GoLives(limit.function, limit.per_quarter) for limit in terms.go_lives),
        dependencies=tuple(sorted({(numbers[pair.before], numbers[pair.after]) for pair in terms.dependencies})),
        alternatives=tuple(_alternatives(terms, numbers)),
        suppliers=tuple(_suppliers(terms, numbers, {**buy_outs, **exits})),
        target_pence=terms.target_pence,
    )


def quarter_of(day: date) -> int:
    """Return the quarter of the financial year in which a day lies, 1 to 4."""
    return (day.month - 4) % 12 // _MONTHS_OF_A_QUARTER + 1


def _stated(terms: PortfolioTerms, item: StatedItem) -> Item:
    starts = sorted(
        (
            Start(
                terms.index(start.year),
                start.value_pence,
                tuple(sorted((terms.index(money.year), money.pence) for money in start.cash_pence)),
                start.quarter,
            )
            for start in item.starts
            if item.committed_to in (None, start.year)
        ),
        key=lambda start: start.year,
    )
    return Item(item.name, item.function, tuple(starts), item.mandatory, item.committed_to is not None)


def _exit(
    terms: PortfolioTerms, item: ExitItem | BuyOutItem, of: ContractExits, *, committed_to: str | None = None
) -> Item:
    """Return the end of a contract: in each year the day that is worth most, or the day or year that is fixed."""
    if of.committed is not None:
        start = _start(terms, of.committed)
        # A notice for a day outside these years leaves nothing to choose in them.
        of_notice = (start,) if 0 <= start.year < terms.years else ()
        return Item(item.name, item.function, of_notice, item.mandatory, committed=bool(of_notice))
    best: dict[int, Start] = {}
    for offer in sorted(of.offers, key=lambda one: one.exit_on):
        start = _start(terms, offer)
        if committed_to not in (None, str(FinancialYear.of(offer.exit_on))):
            continue
        if 0 <= start.year < terms.years and (
            start.year not in best or start.value_pence > best[start.year].value_pence
        ):
            best[start.year] = start
    starts = tuple(best[year] for year in sorted(best))
    return Item(item.name, item.function, starts, item.mandatory, committed=committed_to is not None)


def _start(terms: PortfolioTerms, offer: ExitOffer) -> Start:
    first = terms.start.start
    cash = tuple(
        (year.start - first, pence)
        for year, pence in offer.cash_pence
        if pence and 0 <= year.start - first < terms.years
    )
    return Start(FinancialYear.of(offer.exit_on).start - first, offer.value_pence, cash, quarter_of(offer.exit_on))


def _alternatives(terms: PortfolioTerms, numbers: Mapping[str, int]) -> Iterator[Alternatives]:
    """Yield the stated groups, and the items of one contract, which can be left once only."""
    grouped: set[str] = set()
    for group in terms.alternatives:
        grouped.update(group.items)
        yield Alternatives(tuple(sorted(numbers[name] for name in group.items)), group.mandatory)
    for names in _by_contract(terms).values():
        if len(names) > 1 and not grouped.intersection(names):
            yield Alternatives(tuple(sorted(numbers[name] for name in names)))


def _by_contract(terms: PortfolioTerms) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for item in terms.items:
        if item.contract is not None:
            names.setdefault(item.contract, []).append(item.name)
    return names


def _suppliers(
    terms: PortfolioTerms, numbers: Mapping[str, int], exits: Mapping[str, ContractExits]
) -> Iterator[Supplier]:
    by_contract = _by_contract(terms)
    for need in terms.suppliers:
        customs = tuple(
            Custom(tuple(sorted(numbers[name] for name in by_contract[contract])), of.annual_pence)
            for contract, of in sorted(exits.items())
            if of.supplier == need.supplier and contract in by_contract
        )
        yield Supplier(need.supplier, need.need_pence, need.outside_pence, customs)
