"""What an application or a merger has come to, from all that the registry published of it, in whatever order."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

_DETERMINED = "MergerApplicationDetermined"


class MergerStage(StrEnum):
    """What has come of an application or a merger."""

    APPLIED = "applied"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    AGREED = "agreed"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class MergerEvent:
    """One event about an application or a merger."""

    reference: str
    what: str
    bodies: Sequence[str]
    successor: str
    content: str
    effective_on: date
    stated_at: datetime

    @property
    def fields(self) -> dict[str, Any]:
        """What else it states."""
        fields: dict[str, Any] = json.loads(self.content)
        return fields


@dataclass(frozen=True, slots=True)
class Determined:
    """NHS England's determination, or the applicants' withdrawal, as published."""

    outcome: str
    decided_on: date
    conditions: Sequence[str]
    deferred_to: date | None


@dataclass(frozen=True, slots=True)
class ConditionMet:
    """A condition of an approval, by its number, with the day on which it was met and the type of evidence."""

    condition: int
    met_on: date
    evidence: str


@dataclass(slots=True)
class MergerState:
    """An application with the merger that it became, or a merger that no one applied for."""

    application: str = ""
    merger: str = ""
    bodies: Sequence[str] = ()
    successor: str = ""
    successor_name: str = ""
    stage: MergerStage = MergerStage.APPLIED
    applied_on: date | None = None
    effective_on: date | None = None
    """The day on which it takes effect, as applied for or agreed."""
    determinations: list[Determined] = field(default_factory=list)
    met: list[ConditionMet] = field(default_factory=list)

    @property
    def goes_ahead(self) -> bool:
        """Whether it is agreed for a day to come, and not withdrawn."""
        return self.stage is MergerStage.AGREED


def fold(events: Iterable[MergerEvent]) -> MergerState | None:
    """Return what these events of one application and its merger come to; None where there are none.

    The order is that of their instants, whatever order they arrived in.
    """
    ordered = sorted(events, key=lambda one: (one.stated_at, _RANK.get(one.what, 0), one.content))
    if not ordered:
        return None
    state = MergerState()
    for event in ordered:
        state.bodies = tuple(event.bodies)
        state.successor = event.successor
        _add(state, event)
    state.met = sorted({one.condition: one for one in state.met}.values(), key=lambda one: one.condition)
    return state


_RANK = {"MergerApplied": 0, "CCGMergerAgreed": 1, "ICBMergerAgreed": 1, _DETERMINED: 2}


def _add(state: MergerState, event: MergerEvent) -> None:
    fields = event.fields
    if event.what == "MergerApplied":
        state.application, state.stage = event.reference, MergerStage.APPLIED
        state.applied_on = state.applied_on or event.effective_on
        state.effective_on = date.fromisoformat(fields["to_take_effect_on"])
        state.successor_name = fields["successor_name"] or state.successor_name
    elif event.what == _DETERMINED:
        state.application = event.reference
        _determine(state, event, fields)
    elif event.what == "MergerConditionMet":
        state.merger = event.reference
        state.met.append(ConditionMet(fields["condition"], event.effective_on, fields["evidence"]))
    else:
        state.merger = event.reference
        state.successor_name = fields.get("successor_name") or state.successor_name
        state.stage = _STAGES[event.what.removeprefix("CCG").removeprefix("ICB")]
        if state.stage is not MergerStage.WITHDRAWN:
            state.effective_on = event.effective_on


_STAGES = {
    "MergerAgreed": MergerStage.AGREED,
    "MergerRedated": MergerStage.AGREED,
    "MergerWithdrawn": MergerStage.WITHDRAWN,
    "Merged": MergerStage.MERGED,
}
_OUTCOMES = {"rejected": MergerStage.REJECTED, "deferred": MergerStage.DEFERRED, "withdrawn": MergerStage.WITHDRAWN}


def _determine(state: MergerState, event: MergerEvent, fields: dict[str, Any]) -> None:
    deferred_to = date.fromisoformat(fields["deferred_to"]) if fields["deferred_to"] else None
    state.determinations.append(
        Determined(fields["outcome"], event.effective_on, tuple(fields["conditions"]), deferred_to)
    )
    if fields["outcome"] in _OUTCOMES:
        state.stage = _OUTCOMES[fields["outcome"]]
        state.effective_on = deferred_to or state.effective_on
    elif state.stage in (MergerStage.APPLIED, MergerStage.DEFERRED):
        state.stage, state.merger = MergerStage.AGREED, fields["merger"]
