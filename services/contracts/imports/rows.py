"""Reads a file of payments line by line: each line is a payment, with what is odd about it, or is refused.

What a file states is a pure function of its text and the payer that is given. Reading yields now and then,
so that whoever reads can let others go first.
"""

import csv
import hashlib
import io
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, Protocol

from services.contracts.imports.columns import FIELDS, Columns, columns_in, is_heading
from services.contracts.imports.days import Order, order_of, read_day
from services.contracts.imports.errors import FileRefused
from services.contracts.spend.models import Flag
from services.contracts.spend.rules import name_key

MOST_REFUSED = 1_000
"""The most lines that are refused one by one; with one more, the file as a whole is."""
MOST_LINES = 250_000
"""The most lines with content: a file is in memory while it is read. London's year has 76,077."""
MOST_PENCE = 10**13
"""£100bn: more than any commissioner is paid in a year."""
_FIRST_LINES = 30
"""The lines among which the headings are."""
_LONGEST, _LONGEST_EXCERPT = 300, 200
AT_ONCE = 500
"""Lines read before others may go first: about 5 ms."""

_CODE = re.compile(r"[A-Z0-9]{1,12}")
_AMOUNT = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,2})0*)?")
_AROUND_AMOUNTS = str.maketrans("", "", "£, \u00a0")
_BYTES_OF_CONTENT = 16


class PaymentRow(NamedTuple):
    """A payment as published and as read, without its flag `duplicate`, which depends on the others.

    `publication` is empty where no column names it.
    """

    line: int
    publication: str
    payer: str
    payer_code: str | None
    payer_key: str
    day_text: str
    paid_on: date | None
    supplier: str
    supplier_key: str
    amount_text: str
    amount_pence: int | None
    expense_type: str
    expense_area: str
    transaction_number: str
    flags: tuple[Flag, ...]
    content: bytes


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A line that is no payment, with the reason."""

    line: int
    text: str
    reason: str


@dataclass(slots=True)
class FileRows:
    """Everything that a file states."""

    lines: int = 0
    payments: list[PaymentRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)

    def refuse(self, line: int, cells: Sequence[str], reason: str) -> None:
        """Note that a line is no payment. Raises FileRefused after too many."""
        if len(self.refused) >= MOST_REFUSED:
            first = self.refused[0]
            raise FileRefused(
                f"more than {MOST_REFUSED} lines are no payments; the first is line {first.line}: {first.reason}"
            )
        text = cleaned(",".join(cells))
        self.refused.append(RefusedRow(line, text[:_LONGEST_EXCERPT], reason))


class NoPayment(ValueError):
    """A line is no payment; the message says why."""


_Fields = tuple[str, ...]
"""The cells of a line, as `FIELDS` names them."""
_Section = tuple[str, str]
"""A payer and a publication: their days are written in one order."""
_Line = tuple[int, bool, _Fields, _Section]
"""The number of a line, whether it has stray text, its cells and its section.

Plain tuples of texts, since all lines of a file wait for the last: the garbage collector soon passes them by.
"""
_PAYER_CODE, _PAYER, _DAY, _PUBLICATION = (FIELDS.index(one) for one in ("payer_code", "payer", "day", "publication"))


class _ReadDay(NamedTuple):
    """What a text says of a day in its section."""

    paid_on: date | None
    content: str
    flag: Flag | None
    has_more: bool


class _Reader(Protocol):
    """What `csv.reader` returns, whose class has no name of its own."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


def read(text: str, *, payer: str | None) -> Iterator[FileRows]:
    """Read a file, yielding what was read so far after each few hundred lines. Raises FileRefused.

    `payer` is the code of who paid, if it is given.
    """
    rows = FileRows()
    reader = csv.reader(io.StringIO(text, newline=""))
    columns = _headings(reader)
    if payer is None and not columns.names_payers:
        raise FileRefused("it has no column of payers: name `payer`, whose payments they are")
    pick = itemgetter(*columns.at)
    found: list[_Line] = []
    texts: dict[_Section, set[str]] = defaultdict(set)
    for began, cells in _lines(reader, rows):
        if not any(cells):
            continue
        rows.lines += 1
        try:
            has_stray, fields = _fields(cells, columns, pick)
        except NoPayment as reason:
            rows.refuse(began, cells, str(reason))
        else:
            section = fields[_PAYER_CODE] or fields[_PAYER], fields[_PUBLICATION]
            texts[section].add(fields[_DAY])
            found.append((began, has_stray, fields, section))
        if rows.lines % AT_ONCE == 0:
            yield rows
    days = {section: _days_of(written) for section, written in texts.items()}
    for count, (number, has_stray, fields, section) in enumerate(found, start=1):
        try:
            rows.payments.append(_payment(number, fields, days[section][fields[_DAY]], payer, has_stray=has_stray))
        except NoPayment as reason:
            rows.refuse(number, [cell for cell in fields if cell], str(reason))
        if count % AT_ONCE == 0:
            yield rows
    rows.refused.sort(key=lambda one: one.line)
    yield rows


def _headings(reader: _Reader) -> Columns:
    """Return the columns, with the reader after the headings. Raises FileRefused."""
    try:
        for cells in reader:
            if (columns := columns_in(cells)) is not None:
                return columns
            if reader.line_num >= _FIRST_LINES:
                break
    except csv.Error as error:
        raise FileRefused(f"line {reader.line_num} cannot be read: {error}") from error
    raise FileRefused(
        f"none of its first {_FIRST_LINES} lines has headings for supplier, date and amount, separated by commas"
    )


