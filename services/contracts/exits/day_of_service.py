"""Decides when notice counts as served, by the contract's own rule: the same day, a working day, days after posting."""

from datetime import date, timedelta
from functools import lru_cache

import holidays

from services.contracts.core.exit_terms import DeemedService

_SATURDAY = 5


@lru_cache(maxsize=300)
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=[year]))


def is_working_day(day: date) -> bool:
    """Whether a day is neither a Saturday, a Sunday nor a bank holiday in England."""
    return day.weekday() < _SATURDAY and day not in _bank_holidays(day.year)


def deemed_on(served_on: date, rule: DeemedService) -> date:
    """Return the day on which notice that was sent on a day counts as served.

    Days after posting are calendar days; where the last of them is no working day, it is still the day.
    """
    if rule.rule == "same_day":
        return served_on
    if rule.rule == "days_after_posting":
        return served_on + timedelta(days=rule.days)
    day = served_on + timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day
