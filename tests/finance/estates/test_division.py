"""Backlog is divided among footprints to the penny, whatever the shares."""

from datetime import date
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.organisations.boundaries import Part, Step
from services.finance.backlogs.division import UNASSIGNED, Key, Manner, by_footprint, divide, ranks
from services.finance.estates.sheets import Amounts, Return, summed

FOOTPRINTS = ("QE1", "QF7", "QHM")


def a_return(*pence: int, code: str = "RX6") -> Return:
    """What an organisation returned."""
    return Return(code, "TRUST", 1, 0, 0, Amounts(*pence))


def a_step(code: str, successor: str) -> Step:
    """A body taken over whole."""
    return Step(code, successor, date(2018, 4, 1), "", None)


def amounts_of(division: object) -> dict[str, tuple[int, ...]]:
    """What each footprint has."""
    return {part.footprint: part.amounts.each for part in division.parts}  # type: ignore[attr-defined]


def test_one_in_a_footprint_is_there_whole_and_one_in_none_is_unassigned() -> None:
    one = divide(a_return(1, 2, 3, 4), {"RX6": ["QE1"]}, (), Key())
    assert (one.manner, amounts_of(one)) == (Manner.ONE, {"QE1": (1, 2, 3, 4)})
    none = divide(a_return(1, 2, 3, 4), {}, [Part("RX6", Fraction(1))], Key())
    assert (none.manner, amounts_of(none)) == (Manner.UNASSIGNED, {UNASSIGNED: (1, 2, 3, 4)})


def test_equal_shares_by_largest_remainder_and_a_key_that_names_other_footprints_too() -> None:
    footprints = {"RX6": ["QE1", "QF7"]}
    equal = divide(a_return(5, 0, 1, 2), footprints, (), Key())
    assert (equal.manner, equal.by_key) == (Manner.SEVERAL, False)
    assert amounts_of(equal) == {"QE1": (3, 0, 1, 1), "QF7": (2, 0, 0, 1)}
    key = Key("heads", {"RX6": {"QE1": 1, "QF7": 3, "QHM": 96}})
    keyed = divide(a_return(8, 0, 0, 0), footprints, (), key)
    assert (keyed.by_key, amounts_of(keyed)) == (True, {"QE1": (2, 0, 0, 0), "QF7": (6, 0, 0, 0)})
    elsewhere = divide(a_return(8, 0, 0, 0), footprints, (), Key("heads", {"RX6": {"QHM": 1}}))
    assert (elsewhere.by_key, amounts_of(elsewhere)["QE1"]) == (False, (4, 0, 0, 0))


def test_a_body_that_was_taken_over_goes_by_its_successors_and_their_key() -> None:
    footprints = {"RW4": ["QE1", "QYG"], "RRK": ["QHL"]}
    several = divide(
        a_return(9, 0, 0, 0),
        footprints,
        [Part("RW4", Fraction(1), (a_step("RX6", "RW4"),))],
        Key("", {"RW4": {"QYG": 1}}),
    )
    assert (several.manner, several.through, several.by_key) == (Manner.SUCCESSOR_IN_SEVERAL, ("RW4",), True)
    assert amounts_of(several) == {"QYG": (9, 0, 0, 0)}
    split = [
        Part("RRK", Fraction(1, 3), (a_step("RX6", "RRK"),)),
        Part("R0Z", Fraction(2, 3), (a_step("RX6", "R0Z"),)),
    ]
    parted = divide(a_return(10, 0, 0, 0), footprints, split, Key())
    assert (parted.manner, parted.through) == (Manner.SUCCESSOR_IN_ONE, ("RRK",))
    assert amounts_of(parted) == {UNASSIGNED: (7, 0, 0, 0), "QHL": (3, 0, 0, 0)}


def test_equal_totals_share_a_rank() -> None:
    assert ranks({"A": 5, "B": 9, "C": 5, "D": 1}) == {"B": 1, "A": 2, "C": 2, "D": 4}


@settings(max_examples=40)
@given(
    returns=st.lists(
        st.tuples(
            st.lists(st.integers(0, 10**12), min_size=4, max_size=4),
            st.sets(st.sampled_from(FOOTPRINTS)),
            st.dictionaries(st.sampled_from(FOOTPRINTS), st.integers(0, 10**6)),
        ),
        max_size=6,
    )
)
def test_footprints_with_what_is_unassigned_sum_to_the_whole_in_each_category(
    returns: list[tuple[list[int], set[str], dict[str, int]]],
) -> None:
    given_ = [a_return(*pence, code=f"R{number}") for number, (pence, _, _) in enumerate(returns)]
    footprints = {f"R{number}": sorted(several) for number, (_, several, _) in enumerate(returns) if several}
    key = Key("", {f"R{number}": weights for number, (_, _, weights) in enumerate(returns)})
    divisions = [divide(one, footprints, (), key) for one in given_]
    for one in divisions:
        assert summed(part.amounts for part in one.parts) == one.of.amounts
        assert sum(part.share for part in one.parts) == 1
        for part in one.parts:
            for amount, whole in zip(part.amounts.each, one.of.amounts.each, strict=True):
                assert abs(amount - part.share * whole) < 1
    parts = [part.amounts for several in by_footprint(divisions).values() for _, part in several]
    assert summed(parts) == summed(one.amounts for one in given_)
