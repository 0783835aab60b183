"""What day it is: the real one, unless a test or an operator has moved it.

Only `today` and `stated_at` can be moved. Tokens, leases, expiry of keys and `recorded_at` use real time.
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


class Clock:
    """The service's day. Moved, it stands still on the day it was moved to, until it is moved again or released."""

    def __init__(self, moved_to: date | None = None) -> None:
        self.moved_to = moved_to

    def today(self) -> date:
        """Return the day it is in London, or the day that the clock was moved to."""
        return self.moved_to or datetime.now(LONDON).date()

    def stated_at(self) -> datetime:
        """Return the instant (UTC) at which a command that runs now states its facts.

        On a moved clock it lies on the day moved to, in London, and grows while commands follow each other within one
        real day.
        """
        now = datetime.now(UTC)
        if self.moved_to is None:
            return now
        start = datetime.combine(self.moved_to, datetime.min.time(), LONDON).astimezone(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        # A day in London has 23 hours at the least: 24 of them become 22, and every instant a later one than before.
        return start + (now - midnight) * 11 // 12


def day_of(instant: datetime) -> date:
    """Return the day that it is in London at an instant."""
    return instant.astimezone(LONDON).date()
