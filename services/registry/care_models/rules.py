"""How far a new care model got by a day: a pure function of what was said of it, whatever was heard first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from services.registry.care_models.models import Stated

Status = Literal["planned", "delayed", "live", "ended"]

_ORDER = list(Stated)


@dataclass(frozen=True, slots=True)
class CareModelAct:
    """Something that was said of a care model at one instant."""

    stated: Stated
    effective_on: date
    planned_for: date | None
    partners: tuple[str, ...]
    services: str
    excludes: tuple[str, ...]
    people: int | None
    note: str
    stated_at: datetime
    source: str
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class CareModelState:
    """How far a care model got by a day.

    `live` only after it was said to be established, however long ago it was planned for. `planned_for` is the day of
    the plan that holds: None where no day is given, as after a delay without one. `slipped_from` are the days that had
    been planned before. `since` and `last_day` are those of being live, or the first day of its end.
    """

    status: Status
    planned_for: date | None
    slipped_from: tuple[date, ...]
    since: date | None
    last_day: date | None
    overdue: bool
    """Whether the day that was planned has come, and nobody said that it was established."""
    word: CareModelAct
    """What was said last: it tells partners, services and people."""


def in_order(words: Iterable[CareModelAct]) -> list[CareModelAct]:
    """Return the words in the order in which they were said; of one instant, by their content."""
    return sorted(
        words,
        key=lambda word: (
            word.stated_at,
            _ORDER.index(word.stated),
            word.effective_on,
            word.planned_for or date.min,
            word.services,
            word.partners,
        ),
    )


def state_of(words: Iterable[CareModelAct], as_at: date) -> CareModelState:
    """Return the state on a day by these words, of which there is one at least.

    A plan or a delay holds of every day until an establishment; among plans and delays the last word counts.
    """
    said = in_order(words)
    plans = [word for word in said if word.stated in {Stated.PLANNED, Stated.REPLANNED, Stated.DELAYED}]
    established = _last_day_of(said, Stated.ESTABLISHED)
    ended = _last_day_of(said, Stated.ENDED)
    plan = plans[-1] if plans else None
    planned_for = plan.planned_for if plan else None
    before = {word.planned_for for word in plans if word.planned_for is not None} - {planned_for}
    status: Status = "delayed" if plan and plan.stated is Stated.DELAYED else "planned"
    since = last_day = None
    if ended is not None and as_at >= ended:
        status, since = "ended", ended
    elif established is not None and as_at >= established:
        status, since = "live", established
        last_day = ended - timedelta(days=1) if ended else None
    waits = status in {"planned", "delayed"}
    overdue = waits and planned_for is not None and as_at >= planned_for
    return CareModelState(status, planned_for, tuple(sorted(before)), since, last_day, overdue, said[-1])


def _last_day_of(said: Iterable[CareModelAct], stated: Stated) -> date | None:
    days = [word.effective_on for word in said if word.stated is stated]
    return days[-1] if days else None
