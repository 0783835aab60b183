"""Converts the registry's events to statements: which body, which facet, which value, on which days.

The registry derives its own statements the same way, so that every copy agrees with it at each point of both times.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import IntEnum
from typing import Literal, NamedTuple

from libs.common.events import Event
from libs.common.events.registry import (
    CCGMerged,
    ICBMerged,
    OrganisationClosed,
    OrganisationKindChanged,
    OrganisationLegalFormChanged,
    OrganisationLegalStatusChanged,
    OrganisationMoved,
    OrganisationOpened,
    OrganisationParentChanged,
    OrganisationProposed,
    OrganisationRemitStated,
    OrganisationRenamed,
    Sourced,
    SourceReported,
)
from libs.common.temporal.history import LAST_DAY, Days

Status = Literal["unknown", "proposed", "open", "closed"]

CCG = "ccg"
ICB = "icb"
UNKNOWN = "unknown"
"""The kind of a body of which no source says one."""


class Facet(IntEnum):
    """What is stated of an organisation."""

    LIFE = 1
    """`proposed`, `open` or `closed`."""
    NAME = 2
    PARENT = 3
    """The code of the body that it belongs to, as its register's own column has it: of a practice, its commissioner."""
    KIND = 4
    LEGAL = 5
    """`established` or `abolished` in law, whatever it does in operation."""
    ADDRESS = 6
    """Its lines; the last one is the postcode."""
    LEGAL_FORM = 7
    REMIT = 8
    """What it is there for, in words."""
    LOCAL_OFFICE = 9
    """NHS England's area team, later local office, that it was counted under."""
    STP = 10
    ICB = 11
    REGION = 12
    """NHS England's region."""


ABOVE = frozenset({Facet.PARENT, Facet.LOCAL_OFFICE, Facet.STP, Facet.ICB, Facet.REGION})
"""Relations to a body above, one at a time: codes. Of them the registry believes more than the statements alone say."""

RELATIONS: Mapping[str, Facet] = {
    "commissioned by": Facet.PARENT,
    "part of": Facet.PARENT,
    "in local office": Facet.LOCAL_OFFICE,
    "in STP": Facet.STP,
    "in ICB": Facet.ICB,
    "in region": Facet.REGION,
}
"""What `OrganisationParentChanged` states, by its relation."""

KEPT_BY_HEARERS = frozenset({Facet.LIFE, Facet.NAME, Facet.KIND})
"""What every service needs of organisations. The rest is the registry's alone."""


class OrganisationStatement(NamedTuple):
    """One thing that an event states of one organisation. No value: that nothing holds."""

    code: str
    facet: Facet
    value: str | None
    days: Days
    fills_before: bool = False
    rank: int = 0


def statements_of(event: Event) -> list[OrganisationStatement]:
    """Return what an event of the registry states of organisations; nothing for an event that only plans."""
    rank = event.rank if isinstance(event, Sourced) else 0
    return [
        OrganisationStatement(code, facet, value, days, fills_before, rank)
        for code, facet, value, days, fills_before in _said(event)
    ]


def source_of(event: Event) -> str:
    """Return the source of an event, empty for the registry's own."""
    return event.source if isinstance(event, Sourced) else ""


_Said = tuple[str, Facet, str | None, Days, bool]


def _said(event: Event) -> Iterator[_Said]:
    """Give what an event states: code, facet, value, days, whether it was only observed."""
    since = Days(event.effective_on)
    match event:
        case OrganisationProposed() | OrganisationOpened():
            yield from _began(event)
        case OrganisationClosed():
            yield event.code, Facet.LIFE, "closed", since, False
        case OrganisationParentChanged():
            days = Days(event.effective_on, event.until or LAST_DAY)
            facet = RELATIONS.get(event.relation, Facet.PARENT)
            yield event.code, facet, event.parent or None, days, event.observed
        case SourceReported():
            days = Days(event.effective_on, event.until or LAST_DAY)
            yield event.code, Facet[event.about.upper()], event.value or None, days, event.observed
        case CCGMerged():
            yield from _merged(event, CCG)
        case ICBMerged():
            yield from _merged(event, ICB)
        case _:
            yield from _changed(event)


def _began(event: OrganisationProposed | OrganisationOpened) -> Iterator[_Said]:
    """Give what is stated of a body that is there from a day on, as proposed or at work."""
    since = Days(event.effective_on)
    if isinstance(event, OrganisationProposed):
        yield event.code, Facet.LIFE, "proposed", since, False
        yield from _of_kind(event.code, event.kind, since)
        if event.name:
            yield event.code, Facet.NAME, event.name, since, False
        return
    seen = Days(event.named_on or event.effective_on)
    yield event.code, Facet.LIFE, "open", since, False
    yield event.code, Facet.NAME, event.name, seen, True
    yield from _of_kind(event.code, event.kind, seen)
    if event.address:
        yield event.code, Facet.ADDRESS, event.address, seen, True


def _merged(event: CCGMerged | ICBMerged, kind: str) -> Iterator[_Said]:
    """Give what a merger states of the bodies that were dissolved and the one established."""
    since = Days(event.effective_on)
    yield event.successor, Facet.LIFE, "open", since, False
    yield event.successor, Facet.KIND, kind, since, True
    if not event.source:
        # A file tells who followed whom: that the successor still stands in law on later days it does not say.
        yield event.successor, Facet.LEGAL, "established", since, False
    if event.successor_name:
        yield event.successor, Facet.NAME, event.successor_name, since, True
    for code in event.predecessors:
        yield code, Facet.LIFE, "closed", since, False
        yield code, Facet.LEGAL, "abolished", since, False
        yield code, Facet.KIND, kind, Days(event.effective_on - timedelta(days=1)), True


def _of_kind(code: str, kind: str, seen: Days) -> Iterator[_Said]:
    if kind != UNKNOWN:
        yield code, Facet.KIND, kind, seen, True


def _changed(event: Event) -> Iterator[_Said]:
    """Give what an event states that changes one thing from a day on."""
    match event:
        case OrganisationRenamed():
            changed = Facet.NAME, event.new_name
        case OrganisationKindChanged():
            changed = Facet.KIND, event.kind
        case OrganisationLegalStatusChanged():
            changed = Facet.LEGAL, event.legal_status
        case OrganisationMoved():
            changed = Facet.ADDRESS, event.address
        case OrganisationLegalFormChanged():
            changed = Facet.LEGAL_FORM, event.legal_form
        case OrganisationRemitStated():
            changed = Facet.REMIT, event.remit
        case _:
            return
    yield event.code, *changed, Days(event.effective_on), False
