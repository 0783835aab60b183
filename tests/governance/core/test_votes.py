"""Votes are counted by each method as plain counting says; a casting vote breaks ties in simple majorities only."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.governance.core.votes import HALF, Ballot, Choice, MajorityBasis, Method, count

FOR, AGAINST, ABSTAIN = Choice


def ballots(votes_for: int, against: int, abstained: int = 0) -> list[Ballot]:
    choices = [FOR] * votes_for + [AGAINST] * against + [ABSTAIN] * abstained
    return [Ballot(f"seat-{number}", choice) for number, choice in enumerate(choices)]


TWO_THIRDS = Method(MajorityBasis.MEMBERS, Fraction(2, 3), inclusive=True)
UNANIMITY = Method(MajorityBasis.PRESENT, Fraction(1), inclusive=True)


@pytest.mark.parametrize(
    ("method", "votes", "present", "members", "carried"),
    [
        (Method(), (3, 2, 4), 9, 12, True),
        (Method(MajorityBasis.PRESENT), (3, 2, 4), 9, 12, False),
        (Method(MajorityBasis.PRESENT), (5, 4, 0), 9, 12, True),
        (Method(MajorityBasis.MEMBERS), (6, 0, 0), 6, 12, False),
        (Method(MajorityBasis.MEMBERS), (7, 0, 0), 7, 12, True),
        (TWO_THIRDS, (8, 1, 0), 9, 12, True),
        (TWO_THIRDS, (7, 0, 0), 7, 12, False),
        (UNANIMITY, (5, 0, 0), 5, 9, True),
        (UNANIMITY, (5, 0, 1), 6, 9, False),
        (Method(), (0, 0, 5), 5, 5, False),
        (Method(), (0, 0, 0), 0, 5, False),
    ],
)
def test_majorities(method: Method, votes: tuple[int, int, int], present: int, members: int, *, carried: bool) -> None:
    assert count(method, ballots(*votes), present=present, members=members).carried is carried


@pytest.mark.parametrize(
    ("method", "votes", "casting", "carried", "used"),
    [
        (Method(casting=True), (3, 3), FOR, True, FOR),
        (Method(casting=True), (3, 3), AGAINST, False, AGAINST),
        (Method(casting=True), (3, 3), ABSTAIN, False, None),
        (Method(casting=True), (3, 3), None, False, None),
        (Method(casting=False), (3, 3), FOR, False, None),
        (Method(casting=True), (2, 3), FOR, False, None),
        (Method(casting=True), (0, 0), FOR, False, None),
        (Method(MajorityBasis.PRESENT, casting=True), (3, 3), FOR, False, None),
        (Method(MajorityBasis.VOTES_CAST, Fraction(2, 3), casting=True), (3, 3), FOR, False, None),
    ],
)
def test_a_casting_vote_breaks_a_tie_in_a_simple_majority_only(
    method: Method, votes: tuple[int, int], casting: Choice | None, *, carried: bool, used: Choice | None
) -> None:
    result = count(method, ballots(*votes), present=sum(votes), members=sum(votes), casting=casting)
    assert (result.carried, result.casting) == (carried, used)


def test_a_seat_votes_once() -> None:
    with pytest.raises(ValueError, match="once"):
        count(Method(), [Ballot("chair", FOR), Ballot("chair", AGAINST)], present=1, members=1)


_weights = st.lists(st.tuples(st.sampled_from(list(Choice)), st.integers(1, 5)), max_size=8)


@given(
    _weights,
    st.sampled_from(list(MajorityBasis)),
    st.integers(1, 6),
    st.integers(1, 6),
    st.booleans(),
    st.integers(0, 9),
)
def test_counting_is_plain_counting(
    votes: list[tuple[Choice, int]], basis: MajorityBasis, part: int, whole: int, inclusive: bool, absent: int
) -> None:
    fraction = Fraction(min(part, whole), whole)
    cast = [Ballot(f"s{number}", choice, weight) for number, (choice, weight) in enumerate(votes)]
    present = sum(weight for _, weight in votes)
    result = count(Method(basis, fraction, inclusive), cast, present=present, members=present + absent)
    yes = sum(weight for choice, weight in votes if choice is FOR)
    no = sum(weight for choice, weight in votes if choice is AGAINST)
    of = {"votes_cast": yes + no, "present": present, "members": present + absent}[basis]
    needed = fraction.numerator * of
    enough = yes * fraction.denominator >= needed if inclusive else yes * fraction.denominator > needed
    assert result.carried is (enough and yes > 0)
    assert result.tie is (yes == no != 0)
    assert (result.votes_for, result.against, result.of) == (yes, no, of)


@given(_weights)
def test_an_abstention_never_carries_what_half_of_all_votes_cast_did_not(votes: list[tuple[Choice, int]]) -> None:
    cast = [Ballot(f"s{number}", choice, weight) for number, (choice, weight) in enumerate(votes)]
    total = sum(weight for _, weight in votes)
    by_present = count(Method(MajorityBasis.PRESENT, HALF), cast, present=total, members=total)
    by_cast = count(Method(), cast, present=total, members=total)
    assert by_cast.carried or not by_present.carried
