"""Reads one workbook in a process of its own: the layout on the first line of standard input, then the file's bytes.

Calamine unpacks whole sheets into memory and makes a dense table of them, so that a small file may ask for any amount
of it: the process has limits of memory and time, and ends without harm to the service.
"""

import io
import json
import lzma
import os
import resource
import signal
import sys
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from pydantic import BaseModel
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from services.finance.estates.sheets import FIGURES, SCHEMES, SITES, Cell, RawRow

MOST_UNPACKED, MOST_MEMBERS, MOST_ROWS = 200_000_000, 1_000, 20_000
"""The most bytes that a workbook unpacks to, in so many parts, and the most rows of a sheet: ERIC's have 1,500."""
MOST_MEMORY, LONGEST_SECONDS = 1_500_000_000, 20
DONE, REFUSED, TOO_LARGE = 0, 3, 4
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_SPOILT = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError, OSError)
"""What unpacking raises on an archive that is cut off, altered, locked or packed in a way that is not known."""
_PART = 1_000_000
_LONGEST_TEXT = 200


class SheetLayout(BaseModel):
    """The sheets and columns that are read, by the rule pack of the year."""

    sheet: str
    header_row: int
    organisation: str
    name: str
    site: str
    site_name: str
    backlog: dict[str, str]
    scheme_sheet: str = ""
    scheme: str = ""
    schemes: dict[str, str] = {}


class RowsRead(BaseModel):
    """What was read of both sheets."""

    sites: list[RawRow]
    schemes: list[RawRow]


class Unusable(Exception):
    """The file is no workbook of the collection, for each of these reasons."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class TooLarge(Exception):
    """The file is larger than one may be."""


def read_workbook(content: bytes, layout: SheetLayout) -> RowsRead:
    """Return the rows of the sheets of a workbook. Raises Unusable and TooLarge."""
    if content.startswith(_ZIP):
        _must_unpack_to_little(content)
    elif not content.startswith(_OLE):
        raise Unusable("it is neither .xls nor .xlsx")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {name: book.get_sheet_by_name(name) for name in _sheets(book, layout)}
    except (CalamineError, OSError, ValueError) as error:
        raise Unusable(f"it cannot be read: {_text(str(error))}") from error
    sites, faults = _rows(sheets[layout.sheet], layout, SITES)
    schemes: list[RawRow] = []
    if layout.scheme_sheet:
        schemes, others = _rows(sheets[layout.scheme_sheet], layout, SCHEMES)
        faults += others
    if faults:
        raise Unusable(*faults)
    return RowsRead(sites=sites, schemes=schemes)


def _must_unpack_to_little(content: bytes) -> None:
    """Unpack a part at a time and count: what an archive says of its own size may not be so."""
    size = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise TooLarge(f"it has {len(members)} parts")
            for member in members:
                with archive.open(member) as part:
                    while piece := part.read(_PART):
                        size += len(piece)
                        if size > MOST_UNPACKED:
                            raise TooLarge(f"it unpacks to more than {MOST_UNPACKED} bytes")
    except _SPOILT as error:
        raise Unusable(f"it cannot be unpacked: {_text(str(error))}") from error


def _sheets(book: CalamineWorkbook, layout: SheetLayout) -> list[str]:
    asked = [name for name in (layout.sheet, layout.scheme_sheet) if name]
    if missing := [name for name in asked if name not in book.sheet_names]:
        raise Unusable(*(f"it has no sheet {name}" for name in missing))
    return asked


def _rows(sheet: CalamineSheet, layout: SheetLayout, kind: str) -> tuple[list[RawRow], list[str]]:
    """Return the rows below the header, and the columns that are missing."""
    if sheet.total_height > MOST_ROWS + layout.header_row:
        raise TooLarge(f"the sheet {sheet.name} has more than {MOST_ROWS} rows")
    table = sheet.to_python(skip_empty_area=False)
    header = [_text(cell) for cell in table[layout.header_row - 1]] if len(table) >= layout.header_row else []
    figures = layout.backlog if kind == SITES else layout.schemes
    named = [layout.organisation, layout.name, layout.site, layout.site_name]
    named += [layout.scheme] if kind == SCHEMES else []
    faults = [
        f"the sheet {sheet.name} has {'several columns' if column in header else 'no column'} {column!r} in row "
        f"{layout.header_row}"
        for column in (*named, *figures.values())
        if header.count(column) != 1
    ]
    if faults:
        return [], faults
    texts = [header.index(column) for column in named]
    numbers = [header.index(figures[name]) if name in figures else None for name in FIGURES[kind]]
    rows = [
        _row(number, row, texts, numbers)
        for number, row in enumerate(table[layout.header_row :], layout.header_row + 1)
    ]
    return [row for row in rows if row is not None], []


def _row(number: int, row: Sequence[Any], texts: Sequence[int], numbers: Sequence[int | None]) -> RawRow | None:
    """Return a row; None for one that is empty in every column that is read."""
    words = [_text(row[index]) for index in texts]
    figures = tuple(Cell("") if index is None else _cell(row[index]) for index in numbers)
    if not any(words) and not any(figure.text for figure in figures):
        return None
    code, name, site, site_name, *scheme = words
    return RawRow(number, code, name, site, site_name, scheme[0] if scheme else "", figures)


def _cell(value: Any) -> Cell:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Cell(_text(value))
    # A float's shortest text is what the sheet shows; format writes it without an exponent.
    return Cell(format(Decimal(repr(value)), "f").removesuffix(".0"), is_number=True)


def _text(value: Any) -> str:
    """Return a cell as text: white space as single spaces, and nothing that cannot be seen."""
    plain = " ".join(str(value).split())[:_LONGEST_TEXT]
    return "".join(character for character in plain if character.isprintable())


def main() -> int:
    """Read the workbook on standard input; print its rows, or the reasons why it cannot be read."""
    os.nice(5)
    signal.alarm(LONGEST_SECONDS)
    # Where memory is refused, Rust aborts: without a trace (2 s of names to look up) and without a dump.
    os.environ["RUST_BACKTRACE"] = "0"
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    layout = SheetLayout.model_validate_json(sys.stdin.buffer.readline())
    try:
        read = read_workbook(sys.stdin.buffer.read(), layout)
    except Unusable as error:
        print(json.dumps(error.reasons))
        return REFUSED
    except (TooLarge, MemoryError) as error:
        print(json.dumps([str(error)]))
        return TOO_LARGE
    sys.stdout.write(read.model_dump_json())
    return DONE


if __name__ == "__main__":
    sys.exit(main())
