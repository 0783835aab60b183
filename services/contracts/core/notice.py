"""How notice and terms are counted (rules EXIT-1, EXIT-2): which day is early enough, how soon or late an end may be.

Months go by the corresponding-date rule (`libs.common.temporal.months`). Notice is "not less than n months": the last
day of service may not come before that day.
"""

from calendar import monthrange
from datetime import date, timedelta

from libs.common.temporal.months import after_months, last_day_of_term


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


def months_of_term(first: date, last: date) -> int | None:
    """Return the months of a term from its first day to its last; None where it does not end as whole months do."""
    months = (last.year - first.year) * 12 + last.month - first.month
    return next((guess for guess in (months, months + 1) if guess > 0 and last_day_of_term(first, guess) == last), None)


def end_of_extension(starts_on: date, ends_on: date, months: int) -> date:
    """Return the end of an extension, counted from the first day of service where that is whole months (EXIT-2)."""
    before = months_of_term(starts_on, ends_on)
    if before is None:
        return last_day_of_term(ends_on + timedelta(days=1), months)
    return last_day_of_term(starts_on, before + months)
