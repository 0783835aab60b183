"""Tables as CSV text (RFC 4180, UTF-8) that a spreadsheet opens without running anything in it."""

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

MEDIA_TYPE = "text/csv; charset=utf-8"

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute."""

Cell = str | int | Decimal | date | datetime | bool | None


def cell(value: Cell) -> str:
    """Return a value as a cell: nothing for None, ISO days, and text that would be a formula behind an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, date):
        return value.isoformat()
    return f"'{value}" if value.startswith(_FORMULA) else value


def lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a whole table."""
    return _written([header]) + _written([cell(value) for value in row] for row in rows)


async def stream(header: Sequence[str], pages: AsyncIterable[Iterable[Sequence[Cell]]]) -> AsyncIterator[str]:
    """Give a table page by page, so that a long one is never held whole."""
    yield _written([header])
    async for rows in pages:
        yield _written([cell(value) for value in row] for row in rows)


def _written(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
