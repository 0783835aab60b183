"""What is believed of a relation stays within the lives of the bodies that it names."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.database.connection import Database, raw
from libs.common.events.registry import OrganisationOpened
from libs.common.temporal.history import LAST_DAY, Belief, Days, Statement
from libs.organisations.lifetimes import Lifetimes, Successor, relation_beliefs
from services.registry.core.queries import get_organisation
from services.registry.core.recording import introduce_missing, record_new
from services.registry.crosswalks.changes import ChangePeriod, changes
from services.registry.imports.runner import import_folder
from tests.support.ods_files import body, successions, write

TODAY, DAYS = date(2026, 1, 1), 12
MERGED = date(2020, 4, 1)
END = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> date:
    return date(2017, 1, 1) + timedelta(days=number)


def instant(number: int) -> datetime:
    return datetime(2017, 1, 1, tzinfo=UTC) + timedelta(days=2 * number)


def life(first: int, last: int | None, known: int = 0, status: str = "open") -> list[Belief[str]]:
    """A life from a day on, closed after another, known from an instant on."""
    if last is None:
        return [Belief(status, Days(day(first)), instant(known), None)]
    return [
        Belief(status, Days(day(first), day(last)), instant(known), None),
        Belief("closed", Days(day(last)), instant(known), None),
    ]


def dated(lives: dict[str, list[Belief[str]]]) -> Lifetimes:
    """Lives whose first days a register gave."""
    return Lifetimes(lives, {}, dict.fromkeys(lives, instant(0)))


def believed(beliefs: Sequence[Belief[str]], on: date, known: datetime = END) -> str | None:
    values = [
        one.value
        for one in beliefs
        if on in one.days and one.known_from <= known and (one.known_to is None or known < one.known_to)
    ]
    assert len(values) <= 1
    return values[0] if values else None


def test_an_old_row_with_a_new_commissioner_moves_the_body_on_the_day_of_the_succession() -> None:
    """T1: the row of 2021 names since 2013 a body that was established in 2020."""
    lives = dated({"X1C": life(0, 6), "X9C": life(6, None)})
    old = Statement("X1C", Days(day(0)), instant(1))
    rewritten = Statement("X9C", Days(day(0)), instant(5))
    beliefs = relation_beliefs([old, rewritten], lives, of=["Y99901"])
    assert [believed(beliefs, day(number)) for number in (0, 5, 6, 11)] == ["X1C", "X1C", "X9C", "X9C"]
    assert [believed(beliefs, day(number), instant(4)) for number in (0, 5, 6)] == ["X1C", "X1C", None]


def test_without_an_earlier_word_nothing_is_known_of_the_days_before_the_other_was_there() -> None:
    lives = dated({"X9C": life(6, None)})
    beliefs = relation_beliefs([Statement("X9C", Days(day(0)), instant(5))], lives, of=["Y99901"])
    assert [believed(beliefs, day(number)) for number in (0, 5, 6)] == [None, None, "X9C"]


def test_a_body_that_only_lists_name_may_have_been_there_before_the_first_of_them() -> None:
    stated = [Statement("5NV", Days(day(0), day(9)), instant(5))]
    seen = Lifetimes({"5NV": life(6, None), "5KH": life(0, None)}, {})
    assert [believed(relation_beliefs(stated, seen, of=["A"]), day(number)) for number in (0, 6)] == ["5NV", "5NV"]
    earlier = Statement("5KH", Days(day(0)), instant(1))
    both = relation_beliefs([earlier, *stated], seen, of=["A"])
    assert [believed(both, day(number)) for number in (0, 6)] == ["5KH", "5NV"]


def test_the_one_body_that_followed_takes_the_place_and_of_several_none_does() -> None:
    whole = {"X1C": [Successor("X9C", day(6), instant(3), None)]}
    lives = {"X1C": life(0, 6), "X9C": life(6, None), "X8C": life(6, None)}
    stated = [Statement("X1C", Days(day(0)), instant(1))]
    followed = relation_beliefs(stated, Lifetimes(lives, whole), of=["A"])
    assert [believed(followed, day(number)) for number in (5, 6)] == ["X1C", "X9C"]
    assert believed(followed, day(6), instant(2)) is None
    whole["X1C"].append(Successor("X8C", day(6), instant(4), None))
    split = relation_beliefs(stated, Lifetimes(lives, whole), of=["A"])
    assert [believed(split, day(number)) for number in (5, 6)] == ["X1C", None]
    assert believed(split, day(6), instant(3)) == "X9C"


def test_a_relation_ends_with_its_body_unless_a_source_names_a_later_end() -> None:
    lives = Lifetimes({"A": life(0, 6)}, {})
    assert believed(relation_beliefs([Statement("P", Days(day(0)), instant(1))], lives, of=["A"]), day(6)) is None
    dated = Statement("P", Days(day(0), day(9)), instant(1))
    assert [believed(relation_beliefs([dated], lives, of=["A"]), day(number)) for number in (6, 9)] == ["P", None]


def test_a_body_that_was_open_comes_before_one_that_was_only_proposed() -> None:
    lives = dated({"13T": life(6, None) + life(3, 6, status="proposed")[:1], "00F": life(0, 6)})
    both = [Statement("00F", Days(day(0)), instant(1)), Statement("13T", Days(day(0)), instant(5))]
    assert [believed(relation_beliefs(both, lives, of=["A"]), day(number)) for number in (2, 4, 6)] == [
        "00F",
        "00F",
        "13T",
    ]
    assert believed(relation_beliefs(both[1:], lives, of=["A"]), day(4)) == "13T"


def test_a_level_holds_on_its_days_and_takes_the_place_of_the_one_before() -> None:
    before = [Statement("QF7", Days(day(1)), instant(1), fills_before=True)]
    seen = [Statement("QT1", Days(day(9)), instant(5), fills_before=True)]
    lives, since = Lifetimes({}, {}), Days(day(6))
    moved = relation_beliefs(seen, lives, of=["02Q"], rules=since, before=before)
    assert [believed(moved, day(number)) for number in (5, 6, 9)] == [None, "QT1", "QT1"]
    stayed = relation_beliefs([], lives, of=["02Q"], rules=since, before=before)
    assert [believed(stayed, day(number)) for number in (5, 6, 9)] == [None, "QF7", "QF7"]


@st.composite
def relations(draw: st.DrawFn) -> tuple[list[Statement[str]], Lifetimes]:
    lives: dict[str, list[Belief[str]]] = {}
    for code in ("A", "P", "Q", "R"):
        if draw(st.booleans()):
            first = draw(st.integers(0, 8))
            lives[code] = life(first, draw(st.none() | st.integers(first + 1, DAYS)), draw(st.integers(0, 4)))
    stated = [
        Statement(
            draw(st.sampled_from(["P", "Q", "R", None])),
            draw(st.sampled_from([Days(day(3)), Days(day(0)), Days(day(2), day(7)), Days(day(8))])),
            instant(draw(st.integers(0, 5))),
            draw(st.booleans()),
            order,
            draw(st.sampled_from([0, -1])),
        )
        for order in range(draw(st.integers(1, 5)))
    ]
    return stated, dated(lives)


@given(relations(), st.randoms())
def test_no_belief_names_a_body_that_was_not_there_whatever_was_stated_first(
    drawn: tuple[list[Statement[str]], Lifetimes], chance: object
) -> None:
    stated, lives = drawn
    beliefs = relation_beliefs(stated, lives, of=["A"])
    for number in range(DAYS + 2):
        for hour in range(7):
            value = believed(beliefs, day(number), instant(hour))
            for code in ("A", value):
                status = dict(lives.at(code or "", instant(hour)))
                on = next((what for days, what in status.items() if day(number) in days), "unknown")
                ended = any(one.value == value and one.days.end != LAST_DAY for one in stated)
                if value is not None and status:
                    assert on == "open" or (code == "A" and (on == "unknown" or ended))
            if value is not None:
                assert any(one.value == value and one.stated_at <= instant(hour) for one in stated)
    shuffled = list(stated)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert relation_beliefs(shuffled, lives, of=["A"]) == beliefs


async def parent(database: Database, code: str, on: str, known: datetime | None = None) -> str | None:
    found = await get_organisation(database, code, as_at=date.fromisoformat(on), as_known=known)
    return found.parent


@pytest.mark.parametrize("backwards", [False, True])
async def test_files_that_rewrite_an_old_row_in_either_order(
    database: Database, tmp_path: Path, backwards: bool
) -> None:
    """T1 as files: what each believes is the same whatever was imported first."""
    ccgs = [body("X1C", "NHS ALPHA CCG", "20130401", "20200331"), body("X2C", "NHS BETA CCG", "20130401", "20200331")]
    files = {
        "epraccur_2020-01.csv": [body("Y99901", "SYNTHETIC OOH", "20130401", c12="A", c14="X1C", c15="20130401")],
        "eccg_2021-06.csv": [*ccgs, body("X9C", "NHS ALPHABETA CCG", "20200401")],
        "epraccur_2021-11.csv": [body("Y99901", "SYNTHETIC OOH", "20130401", c12="A", c14="X9C", c15="20130401")],
    }
    folder = tmp_path / "all"
    for number, name in enumerate(reversed(files) if backwards else files):
        one = tmp_path / str(number)
        write(one, name, files[name])
        await import_folder(database, one, stated_on=None, today=TODAY, say=lambda _: None)
        write(folder, name, files[name])
    rows = (("X1C", "X9C", "20200401"), ("X2C", "X9C", "20200401"))
    successions(tmp_path / "later", "succ_2022-01.csv", *rows)
    await import_folder(database, tmp_path / "later", stated_on=None, today=TODAY, say=lambda _: None)
    assert [
        await parent(database, "Y99901", on) for on in ("2013-04-01", "2016-04-01", "2020-03-31", "2020-04-01")
    ] == [
        "X1C",
        "X1C",
        "X1C",
        "X9C",
    ]
    before = datetime(2020, 6, 1, tzinfo=UTC)
    assert await parent(database, "Y99901", "2020-04-02", before) == "X1C"
    moved = await changes(
        database, ChangePeriod(date(2013, 1, 1), TODAY, "parent", "Y99901"), as_known=None, after=None, limit=9
    )
    assert [(one.day, one.before, one.after) for one in moved] == [(MERGED, "X1C", "X9C")]


@pytest.mark.parametrize("late", [False, True])
async def test_a_large_file_between_two_others_is_believed_from_its_own_day(
    database: Database, tmp_path: Path, late: bool
) -> None:
    """What a file of thousands states may be believed by now, and yet not by what was known when it was written."""
    joined = body("Y99901", "SYNTHETIC OOH", "20130401", c12="A", c14="X1C", c15="20130401")
    moved = body("Y99901", "SYNTHETIC OOH", "20130401", c12="A", c14="X9C", c15="20140401")
    others = [body(f"Y8{number:04}", "SYNTHETIC SURGERY", "20130401", c12="A") for number in range(400)]
    ccgs = [body("X1C", "NHS ALPHA CCG", "20130401", "20140331"), body("X9C", "NHS ALPHABETA CCG", "20140401")]
    write(tmp_path / "1", "epraccur_2013-06.csv", [joined])
    large, register = tmp_path / ("3" if late else "2"), tmp_path / ("2" if late else "3")
    write(large, "epraccur_2015-06.csv", [moved, *others])
    write(register, "eccg_2020-06.csv", ccgs)
    successions(register, "succ_2020-06.csv", ("X1C", "X9C", "20140401"))
    for number in "123":
        await import_folder(database, tmp_path / number, stated_on=None, today=TODAY, say=lambda _: None)
    known = [datetime(2014, 6, 1, tzinfo=UTC), datetime(2016, 6, 1, tzinfo=UTC), END]
    assert [await parent(database, "Y99901", "2015-01-01", at) for at in known] == ["X1C", "X9C", "X9C"]


@pytest.mark.parametrize("late", [False, True])
async def test_a_register_that_gives_the_first_day_of_a_list_again_bounds_the_relation(
    database: Database, tmp_path: Path, late: bool
) -> None:
    """A list alone leaves open whether the commissioner was there before; the register's same day does not."""
    joined = body("Y99901", "SYNTHETIC OOH", "20100401", c12="A", c14="X1C", c15="20100401")
    seen = OrganisationOpened(
        code="X1C",
        kind="ccg",
        name="NHS ALPHA CCG",
        effective_on=date(2013, 4, 1),
        stated_at=datetime(2013, 6, 1, tzinfo=UTC),
        source="nhs_england:list_2013-06.csv",
        rank=-1,
    )
    write(tmp_path / "1", "epraccur_2013-06.csv", [joined])
    write(tmp_path / "2", "eccg_2014-06.csv", [body("X1C", "NHS ALPHA CCG", "20130401")])

    async def list_it() -> None:
        async with database.begin() as session:
            await introduce_missing(await raw(session), ["X1C"])
            await record_new(session, [seen], by="test")

    if not late:
        await list_it()
    for number in "12":
        await import_folder(database, tmp_path / number, stated_on=None, today=TODAY, say=lambda _: None)
    if late:
        await list_it()
    known = [datetime(2014, 1, 1, tzinfo=UTC), END]
    assert [await parent(database, "Y99901", "2012-01-01", at) for at in known] == ["X1C", None]
