"""Calendar months by the corresponding-date rule: terms of months, and parts of a year (rules EXIT-1 and EXIT-2).

The rule (Dodds v Walker [1981] 1 WLR 1027): n months after a day is the same day of the month n months on, or that
month's last day where it is shorter.
"""

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction

_A_DAY = timedelta(days=1)


def after_months(day: date, months: int) -> date:
    """Return the corresponding day `months` calendar months later, or the month's last day where it is shorter.

    Raises OverflowError past the year 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        raise OverflowError(f"{months} months after {day.isoformat()} is past the calendar's end")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_day_of_term(first_day: date, months: int) -> date:
    """Return the last day of a period of `months` that begins on a day.

    It is the day before the corresponding day, or the month's last day where that month has no such day: 24 months
    from 1.4.2016 end with 31.3.2018, 12 months from 29.2.2020 with 28.2.2021.
    """
    corresponding = after_months(first_day, months)
    return corresponding if corresponding.day < first_day.day else corresponding - _A_DAY


def share_of_a_year(first: date, last: date) -> Fraction:
    """Return how many years the days from `first` to `last` are: whole months as twelfths, then days of the next."""
    if last < first:
        return Fraction(0)
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    while months and last_day_of_term(first, months) > last:
        months -= 1
    begins = last_day_of_term(first, months) + _A_DAY if months else first
    length = (last_day_of_term(first, months + 1) - begins).days + 1
    return (months + Fraction((last - begins).days + 1, length)) / 12
