"""Days and instants in requests: ISO 8601 text, never a number, and within bounds."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
"""The bounds of a day that a request or a file may name.

No day of the NHS's sources lies before 1900, and some hospitals are older than the NHS of 1948. What is added to a day
(a day, a notice period, a year) then stays a day: Python's calendar ends with 9999, which some files write for "no
end". The moved clock and instants have the same last year.
"""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ].+", re.DOTALL)


def _day(given: Any) -> Any:
    if isinstance(given, date) or (isinstance(given, str) and _DAY.fullmatch(given)):
        return given
    raise ValueError("a day is written as 2018-04-01")


def _instant(given: Any) -> Any:
    if isinstance(given, date) or (isinstance(given, str) and _INSTANT.fullmatch(given)):
        return given
    raise ValueError("an instant is written as 2018-04-01T09:30:00Z")


def _bounded(day: date) -> date:
    if EARLIEST <= day <= LATEST:
        return day
    raise ValueError(f"a day lies between {EARLIEST} and {LATEST}")


# By default pydantic reads a number as seconds since 1970: 20180401 would be an instant in August of that year.
AS_WRITTEN = BeforeValidator(_day)
"""For a day with bounds of its own: `Annotated[date, Field(ge=...), AS_WRITTEN]`."""
WrittenDay = Annotated[date, AfterValidator(_bounded), AS_WRITTEN]
"""A day in a request, as `2018-04-01`, from EARLIEST to LATEST."""
WrittenInstant = Annotated[AwareDatetime, BeforeValidator(_instant)]
"""An instant in a request with its time zone, as `2018-04-01T09:30:00Z`."""
