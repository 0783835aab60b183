"""Parses dates of FHIR searches: a year, a month, a day or an instant, with a prefix, as a range."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, cast

from libs.common.process.clock import day_of, start_of

Prefix = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]

_YEARS = range(1900, 2200)
_WRITTEN = re.compile(
    r"(?P<prefix>[a-z]{2})?"
    r"(?P<year>\d{4})(-(?P<month>\d{2})(-(?P<day>\d{2})"
    r"(?P<time>T\d{2}:\d{2}(?P<seconds>:\d{2}(\.(?P<fraction>\d{1,6}))?)?(Z|[+-]\d{2}:\d{2}))?)?)?"
)
_PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")


class UnreadableDate(ValueError):
    """A value is not a FHIR date, or is outside the supported years."""


@dataclass(frozen=True, slots=True)
class DateRange:
    """What a date of a search covers: days from `first` up to, not including, `end`; and the instants of them."""

    prefix: Prefix
    first: date
    end: date
    starts_at: datetime
    ends_at: datetime


def read_range(text: str) -> DateRange:
    """Return what a date of a search covers, in London where it has no time zone. Raises UnreadableDate."""
    written = _WRITTEN.fullmatch(text)
    if written is None or (written["prefix"] or "eq") not in _PREFIXES or int(written["year"]) not in _YEARS:
        raise UnreadableDate(f"{text}: a date is written as ge2015-04-01, in the years 1900 to 2199")
    prefix = cast("Prefix", written["prefix"] or "eq")
    try:
        if written["time"]:
            return _instant(prefix, text.removeprefix(written["prefix"] or ""), _precision(written))
        first, end = _days(int(written["year"]), int(written["month"] or 0), int(written["day"] or 0))
    except (ValueError, OverflowError) as error:
        raise UnreadableDate(f"{text}: there is no such date") from error
    return DateRange(prefix, first, end, start_of(first), start_of(end))


def _days(year: int, month: int, day: int) -> tuple[date, date]:
    if day:
        first = date(year, month, day)
        return first, first + timedelta(days=1)
    if month:
        return date(year, month, 1), (date(year, month, 28) + timedelta(days=4)).replace(day=1)
    return date(year, 1, 1), date(year + 1, 1, 1)


def _instant(prefix: Prefix, text: str, precision: timedelta) -> DateRange:
    at = datetime.fromisoformat(text).astimezone(UTC)
    day = day_of(at)
    return DateRange(prefix, day, day + timedelta(days=1), at, at + precision)


def _precision(written: re.Match[str]) -> timedelta:
    """Return the length of an instant, as precisely as it was written."""
    if written["fraction"]:
        return timedelta(microseconds=10 ** (6 - len(written["fraction"])))
    return timedelta(seconds=1) if written["seconds"] else timedelta(minutes=1)
