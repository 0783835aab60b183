"""Sheets of a workbook: formats, and cells whose formula stands beside its value, for readers that compute nothing."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal
from fractions import Fraction

import xlsxwriter
from xlsxwriter.format import Format as CellFormat
from xlsxwriter.worksheet import Worksheet

from services.finance.charts.texts import printable

_CREATED = datetime(2000, 1, 1, tzinfo=UTC)
"""Of every workbook, so that the same request gives the same bytes."""
_PENNIES = 100
_LONGEST_CELL = 32_767
_POUNDS = '"£"#,##0.00;[Red]-"£"#,##0.00'

_DIGITS = Context(prec=17)
"""As many as a cell has."""

Number = Fraction | Decimal | int


@dataclass(frozen=True, slots=True)
class Formats:
    """How cells look: what may be changed is blue on yellow, as the Treasury's spreadsheets have it."""

    title: CellFormat
    header: CellFormat
    pounds: CellFormat
    factor: CellFormat
    input_pounds: CellFormat
    input_factor: CellFormat

    @classmethod
    def of(cls, book: xlsxwriter.Workbook) -> "Formats":
        """Return the formats of a workbook."""
        given = {"bg_color": "#FFF9C4", "font_color": "#003087"}
        return cls(
            title=book.add_format({"bold": True, "font_size": 14}),
            header=book.add_format({"bold": True, "bg_color": "#E8EDEE", "text_wrap": True, "valign": "top"}),
            pounds=book.add_format({"num_format": _POUNDS}),
            factor=book.add_format({"num_format": "0.000000"}),
            input_pounds=book.add_format({"num_format": _POUNDS, **given}),
            input_factor=book.add_format({"num_format": "0.######", **given}),
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet and the formats of its workbook."""

    sheet: Worksheet
    formats: Formats

    def text(self, row: int, column: int, text: str, form: CellFormat | None = None) -> None:
        """Write text, which is never read as a formula or a link."""
        self.sheet.write_string(row, column, printable(text)[:_LONGEST_CELL], form)

    def header(self, row: int, names: Sequence[str], column: int = 0) -> None:
        """Write a row of headings."""
        for number, name in enumerate(names, start=column):
            self.text(row, number, name, self.formats.header)

    def number(self, row: int, column: int, value: Number, form: CellFormat | None = None) -> None:
        """Write a number."""
        self.sheet.write_number(row, column, _decimal(value), form)

    def pounds(self, row: int, column: int, pence: Number, *, given: bool = False) -> None:
        """Write pence as pounds; `given`: as an input."""
        self.number(row, column, in_pounds(pence), self.formats.input_pounds if given else self.formats.pounds)

    def formula(self, row: int, column: int, formula: str, value: Number | str, form: CellFormat | None = None) -> None:
        """Write a formula with the value that it has now."""
        shown = value if isinstance(value, str) else _decimal(value)
        self.sheet.write_formula(row, column, f"={formula}", form, shown)

    def sum_of(self, row: int, column: int, formula: str, pence: Number) -> None:
        """Write a formula that gives pounds."""
        self.formula(row, column, formula, in_pounds(pence), self.formats.pounds)


class Book:
    """A workbook that is written to memory."""

    def __init__(self, title: str) -> None:
        """Open an empty workbook of a title."""
        self._bytes = io.BytesIO()
        no_guess = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = xlsxwriter.Workbook(self._bytes, {"in_memory": True, **no_guess})
        self._book.set_properties({"title": printable(title), "created": _CREATED.replace(tzinfo=None)})
        self._book.set_calc_mode("auto")
        self._formats = Formats.of(self._book)

    def sheet(self, name: str, title: str, *, widths: Sequence[int], frozen: tuple[int, int] = (0, 0)) -> Sheet:
        """Add a sheet with its title in the first cell, columns so wide, and rows and columns that stay in view."""
        sheet = Sheet(self._book.add_worksheet(name), self._formats)
        for column, width in enumerate(widths):
            sheet.sheet.set_column(column, column, width)
        sheet.sheet.freeze_panes(*frozen)
        sheet.sheet.hide_gridlines(2)
        sheet.text(0, 0, title, self._formats.title)
        return sheet

    def written(self) -> bytes:
        """Return the workbook's bytes; nothing can be added afterwards."""
        self._book.close()
        return self._bytes.getvalue()


def in_pounds(pence: Number) -> Fraction:
    """Return pence as pounds, unrounded."""
    return Fraction(pence) / _PENNIES


def _decimal(value: Number) -> Decimal:
    """Return a number with the digits of a cell."""
    exact = Fraction(value)
    return _DIGITS.divide(Decimal(exact.numerator), Decimal(exact.denominator))
