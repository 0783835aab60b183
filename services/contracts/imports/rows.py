"""Reads a file of payments line by line: each line is a payment, with what is odd about it, or is refused.

What a file states is a pure function of its text and the payer that is given. Reading yields now and then,
so that whoever reads can let others go first.
"""

import csv
import hashlib
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from services.contracts.imports.columns import FIELDS, Columns, columns_in, is_heading
from services.contracts.imports.days import Order, WrittenPaymentDay, order_of, read_day
from services.contracts.imports.errors import FileRefused
from services.contracts.spend.models import Flag
from services.contracts.spend.rules import name_key

MOST_REFUSED = 1_000
"""The most lines that are refused one by one; with one more, the file as a whole is."""
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


class _Line(NamedTuple):
    number: int
    has_stray: bool
    payer_code: str
    payer: str
    day: str
    supplier: str
    amount: str
    expense_type: str
    expense_area: str
    transaction_number: str
    publication: str


def read(text: str, *, payer: str | None) -> Iterator[FileRows]:
    """Read a file, yielding what was read so far after each few hundred lines. Raises FileRefused.

    `payer` is the code of who paid, if it is given.
    """
    rows = FileRows()
    reader = csv.reader(io.StringIO(text, newline=""))
    columns, first = _headings(reader)
    if payer is None and not columns.names_payers:
        raise FileRefused("it has no column of payers: name `payer`, whose payments they are")
    pick = itemgetter(*columns.at)
    found: list[_Line] = []
    days: dict[tuple[str, str], set[str]] = defaultdict(set)
    number = first
    while (cells := _next_cells(reader, rows, number)) is not None:
        number, began = reader.line_num + 1, number
        if not any(cells):
            continue
        rows.lines += 1
        try:
            line = _line(began, cells, columns, pick)
        except NoPayment as reason:
            rows.refuse(began, cells, str(reason))
        else:
            found.append(line)
            days[_section(line)].add(line.day)
        if rows.lines % AT_ONCE == 0:
            yield rows
    orders = {section: order_of(texts) for section, texts in days.items()}
    for count, line in enumerate(found, start=1):
        try:
            rows.payments.append(_payment(line, orders[_section(line)], payer))
        except NoPayment as reason:
            rows.refuse(line.number, [cell for cell in line[2:] if cell], str(reason))
        if count % AT_ONCE == 0:
            yield rows
    rows.refused.sort(key=lambda one: one.line)
    yield rows


def _headings(reader: "csv._reader") -> tuple[Columns, int]:  # type: ignore[name-defined]  # the stub's own name
    """Return the columns, and the line after the headings. Raises FileRefused."""
    try:
        for cells in reader:
            if (columns := columns_in(cells)) is not None:
                return columns, reader.line_num + 1
            if reader.line_num >= _FIRST_LINES:
                break
    except csv.Error as error:
        raise FileRefused(f"line {reader.line_num} cannot be read: {error}") from error
    raise FileRefused(
        f"none of its first {_FIRST_LINES} lines has headings for supplier, date and amount, separated by commas"
    )


def _next_cells(reader: "csv._reader", rows: FileRows, number: int) -> list[str] | None:  # type: ignore[name-defined]
    """Return the next line that can be read; None at the end."""
    while True:
        try:
            cells: list[str] | None = next(reader, None)
        except csv.Error as error:
            rows.lines += 1
            rows.refuse(number, (), f"it cannot be read: {error}")
            number = reader.line_num + 1
        else:
            return cells


def _section(line: _Line) -> tuple[str, str]:
    return line.payer_code or line.payer, line.publication


