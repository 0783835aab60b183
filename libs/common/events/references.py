"""Which fields of events are references to what another event states, and which are ids of rule packs.

A field that names the event's own aggregate is no reference: it is what the event is about, later events too. It is the
event's first key, or where that is a body's code the first that its publisher answers for.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from libs.common.events import CATALOGUE, Envelope, Event

PUBLISHERS: Mapping[str, str] = {
    **dict.fromkeys(("application", "merger", "scheme", "schemes", "property_schemes", "staff_schemes"), "registry"),
    **dict.fromkeys(("contract", "plan", "procurement", "notice", "agreement", "item", "out_of", "into"), "contracts"),
    **dict.fromkeys(("decision", "decisions", "by_decision", "proposal", "recommendation"), "governance"),
    **dict.fromkeys(("instrument", "meeting", "delegated_from"), "governance"),
    **dict.fromkeys(("case", "line", "portfolio", "initiative"), "finance"),
}
"""The publisher whose events are about the reference in a field of this name."""
CAUSE = "cause"
"""The field with the id of an event, of any publisher, that a saving follows from."""
PACKS = ("pack", "packs", "rule_pack", "benchmarks", "power", "pack_from", "pack_to")
"""The fields with ids of rule packs."""


def references_of(envelope: Envelope) -> list[tuple[str, str]]:
    """Return the publisher and the reference of each fact that an event names, once, in the order of its fields."""
    kind = CATALOGUE.get((envelope.name, envelope.version))
    own = _own(kind) if kind else ""
    named = (
        (PUBLISHERS[name], value)
        for name in envelope.fields
        if name in PUBLISHERS and name != own
        for value in _texts(envelope.fields[name])
    )
    return list(dict.fromkeys(named))


def _own(kind: type[Event]) -> str:
    first = kind.key_fields[0]
    if first not in kind.organisation_fields:
        return first
    return next((name for name in kind.key_fields if PUBLISHERS.get(name) == kind.topic), first)


def packs_of(envelope: Envelope) -> list[str]:
    """Return the ids of the rule packs that an event names."""
    return list(dict.fromkeys(pack for name in PACKS for pack in _texts(envelope.fields.get(name))))


def _texts(value: Any) -> Iterator[str]:
    several = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    yield from (one for one in several if isinstance(one, str) and one)
