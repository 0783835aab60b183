"""The rules of cover, for lists and days made up at random."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.temporal.history import LAST_DAY, Days
from libs.organisations.statements import Status
from services.registry.core.kinds import Kind
from services.registry.core.standing import Standing
from services.registry.cover.rules import (
    Commissioners,
    Listed,
    Subject,
    after_a_succession,
    days_required_of_practice,
    law_on,
    reasons_against,
)

FIRST = date(2013, 4, 1)
CODES = ("01A", "01B", "01C", "01D")
LAW = Days(FIRST, date(2022, 7, 1))

days = st.integers(0, 40).map(lambda number: FIRST + timedelta(days=number))
codes = st.sampled_from(CODES)


@st.composite
def spans(draw: st.DrawFn) -> tuple[Days, ...]:
    """Days in order that do not overlap, the last perhaps without an end."""
    bounds = sorted(draw(st.sets(days, max_size=4)))
    if len(bounds) % 2:
        bounds.append(LAST_DAY)
    return tuple(Days(start, end) for start, end in zip(bounds[::2], bounds[1::2], strict=True))


@st.composite
def worlds(draw: st.DrawFn) -> Commissioners:
    """Some bodies, when each is open, and who follows whom: circles and bodies that follow themselves included."""
    open_on = {code: [(one, draw(st.booleans())) for one in draw(spans())] for code in CODES}
    followed = {code: draw(st.lists(st.tuples(codes, days), max_size=2)) for code in CODES}
    return Commissioners(open_on, followed)


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    stated = tuple((one, draw(codes)) for one in draw(spans()))
    return Subject("A81001", draw(spans()), stated)


@given(worlds(), subjects())
@settings(max_examples=300)
def test_the_breaches_are_those_of_each_day_by_itself(who: Commissioners, subject: Subject) -> None:
    breaches = who.breaches(subject)
    for number in range(45):
        day = FIRST + timedelta(days=number)
        holders = frozenset(holder for span, code in subject.stated if day in span for holder in who.on(code, day))
        wrong = any(day in span for span in subject.required) and len(holders) != 1
        found = [breach.holders for breach in breaches if day in breach.days]
        assert found == ([holders] if wrong else [])


@given(st.data())
@settings(max_examples=200)
def test_what_is_dropped_and_what_is_listed_twice_is_named_and_nothing_else(data: st.DataObject) -> None:
    all_of = {f"A8{number:04}": data.draw(codes) for number in range(data.draw(st.integers(1, 30)))}
    dropped = data.draw(st.sets(st.sampled_from(sorted(all_of)), max_size=10))
    twice = data.draw(st.sets(st.sampled_from(sorted(all_of)), max_size=10)) - dropped
    named = data.draw(st.sets(codes, min_size=1))
    lists = {
        code: {one for one, home in all_of.items() if home == code and one not in dropped} for code in sorted(named)
    }
    for one in twice:
        elsewhere = sorted(named - {all_of[one]})
        if elsewhere:
            lists[data.draw(st.sampled_from(elsewhere))].add(one)
    who = Commissioners({code: [(Days(FIRST), True)] for code in CODES}, {})
    people = [Subject(one, (LAW,), ((Days(FIRST), home),)) for one, home in all_of.items()]
    listed = {code: Listed(practices=frozenset(held)) for code, held in lists.items()}
    reasons = reasons_against("practices", people, who, who, listed, FIRST + timedelta(days=7))
    in_two = {one for one in twice if named - {all_of[one]}}
    in_none = {one for one in dropped if all_of[one] in named}
    assert {reason.message.split()[0] for reason in reasons if "in two" in reason.message} == in_two
    assert {reason.message.split()[0] for reason in reasons if "in none" in reason.message} == in_none
    assert len(reasons) == len(in_two) + len(in_none)


@given(st.lists(codes, min_size=1, max_size=10), st.sets(codes, min_size=1, max_size=3))
def test_a_merger_carries_everything_along_whoever_merges(homes: list[str], merging: set[str]) -> None:
    who = Commissioners({code: [(Days(FIRST), True)] for code in CODES}, {})
    day = FIRST + timedelta(days=365)
    successor = Standing("15X", Kind.CCG, ((Days(day), "open"),))
    after = after_a_succession(who, day, closed=merging, successors=[successor])
    people = [Subject(f"A8{n:04}", (LAW,), ((Days(FIRST), home),)) for n, home in enumerate(homes)]
    assert reasons_against("practices", people, who, after, {}, day) == []
    for subject, home in zip(people, homes, strict=True):
        assert after.on(subject.stated[0][1], day) == {"15X" if home in merging else home}


@given(st.lists(codes, min_size=1, max_size=10), codes)
def test_closing_a_body_names_all_that_it_covers(homes: list[str], closing: str) -> None:
    who = Commissioners({code: [(Days(FIRST), True)] for code in CODES}, {})
    day = FIRST + timedelta(days=365)
    after = after_a_succession(who, day, closed=[closing], successors=[])
    people = [Subject(f"A8{n:04}", (LAW,), ((Days(FIRST), home),)) for n, home in enumerate(homes)]
    reasons = reasons_against("practices", people, who, after, {}, day)
    assert len(reasons) == homes.count(closing)
    assert all("it is in " + closing in reason.message for reason in reasons)


def test_the_law_of_the_day_says_who_covers_and_none_says_so_before_ccgs() -> None:
    assert law_on(date(2013, 3, 31)) is None
    found = {day: law.id for day in (FIRST, date(2022, 6, 30), date(2022, 7, 1)) if (law := law_on(day))}
    assert list(found.values()) == ["cover-ccg-s14a-2012", "cover-ccg-s14a-2012", "cover-icb-2022"]


def test_practices_of_wales_closed_ones_and_cost_centres_need_no_commissioner() -> None:
    end = date(2015, 1, 1)
    life: tuple[tuple[Days, Status], ...] = ((Days(date(2000, 1, 1), end), "open"), (Days(end), "closed"))

    def required(code: str, kind: Kind) -> tuple[Days, ...]:
        return days_required_of_practice(Standing(code, kind, life, ((Days(), kind),)))

    assert required("A81001", Kind.GP_PRACTICE) == (Days(FIRST, end),)
    assert required("W91001", Kind.GP_PRACTICE) == ()
    assert required("Y03794", Kind.COST_CENTRE) == ()
