"""Relations are exact: shares as fractions, and what an event states of a tie."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from libs.common.events.registry import OrganisationRelated, OrganisationUnrelated
from libs.common.temporal.history import LAST_DAY, Days
from services.registry.core.links import HOLDS, LinkStatement, link_statements_of
from services.registry.core.shares import WHOLE, Share, total

SHARE: TypeAdapter[str] = TypeAdapter(Share)
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
    ("given_", "kept"), [("1/3", "1/3"), ("2/6", "1/3"), ("0.25", "1/4"), ("1", "1"), ("1.0", "1")]
)
def test_a_share_is_kept_in_lowest_terms(given_: str, kept: str) -> None:
    assert SHARE.validate_python(given_) == kept


@pytest.mark.parametrize("given_", ["0", "0/3", "4/3", "1/0", "1/000", "-1/3", "1 / 3", "1e-3", ".5", "½", "", "١/٣"])
def test_what_is_no_share_of_a_whole_is_refused(given_: str) -> None:
    with pytest.raises(ValidationError):
        SHARE.validate_python(given_)


def test_a_relation_holds_on_its_days_and_its_end_says_that_it_holds_no_more() -> None:
    related = OrganisationRelated(
        code="RCF", relation="owns", other="8KX01", share="1/3", until=UNTIL, effective_on=DAY, stated_at=AT
    )
    assert list(link_statements_of(related)) == [LinkStatement("RCF", "owns", "8KX01", "1/3", Days(DAY, UNTIL), 0)]
    plain = OrganisationRelated(code="RCF", relation="hosts", other="QWO", effective_on=DAY, stated_at=AT)
    assert [(one.value, one.days) for one in link_statements_of(plain)] == [(HOLDS, Days(DAY, LAST_DAY))]
    ended = OrganisationUnrelated(code="RCF", relation="hosts", other="QWO", effective_on=UNTIL, stated_at=AT)
    assert [(one.value, one.days) for one in link_statements_of(ended)] == [(None, Days(UNTIL, LAST_DAY))]
