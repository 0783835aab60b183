"""S36: the partnership's route is open where it is better than the best alternative, and a tie is not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.partnerships.errors import NoBetterThan, RouteNotQuoted
from services.contracts.partnerships.rules import Comparison, Route, pack_named, pack_on, why_not_this_route

PACK = pack_on(date(2017, 2, 28))
M = 100_000_000
COSTS = st.integers(0, 10 * M)


def compared(sep: int, value: int = 0, **others: int) -> Comparison:
    return Comparison({"sep": sep} | others, value, PACK)


@pytest.mark.parametrize(
    ("sep", "value", "better_by", "is_open"),
    [
        (420_000_000, 0, -10_000_000, False),
        (410_000_000, 0, 0, False),
        (400_000_000, 0, 10_000_000, True),
        (420_000_000, 10_000_000, 0, False),
        (420_000_000, 10_000_001, 1, True),
        (409_999_999, 0, 1, True),
    ],
)
def test_s36_a_tie_is_not_better_and_other_reasons_count_with_their_value(
    sep: int, value: int, better_by: int, is_open: bool
) -> None:
    found = compared(sep, value, framework=410_000_000, stand_alone=460_000_000)
    assert (found.best_alternative, found.better_by_pence, found.is_open) == ("framework", better_by, is_open)
    assert [type(one) for one in why_not_this_route(found, Route.SEP)] == ([] if is_open else [NoBetterThan])
    assert why_not_this_route(found, Route.STAND_ALONE) == []


def test_s36_without_a_comparator_there_is_nothing_to_be_better_than() -> None:
    [refused] = why_not_this_route(compared(0), Route.SEP)
    assert (type(refused), str(refused)) == (
        NoBetterThan,
        "no alternative is recorded that the partnership could be better than",
    )


def test_every_reason_is_given_at_once() -> None:
    found = why_not_this_route(Comparison({"framework": 1}, 0, PACK), Route.SEP)
    assert [type(one) for one in found] == [RouteNotQuoted, NoBetterThan]


@given(COSTS, COSTS, st.dictionaries(st.sampled_from(["framework", "stand_alone"]), COSTS, min_size=1))
def test_it_is_open_where_it_costs_less_than_each_alternative(sep: int, value: int, others: dict[str, int]) -> None:
    found = compared(sep, value, **others)
    assert found.is_open == all(sep - value < cost for cost in others.values())
    assert compared(sep, value + 1, **others).is_open or not found.is_open


def test_a_comparison_is_shown_by_the_pack_that_it_names() -> None:
    day = date(2017, 2, 28)
    assert (pack_named(PACK.id, day), pack_named("a-pack-that-is-gone", day)) == (PACK, PACK)
