"""Decides until when a step of a merger may wait, and says who has to do what. Pure functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_NHS_ENGLAND = "NHS England"


class MergerStep(StrEnum):
    """What is waited for, as the rule pack names it."""

    AGREEMENT = "agreement"
    DETERMINATION = "determination"
    RESUMPTION = "resumption"
    REDATING = "redating"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergerWait:
    """A step that waits since a day: `who` has to act, by POST to `path`; `parties` read it.

    `about` is the application or the merger first, then the scheme.
    """

    step: MergerStep
    about: tuple[str, ...]
    since: date
    path: str
    parties: tuple[str, ...]
    who: tuple[str, ...] = (_NHS_ENGLAND,)

    @property
    def key(self) -> str:
        """Name this wait: a later one at the same step is another."""
        return f"stalled:{self.step}:{':'.join(self.about)}:{self.since.isoformat()}"


@dataclass(frozen=True, slots=True)
class MergerStepBounds:
    """For how many days a step may wait, by its name in the rule pack; one that has none is never stalled."""

    days: Mapping[str, int]
    pack: str

    def last_day(self, wait: MergerWait) -> date | None:
        """Return the last day in time; None where the step has no bound."""
        days = self.days.get(wait.step)
        return None if days is None else wait.since + timedelta(days=days)

    def text(self, wait: MergerWait) -> str:
        """Say what waits, since when, and who has to do what."""
        bound = f"longer than {self.days[wait.step]} days ({self.pack})"
        to_do = f"{', '.join(wait.who)} by POST {wait.path}"
        return f"{' '.join(wait.about)}: step {wait.step} waits since {wait.since}, {bound}: {to_do}"


def stalled_on(waits: Iterable[MergerWait], bounds: MergerStepBounds, *, on: date) -> list[MergerWait]:
    """Return what has waited on a day for longer than its bound, by key."""
    found = [one for one in waits if (last := bounds.last_day(one)) is not None and last < on]
    return sorted(found, key=lambda one: one.key)
