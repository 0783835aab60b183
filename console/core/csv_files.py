"""Tables as CSV files for spreadsheets."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

CSV_TYPE = "text/csv; charset=utf-8"
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?%?", re.ASCII)


def table_as_csv(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a table as a file; a text that a spreadsheet would take for a formula is kept a text."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heads)
    writer.writerows([_inert(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _inert(value: Any) -> Any:
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value  # -1250.00 is a figure, and stays one
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
