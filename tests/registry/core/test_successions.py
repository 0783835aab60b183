"""What is believed of a succession follows from what was said of it alone, in whatever order it came."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.registry.core.successions import OFFICIAL, SuccessionBelief, SuccessionStatement, beliefs_of

DAY = date(2015, 4, 1)
FIRST = datetime(2014, 1, 1, tzinfo=UTC)


def said(hours: int, *, holds: bool = True, **others: str | int) -> SuccessionStatement:
    """Something said so many hours after the first."""
    return SuccessionStatement("00F", "13T", DAY, FIRST + timedelta(hours=hours), holds, **others)  # type: ignore[arg-type]


words = st.builds(
    said,
    st.integers(0, 6),
    holds=st.booleans(),
    rank=st.integers(OFFICIAL - 1, 0),
    shape=st.sampled_from(["", "split", "merger"]),
    share=st.sampled_from(["", "1", "1/3"]),
    source=st.sampled_from(["command", "ods:succ", "press:hsj"]),
)


def at(beliefs: list[SuccessionBelief], hours: int) -> list[SuccessionBelief]:
    """What was believed so many hours after the first word."""
    instant = FIRST + timedelta(hours=hours)
    return [one for one in beliefs if one.known_from <= instant and (one.known_to is None or instant < one.known_to)]


@given(st.lists(words, max_size=8).flatmap(lambda told: st.tuples(st.just(told), st.permutations(told))))
def test_the_order_of_arrival_changes_nothing(
    told: tuple[list[SuccessionStatement], list[SuccessionStatement]],
) -> None:
    assert beliefs_of(told[0]) == beliefs_of(told[1])


@given(st.lists(words, max_size=8))
def test_at_each_instant_the_latest_word_of_the_highest_rank_decides(told: list[SuccessionStatement]) -> None:
    beliefs = beliefs_of(told)
    for hours in range(8):
        instant = FIRST + timedelta(hours=hours)
        heard = [one for one in told if one.stated_at <= instant and one.rank >= OFFICIAL]
        last = max(heard, key=lambda one: (one.rank, one.stated_at, one.holds), default=None)
        assert len(at(beliefs, hours)) == (1 if last is not None and last.holds else 0)


@given(st.lists(words, max_size=8), words)
def test_a_later_word_never_changes_what_was_believed_before_it(
    told: list[SuccessionStatement], later: SuccessionStatement
) -> None:
    before = beliefs_of(told)
    after = beliefs_of([*told, later])
    hours = int((later.stated_at - FIRST) / timedelta(hours=1))
    for number in range(hours):
        assert [one.shape for one in at(before, number)] == [one.shape for one in at(after, number)]


def test_an_undone_succession_is_known_until_it_was_undone_and_a_second_word_begins_anew() -> None:
    told = [said(0, shape="split", share="1/3"), said(1, holds=False), said(2, shape="acquisition")]
    beliefs = beliefs_of(told)
    assert [(one.shape, one.share) for one in beliefs] == [("split", "1/3"), ("acquisition", "")]
    assert (beliefs[0].known_to, beliefs[1].known_to) == (FIRST + timedelta(hours=1), None)


def test_what_a_file_says_again_does_not_bring_an_undone_succession_back() -> None:
    told = [said(0, rank=-1, source="ods:a"), said(1, holds=False), said(2, rank=-1, source="ods:b")]
    assert at(beliefs_of(told), 3) == []
