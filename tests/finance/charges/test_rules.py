"""Support charges inside an allowance: apportioned, shared, and as contracts told them."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.events.contracts import (
    ContractSigned,
    ContractTerminated,
    ContractTransferred,
    ContractVaried,
    ServiceConsolidated,
)
from libs.common.messaging.rebuild import checksums
from services.finance.charges.rules import ChargePeriod, ContractStatement, charge_periods, charges
from services.finance.core.models import known_contracts
from services.finance.core.years import FinancialYear
from services.finance.figures.models import heard_events
from services.finance.reactions.publishers import subscriptions
from tests.support.finance_harness import FinanceHarness, at

YEAR = FinancialYear(2018)


def signed(
    *customers: str, annual_pence: int = 36500, first: date = YEAR.first_day, last: date = YEAR.last_day
) -> ContractStatement:
    """A contract for the days given."""
    return ContractStatement("K", "signed", first, 1, "Support", "0CX", customers, annual_pence, last)


def transferred(*customers: str, on: date, order: int = 2, annual_pence: int = 36500) -> ContractStatement:
    """Its change of hands."""
    return ContractStatement("K", "transferred", on, order, "", "0CX", customers, annual_pence)


def varied(*customers: str, on: date, last: date = YEAR.last_day, order: int = 3, **others: Any) -> ContractStatement:
    """Its terms anew, whole."""
    annual_pence = others.pop("annual_pence", 36500)
    return ContractStatement("K", "varied", on, order, "", "0CX", customers, annual_pence, last, **others)


def ended(on: date, order: int = 9) -> ContractStatement:
    """Its end."""
    return ContractStatement("K", "ended", on, order)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([signed("A")], [(YEAR.first_day, YEAR.last_day, ("A",))]),
        ([signed("A"), ended(date(2018, 10, 1))], [(YEAR.first_day, date(2018, 9, 30), ("A",))]),
        ([signed("A"), ended(YEAR.first_day)], []),
        ([ended(date(2018, 10, 1)), transferred("S", on=date(2018, 10, 1))], []),
        (
            [signed("A", "B"), transferred("S", on=date(2018, 10, 1))],
            [(YEAR.first_day, date(2018, 9, 30), ("A", "B")), (date(2018, 10, 1), YEAR.last_day, ("S",))],
        ),
        (
            [transferred("T", on=date(2018, 10, 1), order=3), transferred("S", on=date(2018, 10, 1)), signed("A")],
            [(YEAR.first_day, date(2018, 9, 30), ("A",)), (date(2018, 10, 1), YEAR.last_day, ("T",))],
        ),
        ([signed("A"), transferred("S", on=date(2018, 3, 1))], [(YEAR.first_day, YEAR.last_day, ("S",))]),
        (
            [signed("A"), transferred("S", on=date(2019, 5, 1)), ended(date(2018, 10, 1))],
            [(YEAR.first_day, date(2018, 9, 30), ("A",))],
        ),
        (
            [signed("A", last=date(2018, 9, 30)), varied("A", on=date(2018, 10, 1))],
            [(YEAR.first_day, date(2018, 9, 30), ("A",)), (date(2018, 10, 1), YEAR.last_day, ("A",))],
        ),
        (
            [varied("B", "A", on=date(2018, 6, 1), last=date(2018, 9, 30)), signed("A")],
            [(YEAR.first_day, date(2018, 5, 31), ("A",)), (date(2018, 6, 1), date(2018, 9, 30), ("A", "B"))],
        ),
        (
            [
                signed("A"),
                varied("A", "B", on=date(2018, 6, 1), last=date(2018, 12, 31)),
                transferred("S", on=date(2018, 10, 1)),
            ],
            [
                (YEAR.first_day, date(2018, 5, 31), ("A",)),
                (date(2018, 6, 1), date(2018, 9, 30), ("A", "B")),
                (date(2018, 10, 1), date(2018, 12, 31), ("S",)),
            ],
        ),
    ],
)
def test_a_contract_has_spans_of_equal_customers(
    facts: list[ContractStatement], expected: list[tuple[date, date, tuple[str, ...]]]
) -> None:
    assert [(span.first_day, span.last_day, span.customers) for span in charge_periods(facts)] == expected


def test_the_charge_is_the_part_of_the_days_shared_equally() -> None:
    facts = [signed("A", "B", first=date(2018, 10, 1), last=date(2020, 3, 31), annual_pence=36501)]
    found = {code: charges(code, YEAR, facts)[0] for code in "AB"}
    assert (found["A"].days, found["A"].shared_among) == (182, ("A", "B"))
    assert found["A"].amount_pence + found["B"].amount_pence == 18200  # 182 of 365 days of £365.01
    assert charges("C", YEAR, facts) == []
    assert charges("A", FinancialYear(2020), facts) == []


@given(st.permutations(range(4)), st.lists(st.integers(0, 3), max_size=3))
def test_of_two_variations_of_a_day_the_one_stated_later_counts_in_any_order(
    order: list[int], again: list[int]
) -> None:
    facts = [
        signed("A"),
        varied("A", "B", on=date(2018, 10, 1), stated_at=at(date(2018, 9, 1)), annual_pence=100),
        varied("A", "B", on=date(2018, 10, 1), stated_at=at(date(2018, 9, 2)), annual_pence=200, shares=("3/4", "1/4")),
        ended(date(2019, 2, 1)),
    ]
    arrived = [replace(facts[one], order=number) for number, one in enumerate([*order, *again])]
    [_, span] = charge_periods(arrived)
    assert (span.annual_pence, span.weights) == (200, (Fraction(3, 4), Fraction(1, 4)))
    assert span.last_day == date(2019, 1, 31)


def test_golden_18_a_cost_is_shared_by_population_to_the_penny() -> None:
    people = {"A": 205_000, "B": 330_000, "C": 145_000}
    shares = tuple(str(Fraction(each, sum(people.values()))) for each in people.values())
    facts = [replace(signed(*people, annual_pence=2_400_000_00), shares=shares)]
    paid = [charges(code, YEAR, facts)[0].amount_pence for code in people]
    assert paid == [723_529_41, 1_164_705_88, 511_764_71]
    assert sum(paid) == 2_400_000_00


def test_a_change_without_tiers_keeps_those_before_it() -> None:
    cluster, scale = (("hr", "cluster"),), (("hr", "scale"),)
    facts = [
        replace(signed("A"), tiers=cluster),
        transferred("B", on=date(2018, 7, 1)),
        varied("B", on=date(2018, 10, 1), tiers=scale),
    ]
    assert [span.tiers for span in charge_periods(facts)] == [cluster, cluster, scale]
    assert [charge.tiers for charge in charges("B", YEAR, facts)] == [{"hr": "cluster"}, {"hr": "scale"}]


def test_each_customer_pays_its_share_of_the_charge() -> None:
    facts = [replace(signed("B", "A", annual_pence=100_001), shares=("2/3", "1/3"))]
    assert [charges(code, YEAR, facts)[0].amount_pence for code in "AB"] == [33_334, 66_667]


@given(st.integers(0, 10**9), st.dates(YEAR.first_day, YEAR.last_day), st.integers(1, 5))
def test_the_charges_of_all_customers_before_and_after_a_transfer_are_the_annual_charge(
    annual_pence: int, day: date, customers: int
) -> None:
    codes = tuple("ABCDE"[:customers])
    facts = [signed(*codes, annual_pence=annual_pence), transferred("S", on=day, annual_pence=annual_pence)]
    assert sum(one.amount_pence for code in (*codes, "S") for one in charges(code, YEAR, facts)) == annual_pence


@st.composite
def contracts_of_the_same(draw: st.DrawFn) -> list[ContractStatement]:
    """Contracts of A, B and C, small and large, some over several years, some ended early."""
    facts: list[ContractStatement] = []
    for number in range(draw(st.integers(1, 6))):
        first = draw(st.dates(date(2016, 4, 1), date(2019, 3, 31)))
        one = signed("A", "B", "C", annual_pence=draw(st.integers(0, 10**4)), first=first, last=date(2020, 3, 31))
        facts.append(replace(one, contract=f"K{number}"))
        if draw(st.booleans()):
            end = replace(ended(draw(st.dates(first, date(2020, 3, 31)))), contract=f"K{number}")
            facts.append(end)
    return facts


@settings(deadline=None)
@given(contracts_of_the_same())
def test_what_customers_share_over_the_years_differs_by_no_more_than_a_penny(facts: list[ContractStatement]) -> None:
    years = [FinancialYear(start) for start in range(2016, 2020)]
    of_each = {code: [one for year in years for one in charges(code, year, facts)] for code in "ABC"}
    paid = {code: sum(one.amount_pence for one in found) for code, found in of_each.items()}
    assert max(paid.values()) - min(paid.values()) <= 1
    for lines in zip(*of_each.values(), strict=True):
        assert len({(one.contract, one.first_day) for one in lines}) == 1
        shared = sum(one.amount_pence for one in lines)
        alone = charges("A", FinancialYear.of(lines[0].first_day), [_of_a_alone(fact) for fact in facts])
        assert shared == next(
            one.amount_pence
            for one in alone
            if (one.contract, one.first_day) == (lines[0].contract, lines[0].first_day)
        )
        assert all(one.amount_pence >= 0 and abs(3 * one.amount_pence - shared) < 3 for one in lines)


def _of_a_alone(fact: ContractStatement) -> ContractStatement:
    return replace(fact, customers=("A",)) if fact.customers else fact


def test_a_thousand_contracts_that_leave_a_penny_over_are_shared_equally() -> None:
    facts = [replace(signed("A", "B", annual_pence=1), contract=f"K{number}") for number in range(1000)]
    assert [sum(one.amount_pence for one in charges(code, YEAR, facts)) for code in "AB"] == [500, 500]


def test_a_penny_over_each_year_goes_to_each_customer_in_turn() -> None:
    facts = [signed("A", "B", annual_pence=101, last=date(2022, 3, 31))]
    years = [FinancialYear(start) for start in range(2018, 2022)]
    assert [charges("A", year, facts)[0].amount_pence for year in years] == [51, 50, 51, 50]


@given(st.lists(st.dates(date(2017, 1, 1), date(2020, 1, 1)), max_size=4), st.dates(date(2017, 1, 1), date(2020, 1, 1)))
def test_spans_follow_each_other_whatever_is_told(transfers: list[date], end: date) -> None:
    facts = [signed("A"), ended(end), *(transferred("S", on=day, order=n) for n, day in enumerate(transfers, 2))]
    found: list[ChargePeriod] = charge_periods(facts)
    assert all(span.first_day <= span.last_day < end for span in found)
    assert all(one.last_day < other.first_day for one, other in pairwise(found))


CSU = ContractSigned(
    effective_on=date(2018, 4, 1),
    stated_at=at(date(2018, 1, 10)),
    contract="CSU-1",
    title="Commissioning support",
    supplier="0CX",
    customers=("10H", "10Y"),
    functions=("payroll",),
    last_day=date(2020, 3, 31),
    annual_pence=3_000_000,
)


async def test_the_charges_of_a_contract_stand_inside_the_allowance(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 1000)  # £22,070.00
    await harness.hear(CSU)
    found = (await harness.seen("10H", "2018-19")).support_charges
    assert [(charge.contract, charge.amount_pence, charge.shared_among) for charge in found.items] == [
        ("CSU-1", 1_500_000, ["10H", "10Y"])
    ]
    assert (found.amount_pence, found.exceeded_pence) == (1_500_000, 0)
    await harness.state("10H", "2018-19", 600)
    assert (await harness.seen("10H", "2018-19")).support_charges.exceeded_pence == 1_500_000 - 600 * 2207


async def test_charges_move_with_the_contract(harness: FinanceHarness) -> None:
    for code in ("10H", "10Y"):
        await harness.state(code, "2018-19", 1000)
    await harness.hear(
        CSU,
        ContractTransferred(
            effective_on=date(2018, 10, 1),
            stated_at=at(date(2018, 10, 1)),
            contract="CSU-1",
            supplier="0CX",
            from_customers=("10H", "10Y"),
            customers=("14Y",),
            merger="M-14Y",
            annual_pence=3_000_000,
        ),
    )
    assert (await harness.seen("10H", "2018-19")).support_charges.items[0].days == 183
    before = at(date(2018, 9, 1))
    assert (await harness.seen("10H", "2018-19", as_known=before)).support_charges.items[0].days == 365


async def test_a_terminated_or_replaced_contract_charges_no_more(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 1000)
    await harness.hear(CSU)
    shared = ServiceConsolidated(
        effective_on=date(2018, 7, 1),
        stated_at=at(date(2018, 6, 1)),
        contract="SHARED",
        title="Shared support",
        supplier="0CX",
        customers=("10H",),
        functions=("payroll",),
        replaced=("CSU-1",),
        last_day=date(2021, 3, 31),
        annual_pence=365_00,
        previous_annual_pence=3_000_000,
    )
    await harness.hear(shared)
    found = (await harness.seen("10H", "2018-19")).support_charges.items
    assert [(charge.contract, charge.days) for charge in found] == [("CSU-1", 91), ("SHARED", 274)]
    await harness.hear(
        ContractTerminated(
            effective_on=date(2018, 7, 2),
            stated_at=at(date(2018, 6, 2)),
            contract="SHARED",
            supplier="0CX",
            customers=("10H",),
            reason="in house",
        )
    )
    assert (await harness.seen("10H", "2018-19")).support_charges.items[-1].amount_pence == 100


async def test_contracts_told_twice_are_known_once(harness: FinanceHarness) -> None:
    await harness.hear(CSU)
    before = await checksums(harness.database, subscriptions)
    await harness.hear(CSU, CSU)
    after = await checksums(harness.database, subscriptions)
    # Each time it has an id of its own, under which figures find it.
    assert {name for name, checksum in after.items() if checksum != before[name]} == {heard_events.name}
    assert known_contracts.name in before


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0, 1, 2)])
async def test_a_variation_changes_who_pays_what_and_a_summary_charges_nothing(
    harness: FinanceHarness, order: tuple[int, ...]
) -> None:
    for code in ("10H", "10Y", "11C"):
        await harness.state(code, "2018-19", 1000)
    joined = ContractVaried(
        effective_on=date(2018, 10, 1),
        stated_at=at(date(2018, 10, 1)),
        contract="CSU-1",
        supplier="0CX",
        customers=("11C", "10H", "10Y"),
        customer_shares=("1/2", "1/4", "1/4"),
        functions=("payroll",),
        function_pence=(6_000_000,),
        function_tiers=(),
        annual_pence=6_000_000,
        last_day=date(2020, 3, 31),
        reason="joined",
        amendment="",
        previous_supplier="",
        decisions=(),
    )
    summary = ServiceConsolidated(
        effective_on=date(2018, 10, 1),
        stated_at=at(date(2018, 10, 1)),
        contract="CSU-1",
        title="Payroll",
        supplier="0CX",
        customers=joined.customers,
        functions=("payroll",),
        replaced=("CSU-0",),
        last_day=date(2020, 3, 31),
        annual_pence=6_000_000,
        previous_annual_pence=7_000_000,
        summary=True,
    )
    events = (CSU, joined, summary)
    for number in order:
        await harness.hear(events[number])
    # 183 of 365 days of £30,000.00 halved; 182 of £60,000.00, of which the one that joined pays half.
    paid = {
        code: [
            (charge.days, charge.amount_pence) for charge in (await harness.seen(code, "2018-19")).support_charges.items
        ]
        for code in ("11C", "10H", "10Y")
    }
    assert paid["11C"] == [(182, 1_495_891)]
    assert [days for days, _ in paid["10H"]] == [183, 182]
    assert sum(pence for code in paid for _, pence in paid[code]) == 1_504_110 + 2_991_781
    assert abs(sum(pence for _, pence in paid["10H"]) - sum(pence for _, pence in paid["10Y"])) <= 1
