"""Decides which step of a proposal or of minutes waits, since when, for whom, and until when that is no finding.

Pure functions of what was stated. A step that waits for longer than the rule pack's days is stalled.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.governance.proposals.rules import Standing


class WaitStep(StrEnum):
    """What is waited for, as the rule pack names it."""

    AGENDA = "agenda"
    EVIDENCE = "evidence"
    MINUTES = "minutes"
    APPROVAL = "approval"
    COMMITMENT = "commitment"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWait:
    """A step that waits since a day: `who` has to act, by POST to `path`; `parties` read of it.

    `about` is the proposal or the meeting first, then the body, condition or subject; `service` is whose path it is.
    """

    step: WaitStep
    about: tuple[str, ...]
    since: date
    who: tuple[str, ...]
    path: str
    parties: tuple[str, ...]
    service: str = "governance"

    @property
    def key(self) -> str:
        """Name this wait: a later one at the same step is another."""
        return f"stalled:{self.step}:{':'.join(self.about)}:{self.since.isoformat()}"


@dataclass(frozen=True, slots=True)
class StepBounds:
    """For how many days a step may wait, by its name in the rule pack; one that has none is never stalled."""

    days: Mapping[str, int]
    pack: str

    def last_day(self, wait: StepWait) -> date | None:
        """Return the last day in time; None where the step has no bound."""
        days = self.days.get(wait.step)
        return None if days is None else wait.since + timedelta(days=days)

    def text(self, wait: StepWait) -> str:
        """Say what waits, since when, and who has to do what."""
        bound = f"longer than {self.days[wait.step]} days ({self.pack})"
        to_do = f"{', '.join(wait.who)} by POST {wait.path} of {wait.service}"
        return f"{' '.join(wait.about)}: step {wait.step} waits since {wait.since}, {bound}: {to_do}"


def stalled_on(waits: Iterable[StepWait], bounds: StepBounds, *, on: date) -> list[StepWait]:
    """Return what has waited on a day for longer than its bound, by key."""
    found = [one for one in waits if (last := bounds.last_day(one)) is not None and last < on]
    return sorted(found, key=lambda one: one.key)


def unmet_conditions(
    proposal: str, proposer: str, asked: Sequence[str], standing: Standing, *, retracted: Mapping[str, date]
) -> list[StepWait]:
    """Return the conditions of an approval without evidence, each since the last decision that set it.

    Of those whose evidence was taken back, since the day from which that counts (`retracted`, by condition).
    """
    if not standing.outcome or standing.outcome == "rejected" or standing.state.is_over:
        return []
    return [
        StepWait(
            step=WaitStep.EVIDENCE,
            about=(proposal, condition),
            since=max(
                *(one.decided_on for one in standing.consents if one.decided_on and condition in one.conditions),
                retracted.get(condition, date.min),
            ),
            who=(proposer,),
            path=f"/proposals/{proposal}/conditions/{condition}/evidence",
            parties=tuple(sorted({proposer, *asked})),
        )
        for condition in standing.unmet
    ]


def carrying_out(
    proposal: str, subject: str, proposer: str, asked: Sequence[str], standing: Standing, *, is_merger: bool
) -> list[StepWait]:
    """Return the commitment, or the application to merge, that a proposal in effect waits for in another service."""
    if not standing.in_effect:
        return []
    days = [one.decided_on for one in standing.consents if one.decided_on]
    days += [one.effective_on for one in standing.evidence]
    return [
        StepWait(
            step=WaitStep.APPLICATION if is_merger else WaitStep.COMMITMENT,
            about=(proposal, subject),
            since=max(days),
            who=tuple(sorted(asked)),
            path="/merger-applications" if is_merger else f"/consolidations/{subject}/commitment",
            parties=tuple(sorted({proposer, *asked})),
            service="registry" if is_merger else "contracts",
        )
    ]
