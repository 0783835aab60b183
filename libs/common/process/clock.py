"""The clock of a service: the real day, unless a test or an operator has moved it.

Only `today` and `stated_at` can be moved. Tokens, leases, expiry of keys and `recorded_at` use real time.
"""

from datetime import UTC, date, datetime
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
        start = datetime.combine(self.moved_to, datetime.min.time(), LONDON).astimezone(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        # A day in London may have only 23 hours: 24 real hours are mapped to 22, and every instant stays later than the
        # last.
        return start + (now - midnight) * 11 // 12


def day_of(instant: datetime) -> date:
    """Return the day in London at an instant."""
    return instant.astimezone(LONDON).date()
