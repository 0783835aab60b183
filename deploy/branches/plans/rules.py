"""A plan's state as a function of its steps, of what was done with them, and of the day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class StepState(StrEnum):
    """What a step of a plan is at."""

    DONE = "done"
    """Life has carried it out."""
    DUE = "due"
    """Whoever has the right may give it now."""
    EARLY = "waits for its day"
    BEHIND = "waits for an earlier step"
    LEFT = "withdrawn"
    """The plan was withdrawn before it."""


class PlanState(StrEnum):
    """What a plan is at."""

    WAITING = "waiting"
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Act:
    """What was done with a step: life's answer to it, by whoever gave it. A refusal leaves the step as it was."""

    step: int
    status: int

    @property
    def is_done(self) -> bool:
        """Whether life carried the step out."""
        return 200 <= self.status < 300


def states(days: Mapping[int, date], acts: Sequence[Act], *, today: date, is_withdrawn: bool) -> dict[int, StepState]:
    """Return the state of each step; `days` are those of the steps by number. A step waits for all before it."""
    done = {act.step for act in acts if act.is_done}
    states: dict[int, StepState] = {}
    is_behind = False
    for number in sorted(days):
        if number in done:
            states[number] = StepState.DONE
            continue
        states[number] = _waiting(days[number], today, is_behind=is_behind, is_withdrawn=is_withdrawn)
        is_behind = True
    return states


def _waiting(day: date, today: date, *, is_behind: bool, is_withdrawn: bool) -> StepState:
    if is_withdrawn:
        return StepState.LEFT
    if is_behind:
        return StepState.BEHIND
    return StepState.DUE if day <= today else StepState.EARLY


def state_of_plan(steps: Mapping[int, StepState], *, is_withdrawn: bool) -> PlanState:
    """Return the state of the plan; one that is done stays so."""
    if all(state is StepState.DONE for state in steps.values()):
        return PlanState.DONE
    return PlanState.WITHDRAWN if is_withdrawn else PlanState.WAITING
