"""Which of several counts of a body's people has precedence: the registry's rule, for its copies too."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from libs.common.temporal.history import OFFICIAL


@dataclass(frozen=True, slots=True)
class Count:
    """A source's count of a body's people; `source` is written `family:document`, empty for the registry's own."""

    people: int
    effective_on: date
    source: str
    rank: int
    stated_at: datetime


def in_precedence(counts: Iterable[Count]) -> list[Count]:
    """Return the latest count of each family of sources, in order of precedence, whatever the order given.

    The later day has precedence; of one day the higher rank, then the later statement. Hearsay has none over a count by
    an official source.
    """
    latest: dict[str, Count] = {}
    by_source = sorted(counts, key=lambda one: one.source)
    for one in sorted(by_source, key=lambda one: (one.effective_on, one.stated_at, one.people, one.rank), reverse=True):
        latest.setdefault(one.source.partition(":")[0], one)
    return sorted(
        latest.values(),
        key=lambda one: (one.rank >= OFFICIAL, one.effective_on, one.rank, one.stated_at, one.source),
        reverse=True,
    )
