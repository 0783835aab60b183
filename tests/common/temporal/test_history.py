"""What is known follows from the statements alone."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from libs.common.temporal.history import LAST_DAY, Belief, Days, Statement, history

DAYS, INSTANTS = 12, 6


def day(number: int) -> date:
    return date(2017, 1, 1) + timedelta(days=number)


def instant(number: int) -> datetime:
    return datetime(2017, 1, 1, tzinfo=UTC) + timedelta(days=2 * number)


@st.composite
def statements(draw: st.DrawFn) -> list[Statement[str]]:
    made = []
    for order in range(draw(st.integers(1, 7))):
        start = draw(st.integers(0, DAYS - 1))
        made.append(
            Statement(
                value=draw(st.sampled_from(["open", "closed", None])),
                days=draw(
                    st.sampled_from([Days(day(start)), Days(day(start), day(draw(st.integers(start + 1, DAYS))))])
                ),
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
def test_at_each_point_each_statement_supersedes_the_earlier_ones_that_do_not_outrank_it_on_that_day(
    stated: list[Statement[str]],
) -> None:
    """Day by day and instant by instant, without any notion of pieces."""
    beliefs = history(stated)
    for number in range(DAYS + 1):
        for hour in range(-1, INSTANTS + 1):
            ruling: Statement[str] | None = None
            for one in sorted(stated, key=lambda s: (s.stated_at, s.rank, s.order)):
                if one.stated_at > instant(hour) or day(number) not in one.days:
                    continue
                outranked = ruling is not None and ruling.rank > one.rank
                if ruling is None or not outranked or (_inferred(ruling, day(number)) and ruling.value != one.value):
                    ruling = one
            value = ruling.value if ruling else None
            assert believed(beliefs, day(number), instant(hour)) == ([value] if value else [])


def _inferred(statement: Statement[str], on: date) -> bool:
    """Whether it only follows from what the statement said of earlier days."""
    return statement.days.end == LAST_DAY and on > max(statement.days.start, statement.stated_at.date())


@given(statements(), st.randoms())
def test_the_order_of_arrival_changes_nothing(stated: list[Statement[str]], random: object) -> None:
    shuffled = list(stated)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert history(shuffled) == history(stated)


@given(statements(), st.integers(-1, 1))
def test_stating_again_what_is_known_changes_nothing(stated: list[Statement[str]], rank: int) -> None:
    beliefs = history(stated)
    end = max(s.stated_at for s in stated) + timedelta(days=1)
    again = [
        Statement(belief.value, belief.days, end, order=len(stated), rank=rank)
        for belief in beliefs
        if belief.known_to is None
    ]
    assert history([*stated, *again]) == beliefs


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


def test_an_official_list_of_a_later_day_supersedes_an_old_observation_of_the_register_from_that_day() -> None:
    """QL1 was seen in 2018 and the workbook of the day itself says QN1: rank is for words about one day."""
    register = Statement("QL1", Days(date(2018, 11, 30)), datetime(2018, 11, 30, tzinfo=UTC), fills_before=True)
    workbook = Statement("QN1", Days(date(2020, 4, 1)), datetime(2020, 4, 1, tzinfo=UTC), True, rank=-1)
    beliefs = history([register, workbook])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    days = date(2018, 12, 1), date(2020, 3, 31), date(2020, 4, 1), date(2024, 1, 1)
    assert [believed(beliefs, on, now) for on in days] == [["QL1"], ["QL1"], ["QN1"], ["QN1"]]
    assert believed(beliefs, date(2020, 4, 1), datetime(2020, 1, 1, tzinfo=UTC)) == ["QL1"]


def test_hearsay_never_supersedes_what_a_register_leads_to_and_another_spelling_is_no_other_name() -> None:
    register = Statement("NHS FYLDE CCG", Days(day(0)), instant(0))
    hearsay = Statement("NHS Coast CCG", Days(day(4)), instant(3), rank=-50)
    lookup = Statement("NHS Fylde (CCG)", Days(day(4)), instant(4), rank=-1)
    beliefs = history([register, hearsay, lookup])
    assert [believed(beliefs, day(number), instant(5)) for number in (3, 9)] == [["NHS FYLDE CCG"]] * 2


def test_what_was_only_observed_holds_back_to_the_statement_before() -> None:
    named = Statement("NHS CUMBRIA CCG", Days(day(2)), instant(0), fills_before=True)
    renamed = Statement("NHS NORTH CUMBRIA CCG", Days(day(8)), instant(3), fills_before=True)
    beliefs = history([named, renamed])
    assert believed(beliefs, day(0), instant(5)) == ["NHS CUMBRIA CCG"]
    assert believed(beliefs, day(7), instant(5)) == ["NHS CUMBRIA CCG"]
    assert believed(beliefs, day(8), instant(5)) == ["NHS NORTH CUMBRIA CCG"]
    assert believed(beliefs, day(8), instant(1)) == ["NHS CUMBRIA CCG"]


def test_what_is_stated_after_midnight_in_london_attests_that_day() -> None:
    """In summer the day begins an hour before UTC's: a command of half past midnight rules its own day."""
    command = Statement("QT1", Days(date(2022, 4, 1)), datetime(2022, 6, 30, 23, 30, tzinfo=UTC))
    workbook = Statement("QF7", Days(date(2022, 7, 1)), datetime(2022, 7, 1, tzinfo=UTC), True, rank=-1)
    believed = {belief.value: belief.days for belief in history([command, workbook]) if belief.known_to is None}
    assert believed == {"QT1": Days(date(2022, 4, 1), date(2022, 7, 2)), "QF7": Days(date(2022, 7, 2))}
