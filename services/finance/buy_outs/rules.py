"""Computes the sum of a voluntary termination by component, and weighs it against a saving. Pure, exact until shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from libs.common.events.contracts import BuyOutTermsStated
from services.finance.appraisals.discounting import Schedule, annuity, discount_factor
from services.finance.core.flows import EXCHEQUER, HOUSEHOLDS, Flow, Nature
from services.finance.core.years import FinancialYear

BASE_CASE_IRR, MARKET_VALUE, DISCOUNTED = "base_case_irr", "market_value", "discounted_distributions"
METHODS = (BASE_CASE_IRR, MARKET_VALUE, DISCOUNTED)
SAVING = "saving"
GROSS, NET = "gross", "net_of_borrowing"
ACCEPT, REJECT, NOT_COMPARABLE = "accept", "reject", "not_comparable"


@dataclass(frozen=True, slots=True)
class Component:
    """One line of the sum: `pence` is exact, negative where it is taken off; without a payee it is a resource."""

    name: str
    nature: Nature
    payee: str
    pence: Fraction


def equity(terms: BuyOutTermsStated) -> Fraction:
    """Return the value of shares and junior debt by the contract's one method.

    `market_value`: as stated. `discounted_distributions`: the base-case distributions still to come, each discounted by
    the base-case rate for its years. `base_case_irr`: what gives that rate to the original horizon; as the terms have
    no past distributions, they are taken to have been those of the base case, and the two are the same amount. Raises
    ValueError on no method or one that is not among the three.
    """
    if terms.equity_method == MARKET_VALUE:
        return Fraction(sum(terms.distributions_pence))
    if terms.equity_method not in METHODS:
        raise ValueError(f"{terms.contract}: {terms.equity_method or 'no method'} is no way to value equity")
    factor = 1 / (1 + Fraction(terms.irr))
    return sum((pence * factor**year for year, pence in enumerate(terms.distributions_pence, 1)), Fraction(0))


def components(terms: BuyOutTermsStated) -> list[Component]:
    """Return the sum by component, without those of nothing; empty where the contract gives no right."""
    if not terms.voluntary_right:
        return []
    contractor, resource, transfer = terms.supplier, Nature.RESOURCE, Nature.TRANSFER
    found = [
        Component("debt", transfer, contractor, Fraction(terms.debt_pence)),
        Component("swap_break", transfer, contractor, Fraction(terms.swap_break_pence)),
        Component("redundancy", transfer, HOUSEHOLDS, Fraction(terms.redundancy_pence)),
        Component("subcontract", transfer, contractor, Fraction(terms.subcontract_pence)),
        Component("equity", transfer, contractor, equity(terms)),
        Component("balances", transfer, contractor, -Fraction(terms.balances_pence)),
        Component("other", resource, "", Fraction(terms.other_pence)),
        Component("tax_gross_up", transfer, EXCHEQUER, Fraction(terms.tax_gross_up_pence)),
    ]
    return [one for one in found if one.pence]


def price(terms: BuyOutTermsStated) -> Fraction:
    """Return the sum, exact in pence."""
    return sum((one.pence for one in components(terms)), Fraction(0))


def flows(terms: BuyOutTermsStated, on: date) -> list[Flow]:
    """Return the components as flows of a day, divided equally among the customers."""
    return [
        Flow(customer, one.payee, on, one.pence / len(terms.customers), one.nature, one.name, terms.contract)
        for one in components(terms)
        for customer in terms.customers
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What leaving saves in each of the years from the first to the last; year 0 is the one in which the sum is paid.

    `loan_service` is what borrowing costs a year, where the saving is net of it and it is known.
    """

    pence: int
    basis: str
    first_year: int
    last_year: int
    loan_service: int | None = None

    @property
    def gross(self) -> int | None:
        """The saving before loan service; None where it is net of a service that is not known."""
        if self.basis == GROSS:
            return self.pence
        return None if self.loan_service is None else self.pence + self.loan_service


def terms_on(statements: Sequence[BuyOutTermsStated], day: date) -> BuyOutTermsStated | None:
    """Return the terms that hold on a day: of the statements, in the order of their instants, the last that does."""
    return next((one for one in reversed(statements) if one.effective_on <= day), None)


def saving_flows(terms: BuyOutTermsStated, saving: Saving, paid_in: FinancialYear) -> list[Flow]:
    """Return what leaving saves in each year, divided equally among the customers; nothing after the contract's end.

    Raises ValueError for a saving whose gross amount is not known.
    """
    gross = saving.gross
    if gross is None:
        raise ValueError(f"{terms.contract}: the saving is net of a loan service that is not stated")
    last = min(paid_in.start + saving.last_year, FinancialYear.of(terms.term_ends_on).start)
    years = [FinancialYear(year) for year in range(paid_in.start + saving.first_year, last + 1)]
    pence = -Fraction(gross, len(terms.customers))
    return [
        Flow(customer, "", year.first_day, pence, Nature.RESOURCE, SAVING, terms.contract)
        for year in years
        for customer in terms.customers
        if pence
    ]


@dataclass(frozen=True, slots=True)
class Appraisal:
    """A buy-out weighed: exact pence. `gross_value` and `net_value` are None where the saving is not comparable."""

    price: Fraction
    stated_value: Fraction
    gross_value: Fraction | None
    break_even: Fraction

    @property
    def net_value(self) -> Fraction | None:
        """The present value of the gross saving less the price."""
        return None if self.gross_value is None else self.gross_value - self.price

    @property
    def verdict(self) -> str:
        """Accept where the saving is worth the price or more."""
        if self.net_value is None:
            return NOT_COMPARABLE
        return ACCEPT if self.net_value >= 0 else REJECT


def appraise(price: Fraction, saving: Saving, schedule: Schedule) -> Appraisal:
    """Weigh a price paid in year 0 against a saving; the break-even saving is the gross one that equals the price."""
    factors = _factors(schedule, saving)
    gross = saving.gross
    return Appraisal(
        price=price,
        stated_value=saving.pence * factors,
        gross_value=None if gross is None else gross * factors,
        break_even=price / factors,
    )


def _factors(schedule: Schedule, saving: Saving) -> Fraction:
    """Return the sum of the factors of the saving's years, of which year 0 may be one."""
    before = annuity(schedule, saving.first_year - 1) if saving.first_year > 1 else Fraction(0)
    year_0 = discount_factor(schedule, 0) if saving.first_year == 0 else Fraction(0)
    return annuity(schedule, saving.last_year) - before + year_0


def whole_pence(amounts: Sequence[Fraction], total: int) -> list[int]:
    """Return exact amounts as whole pence that sum to a total: the largest remainders get the pennies left over."""
    parts = [amount.numerator // amount.denominator for amount in amounts]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - amounts[index], index))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts
