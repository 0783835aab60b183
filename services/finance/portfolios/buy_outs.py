"""Values buy-outs for a portfolio: the sum by component from the contract's terms, against the stated saving. Pure.

A buy-out may be paid in each year of the portfolio that is not over and in which the contract still runs; its sum is
that of the terms that hold when the year begins. Without the right, the terms or a gross saving there is no value.
"""

from collections.abc import Collection, Sequence
from datetime import date
from fractions import Fraction

from libs.common.events.contracts import BuyOutTermsStated
from libs.common.money import nearest_penny, pounds
from services.finance.appraisals.discounting import LAST_YEAR, Schedule, discount_factor
from services.finance.buy_outs.queries import saving_of
from services.finance.buy_outs.rules import flows, saving_flows, terms_on
from services.finance.buy_outs.views import SavingView
from services.finance.core.flows import Flow
from services.finance.core.lenses import Lens, cost_in
from services.finance.core.years import FinancialYear
from services.finance.portfolios.assembly import ContractExits, ExitOffer
from services.finance.portfolios.terms import PortfolioTerms


def why_no_buy_out(
    contract: str, statements: Sequence[BuyOutTermsStated], saving: SavingView | None, as_at: date
) -> str | None:
    """Return why a contract's buy-out has no value, in one sentence; None where it has one."""
    terms = terms_on(statements, as_at)
    if terms is None:
        return f"{contract}: no terms of a buy-out are known on {as_at}"
    if not terms.voluntary_right:
        return f"{contract} gives no right of voluntary termination on {as_at}"
    if saving is None:
        return f"{contract}: no saving by a buy-out is known"
    if saving.paid_pence is not None:
        return f"{contract} was bought out already, for {pounds(saving.paid_pence)}"
    if saving_of(saving).gross is None:
        return f"{contract}: its saving is net of borrowing and its loan service is not stated"
    return None


def flows_by_day(
    terms: PortfolioTerms, statements: Sequence[BuyOutTermsStated], view: SavingView, as_at: date
) -> dict[date, tuple[list[Flow], list[Flow]]]:
    """Return for each day on which it may be paid the flows of the sum and those of the saving."""
    saving, found = saving_of(view), {}
    for number in range(terms.years):
        year = FinancialYear(terms.start.start + number)
        on = max(year.first_day, as_at)
        of_day = terms_on(statements, on)
        if on <= year.last_day and of_day is not None and of_day.voluntary_right and on <= of_day.term_ends_on:
            found[on] = (flows(of_day, on), saving_flows(of_day, saving, year))
    return found


def offers_of(
    terms: PortfolioTerms,
    statements: Sequence[BuyOutTermsStated],
    by_day: dict[date, tuple[list[Flow], list[Flow]]],
    *,
    lens: Lens,
    schedule: Schedule,
    payers: Collection[str],
    as_at: date,
) -> ContractExits:
    """Return what paying on each day is worth through a lens, against never, and what its payers need then."""
    latest = terms_on(statements, as_at)
    assert latest is not None
    offers = []
    for on, (paid, saved) in by_day.items():
        cost = sum((_present(lens, flow, terms, schedule) for flow in (*paid, *saved)), Fraction(0))
        cash = nearest_penny(sum((flow.pence for flow in paid if flow.payer in payers), Fraction(0)))
        offers.append(ExitOffer(on, nearest_penny(-cost), ((FinancialYear.of(on), cash),) if cash else ()))
    return ContractExits(latest.supplier, latest.unitary_charge_pence, tuple(offers))


def _present(lens: Lens, flow: Flow, terms: PortfolioTerms, schedule: Schedule) -> Fraction:
    year = flow.financial_year.start - terms.start.start
    return cost_in(lens, flow) * discount_factor(schedule, year) if year <= LAST_YEAR else Fraction(0)
