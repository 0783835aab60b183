"""Days and instants in requests: ISO 8601 text, never a number."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator

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


# By default pydantic reads a number as seconds since 1970: 20180401 would be an instant in August of that year.
AS_WRITTEN = BeforeValidator(_day)
"""For a day with bounds: `Annotated[date, Field(ge=...), AS_WRITTEN]`; without it the refusal is in Python's words."""
WrittenDay = Annotated[date, AS_WRITTEN]
"""A day in a request, as `2018-04-01`."""
WrittenInstant = Annotated[AwareDatetime, BeforeValidator(_instant)]
"""An instant in a request with its time zone, as `2018-04-01T09:30:00Z`."""
