"""The ledger of flows read through lenses: EXIT-3's figures, sums over parties, the sector on the flow's day."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.finance.core.flows import HOUSEHOLDS, Flow, Nature, over_baseline, parties_of
from services.finance.core.lenses import (
    DatedLens,
    Lens,
    OrganisationLens,
    SectorLens,
    SetLens,
    SocietyLens,
    cost_in,
    costs_by_year,
    costs_in,
)
from services.finance.core.shifts import detect_shift

DAY = date(2017, 4, 1)
RESOURCE, TRANSFER = Nature.RESOURCE, Nature.TRANSFER

ENDED_PAYROLL = [
    Flow("CCG", "CSU", DAY, Fraction(12_000_000), TRANSFER, "contractual_payment"),
    Flow("CSU", HOUSEHOLDS, DAY, Fraction(6_329_625), TRANSFER, "redundancy"),
    Flow("CCG", "LICENSOR", DAY, Fraction(1_250_000), TRANSFER, "breakage"),
    Flow("CSU", "", DAY, Fraction(7_200_000), RESOURCE, "stranded"),
    Flow("CCG", "CSU", DAY, Fraction(10_000_000), RESOURCE, "dual_running"),
    Flow("CCG", "", DAY, Fraction(2_000_000), RESOURCE, "reprocurement"),
]
"""EXIT-3: payroll ends a year early at 30 %."""


def _public(*codes: str) -> SectorLens:
    return SectorLens(lambda party, _: "public" if party in codes else "private")


@pytest.mark.parametrize(
    ("lens", "pence"),
    [
        (OrganisationLens("CCG"), 25_250_000),
        (_public("CCG", "CSU"), 26_779_625),
        (_public("CCG"), 25_250_000),
        (SocietyLens(), 19_200_000),
        (OrganisationLens("CSU"), 1_529_625),
    ],
)
def test_an_exit_costs_each_lens_its_own_sum(lens: Lens, pence: int) -> None:
    assert sum(costs_in(lens, ENDED_PAYROLL)) == pence


def test_what_each_pays_is_the_whole_sum() -> None:
    paid = {code: sum(flow.pence for flow in ENDED_PAYROLL if flow.payer == code) for code in parties_of(ENDED_PAYROLL)}
    assert paid == {"CCG": 25_250_000, "CSU": 13_529_625, "LICENSOR": 0, HOUSEHOLDS: 0}
    assert sum(paid.values()) == 38_779_625


def test_a_change_of_sector_is_judged_on_the_flows_own_day() -> None:
    sold_on = date(2018, 4, 1)
    lens = SectorLens(lambda party, day: "private" if party == "CSU" and day >= sold_on else "public")
    payments = [Flow("CCG", "CSU", day, Fraction(100), TRANSFER, "payment") for day in (DAY, sold_on)]
    assert costs_in(lens, payments) == [0, 100]


def test_a_footprint_counts_its_members_of_the_day() -> None:
    lens = DatedLens("footprint", lambda day: frozenset({"A", "B"} if day < DAY else {"A"}))
    moved = Flow("A", "B", DAY, Fraction(5), TRANSFER, "payment")
    assert cost_in(lens, moved) == 5
    assert cost_in(SetLens("both", frozenset({"A", "B"})), moved) == 0


def test_costs_by_year_are_those_of_the_financial_year() -> None:
    flows = [Flow("A", "", day, Fraction(7), RESOURCE, "cost") for day in (date(2018, 3, 31), date(2018, 4, 1))]
    assert {str(year): amount for year, amount in costs_by_year(SocietyLens(), flows).items()} == {
        "2017-18": 7,
        "2018-19": 7,
    }


@pytest.mark.parametrize(("payer", "payee", "nature"), [("A", "", TRANSFER), ("", "A", RESOURCE), ("A", "A", TRANSFER)])
def test_a_flow_without_two_sides_is_refused(payer: str, payee: str, nature: Nature) -> None:
    with pytest.raises(ValueError, match="payment: "):
        Flow(payer, payee, DAY, Fraction(1), nature, "payment")


_PARTIES = ("A", "B", "C", HOUSEHOLDS)


@st.composite
def _flows(draw: st.DrawFn) -> Flow:
    payer = draw(st.sampled_from(_PARTIES))
    payee = draw(st.sampled_from([*(party for party in _PARTIES if party != payer), ""]))
    nature = draw(st.sampled_from(Nature)) if payee else RESOURCE
    return Flow(payer, payee, DAY, Fraction(draw(st.integers(-(10**9), 10**9)), 7), nature, "any")


@settings(max_examples=60)
@given(st.lists(_flows(), max_size=12), st.sets(st.sampled_from(_PARTIES)))
def test_a_lens_costs_what_its_parties_bear_and_all_parties_bear_the_resources(
    flows: list[Flow], members: set[str]
) -> None:
    def own(party: str) -> Fraction:
        return sum(costs_in(OrganisationLens(party), flows), Fraction(0))

    assert sum(costs_in(SetLens("some", frozenset(members)), flows)) == sum(own(party) for party in members)
    resources = sum(flow.pence for flow in flows if flow.nature is RESOURCE)
    assert sum(costs_in(SocietyLens(), flows)) == sum(own(party) for party in _PARTIES) == resources


INSOURCED = over_baseline(
    [
        Flow("A", "", DAY, Fraction(320_000_000), RESOURCE, "in_house"),
        Flow("CSU", "", DAY, Fraction(600_000_000 + 600_000 * 400), RESOURCE, "supplier_cost"),
        Flow("B", "CSU", DAY, Fraction(300_000 * 1_400), TRANSFER, "charge"),
        Flow("C", "CSU", DAY, Fraction(300_000 * 1_400), TRANSFER, "charge"),
    ],
    [
        Flow("CSU", "", DAY, Fraction(600_000_000 + 1_000_000 * 400), RESOURCE, "supplier_cost"),
        Flow("A", "CSU", DAY, Fraction(400_000 * 1_000), TRANSFER, "charge"),
        Flow("B", "CSU", DAY, Fraction(300_000 * 1_000), TRANSFER, "charge"),
        Flow("C", "CSU", DAY, Fraction(300_000 * 1_000), TRANSFER, "charge"),
    ],
)


def test_a_saving_that_others_pay_for_names_who_loses() -> None:
    shift = detect_shift(SocietyLens(), INSOURCED)
    assert {each.party: each.gain for each in shift.gainers} == {"A": 80_000_000}
    assert {each.party: each.gain for each in shift.losers} == {"B": -120_000_000, "C": -120_000_000}
    assert shift.shifted
    assert [shift.gain, shift.loss, shift.net] == [80_000_000, 240_000_000, -160_000_000]
    assert shift.counted_saving == 0


@pytest.mark.parametrize(("there", "counted"), [(4_000_000, 0), (3_500_000, 500_000), (4_200_000, 0)])
def test_a_team_that_moves_saves_what_is_left_for_the_footprint(there: int, counted: int) -> None:
    moved = [
        Flow("CCG", "", DAY, Fraction(-4_000_000), RESOURCE, "team"),
        Flow("TRUST", "", DAY, Fraction(there), RESOURCE, "team"),
    ]
    shift = detect_shift(SetLens("footprint", frozenset({"CCG", "TRUST"})), moved)
    assert shift.shifted
    assert shift.counted_saving == counted
    alone = detect_shift(OrganisationLens("CCG"), moved)
    assert not alone.shifted
    assert alone.counted_saving == 4_000_000


def test_a_saving_that_costs_no_member_is_no_shift() -> None:
    shift = detect_shift(SocietyLens(), [Flow("A", "", DAY, Fraction(-9), RESOURCE, "licence")])
    assert not shift.shifted
    assert shift.counted_saving == 9
