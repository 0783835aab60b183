"""Decides which step of a plan to consolidate waits, since when, for whom, and until when that is no finding.

Pure functions of what was stated. A step that waits for longer than the rule pack's days is stalled.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.contracts.plans.models import ExitChoice, Kind, PlanState, Preparation
from services.contracts.plans.rules import History, entered, moved, prepared, state, submission, waiting_for


class PlanStepName(StrEnum):
    """What a plan waits for, as the rule pack names it."""

    ENTRY = "entry"
    ASSESSMENT = "assessment"
    SUBMISSION = "submission"
    ACCEPTANCE = "acceptance"
    SUPPLIER_AGREEMENT = "supplier_agreement"
    COMMITMENT = "commitment"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class PlanWait:
    """A step that waits since a day; `who` has to act: one of several may for all, save that each member accepts.

    `about` is a member or a contract, empty where the step is the whole plan's. `path` is below the plan's own.
    """

    step: PlanStepName
    since: date
    who: tuple[str, ...]
    path: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class StepBounds:
    """For how many days a step may wait, by its name in the rule pack; one that has none is never stalled."""

    days: Mapping[str, int]
    pack: str

    def last_day(self, wait: PlanWait) -> date | None:
        """Return the last day in time; None where the step has no bound."""
        days = self.days.get(wait.step)
        return None if days is None else wait.since + timedelta(days=days)

    def stalled_on(self, waits: Iterable[PlanWait], day: date) -> list[PlanWait]:
        """Return what has waited on a day for longer than its bound."""
        return [one for one in waits if (last := self.last_day(one)) is not None and last < day]


def waits_of(history: History, *, on: date) -> list[PlanWait]:
    """Return what a plan waits for on a day, by what was stated of it for that day."""
    match state(history):
        case PlanState.PLANNED:
            return _to_enter(history) or [_of_all(history, PlanStepName.ASSESSMENT, "/feasibility", Kind.ENTERED)]
        case PlanState.FEASIBLE:
            return [_of_all(history, PlanStepName.SUBMISSION, "/submission")]
        case PlanState.SUBMITTED:
            return [*_to_accept(history), *_to_agree(history)]
        case PlanState.APPROVED:
            acceptance = (Kind.ACCEPTED, Kind.APPROVED, Kind.PREPARED)
            return _to_agree(history) or [
                _of_all(history, PlanStepName.COMMITMENT, "/commitment", Kind.SUBMITTED, *acceptance)
            ]
        case PlanState.COMMITTED | PlanState.MOVING:
            return _to_move(history, on)
        case _:
            return []


def _of_all(history: History, step: PlanStepName, path: str, *kinds: Kind) -> PlanWait:
    """Return a step that any member may take for all, since the revision or the last act of these kinds on it."""
    acts = [act.effective_on for act in history.of(*kinds)]
    return PlanWait(step, max([history.current.effective_on, *acts]), history.current.members, path)


def _to_enter(history: History) -> list[PlanWait]:
    inside = entered(history)
    return [
        PlanWait(PlanStepName.ENTRY, _named_on(history, one), (one,), f"/members/{one}/acceptance", one)
        for one in history.current.members
        if one not in inside
    ]


def _named_on(history: History, member: str) -> date:
    """Return the day from which a member was named without interruption."""
    since = history.current.effective_on
    for revision in reversed(history.revisions):
        if member not in revision.members:
            break
        since = revision.effective_on
    return since


def _to_accept(history: History) -> list[PlanWait]:
    return [
        PlanWait(PlanStepName.ACCEPTANCE, _asked_on(history, one), (one,), f"/members/{one}/acceptance", one)
        for one in waiting_for(history)
    ]


def _asked_on(history: History, member: str) -> date:
    """Return the day on which a member was last asked, or answered what does not count.

    That is the submission, a later revision that it did not accept yet, a rejection, or a reversal of its decision.
    """
    act = submission(history)
    days = [history.current.effective_on, *([act.effective_on] if act is not None else [])]
    decisions = {act.decision for act in history.of(Kind.APPROVED, Kind.REJECTED) if act.member == member}
    own = [
        act
        for act in history.of(Kind.REJECTED, Kind.REVERSED)
        if act.member == member or (act.decision and act.decision in decisions)
    ]
    return max([*days, *(act.effective_on for act in own)])


def _to_agree(history: History) -> list[PlanWait]:
    """Return the contracts that are to be paid for, whose supplier has not agreed to a price."""
    act = submission(history)
    since = max(history.current.effective_on, act.effective_on if act is not None else date.min)
    recalled = {
        one.contract: one.effective_on
        for one in history.of(Kind.RECALLED)
        if one.detail == Preparation.AGREEMENT and one.effective_on > since
    }
    return [
        PlanWait(
            PlanStepName.SUPPLIER_AGREEMENT,
            recalled.get(step.contract, since),
            history.current.members,
            "/steps",
            step.contract,
        )
        for step in history.current.steps
        if step.choice is ExitChoice.PAY and Preparation.AGREEMENT not in prepared(history, step.contract)
    ]


def _to_move(history: History, on: date) -> list[PlanWait]:
    done: Collection[str] = moved(history)
    return [
        PlanWait(PlanStepName.MOVE, step.move_on, history.current.members, "/steps", step.contract)
        for step in history.current.steps
        if step.move_on <= on and step.contract not in done
    ]
