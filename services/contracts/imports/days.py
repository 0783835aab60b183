"""Reads the days of published payments, in the forms in which they are written."""

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import lru_cache

from libs.common.temporal.days import EARLIEST, LATEST

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if number}
_FORM = re.compile(
    r"(?P<iso>(?<!\d)(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?!\d))"
    r"|(?<!\d)(?P<a>\d{1,2})(?P<sign>[/.-])(?P<b>\d{1,2})(?P=sign)(?P<year>\d{4}|\d{2})(?!\d)"
    r"|(?<!\d)(?P<day>\d{1,2})[- ](?P<month>[A-Za-z]{3})[A-Za-z]*[- ](?P<of>\d{4}|\d{2})(?!\d)"
)


class Order(Enum):
    """Which comes first in the days of a publication that are written in numbers."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


@dataclass(frozen=True, slots=True)
class WrittenPaymentDay:
    """A day as it is written: one of `either` by which of day and month comes first, or both where they agree."""

    day_first: date | None
    month_first: date | None
    has_more: bool
    """Whether there is other text around it."""

    @property
    def order(self) -> Order | None:
        """What it shows of the order; None where it is a day either way, or is written without an order."""
        if self.day_first == self.month_first or (self.day_first and self.month_first):
            return None
        return Order.DAY_FIRST if self.day_first else Order.MONTH_FIRST

    @property
    def is_ambiguous(self) -> bool:
        """Whether it is another day by either order."""
        return bool(self.day_first and self.month_first and self.day_first != self.month_first)

    def by(self, order: Order | None) -> date | None:
        """Return the day in a publication of this order; without one with the day first, as is usual in Britain."""
        if self.is_ambiguous:
            return self.month_first if order is Order.MONTH_FIRST else self.day_first
        return self.day_first or self.month_first


NO_DAY = WrittenPaymentDay(None, None, False)


@lru_cache(maxsize=50_000)
def read_day(text: str) -> WrittenPaymentDay:
    """Read a day; most of a file's days occur many times."""
    match = _FORM.search(text)
    if match is None:
        return NO_DAY
    has_more = match[0] != text.strip()
    if match["iso"]:
        day = _day(match["y"], int(match["m"]), int(match["d"]))
        return WrittenPaymentDay(day, day, has_more)
    if match["month"]:
        day = _day(match["of"], _MONTHS.get(match["month"].lower(), 0), int(match["day"]))
        return WrittenPaymentDay(day, day, has_more)
    first, second = int(match["a"]), int(match["b"])
    return WrittenPaymentDay(_day(match["year"], second, first), _day(match["year"], first, second), has_more)


def _day(year: str, month: int, day: int) -> date | None:
    try:
        found = date(int(year) if len(year) == len("2020") else 2000 + int(year), month, day)
    except ValueError:
        return None
    return found if EARLIEST <= found <= LATEST else None


def order_of(texts: Iterable[str]) -> Order | None:
    """Return the order of a publication by those of its days that are one day only; None where they differ."""
    orders = {order for order in (read_day(text).order for text in texts) if order is not None}
    return orders.pop() if len(orders) == 1 else None
