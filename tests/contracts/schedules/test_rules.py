"""Advances and balances to the penny, and what falls due whatever order things are stated in."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.payments.rules import DueItem, PlannedItem, net_pence
from services.contracts.schedules.rules import (
    ADVANCE,
    BALANCE,
    Achieved,
    ScheduleTerms,
    earned_pence,
    falls_due,
    planned,
    with_withdrawn,
)

START, END = date(2013, 4, 1), date(2016, 3, 31)


def terms(sum_pence: int, payees: int, *, advance: str = "7/10", weights: Sequence[int] = ()) -> ScheduleTerms:
    return ScheduleTerms(
        contract="NETWORKS",
        payer="08V",
        payees=tuple(f"NET{number}" for number in range(payees)),
        weights=tuple(weights) or (1,) * payees,
        sum_pence=sum_pence,
        advance=Fraction(advance),
        advance_on=START,
        balance_on=END,
    )


def pence(items: Sequence[PlannedItem], kind: str) -> list[int]:
    return [one.most_pence for one in items if one.kind == kind]


def test_s48_seven_tenths_in_advance_to_each_network() -> None:
    items = planned(terms(800_000_000, 8))
    assert pence(items, ADVANCE) == [70_000_000] * 8
    assert pence(items, BALANCE) == [30_000_000] * 8
    parts = (100, 95, 90, 85, 80, 70, 60, 60)
    earned = [earned_pence(30_000_000, Fraction(part, 100)) for part in parts]
    assert [one // 100_000 for one in earned] == [300, 285, 270, 255, 240, 210, 180, 180]
    assert sum(earned) == 192_000_000


@pytest.mark.parametrize(
    ("sum_pence", "weights", "advances", "balances"),
    [
        (1_000_001, (1, 1, 1), [233_334, 233_334, 233_333], [100_000, 100_000, 100_000]),
        (100, (1, 2), [23, 47], [10, 20]),
        (5, (1, 0), [4, 0], [1, 0]),
        (0, (1, 1), [0, 0], [0, 0]),
    ],
)
def test_pennies_go_to_the_largest_remainders_the_earlier_first(
    sum_pence: int, weights: tuple[int, ...], advances: list[int], balances: list[int]
) -> None:
    items = planned(terms(sum_pence, len(weights), weights=weights))
    assert (pence(items, ADVANCE), pence(items, BALANCE)) == (advances, balances)


@given(
    sum_pence=st.integers(0, 10**12),
    weights=st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any),
    advance=st.fractions(0, 1, max_denominator=1000),
    part=st.fractions(0, 1, max_denominator=1000),
)
@settings(max_examples=100, deadline=None)
def test_all_items_make_the_sum_and_what_is_earned_is_no_more(
    sum_pence: int, weights: list[int], advance: Fraction, part: Fraction
) -> None:
    items = planned(terms(sum_pence, len(weights), advance=str(advance), weights=weights))
    assert sum(one.most_pence for one in items) == sum_pence
    assert abs(sum(pence(items, ADVANCE)) - advance * sum_pence) <= Fraction(1, 2)
    for most in pence(items, BALANCE):
        assert abs(earned_pence(most, part) - part * most) <= Fraction(1, 2)
        assert earned_pence(most, part) <= most


achieving = st.lists(
    st.tuples(st.integers(0, 2), st.fractions(0, 1, max_denominator=100), st.integers(0, 1500)), max_size=6
)


@given(achieving=achieving, days=st.lists(st.integers(-10, 1600), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_replaying_and_late_work_change_nothing_of_what_is_due_in_all(
    achieving: list[tuple[int, Fraction, int]], days: list[int]
) -> None:
    items = planned(terms(1_000_003, 3))
    achievements: dict[str, Achieved] = {}
    due: list[DueItem] = []
    for (payee, part, day), moved in zip(achieving, days * 6, strict=False):
        achievements[f"NET{payee}"] = Achieved(part, START + timedelta(days=day))
        today = START + timedelta(days=max(day, moved))
        for _ in range(2):  # what fell due falls due once
            new = falls_due(items, achievements, due, payer="08V", stated_on=today, up_to=today)
            due += new
        assert new == []
    last = START + timedelta(days=2000)
    due += falls_due(items, achievements, due, payer="08V", stated_on=date.min, up_to=last)
    assert len({one.item for one in due}) == len(due)
    for one in items:
        achieved = achievements.get(one.payee)
        expected = (
            one.most_pence if one.kind == ADVANCE else earned_pence(one.most_pence, achieved.part) if achieved else 0
        )
        assert net_pence(one.item, one.payee, due) == expected
    assert all(one.amount_pence > 0 for one in due if one.corrects)


def test_no_balance_falls_due_before_its_achievement_is_stated() -> None:
    items = planned(terms(1_000_000, 1))
    due = falls_due(items, {}, [], payer="08V", stated_on=date.min, up_to=date(2030, 1, 1))
    assert [one.kind for one in due] == [ADVANCE]


def test_a_schedule_stated_again_takes_back_what_it_no_longer_has() -> None:
    before = planned(terms(1_000_000, 2))
    [*due] = falls_due(before, {}, [], payer="08V", stated_on=START, up_to=START)
    after = with_withdrawn(planned(terms(1_000_000, 1)), before)
    day = START + timedelta(days=30)
    back = falls_due(after, {}, due, payer="08V", stated_on=day, up_to=day)
    assert [(one.payer, one.payee, one.amount_pence, one.corrects) for one in back] == [
        ("08V", "NET0", 350_000, "NETWORKS/advance/NET0"),
        ("NET1", "08V", 350_000, "NETWORKS/advance/NET1"),
    ]
    assert {one.due_on for one in back} == {day}
