"""How mergers move allowances within a year: by tables, and for any set of mergers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.organisations.mergers import Merger
from services.finance.allowances.apportionment import Part, Restatement, Stated, Year, beliefs, restated
from services.finance.core.years import FinancialYear
from services.finance.lines.successions import BudgetStep

YEAR = FinancialYear(2018)
SPRING = datetime(2018, 3, 1, tzinfo=UTC)
CODES = ("A", "B", "C", "D", "E")


def a_part(organisation: str, amount_pence: int, population: int = 1000) -> Part:
    """What was set for a whole year."""
    return Part(organisation, YEAR.first_day, YEAR.last_day, amount_pence, population, "rca-2015-16")


def a_merger(
    successor: str, *predecessors: str, on: date = YEAR.first_day, reference: str = "", stated: datetime = SPRING
) -> Merger:
    """A merger of these bodies."""
    return Merger(reference or f"M-{successor}", predecessors, successor, on, stated)


def shown(year: Year) -> list[tuple[str, date, date, int, str | None]]:
    """The parts, without what every part has."""
    return [(part.organisation, part.first_day, part.last_day, part.amount_pence, part.merger) for part in year.parts]


def test_on_1_april_the_whole_amount_moves() -> None:
    year = restated(YEAR, [a_part("10H", 700, 70), a_part("10Y", 300, 30)], [a_merger("14Y", "10H", "10Y")])
    assert shown(year) == [("14Y", YEAR.first_day, YEAR.last_day, 1000, "M-14Y")]
    assert year.parts[0].population == 100
    [restatement] = year.restatements
    assert (restatement.predecessors, restatement.released_pence) == (("10H", "10Y"), (700, 300))


def test_within_the_year_the_days_before_stay_and_the_rest_moves() -> None:
    day = date(2018, 10, 1)  # 183 days before it, 182 from it on
    year = restated(YEAR, [a_part("10H", 36500), a_part("10Y", 3650)], [a_merger("14Y", "10H", "10Y", on=day)])
    assert shown(year) == [
        ("10H", YEAR.first_day, date(2018, 9, 30), 18300, None),
        ("10Y", YEAR.first_day, date(2018, 9, 30), 1830, None),
        ("14Y", day, YEAR.last_day, 18200 + 1820, "M-14Y"),
    ]


def test_on_the_last_day_of_the_year_one_day_moves() -> None:
    year = restated(YEAR, [a_part("10H", 365)], [a_merger("14Y", "10H", on=YEAR.last_day)])
    assert [part.amount_pence for part in year.parts] == [364, 1]


def test_a_merger_after_the_year_restates_nothing() -> None:
    set_ = a_part("10H", 365)
    assert restated(YEAR, [set_], [a_merger("14Y", "10H", on=date(2019, 4, 1))]) == Year((set_,), ())


def test_a_merger_before_the_year_moves_all_of_what_was_set_in_advance() -> None:
    year = restated(YEAR, [a_part("10H", 365)], [a_merger("14Y", "10H", on=date(2016, 7, 1))])
    assert shown(year) == [("14Y", YEAR.first_day, YEAR.last_day, 365, "M-14Y")]


def test_a_chain_of_mergers_carries_the_amount_to_its_end() -> None:
    mergers = [
        a_merger("D4U1Y", "15D", "99M", on=date(2018, 4, 1), reference="M-2"),
        a_merger("15D", "10G", "11C", on=date(2017, 4, 1), reference="M-1"),
    ]
    year = restated(YEAR, [a_part("10G", 10), a_part("11C", 20), a_part("99M", 70)], mergers)
    assert shown(year) == [("D4U1Y", YEAR.first_day, YEAR.last_day, 100, "M-2")]
    assert [(one.successor, one.amount_pence) for one in year.restatements] == [("15D", 30), ("D4U1Y", 100)]


def test_a_second_merger_in_the_same_year_splits_what_the_first_gave() -> None:
    mergers = [
        a_merger("T", "S", "C", on=date(2019, 1, 1), reference="M-2"),
        a_merger("S", "A", "B", on=date(2018, 10, 1), reference="M-1"),
    ]
    year = restated(YEAR, [a_part(code, 36500) for code in "ABC"], mergers)
    assert shown(year) == [
        ("A", YEAR.first_day, date(2018, 9, 30), 18300, None),
        ("B", YEAR.first_day, date(2018, 9, 30), 18300, None),
        ("C", YEAR.first_day, date(2018, 12, 31), 27500, None),
        ("S", date(2018, 10, 1), date(2018, 12, 31), 18400, "M-1"),
        ("T", date(2019, 1, 1), YEAR.last_day, 18000 + 9000, "M-2"),
    ]


def test_predecessors_without_an_allowance_leave_nothing() -> None:
    assert restated(YEAR, [], [a_merger("14Y", "10H", "10Y")]) == Year((), ())
    [part] = restated(YEAR, [a_part("10H", 5)], [a_merger("14Y", "10H", "10Y")]).parts
    assert (part.organisation, part.amount_pence) == ("14Y", 5)


def test_a_successor_that_has_something_of_its_own_never_has_two_parts_for_one_day() -> None:
    year = restated(YEAR, [a_part("S", 730), a_part("A", 365)], [a_merger("S", "A", on=date(2018, 10, 1))])
    assert shown(year) == [
        ("A", YEAR.first_day, date(2018, 9, 30), 183, None),
        ("S", YEAR.first_day, date(2018, 9, 30), 366, None),
        ("S", date(2018, 10, 1), YEAR.last_day, 182 + 364, "M-S"),
    ]
    [restatement] = year.restatements
    assert (restatement.predecessors, restatement.released_pence) == (("A", "S"), (182, 364))


def test_parts_from_different_packs_name_them_all() -> None:
    other = Part("B", YEAR.first_day, YEAR.last_day, 1, 1, "rca-2014-15")
    [part] = restated(YEAR, [a_part("A", 1), other], [a_merger("S", "A", "B")]).parts
    assert part.pack == "rca-2014-15, rca-2015-16"


def a_division(code: str, on: date, *shares: tuple[str, str], continues: bool = False) -> BudgetStep:
    """A split of a body, or a boundary change after which it continues."""
    return BudgetStep(code, on, tuple((one, Fraction(share)) for one, share in shares), "", continues, SPRING)


@pytest.mark.parametrize(("amount", "thirds"), [(36_500, (6_067, 12_133)), (7, (1, 2))])
def test_a_split_in_mid_year_divides_the_days_after_it_by_exact_shares(amount: int, thirds: tuple[int, int]) -> None:
    day = date(2018, 10, 1)  # 183 days before it, 182 from it on
    year = restated(YEAR, [a_part("A", amount)], [], [a_division("A", day, ("B", "1/3"), ("C", "2/3"))])
    assert shown(year) == [
        ("A", YEAR.first_day, date(2018, 9, 30), amount - sum(thirds), None),
        ("B", day, YEAR.last_day, thirds[0], "A>B 2018-10-01"),
        ("C", day, YEAR.last_day, thirds[1], "A>C 2018-10-01"),
    ]
    assert [one.released_pence for one in year.restatements] == [(thirds[0],), (thirds[1],)]


def test_a_boundary_change_moves_its_share_and_the_rest_stays() -> None:
    day = date(2018, 10, 1)
    change = a_division("A", day, ("B", "1/8"), continues=True)
    year = restated(YEAR, [a_part("A", 36_500), a_part("B", 3_650)], [], [change])
    assert shown(year) == [
        ("A", YEAR.first_day, date(2018, 9, 30), 18_300, None),
        ("A", day, YEAR.last_day, 15_925, None),
        ("B", YEAR.first_day, date(2018, 9, 30), 1_830, None),
        ("B", day, YEAR.last_day, 1_820 + 2_275, "A>B 2018-10-01"),
    ]


@pytest.mark.parametrize(("stated", "moved"), [(SPRING, 100), (SPRING - timedelta(days=800), 100), (None, 0)])
def test_what_was_stated_before_a_change_before_the_year_moves_and_what_was_counted_does_not(
    stated: datetime | None, moved: int
) -> None:
    part = replace(a_part("A", 800), stated_at=stated)
    change = a_division("A", YEAR.first_day, ("B", "1/8"), continues=True)
    year = restated(YEAR, [part], [], [change])
    assert sum(one.amount_pence for one in year.parts if one.organisation == "B") == moved


AMOUNTS = st.dictionaries(st.sampled_from(CODES), st.integers(0, 10**10), min_size=1)
DAYS = st.dates(YEAR.first_day - timedelta(days=400), YEAR.last_day + timedelta(days=400))
ALL_CODES = (*CODES, "S", "T", "U")
MERGERS = st.lists(
    st.builds(
        lambda number, successor, predecessors, on, days: a_merger(
            successor, *predecessors, on=on, reference=f"M-{number}", stated=SPRING + timedelta(days=days)
        ),
        st.integers(0, 999),
        st.sampled_from(ALL_CODES),
        st.lists(st.sampled_from(ALL_CODES), min_size=1, max_size=4),
        DAYS,
        st.integers(0, 9),
    ),
    max_size=6,
    unique_by=lambda merger: merger.reference,
)


DIVISIONS = st.lists(
    st.builds(
        lambda code, on, shares, continues: a_division(code, on, *shares.items(), continues=continues),
        st.sampled_from(CODES),
        DAYS,
        st.dictionaries(st.sampled_from(("S", "T", "U")), st.sampled_from(("1/3", "1/7", "2/9")), min_size=1),
        st.booleans(),
    ),
    max_size=3,
)


@given(AMOUNTS, MERGERS, DIVISIONS)
def test_no_split_loses_a_penny_or_gives_a_body_two_parts_for_one_day(
    amounts: dict[str, int], mergers: list[Merger], divisions: list[BudgetStep]
) -> None:
    year = restated(YEAR, [a_part(code, amount) for code, amount in amounts.items()], mergers, divisions)
    assert sum(part.amount_pence for part in year.parts) == sum(amounts.values())
    for one, after in pairwise(year.parts):
        assert one.organisation != after.organisation or one.last_day < after.first_day


@given(AMOUNTS, MERGERS)
def test_all_parts_together_are_what_was_set_whatever_merges_when(
    amounts: dict[str, int], mergers: list[Merger]
) -> None:
    year = restated(YEAR, [a_part(code, amount) for code, amount in amounts.items()], mergers)
    assert sum(part.amount_pence for part in year.parts) == sum(amounts.values())
    assert min(part.amount_pence for part in year.parts) >= 0
    for one in year.restatements:
        assert sum(one.released_pence) == one.amount_pence
        assert min(one.released_pence) >= 0


@given(AMOUNTS, MERGERS)
def test_no_body_has_two_parts_for_one_day(amounts: dict[str, int], mergers: list[Merger]) -> None:
    year = restated(YEAR, [a_part(code, amount) for code, amount in amounts.items()], mergers)
    for one, following in pairwise(year.parts):
        assert one.first_day <= one.last_day
        assert one.organisation != following.organisation or one.last_day < following.first_day


@given(AMOUNTS, MERGERS, st.randoms())
def test_the_order_in_which_things_are_told_makes_no_difference(
    amounts: dict[str, int], mergers: list[Merger], random: object
) -> None:
    allowances = [a_part(code, amount) for code, amount in amounts.items()]
    expected = restated(YEAR, allowances, mergers)
    random.shuffle(allowances)  # type: ignore[attr-defined]
    random.shuffle(mergers)  # type: ignore[attr-defined]
    assert restated(YEAR, allowances, mergers) == expected


@given(st.lists(st.integers(0, 10**10), min_size=3, max_size=3), st.dates(YEAR.first_day, YEAR.last_day))
def test_merging_in_two_steps_of_one_day_is_merging_at_once(amounts: Sequence[int], day: date) -> None:
    allowances = [a_part(code, amount) for code, amount in zip("ABC", amounts, strict=True)]
    at_once = restated(YEAR, allowances, [a_merger("T", "A", "B", "C", on=day)])
    steps = [a_merger("S", "A", "B", on=day, reference="M-1"), a_merger("T", "S", "C", on=day, reference="M-2")]
    in_steps = restated(YEAR, allowances, steps)
    amounts_at_once, amounts_in_steps = (
        {part.organisation: part.amount_pence for part in year.parts} for year in (at_once, in_steps)
    )
    assert amounts_in_steps == amounts_at_once


@given(st.integers(0, 10**10), st.integers(0, 10**10), st.dates(YEAR.first_day, YEAR.last_day))
def test_what_a_predecessor_releases_does_not_depend_on_the_others(one: int, other: int, day: date) -> None:
    alone = restated(YEAR, [a_part("A", one)], [a_merger("S", "A", on=day)]).restatements[0]
    both = restated(YEAR, [a_part("A", one), a_part("B", other)], [a_merger("S", "A", "B", on=day)]).restatements[0]
    assert both.released_pence[0] == alone.released_pence[0]


STATED = st.lists(
    st.builds(
        lambda code, amount, days: Stated(a_part(code, amount), SPRING + timedelta(days=days)),
        st.sampled_from(CODES),
        st.integers(0, 10**6),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda stated: (stated.part.organisation, stated.stated_at),
)


@given(STATED, MERGERS, st.integers(0, 10))
def test_what_is_believed_at_an_instant_follows_from_what_was_said_by_then(
    stated: list[Stated], mergers: list[Merger], days: int
) -> None:
    instant = SPRING + timedelta(days=days)
    said = sorted((one for one in stated if one.stated_at <= instant), key=lambda one: one.stated_at)
    allowances = {one.part.organisation: one.part for one in said}
    expected = restated(YEAR, allowances.values(), [merger for merger in mergers if merger.stated_at <= instant])
    then = {
        belief.what
        for belief in beliefs(YEAR, stated, mergers)
        if belief.known_from <= instant and (belief.known_to is None or instant < belief.known_to)
    }
    assert then == {*expected.parts, *expected.restatements}


@given(STATED, MERGERS)
def test_no_belief_lasts_for_no_time_or_is_held_twice(stated: list[Stated], mergers: list[Merger]) -> None:
    found = beliefs(YEAR, stated, mergers)
    assert all(belief.known_to is None or belief.known_from < belief.known_to for belief in found)
    assert len({(belief.what, belief.known_from) for belief in found}) == len(found)


def test_a_correction_after_the_merger_flows_on_and_what_was_believed_before_stays() -> None:
    corrected = SPRING + timedelta(days=60)
    found = beliefs(
        YEAR, [Stated(a_part("10H", 100), SPRING), Stated(a_part("10H", 130), corrected)], [a_merger("14Y", "10H")]
    )
    moved = [
        (one.what.amount_pence, one.known_from, one.known_to) for one in found if isinstance(one.what, Restatement)
    ]
    assert moved == [(100, SPRING, corrected), (130, corrected, None)]


@pytest.mark.parametrize("late", [True, False])
def test_a_merger_stated_before_the_population_or_after_gives_the_same_now(late: bool) -> None:
    merged = SPRING + timedelta(days=90 if late else -90)
    found = beliefs(YEAR, [Stated(a_part("10H", 100), SPRING)], [a_merger("14Y", "10H", stated=merged)])
    now = [one.what for one in found if one.known_to is None and isinstance(one.what, Part)]
    assert [(part.organisation, part.amount_pence) for part in now] == [("14Y", 100)]
