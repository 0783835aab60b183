"""Derives the status of a new care model on a day from its statements, in whatever order they arrived."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.registry.care_models.models import CareModelStatus, Stated

_ORDER = list(Stated)


@dataclass(frozen=True, slots=True)
class CareModelAct:
    """One statement about a care model, as far as its status and its terms depend on it."""

    stated: Stated
    effective_on: date
    planned_for: date | None
    partners: tuple[str, ...]
    services: str
    offers: tuple[str, ...]
    excludes: tuple[str, ...]
    people: int | None
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class CareModelState:
    """The status of a care model on a day.

    It is `live` only once it was stated as established, however long ago it was planned for. `planned_for` is the day
    of the plan in force: None where no day is given, as after a delay. `slipped_from` are the other days that were
    planned before. `since` and `last_day` are those of being live; of an ended one `since` is the first day of its end.
    """

    status: CareModelStatus
    planned_for: date | None
    slipped_from: tuple[date, ...]
    since: date | None
    last_day: date | None
    overdue: bool
    """Whether the planned day has come without an establishment."""
    latest: CareModelAct
    """The latest statement: partners, services and people are those that it gives."""


def state_of(acts: Iterable[CareModelAct], as_at: date) -> CareModelState:
    """Return the state on a day by these statements, of which there is at least one.

    A plan or a delay applies to every day until an establishment; of several the latest applies.
    """
    ordered = _in_order(acts)
    plans = [act for act in ordered if act.stated in {Stated.PLANNED, Stated.REPLANNED, Stated.DELAYED}]
    established = _latest_day_of(ordered, Stated.ESTABLISHED)
    ended = _latest_day_of(ordered, Stated.ENDED)
    plan = plans[-1] if plans else None
    planned_for = plan.planned_for if plan else None
    before = {act.planned_for for act in plans if act.planned_for is not None} - {planned_for}
    status: CareModelStatus = "delayed" if plan and plan.stated is Stated.DELAYED else "planned"
    since = last_day = None
    if ended is not None and as_at >= ended:
        status, since = "ended", ended
    elif established is not None and as_at >= established:
        status, since = "live", established
        last_day = ended - timedelta(days=1) if ended else None
    waits = status in {"planned", "delayed"}
    overdue = waits and planned_for is not None and as_at >= planned_for
    return CareModelState(status, planned_for, tuple(sorted(before)), since, last_day, overdue, ordered[-1])


def _in_order(acts: Iterable[CareModelAct]) -> list[CareModelAct]:
    """Order by instant; within one instant by content, so that the order of arrival does not matter."""
    return sorted(
        acts,
        key=lambda act: (
            act.stated_at,
            _ORDER.index(act.stated),
            act.effective_on,
            act.planned_for or date.min,
            act.services,
            act.partners,
        ),
    )


def _latest_day_of(acts: Iterable[CareModelAct], stated: Stated) -> date | None:
    days = [act.effective_on for act in acts if act.stated is stated]
    return days[-1] if days else None
