"""Orders of FHIR searches, and the cursors of their pages: the values of a page's last resource in that order."""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

from services.registry.fhir.request import NotUnderstood

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00", re.ASCII)
_USE_THE_LINK = "_after: use the link `next` of the page before"


class Arguments(Protocol):
    """SQL under construction, which takes arguments and conditions."""

    def of(self, argument: Any) -> str:
        """Add an argument and return its placeholder."""

    def any_of(self, conditions: Sequence[str]) -> None:
        """Require one of these conditions."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an order: its SQL, which is never NULL, and its type."""

    sql: str
    type: Literal["text", "date", "timestamptz"] = "text"
    descending: bool = False


def order_by(columns: Sequence[Column]) -> str:
    """Return the ORDER BY of an order."""
    return ", ".join(f"{one.sql} DESC" if one.descending else one.sql for one in columns)


def values_of(columns: Sequence[Column]) -> str:
    """Return the SQL of a row's values in an order, as an array of text."""
    return f"ARRAY[{', '.join(f'({one.sql})::text' for one in columns)}]"


def require_after(sql: Arguments, columns: Sequence[Column], cursor: str) -> None:
    """Require that a row comes after a cursor. Raises NotUnderstood for a cursor of another order."""
    given = [f"{sql.of(value)}::text::{one.type}" for one, value in zip(columns, _values(cursor, columns), strict=True)]
    sql.any_of(
        [
            " AND ".join(
                [
                    *(f"{columns[i].sql} = {given[i]}" for i in range(last)),
                    f"{columns[last].sql} {'<' if columns[last].descending else '>'} {given[last]}",
                ]
            )
            for last in range(len(columns))
        ]
    )


def cursor_of(values: Sequence[str]) -> str:
    """Return the cursor of a row by its values."""
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def unreadable() -> NotUnderstood:
    """Return the refusal of a cursor that no page of this search gave."""
    return NotUnderstood([("invalid", _USE_THE_LINK, "_after")])


def _values(cursor: str, columns: Sequence[Column]) -> list[str]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(columns):
            raise unreadable()
        for one, value in zip(columns, values, strict=True):
            _check(value, one)
    except (ValueError, RecursionError) as error:
        raise unreadable() from error
    return values


def _check(value: object, column: Column) -> None:
    """Raise ValueError unless the database can read the value as the column's type."""
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("a cursor has texts")
    value.encode()  # a lone surrogate cannot be stored
    # Python reads forms of dates and times that PostgreSQL does not; a cursor has only the one that PostgreSQL writes.
    if column.type == "date" and not (_DATE.fullmatch(value) and date.fromisoformat(value)):
        raise ValueError("a cursor has days as the database writes them")
    if column.type == "timestamptz" and value != "-infinity":
        if not _INSTANT.fullmatch(value):
            raise ValueError("a cursor has instants as the database writes them")
        datetime.fromisoformat(value)