def _lines(reader: _Reader, rows: FileRows) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that can be read, each with the number of its first one. Raises FileRefused."""
    while True:
        began = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            rows.lines += 1
            last = reader.line_num
            rows.refuse(began, (), f"it cannot be read up to line {last}, a quotation mark may be open: {error}")
        else:
            if cells is None:
                return
            if rows.lines >= MOST_LINES:
                raise FileRefused(f"it has more than {MOST_LINES} lines: send it in parts")
            yield began, cells


def _fields(cells: list[str], columns: Columns, pick: Callable[[list[str]], _Fields]) -> tuple[bool, _Fields]:
    """Return whether a line has stray text, and its cells by field, in one line each. Raises NoPayment."""
    count = len(cells)
    if count < columns.count or (count > columns.count and any(map(str.strip, cells[columns.count :]))):
        raise NoPayment(f"it has {count} columns, and the headings have {columns.count}")
    if is_heading(cells, columns):
        raise NoPayment("the headings once more")
    cells.append("")
    fields = pick(cells)
    # Most lines are clean, and are seen to be at once: to clean each cell takes three times as long (November 2026).
    whole = "|".join(fields)
    is_seen = whole.isprintable()
    if not is_seen or "  " in whole or " |" in whole or "| " in whole or whole[0] == " " or whole[-1] == " ":
        fields = tuple(map(cleaned, fields))
    if len(whole) > _LONGEST:
        for name, cell in zip(FIELDS, fields, strict=True):
            if len(cell) > _LONGEST:
                raise NoPayment(f"its {name} has more than {_LONGEST} characters")
    return not is_seen, fields


def _days_of(texts: Collection[str]) -> dict[str, _ReadDay]:
    """Return the days of a section by their texts: most occur many times."""
    order = order_of(texts)
    return {text: _day(text, order) for text in texts}


def _day(text: str, order: Order | None) -> _ReadDay:
    written = read_day(text)
    paid_on = written.by(order)
    flag = None
    if paid_on is None:
        flag = Flag.DAY_UNREADABLE if text else Flag.DAY_MISSING
    elif order is None and written.is_ambiguous:
        flag = Flag.DAY_AMBIGUOUS
    return _ReadDay(paid_on, text if paid_on is None else paid_on.isoformat(), flag, written.has_more)


def cleaned(text: str) -> str:
    """Return a text in one line and single spaces, without characters that are not seen."""
    if text.isprintable():
        return " ".join(text.split())
    seen = "".join(one if one.isprintable() else " " if one.isspace() else "" for one in text)
    return " ".join(seen.split())


def _payment(number: int, fields: _Fields, day: _ReadDay, given: str | None, *, has_stray: bool) -> PaymentRow:
    """Return a line as a payment. Raises NoPayment."""
    payer_code, payer, day_text, supplier, amount_text, expense_type, expense_area, transaction, publication = fields
    code, name, payer_key = _payer(payer_code, payer, given)
    if not (supplier or day_text or transaction):
        raise NoPayment("it has neither supplier nor day nor number: a total, or a line that is cut off")
    amount, supplier_key = pence_in(amount_text), supplier.upper()
    content = "\x1f".join(
        (
            *(code or payer_key, supplier_key, day.content, amount_text if amount is None else str(amount)),
            *(expense_type, expense_area, transaction),
        )
    )
    flags: tuple[Flag, ...] = ()
    if has_stray or amount is None or amount < 0 or day.flag or day.has_more or not supplier:
        flags = _flags(day, supplier, amount_text, amount, has_stray=has_stray)
    return PaymentRow(
        number,
        publication,
        name,
        code,
        payer_key,
        day_text,
        day.paid_on,
        supplier,
        supplier_key,
        amount_text,
        amount,
        expense_type,
        expense_area,
        transaction,
        flags,
        hashlib.blake2b(content.encode(), digest_size=_BYTES_OF_CONTENT).digest(),
    )


def _flags(day: _ReadDay, supplier: str, amount_text: str, amount: int | None, *, has_stray: bool) -> tuple[Flag, ...]:
    odd: list[Flag] = []
    if amount is None:
        odd.append(Flag.AMOUNT_UNREADABLE if amount_text else Flag.AMOUNT_MISSING)
    elif amount < 0:
        odd.append(Flag.REVERSAL)
    if day.flag is not None:
        odd.append(day.flag)
    if not supplier:
        odd.append(Flag.SUPPLIER_MISSING)
    if has_stray or day.has_more:
        odd.append(Flag.STRAY_TEXT)
    return tuple(odd)


@lru_cache(maxsize=1_000)
def _payer(code: str, name: str, given: str | None) -> tuple[str | None, str, str]:
    """Return the code of who paid, where it has one, the payer as published, and its key. Raises NoPayment."""
    code = code.upper()
    if code and not _CODE.fullmatch(code):
        raise NoPayment(f"{code!r} is no ODS code of a payer")
    if given is not None and code and code != given:
        raise NoPayment(f"its payer is {code}, and the import is of {given}")
    code = given or code
    if not (code or name):
        raise NoPayment("it names no payer")
    return code or None, name or code, "" if code else name_key(name)


def pence_in(text: str) -> int | None:
    """Return an amount in pounds as pence; None where it is none, or has parts of a penny.

    Below zero are `-1.50`, `1.50-` and `(1.50)`.
    """
    match = _AMOUNT.fullmatch(text) or _AMOUNT.fullmatch(_bare(text))
    if match is None:
        return None
    sign, pounds, parts = match.groups("0")
    pence = int(pounds) * 100 + int(parts.ljust(2, "0"))
    if pence > MOST_PENCE:
        return None
    return -pence if sign else pence


def _bare(text: str) -> str:
    bare = text.translate(_AROUND_AMOUNTS)
    if bare.startswith("(") and bare.endswith(")"):
        return f"-{bare[1:-1]}"
    return f"-{bare[:-1]}" if bare.endswith("-") else bare
