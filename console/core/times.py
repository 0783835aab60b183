"""The two times of a page: the day it speaks of, and the day up to whose end things are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from console.core.words import day as in_words

AS_AT, AS_KNOWN = "as_at", "as_known"
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Times:
    """`as_at` is the day that is asked for, `as_known` the day of knowledge; None is today, and now."""

    as_at: date | None = None
    as_known: date | None = None
    refused: tuple[str, ...] = ()
    """What was given for them and is no day."""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Times":
        """Read both from a query, written as 2018-04-01 or as three fields `as_at-day`, `-month`, `-year`."""
        days: dict[str, date | None] = {}
        refused = []
        for name in (AS_AT, AS_KNOWN):
            given = query.get(name) or _joined(query, name)
            try:
                days[name] = date.fromisoformat(given) if given else None
            except ValueError:
                days[name] = None
                typed = " ".join(reversed(given.split("-")))[:_LONGEST]
                refused.append(f"{typed} is not a day. Write it as 1 4 2018.")
        return cls(days[AS_AT], days[AS_KNOWN], tuple(refused))

    @property
    def moved(self) -> bool:
        """Whether the page speaks of another day than today, or of earlier knowledge than now."""
        return self.as_at is not None or self.as_known is not None

    @property
    def words(self) -> str:
        """Both times as a sentence."""
        at = f"As at {in_words(self.as_at)}" if self.as_at else "As at today"
        known = f"as known at the end of {in_words(self.as_known)}" if self.as_known else "as known now"
        return f"{at}, {known}"

    @property
    def parameters(self) -> dict[str, str]:
        """The query parameters that state them, the same for the console's links and the services."""
        given = {AS_AT: self.as_at, AS_KNOWN: self.as_known}
        return {name: one.isoformat() for name, one in given.items() if one}


def is_of_times(name: str) -> bool:
    """Whether a parameter is one of the two times, or a field of one."""
    return name.rpartition("-")[0] in (AS_AT, AS_KNOWN) or name in (AS_AT, AS_KNOWN)


def _joined(query: Mapping[str, str], name: str) -> str:
    parts = [query.get(f"{name}-{part}", "").strip() for part in ("year", "month", "day")]
    if not any(parts):
        return ""
    return f"{parts[0].zfill(4)}-{parts[1].zfill(2)}-{parts[2].zfill(2)}"
