"""Reads what was pasted or uploaded: a column of codes, or codes with amounts and days."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

MOST_LINES = 100_000
LINES_A_QUESTION = 5_000
"""The registry takes 20,000 at once; with fewer a page that shows the progress is soon there."""
BYTES_A_QUESTION = 980_000
"""Of one question, with the sums of the parts before: the registry takes a million."""
MOST_REASONS = 20
"""So many wrong lines are named; the rest are counted."""

_CODE = re.compile(r"[A-Za-z0-9]{1,12}")
_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_BRITISH_DAY = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")
_COLUMNS = {"code": "code", "amount": "amount", "day": "day", "value": "amount", "date": "day", "figure": "amount"}


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """One line: a code, with an amount and a day where it has them. Amounts stay the text that was sent."""

    number: int
    code: str
    amount: str | None = None
    day: date | None = None

    @property
    def decimals(self) -> int:
        """How many decimal places its amount has."""
        return len(self.amount.partition(".")[2]) if self.amount else 0

    def as_sent(self) -> dict[str, Any]:
        """Return it as the registry takes it."""
        sent: dict[str, Any] = {"code": self.code}
        if self.amount is not None:
            sent["amount"] = self.amount if "." in self.amount else int(self.amount)
        if self.day is not None:
            sent["day"] = self.day.isoformat()
        return sent


@dataclass(frozen=True, slots=True)
class Column:
    """The lines that could be read, and why others could not."""

    lines: tuple[ColumnLine, ...]
    wrong: tuple[str, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons to show: the first ones, and how many others there are."""
        if len(self.wrong) <= MOST_REASONS:
            return self.wrong
        return (*self.wrong[:MOST_REASONS], f"{len(self.wrong) - MOST_REASONS} other lines cannot be read either.")


def read_column(text: str, *, most: int = MOST_LINES) -> Column:
    """Read lines of codes, or of codes, amounts and days; the first line may name the columns in any order."""
    lines: list[ColumnLine] = []
    wrong: list[str] = []
    try:
        for number, row, at in _rows(text):
            read = _line(number, row, at)
            if isinstance(read, ColumnLine):
                lines.append(read)
            else:
                wrong.extend(read)
    except csv.Error as error:
        wrong.append(f"This is no table: {error}.")
    if not lines and not wrong:
        wrong.append("Paste a column, or choose a file, with at least one code.")
    if len(lines) > most:
        wrong.append(f"There are {len(lines):,} lines: at most {most:,} can be restated at once.")
    return Column(tuple(lines), tuple(wrong))


def decoded(content: bytes) -> str | None:
    """Return the text of a file, UTF-8 or else Windows-1252; None where it is no text."""
    if b"\0" in content[:4_096]:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _rows(text: str) -> Iterator[tuple[int, list[str], Mapping[str, int]]]:
    text = text.removeprefix("\ufeff")
    reader = csv.reader(text.splitlines(), delimiter=_delimiter(text))
    at: Mapping[str, int] = {"code": 0, "amount": 1, "day": 2}
    first = True
    for row in reader:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        heads = [_COLUMNS.get(cell.lower(), "") for cell in cells]
        if first and "code" in heads:
            at = {name: heads.index(name) for name in ("code", "amount", "day") if name in heads}
        else:
            yield reader.line_num, cells, at
        first = False


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max("\t;,", key=first.count) if any(mark in first for mark in "\t;,") else ","


def _line(number: int, row: Sequence[str], at: Mapping[str, int]) -> ColumnLine | list[str]:
    cells = {name: row[column] for name, column in at.items() if column < len(row)}
    code, wrong = cells.get("code", ""), list[str]()
    if not _CODE.fullmatch(code):
        wrong.append(f"Line {number}: “{code[:20]}” is no code." if code else f"Line {number} has no code.")
    amount = _amount(cells.get("amount", ""))
    if amount is None:
        wrong.append(f"Line {number}: “{cells['amount'][:20]}” is no amount.")
    day = _day(cells["day"]) if cells.get("day") else None
    if day is None and cells.get("day"):
        wrong.append(f"Line {number}: “{cells['day'][:20]}” is no day.")
    return wrong or ColumnLine(number, code.upper(), amount or None, day)


def _amount(cell: str) -> str | None:
    """Return the digits of an amount; empty where there is none, None where it is none."""
    plain = _THOUSANDS.sub("", cell.replace("£", "").replace(" ", "").replace("\u2212", "-"))
    return plain if not plain or _AMOUNT.fullmatch(plain) else None


def _day(cell: str) -> date | None:
    """Return the day of a cell, as ISO or as the British write it; None where it is none."""
    try:
        if british := _BRITISH_DAY.fullmatch(cell):
            return date(int(british[3]), int(british[2]), int(british[1]))
        return date.fromisoformat(cell)
    except ValueError:
        return None


def even(lines: Iterable[ColumnLine]) -> tuple[ColumnLine, ...]:
    """Give all amounts of a code as many decimals as the one with most, so that parts divide as the whole does."""
    lines = tuple(lines)
    most: dict[str, int] = defaultdict(int)
    for line in lines:
        most[line.code] = max(most[line.code], line.decimals)
    return tuple(_with_decimals(line, most[line.code]) for line in lines)


def _with_decimals(line: ColumnLine, most: int) -> ColumnLine:
    if line.amount is None or line.decimals == most:
        return line
    whole, _, decimals = line.amount.partition(".")
    return replace(line, amount=f"{whole}.{decimals.ljust(most, '0')}")


def next_part(
    lines: Sequence[ColumnLine], so_far: Sequence[Any], *, most: int = BYTES_A_QUESTION
) -> list[dict[str, Any]]:
    """Return as many of the lines as the registry takes at once beside the sums of the parts before; at least one."""
    room = most - len(_compact(so_far))
    part: list[dict[str, Any]] = []
    for line in lines[:LINES_A_QUESTION]:
        sent = line.as_sent()
        room -= len(_compact(sent)) + 1
        if part and room < 0:
            break
        part.append(sent)
    return part


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
