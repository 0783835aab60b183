"""How notice is counted (rule EXIT-1): which day is early enough, and how soon a contract may end.

The corresponding-date rule (Dodds v Walker [1981] 1 WLR 1027): n months after a day is the same day of the month n
months on, or that month's last day where it is shorter. Notice is "not less than n months": the last day of service may
not come before that day.
"""

from calendar import monthrange
from datetime import date, timedelta


def after_months(day: date, months: int) -> date:
    """Return the corresponding day `months` calendar months later, or the month's last day where it is shorter.

    Raises OverflowError past the year 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        raise OverflowError(f"{months} months after {day.isoformat()} is past the calendar's end")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_day_of_term(first_day: date, months: int) -> date:
    """Return the last day of a period of `months` that begins on a day (rule EXIT-2).

    It is the day before the corresponding day, or the month's last day where that month has no such day: 24 months
    from 1.4.2016 end with 31.3.2018, 12 months from 29.2.2020 with 28.2.2021.
    """
    corresponding = after_months(first_day, months)
    return corresponding if corresponding.day < first_day.day else corresponding - timedelta(days=1)


def last_notice_day(exit_day: date, months: int) -> date:
    """Return the latest day on which notice may be served for service to end with `exit_day`.

    It is the latest day whose `after_months` is not after the exit day. Taking months off the exit day would give an
    earlier one where the exit day is the last of a short month: 28.2.2018 less six months is 28.8.2017, yet notice
    served on 31.8.2017 runs out on 28.2.2018 as well.
    """
    year, month = divmod(exit_day.year * 12 + exit_day.month - 1 - months, 12)
    longest = monthrange(year, month + 1)[1]
    ends_its_month = exit_day.day == monthrange(exit_day.year, exit_day.month)[1]
    return date(year, month + 1, longest if ends_its_month else min(exit_day.day, longest))


def earliest_exit(served_on: date, months: int, *, not_before: date | None = None) -> date:
    """Return the earliest last day of service that notice served on a day allows.

    `not_before` is the earliest exit that the contract allows at all (its minimum term).
    """
    return max(after_months(served_on, months), not_before or date.min)
