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
from console.crosswalks.restated import HEADS, RestatedColumn, reasons_of
from console.crosswalks.store import SECONDS, Restatements
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


@pytest.fixture
def column() -> RestatedColumn:
    made = RestatedColumn()
    first = [ColumnLine(2, "Q1A", "100"), ColumnLine(3, "Q9Z", "7")]
    lost = line(2, "Q9Z", None, 7, reason="unknown-code", share=None, because="no source has Q9Z")
    made.add(answer([line(1, "Q1A", "Q4D", 100)], [lost], {"Q4D": 100}, (107, 100, 7)), first)
    marked = line(1, "Q2B", "Q4D", "0.50", findings=["followed-and-still-open"])
    made.add(answer([marked], [], {"Q4D": "0.50"}, ("0.50", "0.50", 0)), [ColumnLine(9, "Q2B", "0.50")])
    return made


def test_parts_are_numbered_as_they_were_sent_and_summed(column: RestatedColumn) -> None:
    assert [one.number for one in (*column.carried, *column.left)] == [2, 9, 3]
    assert dict(column.totals) == {"Q4D": Decimal("100.50")}
    assert (column.amount_in, column.amount_carried, column.amount_left) == (
        Decimal("107.50"),
        Decimal("100.50"),
        Decimal(7),
    )
    assert column.lines_of() == {"Q4D": 2}
    assert column.left[0].reason_words == "No source names this code"
    assert column.carried[1].mark_words == ("Followed, and still open",)


def test_reasons_of_a_part_name_the_lines_that_were_sent() -> None:
    part = [ColumnLine(7, "Q1A"), ColumnLine(9, "Q2B")]
    reasons = [Reason("no such day", "body.figures.1.day"), Reason("too many days"), Reason("bad", "figures[0].code")]
    assert reasons_of(reasons, part) == ["Line 9: no such day", "too many days", "Line 7: bad"]


def test_a_restatement_is_found_by_the_session_that_made_it_alone(column: RestatedColumn, tmp_path: Path) -> None:
    stored = Restatements(tmp_path)
    reference = stored.add(column, ASKED, {"Q4D": "Fourth"}, secret="mine")
    found = stored.find(reference, secret="mine")
    assert found is not None
    assert (found.lines, found.carried, found.left, found.has_amounts) == (3, 2, 1, True)
    assert found.totals == (("Q4D", 2, "100.50"),)
    assert (found.amount_in, found.amount_left) == ("107.50", "7")
    assert stored.find(reference, secret="another's") is None
    assert stored.find("../../etc/passwd", secret="mine") is None
    assert [*stored.lines(reference, secret="mine", carried=True)] == column.carried
    assert [*stored.lines(reference, secret="mine", carried=True, after=1, limit=1)] == column.carried[1:]


def test_a_restatement_is_forgotten_after_two_hours(column: RestatedColumn, tmp_path: Path) -> None:
    stored = Restatements(tmp_path)
    old = stored.add(column, ASKED, {}, secret="mine")
    (file,) = tmp_path.glob("*.db")
    then = time.time() - SECONDS - 1
    os.utime(file, (then, then))
    new = stored.add(column, ASKED, {}, secret="mine")
    assert stored.find(old, secret="mine") is None
    assert stored.find(new, secret="mine") is not None


def test_a_workbook_has_totals_lines_and_what_was_asked(column: RestatedColumn, tmp_path: Path) -> None:
    stored = Restatements(tmp_path)
    about = stored.find(stored.add(column, ASKED, {"Q4D": "=Fourth"}, secret="mine"), secret="mine")
    assert about is not None
    book = openpyxl.load_workbook(io.BytesIO(workbook_of(about, column.carried, column.left)))
    assert book.sheetnames == ["Totals", "Carried", "Not carried", "Asked"]
    assert [[cell.value for cell in row] for row in book["Totals"]][1] == ["Q4D", "=Fourth", 2, 100.5]
    assert book["Totals"]["B2"].data_type == "s"
    rows = [[cell.value for cell in row] for row in book["Carried"]]
    assert rows[0] == [*HEADS]
    assert rows[1][:8] == [2, "Q1A", "2018-03-31", "Q4D", "=Fourth", "2021-04-01", "1", 100]
    assert rows[2][10] == "followed-and-still-open"
    assert [cell.value for cell in book["Not carried"][2]][8] == "unknown-code"
    assert ["amount_in", "107.50"] in [[cell.value for cell in row] for row in book["Asked"]]
