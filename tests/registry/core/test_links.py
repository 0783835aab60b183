"""Relations are exact: shares as fractions, and what an event states of a tie."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from libs.common.events.registry import OrganisationRelated, OrganisationUnrelated
from libs.common.temporal.history import LAST_DAY, Days
from services.registry.core.links import HOLDS, LinkStatement, link_statements_of
from services.registry.core.shares import WHOLE, Share, parts_of_a_whole, total

SHARE: TypeAdapter[str] = TypeAdapter(Share)
PUBLISHED = [
    ("0.123456789012345", "24691357802469/200000000000000"),
    ("123456789013/1000000000000", "123456789013/1000000000000"),
    (f"{2**200}/{3**140}", f"{2**200}/{3**140}"),
]
"""Fifteen decimals as a workbook has them; shares as the registry itself answered them, along chains too."""
DAY, UNTIL = date(2016, 12, 1), date(2019, 4, 1)
AT = datetime(2016, 12, 1, tzinfo=UTC)


@given(st.integers(1, 999_999_999).flatmap(lambda whole: st.tuples(st.integers(1, whole), st.just(whole))))
def test_every_fraction_of_a_whole_is_kept_exactly(parts: tuple[int, int]) -> None:
    part, whole = parts
    assert Fraction(SHARE.validate_python(f"{part}/{whole}")) == Fraction(part, whole)


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=50))
def test_shares_of_a_whole_sum_to_exactly_one_whatever_they_are(parts: list[int]) -> None:
    assert total(f"{part}/{sum(parts)}" for part in parts) == WHOLE


@pytest.mark.parametrize(
    ("given_", "kept"), [("1/3", "1/3"), ("2/6", "1/3"), ("0.25", "1/4"), ("1", "1"), ("1.0", "1"), *PUBLISHED]
)
def test_a_share_is_kept_in_lowest_terms(given_: str, kept: str) -> None:
    assert SHARE.validate_python(given_) == kept


@pytest.mark.parametrize("given_", ["0", "0/3", "4/3", "1/0", "1/000", "-1/3", "1 / 3", "1e-3", ".5", "½", "", "١/٣"])
def test_what_is_no_share_of_a_whole_is_refused(given_: str) -> None:
    with pytest.raises(ValidationError):
        SHARE.validate_python(given_)


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=50), st.integers(6, 18))
def test_shares_that_were_rounded_to_decimals_are_all_of_a_whole_in_proportion(parts: list[int], places: int) -> None:
    units = [round(Fraction(part, sum(parts)) * 10**places) for part in parts]
    rounded = [f"{Decimal(number).scaleb(-places):f}" for number in units]
    exact = [Fraction(share) for share in parts_of_a_whole(rounded)]
    assert sum(exact) == 1
    assert [share * total(rounded) for share in exact] == [Fraction(one) for one in rounded]


@pytest.mark.parametrize(
    "shares",
    [["0.5", "0.4"], ["0.65", "0.34"], ["1/3", "0.666666666667"], ["0.300", "0.600"], ["0.500", "1/3"], ["0.6667"], []],
)
def test_shares_that_miss_the_whole_by_more_than_rounding_stay_as_they_are(shares: list[str]) -> None:
    assert [Fraction(share) for share in parts_of_a_whole(shares)] == [Fraction(share) for share in shares]


def test_a_relation_holds_on_its_days_and_its_end_says_that_it_holds_no_more() -> None:
    related = OrganisationRelated(
        code="RCF", relation="owns", other="8KX01", share="1/3", until=UNTIL, effective_on=DAY, stated_at=AT
    )
    assert list(link_statements_of(related)) == [LinkStatement("RCF", "owns", "8KX01", "1/3", Days(DAY, UNTIL), 0)]
    plain = OrganisationRelated(code="RCF", relation="hosts", other="QWO", effective_on=DAY, stated_at=AT)
    assert [(one.value, one.days) for one in link_statements_of(plain)] == [(HOLDS, Days(DAY, LAST_DAY))]
    ended = OrganisationUnrelated(code="RCF", relation="hosts", other="QWO", effective_on=UNTIL, stated_at=AT)
    assert [(one.value, one.days) for one in link_statements_of(ended)] == [(None, Days(UNTIL, LAST_DAY))]
