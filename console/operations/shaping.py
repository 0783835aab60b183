"""What the operator's templates show, from the answers of the four services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.core.words import event

SERVICES = ("registry", "contracts", "finance", "governance")
MOST_SECONDS = 60
"""From docs/operations.md: what waits longer than this needs a look."""


@dataclass(frozen=True, slots=True)
class Health:
    """A service's numbers, and in words what needs a look."""

    service: str
    numbers: Mapping[str, Any]
    alarms: Sequence[str]


def health_of(service: str, numbers: Mapping[str, Any]) -> Health:
    """Return a service's numbers with what of them needs a look, as docs/operations.md says."""
    alarms = [f"{task} died: {error}" for task, error in (numbers.get("dead_tasks") or {}).items()]
    if numbers["oldest_outbox_seconds"] > MOST_SECONDS:
        alarms.append(f"an event has waited in the outbox for {numbers['oldest_outbox_seconds']:,.0f} seconds")
    alarms += [
        f"its consumer of {source} has not moved for {seconds:,.0f} seconds"
        for source, seconds in numbers["consumer_waiting_seconds"].items()
        if seconds and seconds > MOST_SECONDS
    ]
    alarms += [f"{source} cannot be reached" for source, lag in numbers["consumer_lag"].items() if lag is None]
    alarms += [
        f"{count} {'event' if count == 1 else 'events'} {name} of a newer version: deploy it, then resume them"
        for name, count in numbers["newer_events"].items()
    ]
    return Health(service, numbers, alarms)


@dataclass(frozen=True, slots=True)
class ParkedKey:
    """What is parked under one key of a publisher: the event that failed, and how many wait behind it."""

    source: str
    key: str
    events: Sequence[Mapping[str, Any]]

    @property
    def error(self) -> str:
        """Why the first one failed."""
        return next((one["error"] for one in self.events if one["attempts"]), "")

    @property
    def waiting(self) -> int:
        """How many only wait behind one that failed."""
        return sum(not one["attempts"] for one in self.events)


def by_key(parked: Sequence[Mapping[str, Any]]) -> list[ParkedKey]:
    """Return parked events by publisher and key, in the order of arrival; an event of several keys is under each."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for one in parked:
        for key in one["keys"]:
            groups.setdefault((one["source"], key), []).append(one)
    return [ParkedKey(source, key, events) for (source, key), events in groups.items()]


def event_name(parked: Mapping[str, Any]) -> str:
    """Return what kind of event is parked, where it can be read."""
    return event((parked["event"] or {}).get("type"), "An event that cannot be read")
