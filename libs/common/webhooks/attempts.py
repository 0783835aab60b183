"""When a delivery is tried again, and when it no longer is: the schedule of the Standard Webhooks specification."""

import random
from dataclasses import dataclass

from libs.common.webhooks.targets import Answer

RETRY_AFTER_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds after each failed attempt at an event: ten attempts within 76 hours (Standard Webhooks 1.0.0)."""
_LATER = 0.2
"""The largest part by which a pause is longer, at random: targets that failed together are tried again apart."""
MOST_LOST_IN_A_ROW = 2
"""Events given up one after another, with none delivered in between, after which a webhook is disabled."""

_GONE = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt: delivered, or the error, and the seconds for which its target asked."""

    error: str = ""
    is_gone: bool = False
    retry_after: int = 0

    @property
    def is_delivered(self) -> bool:
        """Whether the target has taken the event."""
        return not self.error


def outcome_of(answer: Answer) -> Outcome:
    """Return what an answer means: 2xx alone is success, 410 ends it, a redirect is a failure like any other."""
    if 200 <= answer.status < 300:
        return Outcome()
    redirects = " and redirects are not followed" if 300 <= answer.status < 400 else ""
    return Outcome(f"it answered {answer.status}{redirects}", answer.status == _GONE, answer.retry_after)


def pause_after(failures: int, outcome: Outcome, schedule: tuple[float, ...]) -> float | None:
    """Return the seconds until the next attempt after so many failures; None where the event is given up."""
    if failures > len(schedule):
        return None
    asked = min(outcome.retry_after, schedule[-1])
    planned = schedule[failures - 1]
    return max(asked, planned * (1 + random.uniform(0, _LATER)))  # noqa: S311  (no secret depends on it)
