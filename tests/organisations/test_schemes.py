"""Which suspension of a transfer scheme is in force, whatever was stated first and however often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from libs.organisations.schemes import changes_of, suspension_in_force

FIRST = datetime(2018, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Stated:
    suspended: bool
    effective_on: date
    stated_at: datetime


def stated(suspended: bool, day: int, at: int) -> Stated:
    return Stated(suspended, FIRST.date() + timedelta(days=day), FIRST + timedelta(days=at))


STATEMENTS = st.lists(st.builds(stated, st.booleans(), st.integers(0, 5), st.integers(0, 5)), max_size=8)


def test_a_scheme_waits_from_its_suspension_to_its_resumption_in_both_times() -> None:
    both = [stated(True, 10, 10), stated(False, 20, 25)]
    asked = [(9, 30), (10, 30), (19, 30), (20, 30), (20, 24), (10, 9)]
    found = [
        suspension_in_force(both, as_at=FIRST.date() + timedelta(days=day), as_known=FIRST + timedelta(days=known))
        for day, known in asked
    ]
    assert [one is not None for one in found] == [False, True, True, False, True, False]
    assert suspension_in_force(both) is None
    assert suspension_in_force(both[:1]) == both[0]


def test_of_two_suspensions_in_a_row_the_first_alone_counts() -> None:
    twice = [stated(True, 3, 3), stated(True, 5, 5), stated(False, 7, 7), stated(False, 8, 8)]
    assert changes_of(twice) == [twice[0], twice[2]]


@given(STATEMENTS, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_gives_the_same(statements: Sequence[Stated], chance: object) -> None:
    shuffled = [*statements, *statements[:3]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert changes_of(shuffled) == changes_of(statements)
    changes = changes_of(statements)
    assert [one.suspended for one in changes] == [number % 2 == 0 for number in range(len(changes))]


@given(STATEMENTS, st.integers(0, 5), st.integers(0, 5))
def test_what_was_known_does_not_depend_on_what_was_stated_since(
    statements: Sequence[Stated], day: int, known: int
) -> None:
    as_at, as_known = FIRST.date() + timedelta(days=day), FIRST + timedelta(days=known)
    by_then = [one for one in statements if one.stated_at <= as_known and one.effective_on <= as_at]
    assert suspension_in_force(statements, as_at=as_at, as_known=as_known) == suspension_in_force(by_then)
