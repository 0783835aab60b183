"""A restated column as a workbook: totals, what was carried, what was not, and what was asked."""

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter

from console.crosswalks.outcomes import HEADS, RestatedLine
from console.crosswalks.store import Restatement

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_EXACT_DIGITS = 15
"""A spreadsheet's number is exact up to so many digits: a longer one is written as text."""


def workbook_of(about: Restatement, carried: Iterable[RestatedLine], left: Iterable[RestatedLine]) -> bytes:
    """Return the workbook's file."""
    content, names = io.BytesIO(), about.names or {}
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        bold = book.add_format({"bold": True})
        totals = (
            [code, names.get(code, ""), lines, Decimal(amount) if amount else ""]
            for code, lines, amount in about.sums.by_body
        )
        _add(book.add_worksheet("Totals"), ("to_code", "to_name", "lines", "amount"), totals, bold)
        _add(book.add_worksheet("Carried"), HEADS, (line.cells(names) for line in carried), bold)
        _add(book.add_worksheet("Not carried"), HEADS, (line.cells(names) for line in left), bold)
        sums = (("amount_in", f"{about.sums.amount_in:f}"), ("amount_carried", f"{about.sums.amount_carried:f}"))
        asked = [*about.asked.items(), *sums, ("amount_not_carried", f"{about.sums.amount_left:f}")]
        _add(book.add_worksheet("Asked"), ("what", "value"), asked, bold)
    return content.getvalue()


def _add(sheet: Any, heads: Sequence[str], rows: Iterable[Sequence[Any]], bold: Any) -> None:
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(heads) - 1, 16)
    for column, head in enumerate(heads):
        sheet.write_string(0, column, head, bold)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, int) or (isinstance(value, Decimal) and _is_exact(value)):
                sheet.write_number(number, column, value)
            elif value != "":
                sheet.write_string(number, column, str(value))


def _is_exact(amount: Decimal) -> bool:
    return len(amount.as_tuple().digits) <= _EXACT_DIGITS
