"""Rules of a supplier's life cycle, and how dated statements make up the whole of a day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from libs.common.errors import DomainError, Reason
from libs.common.rulepacks import RulePack, in_force
from libs.common.temporal.history import FIRST_DAY, LAST_DAY
from services.contracts.core.packs import PACKS
from services.contracts.suppliers.errors import CheckpointUnknown, NoLifeCycle, SupplierHasEnded
from services.contracts.suppliers.models import Aspect


class SupplierState(StrEnum):
    """A state of a supplier. That another body succeeded it follows from the registry."""

    PLANNED = "planned"
    CHECKPOINT = "checkpoint"
    PROVISIONAL = "provisional"
    LICENSED = "licensed"
    HOSTED = "hosted"
    INDEPENDENT = "independent"
    ACQUIRED = "acquired"
    CLOSING = "closing"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


ASSURED = (SupplierState.CHECKPOINT, SupplierState.PROVISIONAL, SupplierState.LICENSED)
"""States that an assessment gave."""


class Sector(StrEnum):
    """A sector of the economy: whether a payment to the supplier leaves the public sector follows from it."""

    PUBLIC = "public"
    PRIVATE = "private"
    THIRD = "third"


class Scope(StrEnum):
    """How much of commissioning support a supplier offers."""

    END_TO_END = "end_to_end"
    NICHE = "niche"


@dataclass(frozen=True, slots=True)
class Period:
    """A value of one aspect, from `start` up to, not including, `end`, and who stated it."""

    aspect: Aspect
    value: str
    start: date
    end: date
    source: str


def life_cycle_on(day: date) -> RulePack:
    """Return the pack of the life cycle. Raises NoLifeCycle."""
    packs = in_force(PACKS, day, subject="supplier-life-cycle")
    if not packs:
        raise NoLifeCycle(f"no rule on supplier-life-cycle is in force on {day}")
    return packs[0]


def period_on(periods: Iterable[Period], aspect: Aspect, day: date) -> Period | None:
    """Return what holds of one aspect on a day."""
    return next((one for one in periods if one.aspect == aspect and one.start <= day < one.end), None)


def next_state(periods: Iterable[Period], state: str, day: date) -> date:
    """Return the first day after a day on which another state begins: one that is stated late does not undo it."""
    others = (one.start for one in periods if one.aspect == Aspect.STATE and one.start > day and one.value != state)
    return min(others, default=LAST_DAY)


def next_value(periods: Iterable[Period], aspect: Aspect, day: date) -> date:
    """Return the first day after a day on which another value of an aspect begins."""
    return min((one.start for one in periods if one.aspect == aspect and one.start > day), default=LAST_DAY)


def why_not_in_state(state: str, day: date, before: Period | None) -> list[DomainError]:
    """Return the reasons against a state from a day on. `before` is the state of the day before it."""
    pack = life_cycle_on(day)
    found: list[DomainError] = []
    name, checkpoint, outcome = parts_of(state)
    last, outcomes = int(pack.values["last_checkpoint"]), pack.values["outcomes"]
    if checkpoint is not None and checkpoint > last:
        message = f"{pack.id} has the checkpoints 1 to {last}, not {checkpoint}"
        found.append(CheckpointUnknown(message, reasons=[Reason(message, "checkpoint")]))
    if outcome is not None and outcome not in outcomes:
        message = f"{outcome} is none of the outcomes of {pack.id}: {', '.join(outcomes)}"
        found.append(CheckpointUnknown(message, reasons=[Reason(message, "outcome")]))
    if before is not None and parts_of(before.value)[0] in pack.values["final"] and name != before.value:
        message = f"it is {before.value} from {before.start}, and {name} does not follow that"
        found.append(SupplierHasEnded(message, reasons=[Reason(message, "state")]))
    return found


def state_text(state: SupplierState, checkpoint: int | None, outcome: str | None) -> str:
    """Return a state as it is stored."""
    return f"{state}:{checkpoint}:{outcome or ''}" if checkpoint is not None else state.value


def parts_of(state: str) -> tuple[str, int | None, str | None]:
    """Return a stored state, with the number and the outcome of a checkpoint."""
    name, _, rest = state.partition(":")
    number, _, outcome = rest.partition(":")
    return name, int(number) if number else None, outcome or None


def whole_from(
    periods: Sequence[Period], aspects: Sequence[Aspect], first: date
) -> Iterator[tuple[date, Mapping[Aspect, str]]]:
    """Yield the values of some aspects on a day, and again on each later day on which one of them changes.

    An event says the whole of what holds from its day on, so that what was stated earlier of a later day has to be
    published again after it.
    """
    own = [one for one in periods if one.aspect in aspects and one.end > first]
    days = {first, *(day for one in own for day in (one.start, one.end) if first < day < LAST_DAY)}
    last: Mapping[Aspect, str] | None = None
    for day in sorted(days):
        whole = {one.aspect: one.value for one in own if one.start <= day < one.end}
        if whole != last:
            yield day, whole
        last = whole


def first_day_of(period: Period) -> date | None:
    """Return the first day of a period, None where it has no bound."""
    return None if period.start == FIRST_DAY else period.start
