"""What is told of mergers: of CCGs and of ICBs under names of their own, with the same fields."""

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
    MergerConditionMet,
    OrganisationProposed,
    TransferSchemeMade,
)
from libs.common.process.clock import day_of
from services.registry.core.kinds import Kind
from services.registry.mergers.models import Condition, Merger, Scheme, SchemeType


@dataclass(frozen=True, slots=True)
class _Names:
    """Which events tell of the mergers of one kind."""

    agreed: type[CCGMergerAgreed | ICBMergerAgreed]
    redated: type[CCGMergerRedated | ICBMergerRedated]
    withdrawn: type[CCGMergerWithdrawn | ICBMergerWithdrawn]
    merged: type[CCGMerged | ICBMerged]


_NAMES: Mapping[str, _Names] = {
    Kind.CCG: _Names(CCGMergerAgreed, CCGMergerRedated, CCGMergerWithdrawn, CCGMerged),
    Kind.ICB: _Names(ICBMergerAgreed, ICBMergerRedated, ICBMergerWithdrawn, ICBMerged),
}


def proposed(merger: Merger, at: datetime) -> Event:
    """Return that the successor is legally set and does not operate yet."""
    return OrganisationProposed(
        code=merger.successor, name=merger.successor_name, kind=merger.kind, effective_on=day_of(at), stated_at=at
    )


def agreed(merger: Merger, at: datetime) -> Event:
    """Return that a merger is agreed."""
    return _NAMES[merger.kind].agreed(
        merger=merger.reference,
        successor=merger.successor,
        successor_name=merger.successor_name,
        predecessors=tuple(merger.predecessors),
        effective_on=merger.effective_on,
        stated_at=at,
    )


def redated(merger: Merger, previously_on: date, at: datetime) -> Event:
    """Return that a merger takes effect on another day."""
    return _NAMES[merger.kind].redated(
        merger=merger.reference,
        successor=merger.successor,
        predecessors=tuple(merger.predecessors),
        previously_on=previously_on,
        effective_on=merger.effective_on,
        stated_at=at,
    )


def withdrawn(merger: Merger, at: datetime) -> Event:
    """Return that a merger will not take place."""
    return _NAMES[merger.kind].withdrawn(
        merger=merger.reference,
        successor=merger.successor,
        predecessors=tuple(merger.predecessors),
        effective_on=day_of(at),
        stated_at=at,
    )


def merged(merger: Merger, at: datetime) -> Event:
    """Return that a merger took effect, with the schemes of each predecessor in their order."""
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


def scheme_made(merger: Merger, scheme: Scheme) -> Event:
    """Return that a transfer scheme was made, or a nil return given."""
    return TransferSchemeMade(
        merger=merger.reference,
        scheme=scheme.reference,
        sort=scheme.sort,
        successor=merger.successor,
        predecessors=tuple(scheme.predecessors),
        nil_return=scheme.nil_return,
        effective_on=scheme.made_on,
        stated_at=scheme.stated_at,
    )


def condition_met(merger: Merger, condition: Condition, met_on: date, at: datetime) -> Event:
    """Return that a condition of the approval was met."""
    return MergerConditionMet(
        merger=merger.reference,
        successor=merger.successor,
        predecessors=tuple(merger.predecessors),
        condition=condition.number,
        evidence=condition.evidence or "",
        effective_on=met_on,
        stated_at=at,
    )


def _in_order(merger: Merger, sort: SchemeType) -> tuple[str, ...]:
    of = {code: one.reference for one in merger.schemes if one.sort == sort for code in one.predecessors}
    return tuple(of[code] for code in merger.predecessors)
