"""Moderation by local authority: RCA-1's figures, and the penny of every authority."""

from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.common.money import pounds
from services.finance.populations.moderation import Moderated, factors, moderated

LISTS = {("P", "X"): 64_100, ("Q", "X"): 31_150, ("Q", "Y"): 12_500, ("R", "Y"): 8_000}
TOTALS = {"X": 100_000, "Y": 20_000}


def test_rca_1_two_authorities() -> None:
    assert {one: f"{float(factor):.6f}" for one, factor in factors(LISTS, TOTALS).items()} == {
        "X": "1.049869",
        "Y": "0.975610",
    }
    found = moderated(LISTS, TOTALS, 2500)
    assert {body: f"{float(one.people):.2f}" for body, one in found.items()} == {
        "P": "67296.59",
        "Q": "44898.53",
        "R": "7804.88",
    }
    assert {body: pounds(one.pence) for body, one in found.items()} == {
        "P": "£1,682,414.70",
        "Q": "£1,122,463.35",
        "R": "£195,121.95",
    }
    assert sum(one.people for one in found.values()) == 120_000
    assert pounds(sum(one.pence for one in found.values())) == "£3,000,000.00"


def test_an_authority_that_was_not_counted_leaves_its_lists_as_they_are() -> None:
    found = moderated(LISTS, {"X": 100_000}, 100)
    assert found["R"] == Moderated(Fraction(8_000), 800_000)
    assert moderated({("P", "X"): 0}, {"X": 5}, 100)["P"].pence == 0


CODES = st.sampled_from("PQRS")


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.tuples(CODES, st.sampled_from("XYZ")), st.integers(1, 10**7), min_size=1),
    st.fixed_dictionaries({one: st.integers(1, 10**7) for one in "XYZ"}),
    st.integers(1, 10**5),
)
def test_all_bodies_of_the_authorities_sum_to_the_penny_and_the_person(
    lists: dict[tuple[str, str], int], totals: dict[str, int], rate: int
) -> None:
    found = moderated(lists, totals, rate)
    concerned = {authority for _, authority in lists}
    assert sum((one.people for one in found.values()), Fraction(0)) == sum(totals[one] for one in concerned)
    assert sum(one.pence for one in found.values()) == rate * sum(totals[one] for one in concerned)
    assert all(abs(one.pence - rate * one.people) < 3 for one in found.values())
