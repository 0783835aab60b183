"""The sum of a voluntary termination by component, and a saving weighed against it, beside sums made by hand."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.events.contracts import BuyOutTermsStated
from libs.common.money import nearest_penny
from services.finance.buy_outs import rules
from services.finance.core.flows import EXCHEQUER, Nature
from services.finance.core.lenses import SetLens, SocietyLens, costs_in
from tests.finance.appraisals.schedules import STANDARD
from tests.support.finance_harness import at

MILLION = 100_000_000


def terms(**changed: object) -> BuyOutTermsStated:
    """The terms of golden S09; changed as said."""
    golden: dict[str, object] = {
        "effective_on": date(2014, 1, 1),
        "stated_at": at(date(2014, 1, 1)),
        "contract": "PFI-HEXHAM-2001",
        "supplier": "PFICO",
        "customers": ("00L",),
        "kind": "pfi",
        "voluntary_right": True,
        "equity_method": "discounted_distributions",
        "debt_pence": 40 * MILLION,
        "swap_break_pence": 350_000_000,
        "redundancy_pence": 120_000_000,
        "subcontract_pence": 60_000_000,
        "distributions_pence": (2 * MILLION,) * 5,
        "irr": "3/25",
        "balances_pence": 2 * MILLION,
        "other_pence": 0,
        "tax_gross_up_pence": 0,
        "unitary_charge_pence": 8 * MILLION,
        "term_ends_on": date(2033, 3, 31),
    }
    return BuyOutTermsStated.model_validate(golden | changed)


def weighed(saving: int, **changed: object) -> rules.Appraisal:
    said = rules.Saving(pence=saving, basis="gross", first_year=1, last_year=15)
    return rules.appraise(rules.price(terms(**changed)), said, STANDARD)


def in_pounds(exact: Fraction) -> int:
    return nearest_penny(exact / 100)


def test_the_golden_sum_and_the_savings_that_are_worth_it_and_not() -> None:
    assert in_pounds(rules.equity(terms())) == 7_209_552
    assert in_pounds(rules.price(terms())) == 50_509_552
    low, high = weighed(390_000_000), weighed(520_000_000)
    assert (in_pounds(low.stated_value), low.verdict) == (44_917_902, "reject")
    assert (in_pounds(high.stated_value), high.verdict) == (59_890_537, "accept")
    assert in_pounds(low.break_even) == in_pounds(high.break_even) == 4_385_495


@given(
    st.lists(st.integers(0, 10**12), max_size=20),
    st.fractions(0, 1, max_denominator=100),
    st.integers(-(10**10), 10**10),
)
@settings(max_examples=60)
def test_the_components_make_the_price_and_each_is_what_the_contract_says(
    distributions: list[int], irr: Fraction, swap: int
) -> None:
    said = terms(distributions_pence=tuple(distributions), irr=str(irr), swap_break_pence=swap)
    equity = Fraction(0)
    for distribution in reversed(distributions):
        equity = (equity + distribution) / (1 + irr)
    others = 40 * MILLION + 120_000_000 + 60_000_000 - 2 * MILLION + swap
    assert rules.price(said) == equity + others
    assert sum(one.pence for one in rules.components(said)) == rules.price(said)
    total = nearest_penny(rules.price(said))
    shown = rules.whole_pence([one.pence for one in rules.components(said)], total)
    assert sum(shown) == total
    assert all(abs(pence - one.pence) < 1 for pence, one in zip(shown, rules.components(said), strict=True))


def test_hexham_by_component_and_its_tax_goes_back_to_the_exchequer() -> None:
    hexham = terms(
        equity_method="market_value",
        irr="",
        debt_pence=5_180_000_000,
        swap_break_pence=2_700_000_000,
        redundancy_pence=0,
        subcontract_pence=20_000_000,
        distributions_pence=(1_450_000_000,),
        balances_pence=550_000_000,
        other_pence=100_000_000,
        tax_gross_up_pence=1_820_000_000,
    )
    assert rules.price(hexham) == 10_720_000_000
    [tax] = [one for one in rules.components(hexham) if one.name == "tax_gross_up"]
    assert (tax.nature, tax.payee, tax.pence) == (Nature.TRANSFER, EXCHEQUER, Fraction(1_820_000_000))
    flows = rules.flows(hexham, date(2014, 10, 1))
    # Of all that is paid, only the cost of making the transaction is used up.
    assert sum(costs_in(SocietyLens(), flows)) == 100_000_000
    assert sum(costs_in(SetLens("customers", frozenset({"00L"})), flows)) == 10_720_000_000
    with_treasury = SetLens("customers and Exchequer", frozenset({"00L", EXCHEQUER}))
    assert sum(costs_in(with_treasury, flows)) == 10_720_000_000 - 1_820_000_000


def test_a_contract_without_the_right_has_no_components() -> None:
    without = terms(voluntary_right=False, equity_method="")
    assert rules.components(without) == []
    assert rules.flows(without, date(2014, 1, 1)) == []


@pytest.mark.parametrize("method", ["", "higher_of"])
def test_without_one_method_equity_has_no_value(method: str) -> None:
    with pytest.raises(ValueError, match="no way to value equity"):
        rules.equity(terms(equity_method=method))


@given(st.integers(0, 20), st.integers(0, 30), st.integers(1, 10**11))
@settings(max_examples=60)
def test_the_break_even_saving_is_worth_the_price_exactly(first: int, more: int, price: int) -> None:
    last = max(1, first + more)
    factors = Fraction(0)
    for year in range(first, last + 1):
        factors += Fraction(1000, 1035) ** min(year, 30) * Fraction(100, 103) ** max(0, year - 30)
    said = rules.Saving(pence=1, basis="gross", first_year=first, last_year=last)
    found = rules.appraise(Fraction(price), said, STANDARD)
    assert found.stated_value == factors
    assert found.break_even * factors == price
    assert found.verdict == ("accept" if factors >= price else "reject")


def test_a_saving_net_of_borrowing_is_compared_only_with_its_loan_service() -> None:
    net = rules.Saving(pence=350_000_000, basis="net_of_borrowing", first_year=1, last_year=19)
    found = rules.appraise(Fraction(10_720_000_000), net, STANDARD)
    assert (found.verdict, found.net_value) == ("not_comparable", None)
    served = rules.Saving(pence=350_000_000, basis="net_of_borrowing", first_year=1, last_year=19, loan_service=10**9)
    assert rules.appraise(Fraction(10_720_000_000), served, STANDARD).gross_value == found.stated_value * 27 / 7