def _line(number: int, cells: list[str], columns: Columns, pick: Callable[[list[str]], tuple[str, ...]]) -> _Line:
    """Return a line's fields, each in one line and with single spaces. Raises NoPayment."""
    count = len(cells)
    if count < columns.count or (count > columns.count and any(map(str.strip, cells[columns.count :]))):
        raise NoPayment(f"it has {count} columns, and the headings have {columns.count}")
    if is_heading(cells, columns):
        raise NoPayment("the headings once more")
    cells.append("")
    used = pick(cells)
    # Most lines are clean, and are seen to be at once: to clean each cell takes three times as long (November 2026).
    whole = "|".join(used)
    is_seen = whole.isprintable()
    if not is_seen or "  " in whole or " |" in whole or "| " in whole or whole[0] == " " or whole[-1] == " ":
        used = tuple(map(cleaned, used))
    if len(whole) > _LONGEST:
        for name, cell in zip(FIELDS, used, strict=True):
            if len(cell) > _LONGEST:
                raise NoPayment(f"its {name} has more than {_LONGEST} characters")
    return _Line(number, not is_seen, *used)


def cleaned(text: str) -> str:
    """Return a text in one line and single spaces, without characters that are not seen."""
    if text.isprintable():
        return " ".join(text.split())
    seen = "".join(one if one.isprintable() else " " if one.isspace() else "" for one in text)
    return " ".join(seen.split())


def _payment(line: _Line, order: Order | None, payer: str | None) -> PaymentRow:
    """Return a line as a payment. Raises NoPayment."""
    code, name = _payer(line, payer)
    if not (line.supplier or line.day or line.transaction_number):
        raise NoPayment("it has neither supplier nor day nor number: a total, or a line that is cut off")
    day, amount = read_day(line.day), pence_in(line.amount)
    paid_on = day.by(order)
    payer_key, supplier_key = "" if code else name_key(name), line.supplier.upper()
    content = "\x1f".join(
        (
            *(code or payer_key, supplier_key, line.day if paid_on is None else paid_on.isoformat()),
            *(line.amount if amount is None else str(amount), line.expense_type, line.expense_area),
            line.transaction_number,
        )
    )
    return PaymentRow(
        line.number,
        line.publication,
        name,
        code,
        payer_key,
        line.day,
        paid_on,
        line.supplier,
        supplier_key,
        line.amount,
        amount,
        line.expense_type,
        line.expense_area,
        line.transaction_number,
        _flags(line, day, order, paid_on, amount),
        hashlib.blake2b(content.encode(), digest_size=_BYTES_OF_CONTENT).digest(),
    )


def _flags(
    line: _Line, day: WrittenPaymentDay, order: Order | None, paid_on: date | None, amount: int | None
) -> tuple[Flag, ...]:
    odd: list[Flag] = []
    if amount is None:
        odd.append(Flag.AMOUNT_UNREADABLE if line.amount else Flag.AMOUNT_MISSING)
    elif amount < 0:
        odd.append(Flag.REVERSAL)
    if paid_on is None:
        odd.append(Flag.DAY_UNREADABLE if line.day else Flag.DAY_MISSING)
    elif order is None and day.is_ambiguous:
        odd.append(Flag.DAY_AMBIGUOUS)
    if not line.supplier:
        odd.append(Flag.SUPPLIER_MISSING)
    if line.has_stray or day.has_more:
        odd.append(Flag.STRAY_TEXT)
    return tuple(odd)


def _payer(line: _Line, given: str | None) -> tuple[str | None, str]:
    """Return the code of who paid, where it has one, and the payer as published. Raises NoPayment."""
    code, name = line.payer_code.upper(), line.payer
    if code and not _CODE.fullmatch(code):
        raise NoPayment(f"{code!r} is no ODS code of a payer")
    if given is not None and code and code != given:
        raise NoPayment(f"its payer is {code}, and the import is of {given}")
    code = given or code
    if not (code or name):
        raise NoPayment("it names no payer")
    return code or None, name or code


def pence_in(text: str) -> int | None:
    """Return an amount in pounds as pence; None where it is none, or has parts of a penny.

    Below zero are `-1.50`, `1.50-` and `(1.50)`.
    """
    bare = text.translate(_AROUND_AMOUNTS)
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    elif bare.endswith("-"):
        bare = f"-{bare[:-1]}"
    match = _AMOUNT.fullmatch(bare)
    if match is None:
        return None
    pence = int(match[2]) * 100 + int((match[3] or "0").ljust(2, "0"))
    if pence > MOST_PENCE:
        return None
    return -pence if match[1] else pence
