"""What became of a column: parts put together, stored for its session alone, and written as a workbook."""

import io
import os
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from console.core.services import Reason
from console.crosswalks.column import ColumnLine
from console.crosswalks.outcomes import HEADS, reasons_of
from console.crosswalks.store import SECONDS, Restatement, Restatements
from console.crosswalks.workbook import workbook_of

ASKED = {"from_day": "2018-03-31", "to_day": "2021-04-01", "system": "ods", "by": "successions"}


def line(number: int, code: str, to_code: str | None, amount: int | str | None, **changed: Any) -> dict[str, Any]:
    return {
        "line": number,
        "code": code,
        "day": "2018-03-31",
        "to_code": to_code,
        "to_day": "2021-04-01",
        "share": "1",
        "amount": amount,
        "reason": "",
        "because": f"{code} was followed",
        "findings": [],
        "by": "successions",
    } | changed


def answer(
    carried: list[Any], left: list[Any], totals: Mapping[str, Any], sums: tuple[Any, Any, Any]
) -> dict[str, Any]:
    names = ("amount_in", "amount_carried", "amount_not_carried")
    listed = [{"to_code": code, "amount": amount} for code, amount in totals.items()]
    return {
        "carried": carried,
        "not_carried": left,
        "totals": listed,
        "so_far": [],
        **dict(zip(names, sums, strict=True)),
    }


FIRST = [ColumnLine(2, "Q1A", "100"), ColumnLine(3, "Q9Z", "7")]
SECOND = [ColumnLine(9, "Q2B", "0.50")]
LOST = line(2, "Q9Z", None, 7, reason="unknown-code", share=None, because="no source has Q9Z")
OF_FIRST = answer([line(1, "Q1A", "Q4D", 100)], [LOST], {"Q4D": 100}, (107, 100, 7))
MARKED = line(1, "Q2B", "Q4D", "0.50", findings=["followed-and-still-open"])
OF_SECOND = answer([MARKED], [], {"Q4D": "0.50"}, ("0.50", "0.50", 0))


@pytest.fixture
def stored(tmp_path: Path) -> Restatements:
    return Restatements(tmp_path, "mine")


@pytest.fixture
def reference(stored: Restatements) -> str:
    """A column of three lines, restated in two parts."""
    reference = stored.begin([*FIRST, *SECOND], ASKED)
    for given, part in ((OF_FIRST, FIRST), (OF_SECOND, SECOND)):
        about = stored.find(reference)
        assert about is not None
        assert not about.is_whole
        assert stored.next_lines(reference, about.sums.lines, most=len(part)) == part
        stored.add(reference, about, given, part)
    return reference


def found(stored: Restatements, reference: str) -> Restatement:
    about = stored.find(reference)
    assert about is not None
    return about


def test_parts_are_numbered_as_they_were_sent_and_summed(stored: Restatements, reference: str) -> None:
    sums = found(stored, reference).sums
    carried, left = [*stored.lines(reference, carried=True)], [*stored.lines(reference, carried=False)]
    assert [one.number for one in (*carried, *left)] == [2, 9, 3]
    assert sums.by_body == [("Q4D", 2, "100.50")]
    assert (sums.amount_in, sums.amount_carried, sums.amount_left) == (
        Decimal("107.50"),
        Decimal("100.50"),
        Decimal(7),
    )
    assert (sums.lines, sums.carried, sums.left, sums.amounts) == (3, 2, 1, True)
    assert left[0].reason_words == "No source names this code"
    assert carried[1].mark_words == ("Followed, and still open",)
    assert [*stored.lines(reference, carried=True, after=1, limit=1)] == carried[1:]


def test_two_requests_for_one_part_add_it_once(stored: Restatements) -> None:
    reference = stored.begin(FIRST, ASKED)
    one, other = found(stored, reference), found(stored, reference)
    stored.add(reference, one, OF_FIRST, FIRST)
    stored.add(reference, other, OF_FIRST, FIRST)
    assert found(stored, reference).sums.amount_in == 107
    assert len([*stored.lines(reference, carried=True)]) == 1


def test_reasons_of_a_part_name_the_lines_that_were_sent() -> None:
    part = [ColumnLine(7, "Q1A"), ColumnLine(9, "Q2B")]
    reasons = [Reason("no such day", "body.figures.1.day"), Reason("too many days"), Reason("bad", "figures[0].code")]
    assert reasons_of(reasons, part) == ["Line 9: no such day", "too many days", "Line 7: bad"]


def test_a_restatement_is_found_by_the_session_that_made_it_alone(
    stored: Restatements, reference: str, tmp_path: Path
) -> None:
    assert found(stored, reference).is_whole
    assert Restatements(tmp_path, "another's").find(reference) is None
    assert stored.find("../../etc/passwd") is None


def test_a_restatement_is_forgotten_after_two_hours(stored: Restatements, reference: str, tmp_path: Path) -> None:
    (file,) = tmp_path.glob("*.db")
    then = time.time() - SECONDS - 1
    os.utime(file, (then, then))
    new = stored.begin(FIRST, ASKED)
    assert stored.find(reference) is None
    assert stored.find(new) is not None


def test_a_workbook_has_totals_lines_and_what_was_asked(stored: Restatements, reference: str) -> None:
    stored.name(reference, found(stored, reference), {"Q4D": "=Fourth"})
    carried, left = stored.lines(reference, carried=True), stored.lines(reference, carried=False)
    book = openpyxl.load_workbook(io.BytesIO(workbook_of(found(stored, reference), carried, left)))
    assert book.sheetnames == ["Totals", "Carried", "Not carried", "Asked"]
    assert [[cell.value for cell in row] for row in book["Totals"]][1] == ["Q4D", "=Fourth", 2, 100.5]
    assert book["Totals"]["B2"].data_type == "s"
    rows = [[cell.value for cell in row] for row in book["Carried"]]
    assert rows[0] == [*HEADS]
    assert rows[1][:8] == [2, "Q1A", "2018-03-31", "Q4D", "=Fourth", "2021-04-01", "1", 100]
    assert rows[2][10] == "followed-and-still-open"
    assert [cell.value for cell in book["Not carried"][2]][8] == "unknown-code"
    assert ["amount_in", "107.50"] in [[cell.value for cell in row] for row in book["Asked"]]
