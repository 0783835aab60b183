"""Decides until when a step of finance's may wait, and says who has to do what. Pure functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

OPERATOR = "an operator of finance"


class FinanceStep(StrEnum):
    """What is waited for, as the rule pack names it."""

    COMPUTATION = "computation"
    REPETITION = "repetition"
    APPRAISAL = "appraisal"
    PUBLICATION = "publication"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinanceWait:
    """A step that waits since a day: `who` has to do what `to_do` says; `parties` read it.

    `about` is what waits first, then what it belongs to.
    """

    step: FinanceStep
    about: tuple[str, ...]
    since: date
    who: tuple[str, ...]
    to_do: str
    parties: tuple[str, ...]

    @property
    def key(self) -> str:
        """Name this wait: a later one at the same step is another."""
        return f"stalled:{self.step}:{':'.join(self.about)}:{self.since.isoformat()}"


@dataclass(frozen=True, slots=True)
class FinanceStepBounds:
    """For how many days a step may wait, by its name in the rule pack; one that has none is never stalled."""

    days: Mapping[str, int]
    pack: str

    def last_day(self, wait: FinanceWait) -> date | None:
        """Return the last day in time; None where the step has no bound."""
        days = self.days.get(wait.step)
        return None if days is None else wait.since + timedelta(days=days)

    def text(self, wait: FinanceWait) -> str:
        """Say what waits, since when, and who has to do what."""
        bound = f"longer than {self.days[wait.step]} days ({self.pack})"
        to_do = f"{', '.join(wait.who)} {wait.to_do}"
        return f"{' '.join(wait.about)}: step {wait.step} waits since {wait.since}, {bound}: {to_do}"


def stalled_on(waits: Iterable[FinanceWait], bounds: FinanceStepBounds, *, on: date) -> list[FinanceWait]:
    """Return what has waited on a day for longer than its bound, by key."""
    found = [one for one in waits if (last := bounds.last_day(one)) is not None and last < on]
    return sorted(found, key=lambda one: one.key)
