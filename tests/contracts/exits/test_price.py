"""The price of an end, line by line to the penny (EXIT-3, EXIT-5), redundancy (golden 9) and TUPE days (EXIT-7)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.core.exit_terms import ExitTerms
from services.contracts.exits.packs import pack_on
from services.contracts.exits.prices.price import Ending, Price, price_of
from services.contracts.exits.prices.redundancy import StaffMember, information_due_on, redundancies, redundancy_pay
from services.contracts.exits.rules import Leaving

WORKED: dict[str, Any] = {
    "payment_share": "3/10",
    "overhead_pence": 180_000_00,
    "overhead_on_part": "stranded",
    "breakage": [{"pence": 12_500_00, "payee": "LICENSOR1", "function": "payroll"}],
    "dual_running_months": 3,
    "redundancy_payer": "supplier",
    "reprocurement_pence": 20_000_00,
}
LINES = {"payroll": 400_000_00, "bi": 350_000_00, "it": 250_000_00}
STAFF = (
    StaffMember(id="a", annual_pay_pence=45_000_00, years=12),
    StaffMember(id="b", annual_pay_pence=31_365_00, years=7),
    StaffMember(id="c", annual_pay_pence=60_000_00, years=20, moves=True),
)


def contract(**terms: Any) -> Leaving:
    """A contract of £1.0m a year from 1 April 2015 to 31 March 2018."""
    return Leaving(
        starts_on=date(2015, 4, 1),
        last_day=date(2018, 3, 31),
        notice_months=6,
        annual_pence=1_000_000_00,
        terms=ExitTerms.model_validate(WORKED | terms),
    )


PAYROLL = Ending(
    exit_day=date(2017, 3, 31),
    ended=(("payroll", LINES["payroll"]),),
    staying=(("bi", LINES["bi"]), ("it", LINES["it"])),
    payers=(("10H", Fraction(1)),),
    supplier="0CX",
    staff=STAFF,
)


def net_cost(price: Price, members: set[str]) -> int:
    """What a lens sees: the resources that its members use up, and the transfers that cross its border.

    A resource with a payee is used up by the payee, and paid by the payer.
    """
    total = 0
    for line in price.components:
        used_by = line.payee or line.payer if line.nature == "resource" else ""
        total += line.pence if used_by in members else 0
        if line.payee:
            total += line.pence * ((line.payer in members) - (line.payee in members))
    return total


def test_the_worked_figures_of_exit_3() -> None:
    price = price_of(contract(), PAYROLL)
    lines = [(one.component, one.nature, one.payer, one.payee, one.pence) for one in price.components]
    assert lines == [
        ("contractual_payment", "transfer", "10H", "0CX", 120_000_00),
        ("redundancy", "transfer", "0CX", "staff", 63_296_25),
        ("breakage", "transfer", "10H", "LICENSOR1", 12_500_00),
        ("stranded", "resource", "0CX", "", 72_000_00),
        ("dual_running", "resource", "10H", "0CX", 100_000_00),
        ("reprocurement", "resource", "10H", "", 20_000_00),
    ]
    assert price.unpriced == []
    assert price.total_pence == 387_796_25
    assert sum(one.pence for one in price.components if one.payer == "10H") == 252_500_00
    assert sum(one.pence for one in price.components if one.payer == "0CX") == 135_296_25


def test_the_lenses_of_exit_3_follow_from_the_lines() -> None:
    price = price_of(contract(), PAYROLL)
    assert net_cost(price, {"10H"}) == 252_500_00
    assert net_cost(price, {"10H", "0CX"}) == 267_796_25
    assert net_cost(price, {"10H", "0CX", "LICENSOR1", "staff"}) == 192_000_00


def test_an_ended_lines_overhead_is_spread_anew_where_the_contract_says_so() -> None:
    price = price_of(contract(overhead_on_part="respread"), PAYROLL)
    assert price.respread_pence == {"bi": 42_000_00, "it": 30_000_00}
    assert "stranded" not in {one.component for one in price.components}
    assert price.unpriced == []


def test_where_the_contract_is_silent_both_are_shown_and_neither_is_summed() -> None:
    price = price_of(contract(overhead_on_part=None), PAYROLL)
    assert (price.stranded_if_pence, price.respread_pence) == (72_000_00, {"bi": 42_000_00, "it": 30_000_00})
    assert price.unpriced == ["stranded"]
    assert price.total_pence == 387_796_25 - 72_000_00


def test_a_component_without_its_term_is_unpriced_and_never_nothing() -> None:
    bare = replace(contract(), terms=ExitTerms())
    price = price_of(bare, replace(PAYROLL, staff=None))
    assert price.unpriced == [
        "contractual_payment",
        "redundancy",
        "breakage",
        "stranded",
        "dual_running",
        "reprocurement",
    ]
    assert price.components == []


def test_a_schedule_names_the_payment_of_its_year() -> None:
    terms = {
        "payment_share": None,
        "payment_schedule_from": "2015-04-01",
        "payment_schedule_pence": [900_000_00, 500_000_00, 200_000_00],
    }
    whole = replace(PAYROLL, ended=tuple(LINES.items()), staying=())
    for exit_day, pence in ((date(2016, 3, 30), 900_000_00), (date(2016, 3, 31), 500_000_00)):
        [line] = [
            one
            for one in price_of(contract(**terms), replace(whole, exit_day=exit_day)).components
            if one.component == "contractual_payment"
        ]
        assert line.pence == pence
    ended = price_of(contract(**terms), replace(whole, exit_day=date(2018, 3, 31)))
    assert "contractual_payment" not in {one.component for one in ended.components}


def test_stranded_cost_by_year_ends_with_the_term() -> None:
    terms = {"stranded_pence": [300_000_00, 150_000_00, 150_000_00]}
    whole = replace(PAYROLL, ended=tuple(LINES.items()), staying=(), exit_day=date(2016, 9, 30))
    lines = [
        (one.due_on, one.pence) for one in price_of(contract(**terms), whole).components if one.component == "stranded"
    ]
    assert lines == [(date(2016, 10, 1), 300_000_00), (date(2017, 10, 1), 75_000_00)]


@pytest.mark.parametrize(
    ("salary", "week", "years", "pay"),
    [
        (45_000_00, None, 12, 45_000_00),
        (95_000_00, None, 30, 160_000_00),
        (18_000_00, None, 5, 9_583_33),
        (31_365_00, None, 7, 18_296_25),
        (31_365_00, 601_50, 7, 18_315_68),
        (45_000_00, None, 1, 0),
    ],
)
def test_golden_9(salary: int, week: int | None, years: int, pay: int) -> None:
    member = StaffMember(id="a", annual_pay_pence=salary, week_pay_pence=week, years=years)
    assert redundancy_pay(member, pack_on(date(2017, 3, 31), subject="redundancy")) == pay


def test_the_cap_on_exit_payments_holds_only_as_it_was_known() -> None:
    member = StaffMember(id="a", annual_pay_pence=95_000_00, years=30)
    leaving = date(2020, 12, 31)
    [then] = redundancies([member], leaving, as_known=datetime(2021, 2, 1, tzinfo=UTC))
    assert (then.pence, then.is_capped) == (95_000_00, True)
    [now] = redundancies([member], leaving)
    assert (now.pence, now.is_capped) == (160_000_00, False)
    [before] = redundancies([member], date(2020, 11, 3), as_known=datetime(2021, 2, 1, tzinfo=UTC))
    assert before.pence == 160_000_00


@pytest.mark.parametrize(
    ("transfer", "due"), [(date(2018, 4, 1), date(2018, 3, 4)), (date(2014, 4, 1), date(2014, 3, 18))]
)
def test_employee_liability_information_is_due_before_a_transfer(transfer: date, due: date) -> None:
    assert information_due_on(transfer)[0] == due


shares = st.lists(st.integers(1, 1000), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=4), shares, st.integers(0, 1000), st.integers(0, 2))
def test_what_the_customers_pay_sums_to_each_component(
    charges: list[int], weights: list[int], days: int, months: int
) -> None:
    ended = tuple((f"f{number}", pence) for number, pence in enumerate(charges))
    ending = replace(
        PAYROLL,
        exit_day=date.fromordinal(date(2015, 4, 1).toordinal() + days),
        ended=ended,
        staying=(),
        payers=tuple((f"C{number}", Fraction(one, sum(weights))) for number, one in enumerate(weights)),
        staff=None,
    )
    alone = replace(ending, payers=(("C", Fraction(1)),))
    terms = contract(dual_running_months=months)

    def by_component(price: Price) -> dict[str, int]:
        sums: dict[str, int] = {}
        for line in price.components:
            sums[line.component] = sums.get(line.component, 0) + line.pence
        return sums

    assert by_component(price_of(terms, ending)) == by_component(price_of(terms, alone))
