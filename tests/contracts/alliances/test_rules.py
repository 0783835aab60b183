"""S34: gain and pain by weights to the penny, and terms that need every member's consent."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.alliances.errors import NotUnanimous, PeriodAmiss, WeightsNotWhole
from services.contracts.alliances.rules import (
    Proposed,
    Vote,
    asked_for,
    due_items,
    in_force,
    reads_as_member,
    settle,
    why_not_settled,
    why_not_whole,
)
from services.contracts.payments.rules import net_pence

DAY = date(2017, 4, 1)
AT = datetime(2017, 3, 1, 9, tzinfo=UTC)
LATER = date(2018, 6, 1)
"""After the periods."""
WEIGHTS = {"A1A": Fraction(1, 2), "B1B": Fraction(3, 10), "C1C": Fraction(1, 5)}
M = 100_000_000


def proposed(number: int = 1, on: date = DAY, votes: Mapping[str, bool] | None = None) -> Proposed:
    return Proposed(
        id=number,
        number=number,
        payer="05C",
        target_pence=10 * M,
        share=Fraction(1, 2),
        weights=WEIGHTS,
        effective_on=on,
        stated_at=AT,
        asked=asked_for(WEIGHTS, "05C", None),
        votes=tuple(
            Vote(member, agrees, DAY, AT + timedelta(hours=hour))
            for hour, (member, agrees) in enumerate((votes or {}).items())
        ),
    )


ALL = dict.fromkeys((*WEIGHTS, "05C"), True)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (920_000_000, (20_000_000, 12_000_000, 8_000_000)),
        (1_050_000_000, (-12_500_000, -7_500_000, -5_000_000)),
        (1_000_000_000, (0, 0, 0)),
        (999_999_997, (1, 1, 0)),
    ],
)
def test_s34_gain_and_pain_are_shared_by_weights(actual: int, expected: tuple[int, ...]) -> None:
    assert tuple(settle(proposed(), actual).values()) == expected


@given(
    st.lists(st.integers(1, 99), min_size=1, max_size=9),
    st.fractions(0, 1, max_denominator=100),
    st.integers(0, 20 * M),
)
def test_parts_make_the_whole_and_bear_one_sign(weights: list[int], share: Fraction, actual: int) -> None:
    shares = {f"M{number}": Fraction(weight, sum(weights)) for number, weight in enumerate(weights)}
    terms = replace(proposed(), weights=shares, share=share)
    amounts = settle(terms, actual)
    assert abs(sum(amounts.values()) - share * (10 * M - actual)) <= Fraction(1, 2)
    assert len({amount > 0 for amount in amounts.values() if amount}) <= 1


@pytest.mark.parametrize("last", [Fraction(1, 10), Fraction(21, 100)])
def test_s34_weights_that_do_not_total_the_whole_are_refused(last: Fraction) -> None:
    [refused] = why_not_whole(WEIGHTS | {"C1C": last})
    assert isinstance(refused, WeightsNotWhole)
    assert why_not_whole(WEIGHTS) == []


def test_s34_who_is_against_and_who_is_silent_block_and_are_named() -> None:
    blocked = proposed(votes={"A1A": True, "B1B": False})
    assert (blocked.agreed_at, blocked.against, blocked.silent) == (None, ["B1B"], ["05C", "C1C"])
    [refused] = why_not_settled([blocked], DAY, date(2018, 3, 31), [], today=LATER)
    assert isinstance(refused, NotUnanimous)
    assert [one.message for one in refused.reasons] == [
        "terms 1: B1B is against",
        "terms 1: 05C has not answered",
        "terms 1: C1C has not answered",
    ]


def test_a_no_that_becomes_a_yes_agrees_and_what_follows_does_not_count() -> None:
    votes = proposed(votes=ALL).votes
    no, later = Vote("A1A", False, DAY, AT), Vote("C1C", False, DAY, AT + timedelta(days=9))
    terms = replace(proposed(), votes=(no, *votes, later))
    assert terms.agreed_at == votes[-1].stated_at


def test_who_leaves_has_to_agree_to_the_terms_that_leave_it_out() -> None:
    assert asked_for(["A1A", "D1D"], "05L", proposed()) == ("05C", "05L", "A1A", "B1B", "C1C", "D1D")


def test_terms_are_in_force_from_their_day_once_agreed_and_a_period_is_of_one_set() -> None:
    first, second = proposed(1, votes=ALL), proposed(2, date(2017, 10, 1), ALL)
    waiting = proposed(3, date(2018, 1, 1), {"A1A": True})
    all_terms = [first, second, waiting]
    days = (date(2017, 3, 31), DAY, date(2017, 9, 30), date(2017, 10, 1), date(2018, 6, 1))
    assert [one and one.number for one in (in_force(all_terms, day) for day in days)] == [None, 1, 1, 2, 2]
    half = (date(2017, 4, 1), date(2017, 9, 30))
    assert why_not_settled(all_terms, *half, [], today=LATER) == []
    assert why_not_settled(all_terms, *half, [half], today=LATER) == []
    [overlap] = why_not_settled(all_terms, *half, [(date(2017, 9, 1), date(2017, 9, 30))], today=LATER)
    assert isinstance(overlap, PeriodAmiss)
    assert [type(one) for one in why_not_settled(all_terms, DAY, date(2017, 10, 1), [], today=LATER)] == [NotUnanimous]


def test_a_gain_that_becomes_a_pain_is_corrected_by_one_item() -> None:
    terms = proposed(votes=ALL)
    [gain, *others] = due_items("ALL-2017", "05C", settle(terms, 920_000_000), DAY, DAY)
    assert (gain.kind, gain.payer, gain.payee, gain.amount_pence) == ("gain", "05C", "A1A", 20_000_000)
    due = [gain, *others]
    lost = settle(terms, 1_050_000_000)
    [correction, *rest] = due_items("ALL-2017", "05C", lost, DAY, DAY, due)
    assert (correction.payer, correction.payee, correction.amount_pence) == ("A1A", "05C", 32_500_000)
    due += [correction, *rest]
    assert net_pence(gain.item, "05C", due) == 12_500_000
    assert due_items("ALL-2017", "05C", lost, DAY, DAY, due) == []


@pytest.mark.parametrize(("actual", "kind"), [(920_000_000, "gain"), (1_050_000_000, "pain")])
def test_a_period_stated_again_by_who_took_the_payer_over_corrects_what_differs_alone(actual: int, kind: str) -> None:
    amounts = settle(proposed(), actual)
    due = due_items("ALL-2017", "05C", amounts, DAY, DAY)
    assert {one.kind for one in due} == {kind}
    assert min(one.amount_pence for one in due) > 0
    assert due_items("ALL-2017", "D2P2L", amounts, DAY, DAY, due) == []
    more = amounts | {"A1A": amounts["A1A"] - 1}
    [one] = due_items("ALL-2017", "D2P2L", more, DAY, DAY, due)
    assert (one.payer, one.payee, one.amount_pence) == ("A1A", "D2P2L", 1)


def test_who_pays_has_no_item_with_itself() -> None:
    assert [one.payer for one in due_items("ALL-2017", "A1A", settle(proposed(), 0), DAY, DAY)] == ["A1A", "A1A"]
    lost = due_items("ALL-2017", "A1A", settle(proposed(), 2_000_000_000), DAY, DAY)
    assert [one.payer for one in lost] == ["B1B", "C1C"]


def test_a_member_whom_other_terms_leave_out_has_nothing_left_of_a_period_that_is_stated_again() -> None:
    first = due_items("ALL-2017", "05C", settle(proposed(), 920_000_000), DAY, DAY)
    due = [*first, *due_items("ALL-2017", "05C", {"C1C": 1}, date(2018, 4, 1), DAY)]
    fewer = settle(replace(proposed(2), weights={"A1A": Fraction(1, 2), "B1B": Fraction(1, 2)}), 920_000_000)
    corrections = due_items("ALL-2017", "05C", fewer, DAY, DAY, due)
    assert {(one.payer, one.payee, one.amount_pence) for one in corrections} == {
        ("05C", "B1B", 8_000_000),
        ("C1C", "05C", 8_000_000),
    }
    assert due_items("ALL-2017", "05C", fewer, DAY, DAY, [*due, *corrections]) == []


def test_a_period_that_has_not_ended_is_not_settled() -> None:
    last = date(2017, 9, 30)
    [refused] = why_not_settled([proposed(votes=ALL)], DAY, last, [], today=last)
    assert isinstance(refused, PeriodAmiss)
    assert why_not_settled([proposed(votes=ALL)], DAY, last, [], today=date(2017, 10, 1)) == []


def test_a_member_that_is_no_party_reads_on_its_days_and_while_terms_wait() -> None:
    first = proposed(1, DAY, ALL)
    without = replace(proposed(2, LATER, ALL), weights={"A1A": Fraction(1)}, asked=("05C", "A1A", "B1B", "C1C"))
    waiting = replace(proposed(3, date(2019, 4, 1), {}), weights={"D1D": Fraction(1)})
    before, last = DAY - timedelta(days=1), LATER - timedelta(days=1)

    def readers(terms: list[Proposed], day: date) -> set[str]:
        return {code for code in (*WEIGHTS, "D1D", "05C", "99X") if reads_as_member(terms, [code], day)}

    members = {*WEIGHTS, "05C"}
    assert readers([proposed(1, DAY)], DAY) == members
    assert [readers([first, without], day) for day in (before, last, LATER)] == [members, members, {"A1A", "05C"}]
    assert readers([first, without, waiting], LATER) == {"A1A", "05C", "D1D"}
    overtaken = replace(waiting, number=1, effective_on=DAY)
    agreed = replace(without, number=2, effective_on=DAY)
    assert readers([overtaken, agreed], LATER) == {"A1A", "05C"}
