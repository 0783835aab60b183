"""Figures on the boundaries of another day: by hand, and all of a figure whatever happens."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.organisations.boundaries import Part, Step, divided, parts_on, steps_of

D0, D1, D2, D3 = (date(2017 + year, 4, 1) for year in range(4))


def step(code: str, successor: str, on: date, shape: str = "merger", share: str = "") -> Step:
    return Step(code, successor, on, shape, Fraction(share) if share else None)


def lies(steps: list[Step], code: str, day: date = D0, on: date = D3) -> list[tuple[str, str]]:
    return [(part.code, str(part.share)) for part in parts_on(on, code, day, steps_of(steps))]


TWO_STEPS = [step("A", "B", D1), step("B", "C", D2)]
SPLIT = [step("A", "B", D1, "split", "1/3"), step("A", "C", D1, "split", "2/3"), step("B", "C", D2)]
MOVED = [step("A", "B", D1, "boundary_change", "1/10"), step("B", "A", D1, "boundary_change", "1/5")]


@pytest.mark.parametrize(
    ("steps", "day", "on", "expected"),
    [
        (TWO_STEPS, D0, D0, [("A", "1")]),
        (TWO_STEPS, D0, D1, [("B", "1")]),
        (TWO_STEPS, D0, D3, [("C", "1")]),
        (TWO_STEPS, D1, D3, [("A", "1")]),  # a figure of the day itself is on that day's boundaries
        (SPLIT, D0, D1, [("B", "1/3"), ("C", "2/3")]),
        (SPLIT, D0, D2, [("C", "2/3"), ("C", "1/3")]),
        (MOVED, D0, D1, [("A", "9/10"), ("B", "1/10")]),
        ([step("A", "B", D1), step("B", "C", D1)], D0, D1, [("C", "1")]),
        ([step("A", "B", D1, "split"), step("A", "C", D1, "split", "1/3")], D0, D1, [("A", "1")]),
        ([step("A", "B", D1, "boundary_change")], D0, D1, [("A", "1")]),
        ([step("A", "B", D1, "split", "2/3"), step("A", "C", D1, "split", "2/3")], D0, D1, [("A", "1")]),
        ([step("A", "B", D1), step("A", "C", D1)], D0, D1, [("A", "1")]),
    ],
)
def test_a_figure_lies_where_successions_moved_it(
    steps: list[Step], day: date, on: date, expected: list[tuple[str, str]]
) -> None:
    assert lies(steps, "A", day, on) == expected


def test_what_could_not_be_followed_is_named() -> None:
    [part] = parts_on(D1, "A", D0, steps_of([step("A", "B", D1, "boundary_change")]))
    assert [one.successor for one in part.unstated] == ["B"]


CODES = st.sampled_from("ABCDE")
STEPS = st.lists(
    st.builds(
        step,
        CODES,
        CODES,
        st.integers(0, 5).map(lambda days: D0 + timedelta(days)),
        st.sampled_from(["merger", "split", "boundary_change", "acquisition"]),
        st.sampled_from(["", "1/3", "1/2", "2/3", "1"]),
    ).filter(lambda one: one.code != one.successor),
    max_size=6,
    unique_by=lambda one: (one.code, one.successor, one.effective_on),
)


@settings(max_examples=60)
@given(STEPS, CODES, st.integers(-3, 10**13))
def test_all_of_a_figure_lies_somewhere_to_the_unit(steps: list[Step], code: str, amount: int) -> None:
    parts = parts_on(D0 + timedelta(6), code, D0 - timedelta(1), steps_of(steps))
    assert sum((part.share for part in parts), Fraction(0)) == 1
    pieces = divided(amount, parts)
    assert sum(pieces) == amount
    assert all(abs(piece - amount * part.share) < 1 for piece, part in zip(pieces, parts, strict=True))
    assert all(part.share > 0 for part in parts)


def test_parts_without_a_share_cannot_be() -> None:
    assert divided(7, [Part("A", Fraction(1, 2)), Part("B", Fraction(1, 2))]) == [4, 3]
