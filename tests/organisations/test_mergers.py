"""Which successions are whole, and from when to when that was known."""

from datetime import UTC, date, datetime

from libs.organisations.mergers import BelievedSuccession, Merger, mergers_of

DAY = date(2018, 4, 1)
FIRST, SECOND, THIRD = (datetime(2018, month, 1, tzinfo=UTC) for month in (1, 2, 3))


def believed(code: str, successor: str, since: datetime = FIRST, **others: object) -> BelievedSuccession:
    given = {"shape": "", "share": "", "merger": "", "known_to": None, **others}
    return BelievedSuccession(code, successor, DAY, known_from=since, **given)  # type: ignore[arg-type]


def test_the_predecessors_of_one_merger_are_one() -> None:
    rows = [believed(code, "14Y", shape="merger", share="1", merger="M-14Y") for code in ("10Y", "10H")]
    assert mergers_of(rows) == [Merger("M-14Y", ("10H", "10Y"), "14Y", DAY, FIRST)]


def test_an_acquisition_an_abolition_and_a_single_unshaped_succession_are_whole() -> None:
    rows = [
        believed("A", "X", shape="acquisition"),
        believed("B", "X", shape="abolition", share="1"),
        believed("C", "X"),
    ]
    whole = [(one.reference, one.predecessors, one.shape) for one in mergers_of(rows)]
    assert whole == [("", ("A",), "acquisition"), ("", ("B",), "abolition"), ("", ("C",), "")]


def test_splits_parts_and_bodies_with_several_successors_are_not() -> None:
    rows = [
        believed("A", "X", shape="split", share="1/2"),
        believed("A", "Y", shape="split", share="1/2"),
        believed("B", "X", shape="boundary_change"),
        believed("C", "X"),
        believed("C", "Y"),
        believed("D", "X", shape="abolition", share="1/3"),
        believed("E", "E"),
    ]
    assert mergers_of(rows) == []


def test_what_is_undone_ends_and_is_known_until_then() -> None:
    [merger] = mergers_of([believed("A", "X", known_to=SECOND)])
    assert merger.undone_at == SECOND
    assert [merger.is_believed_at(instant) for instant in (FIRST, SECOND)] == [True, False]


def test_a_second_successor_ends_it_and_its_undoing_begins_it_anew() -> None:
    rows = [believed("A", "X"), believed("A", "Y", since=SECOND, known_to=THIRD)]
    assert [(one.successor, one.stated_at, one.undone_at) for one in mergers_of(rows)] == [
        ("X", FIRST, SECOND),
        ("X", THIRD, None),
    ]


def test_a_merger_of_which_one_succession_is_undone_goes_on_with_the_others() -> None:
    rows = [believed("A", "X", merger="M", known_to=SECOND), believed("B", "X", merger="M")]
    assert [(one.predecessors, one.stated_at, one.undone_at) for one in mergers_of(rows)] == [
        (("A", "B"), FIRST, SECOND),
        (("B",), SECOND, None),
    ]


def test_mergers_of_one_day_are_in_the_order_of_their_chain() -> None:
    rows = [
        believed("M2", "A3", merger="M-A"),
        believed("Z1", "M2", merger="M-Z"),
        believed("A0", "Z1", merger="M-X"),
        believed("Q", "P"),
        believed("P", "Q", shape="acquisition"),
    ]
    assert [one.successor for one in mergers_of(rows) if one.reference] == ["Z1", "M2", "A3"]
    assert {one.successor for one in mergers_of(rows) if not one.reference} == {"P", "Q"}
