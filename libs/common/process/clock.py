"""The clock of a service: the real day, unless a test or an operator has moved it.

Only `today` and `stated_at` can be moved. Tokens, leases, expiry of keys and `recorded_at` use real time.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


class Clock:
    """The service's day. Once moved, it stays on that day until it is moved again or released."""

    def __init__(self, moved_to: date | None = None) -> None:
        self.moved_to = moved_to

    def today(self) -> date:
        """Return today in London, or the day that the clock was moved to."""
        return self.moved_to or datetime.now(LONDON).date()

    def stated_at(self) -> datetime:
        """Return the instant (UTC) at which a command that runs now makes its statements.

        On a moved clock it lies on that day in London, and grows with each command within one real day.
        """
        now = datetime.now(UTC)
        if self.moved_to is None:
            return now
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        # A day in London may have only 23 hours: 24 real hours are mapped to 22, and every instant stays later than the
        # last.
        return start_of(self.moved_to) + (now - midnight) * 11 // 12


def start_of(day: date) -> datetime:
    """Return the instant (UTC) at which a day begins in London."""
    return datetime.combine(day, time.min, LONDON).astimezone(UTC)


def end_of(day: date) -> datetime:
    """Return the last microsecond (UTC) of a day in London, which has 23 or 25 hours when clocks change."""
    return start_of(day + timedelta(days=1)) - timedelta(microseconds=1)


def day_of(instant: datetime) -> date:
    """Return the day in London at an instant."""
    return instant.astimezone(LONDON).date()
