"""What is known follows from the statements alone."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from libs.common.temporal.history import Belief, Days, Statement, history

DAYS, INSTANTS = 12, 6


def day(number: int) -> date:
    return date(2017, 1, 1) + timedelta(days=number)


def instant(number: int) -> datetime:
    return datetime(2017, 1, 1, tzinfo=UTC) + timedelta(hours=number)


@st.composite
def statements(draw: st.DrawFn) -> list[Statement[str]]:
    made = []
    for order in range(draw(st.integers(1, 7))):
        start = draw(st.integers(0, DAYS - 1))
        made.append(
            Statement(
                value=draw(st.sampled_from(["open", "closed", None])),
                days=Days(day(start), day(draw(st.integers(start + 1, DAYS)))),
                stated_at=instant(draw(st.integers(0, INSTANTS - 1))),
                order=order,
                rank=draw(st.integers(-1, 1)),
            )
        )
    return made


def believed(beliefs: list[Belief[str]], as_at: date, as_known: datetime) -> list[str]:
    return [
        belief.value
        for belief in beliefs
        if as_at in belief.days
        and belief.known_from <= as_known
        and (belief.known_to is None or as_known < belief.known_to)
    ]


@given(statements())
def test_at_each_point_the_latest_statement_of_the_highest_rank_holds_and_no_other(
    stated: list[Statement[str]],
) -> None:
    beliefs = history(stated)
    for number in range(DAYS + 1):
        for hour in range(-1, INSTANTS + 1):
            about = [s for s in stated if s.stated_at <= instant(hour) and day(number) in s.days]
            latest = max(about, key=lambda s: (s.rank, s.stated_at, s.order)).value if about else None
            assert believed(beliefs, day(number), instant(hour)) == ([latest] if latest else [])


@given(statements(), st.randoms())
def test_the_order_of_arrival_changes_nothing(stated: list[Statement[str]], random: object) -> None:
    shuffled = list(stated)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert history(shuffled) == history(stated)


@given(statements())
def test_stating_again_what_is_known_changes_nothing(stated: list[Statement[str]]) -> None:
    last = max(stated, key=lambda s: (s.rank, s.stated_at, s.order))
    end = max(s.stated_at for s in stated) + timedelta(days=1)
    again = Statement(last.value, last.days, end, order=len(stated), rank=last.rank)
    assert history([*stated, again]) == history(stated)


def test_a_correction_leaves_what_was_believed_before() -> None:
    planned = Statement("open", Days(day(1)), instant(0))
    slipped = Statement("proposed", Days(day(1), day(5)), instant(2))
    assert sorted(history([planned, slipped]), key=lambda b: (b.known_from, b.days.start)) == [
        Belief("open", Days(day(1)), instant(0), instant(2)),
        Belief("proposed", Days(day(1), day(5)), instant(2), None),
        Belief("open", Days(day(5)), instant(2), None),
    ]


def test_a_lower_source_fills_gaps_and_changes_nothing_that_a_higher_one_said() -> None:
    register = Statement("closed", Days(day(5), day(8)), instant(0))
    newspaper = Statement("open", Days(day(1), day(10)), instant(3), rank=-1)
    beliefs = history([newspaper, register])
    assert [believed(beliefs, day(number), instant(4)) for number in (2, 6, 9)] == [["open"], ["closed"], ["open"]]
    assert believed(beliefs, day(6), instant(1)) == ["closed"]


def test_what_was_only_observed_holds_back_to_the_statement_before() -> None:
    named = Statement("NHS CUMBRIA CCG", Days(day(2)), instant(0), fills_before=True)
    renamed = Statement("NHS NORTH CUMBRIA CCG", Days(day(8)), instant(3), fills_before=True)
    beliefs = history([named, renamed])
    assert believed(beliefs, day(0), instant(5)) == ["NHS CUMBRIA CCG"]
    assert believed(beliefs, day(7), instant(5)) == ["NHS CUMBRIA CCG"]
    assert believed(beliefs, day(8), instant(5)) == ["NHS NORTH CUMBRIA CCG"]
    assert believed(beliefs, day(8), instant(1)) == ["NHS CUMBRIA CCG"]
