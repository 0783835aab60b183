"""Financial years: 1 April to 31 March, written as the NHS writes them, such as 2013-14."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

_WRITTEN = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""The calendar years in which the first and the last financial year begin that can be named here."""


class NotAFinancialYear(ValueError):
    """This text does not name a financial year; the message says why."""


@dataclass(frozen=True, slots=True, order=True)
class FinancialYear:
    """The year that begins on 1 April of `start` and ends on 31 March of the year after."""

    start: int

    def __post_init__(self) -> None:
        if not FIRST_YEAR <= self.start <= LAST_YEAR:
            raise NotAFinancialYear(f"{self.start}: a financial year here begins between {FIRST_YEAR} and {LAST_YEAR}")

    @classmethod
    def parse(cls, text: str) -> "FinancialYear":
        """Read "2013-14". Raises NotAFinancialYear on anything else, also on years that do not follow each other."""
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise NotAFinancialYear(
                f"{text!r}: a financial year is written like 2013-14 (1 April 2013 to 31 March 2014)"
            )
        start, end = int(match[1]), int(match[2])
        if (start + 1) % 100 != end:
            raise NotAFinancialYear(f"{text!r}: {start} is followed by {(start + 1) % 100:02d}, not by {end:02d}")
        return cls(start)

    @classmethod
    def of(cls, day: date) -> "FinancialYear":
        """Return the financial year in which a day lies."""
        return cls(day.year if (day.month, day.day) >= (4, 1) else day.year - 1)

    def __str__(self) -> str:
        return f"{self.start}-{(self.start + 1) % 100:02d}"

    def __contains__(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day

    @property
    def first_day(self) -> date:
        """1 April."""
        return date(self.start, 4, 1)

    @property
    def last_day(self) -> date:
        """31 March of the year after."""
        return date(self.start + 1, 3, 31)

    @property
    def days(self) -> int:
        """The number of its days: 366 where it includes 29 February."""
        return days_of(self.first_day, self.last_day)

    def overlap(self, first_day: date, last_day: date) -> int:
        """Return the number of days of a period, first and last included, in this year."""
        return days_of(max(first_day, self.first_day), min(last_day, self.last_day))


def days_of(first_day: date, last_day: date) -> int:
    """Return the number of days from one day to another, both included; none where the last lies before the first."""
    return max(0, (last_day - first_day).days + 1)


def day_before(day: date) -> date:
    """Return the day before."""
    return day - timedelta(days=1)
