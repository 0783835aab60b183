"""The chart, sums over postings, and what two bodies posted with each other."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from libs.organisations.boundaries import Step, steps_of
from services.finance.accounts.commands import PostLedger
from services.finance.accounts.rules import Pair, Period, Posted, Sum, by_account, chart_on, pairs, restated, unmapped

DAY = date(2017, 3, 31)


def posted(code: str, local: str, amount: int, account: str | None = "N1", other: str = "", on: date = DAY) -> Posted:
    return Posted(code, local, on, account, 1, amount, other)


def test_the_chart_is_that_of_the_day_as_known() -> None:
    chart = chart_on(DAY)
    assert (chart.pack, chart.accounts["N1"].kind, len(chart.accounts)) == ("national-chart-2013", "expenditure", 9)
    assert chart_on(date(2013, 3, 31)).accounts == {}
    assert chart_on(DAY, as_known=datetime(2013, 3, 31, tzinfo=UTC)).accounts == {}


def test_sums_are_by_account_and_what_has_none_is_listed_by_body_and_code() -> None:
    some = [posted("A", "1", 5), posted("B", "9", 7), posted("A", "2", 3, "N2"), posted("B", "8", 1, None)]
    assert by_account(some) == {"N1": Sum(2, 12), "N2": Sum(1, 3)}
    assert unmapped([*some, posted("B", "8", 2, None)]) == {("B", "8"): Sum(2, 3)}


@pytest.mark.parametrize(
    ("first", "second", "eliminated", "difference"),
    [(100, -100, 100, 0), (100, -90, 90, 10), (-5, 7, 5, 2), (100, 0, 0, 100), (3, 4, 0, 7)],
)
def test_equal_amounts_of_opposite_sign_are_eliminated_and_the_rest_is_a_difference(
    first: int, second: int, eliminated: int, difference: int
) -> None:
    [pair] = pairs([posted("A", "1", first, other="B"), posted("B", "2", second, other="A")], {"A", "B"})
    assert pair == Pair("A", "B", first, second)
    assert (pair.eliminated_pence, pair.difference_pence) == (eliminated, difference)


def test_amounts_with_bodies_outside_the_lens_are_no_pair() -> None:
    assert (
        pairs([posted("A", "1", 5, other="C"), posted("A", "1", 5), posted("A", "1", 5, other="A")], {"A", "B"}) == []
    )


AMOUNTS = st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=8)


@settings(max_examples=50)
@given(AMOUNTS, st.sampled_from(["1/3", "1/7", "99/100"]))
def test_restated_postings_sum_to_the_same_penny_by_account(amounts: list[int], share: str) -> None:
    some = [posted("A" if n % 2 else "B", str(n), amount, f"N{n % 3}") for n, amount in enumerate(amounts)]
    merged = date(2017, 4, 1)
    steps = steps_of(
        [Step("A", "C", merged, "merger", None), Step("B", "D", merged, "boundary_change", Fraction(share))]
    )
    moved = restated(some, merged, steps)
    assert {key: one.amount_pence for key, one in by_account(moved).items()} == {
        key: one.amount_pence for key, one in by_account(some).items()
    }
    assert {one.lies_with for one in moved} <= {"B", "C", "D"}


def test_a_period_is_a_month() -> None:
    february = Period.parse("2016-02")
    assert (str(february), february.first_day, february.last_day) == ("2016-02", date(2016, 2, 1), date(2016, 2, 29))
    assert Period.of(date(2016, 2, 9)) == february


def test_postings_together_are_bounded() -> None:
    half = {"local_code": "A-1", "posted_on": "2018-04-01", "amount_pence": 5 * 10**12}
    body = {"organisation": "06H", "reference": "GL-1", "postings": [half, half | {"amount_pence": -5 * 10**12}]}
    assert len(PostLedger.model_validate(body).postings) == 2
    with pytest.raises(ValidationError, match="at most 10"):
        PostLedger.model_validate(body | {"postings": [half, half, half | {"amount_pence": 1}]})
