"""Reads the day of a file from its name, in the forms that publishers use."""

import calendar
import re
from collections.abc import Callable
from datetime import date

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if number}
_NAMES = [*calendar.month_name[1:], *calendar.month_abbr[1:], "Sept"]
_MONTH = rf"(?<![a-z])(?=({'|'.join(_MONTHS)}))(?:{'|'.join(name.lower() for name in _NAMES)})(?![a-z])"
_YEAR = r"((?:19|20)\d{2})"
_JANUARY_TO_DECEMBER = 12
_APRIL = 4


def iso_day_in(name: str) -> date | None:
    """Return the day in a name such as `eccg_2016-02-11`, or of `2016-02` the month's last, when all of it is known."""
    return _first(name, _ISO)


def day_in(name: str) -> date | None:
    """Return the day in a name, None where there is none.

    Of a month it is the last day (`2016-02`, `2016_02`, `Feb-2016`, `February2016`, `feb16`), of several months the
    last day of the last (`2013_04-06`), of a financial year the first (`2023_2024`, `2023-24`). `2011-12` is December.
    """
    return _first(name, (*_ISO, *_OTHERS))


def _first(name: str, forms: "tuple[tuple[re.Pattern[str], _Reads], ...]") -> date | None:
    for form, reads in forms:
        for found in form.finditer(name.lower()):
            try:
                day = reads(*found.groups())
            except ValueError:
                continue
            if day is not None:
                return day
    return None


def _day(year: str, _: str, month: str, day: str) -> date:
    return date(int(year), int(month), int(day))


def _day_turned(day: str, _: str, month: str, year: str) -> date:
    return date(int(year), int(month), int(day))


def _plain_day(year: str, month: str, day: str) -> date:
    return date(int(year), int(month), int(day))


def _plain_day_turned(day: str, month: str, year: str) -> date:
    return date(int(year), int(month), int(day))


def _month(year: str, month: str) -> date:
    return date(int(year), int(month), calendar.monthrange(int(year), int(month))[1])


def _months(year: str, first: str, last: str) -> date | None:
    return _month(year, last) if 1 <= int(first) < int(last) <= _JANUARY_TO_DECEMBER else None


def _named_day(day: str, month: str, year: str) -> date:
    return date(int(year), _MONTHS[month], int(day))


def _named_month(month: str, year: str) -> date:
    return _month(year if len(year) > len("16") else f"20{year}", str(_MONTHS[month]))


def _named_month_turned(year: str, month: str) -> date:
    return _named_month(month, year)


def _financial_year(first: str, second: str) -> date | None:
    follows = int(second) in (int(first) + 1, (int(first) + 1) % 100)
    is_month = len(second) == len("12") and 1 <= int(second) <= _JANUARY_TO_DECEMBER
    return date(int(first), _APRIL, 1) if follows and not is_month else None


_Reads = Callable[..., date | None]
_ISO: tuple[tuple[re.Pattern[str], _Reads], ...] = (
    (re.compile(rf"(?<!\d){_YEAR}(-)(\d{{2}})-(\d{{2}})(?!\d)"), _day),
    (re.compile(rf"(?<!\d){_YEAR}-(\d{{2}})(?!\d)(?!-\d)"), _month),
)
_OTHERS: tuple[tuple[re.Pattern[str], _Reads], ...] = (
    (re.compile(rf"(?<!\d){_YEAR}([_. ])(\d{{2}})\2(\d{{2}})(?!\d)"), _day),
    (re.compile(rf"(?<!\d)(\d{{2}})([-_. ])(\d{{2}})\2{_YEAR}(?!\d)"), _day_turned),
    (re.compile(rf"(?<!\d){_YEAR}(\d{{2}})(\d{{2}})(?!\d)"), _plain_day),
    (re.compile(rf"(?<!\d)(\d{{2}})(\d{{2}}){_YEAR}(?!\d)"), _plain_day_turned),
    (re.compile(rf"(?<!\d)(\d{{1,2}})[-_. ]?{_MONTH}[-_. ]?{_YEAR}(?!\d)"), _named_day),
    (re.compile(rf"(?<!\d){_YEAR}_(\d{{2}})-(\d{{2}})(?!\d)"), _months),
    (re.compile(rf"{_MONTH}[-_. ]?{_YEAR}(?!\d)"), _named_month),
    (re.compile(rf"(?<!\d){_YEAR}[-_. ]?{_MONTH}(?![a-z])"), _named_month_turned),
    (re.compile(rf"{_MONTH}[-_. ]?(\d{{2}})(?!\d)"), _named_month),
    (re.compile(rf"(?<!\d){_YEAR}[-_./ ]{_YEAR}(?!\d)"), _financial_year),
    (re.compile(rf"(?<!\d){_YEAR}[_. ](\d{{2}})(?!\d)(?![-_.]\d)"), _month),
    (re.compile(rf"(?<!\d){_YEAR}[-_. ](\d{{2}})(?!\d)"), _financial_year),
)
"""What is more exact comes first. A day that is none, such as the 31st of June, is passed over."""
