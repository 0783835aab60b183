"""Builds the events of a merger, of CCGs or of ICBs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from libs.common.events import Event
from libs.common.events.registry import (
    CCGMerged,
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    ICBMerged,
    ICBMergerAgreed,
    ICBMergerRedated,
    ICBMergerWithdrawn,
    OrganisationProposed,
)
from libs.common.process.clock import day_of
from services.registry.core.kinds import Kind
from services.registry.mergers.models import Merger, SchemeType


@dataclass(frozen=True, slots=True)
class _Names:
    """The events about mergers of one kind."""

    agreed: type[CCGMergerAgreed | ICBMergerAgreed]
    redated: type[CCGMergerRedated | ICBMergerRedated]
    withdrawn: type[CCGMergerWithdrawn | ICBMergerWithdrawn]
    merged: type[CCGMerged | ICBMerged]


_NAMES: Mapping[str, _Names] = {
    Kind.CCG: _Names(CCGMergerAgreed, CCGMergerRedated, CCGMergerWithdrawn, CCGMerged),
    Kind.ICB: _Names(ICBMergerAgreed, ICBMergerRedated, ICBMergerWithdrawn, ICBMerged),
}


def proposed(merger: Merger, at: datetime) -> Event:
    """Return the event that the successor is set up in law and does not operate yet."""
    return OrganisationProposed(
        code=merger.successor, name=merger.successor_name, kind=merger.kind, effective_on=day_of(at), stated_at=at
    )


def agreed(merger: Merger, at: datetime) -> Event:
    """Return the event that a merger is agreed."""
    return _NAMES[merger.kind].agreed(
        merger=merger.reference,
        successor=merger.successor,
        successor_name=merger.successor_name,
        predecessors=tuple(merger.predecessors),
        effective_on=merger.effective_on,
        stated_at=at,
    )


def redated(merger: Merger, previously_on: date, at: datetime) -> Event:
    """Return the event that a merger takes effect on another day."""
    return _NAMES[merger.kind].redated(
        merger=merger.reference,
        successor=merger.successor,
        predecessors=tuple(merger.predecessors),
        previously_on=previously_on,
        effective_on=merger.effective_on,
        stated_at=at,
    )


def withdrawn(merger: Merger, at: datetime) -> Event:
    """Return the event that a merger will not take place."""
    return _NAMES[merger.kind].withdrawn(
        merger=merger.reference,
        successor=merger.successor,
        predecessors=tuple(merger.predecessors),
        effective_on=day_of(at),
        stated_at=at,
    )


def merged(merger: Merger, at: datetime) -> Event:
    """Return the event that a merger took effect, with the schemes in the order of the predecessors."""
    return _NAMES[merger.kind].merged(
        merger=merger.reference,
        successor=merger.successor,
        successor_name=merger.successor_name,
        predecessors=tuple(merger.predecessors),
        property_schemes=_in_order(merger, SchemeType.PROPERTY),
        staff_schemes=_in_order(merger, SchemeType.STAFF),
        effective_on=merger.effective_on,
        stated_at=at,
    )


def _in_order(merger: Merger, sort: SchemeType) -> tuple[str, ...]:
    of = {code: one.reference for one in merger.schemes if one.sort == sort for code in one.predecessors}
    return tuple(of[code] for code in merger.predecessors)
