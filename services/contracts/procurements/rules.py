"""Rules of procurements: which stage follows which, and what is the whole of a day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from libs.common.errors import DomainError, Reason
from libs.common.rulepacks import in_force
from libs.common.temporal.history import LAST_DAY
from services.contracts.core.errors import NoRuleInForce
from services.contracts.core.packs import PACKS
from services.contracts.procurements.errors import RegimeUnknown, StageOutOfOrder
from services.contracts.procurements.models import Milestone


class Stage(StrEnum):
    """A stage of a procurement, in their order; `abandoned` may follow all but `awarded`."""

    DESIGN = "design"
    INVITED = "invited"
    BIDS_RECEIVED = "bids_received"
    AWARD_PROPOSED = "award_proposed"
    AWARDED = "awarded"
    ABANDONED = "abandoned"


_ORDER = list(Stage)


@dataclass(frozen=True, slots=True)
class StatedPeriod:
    """What is stated of a procurement from `start` up to, not including, `end`."""

    about: Milestone
    value: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Bid:
    """A bidder, from `start` up to, not including, `end`."""

    bidder: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Standing:
    """The whole of a procurement on a day."""

    stage: str
    winner: str
    contract: str
    bidders: tuple[str, ...]


def regimes_on(day: date) -> tuple[str, Mapping[str, str]]:
    """Return the pack's id and the regimes for a procurement that begins on a day. Raises NoRuleInForce."""
    packs = in_force(PACKS, day, subject="procurement-regimes")
    if not packs:
        raise NoRuleInForce(f"no rule on procurement-regimes is in force on {day.isoformat()}")
    return packs[0].id, packs[0].values["regimes"]


def services_on(day: date) -> Mapping[str, str]:
    """Return the health services that can be procured, beside the functions of support; code to name."""
    packs = in_force(PACKS, day, subject="procured-services")
    return packs[0].values["services"] if packs else {}


def why_not_under(regime: str, day: date) -> list[DomainError]:
    """Return the reason against a regime for a procurement that begins on a day. Raises NoRuleInForce."""
    pack, regimes = regimes_on(day)
    if regime in regimes:
        return []
    message = f"{regime} is none of the regimes of {pack}: {', '.join(regimes)}"
    return [RegimeUnknown(message, reasons=[Reason(message, "regime")])]


def why_not_at(
    stage: Stage, day: date, *, before: str | None, after: str | None = None, recorded_on: date
) -> list[DomainError]:
    """Return the reasons against a stage from a day on.

    `before` is the stage as believed of that day, `after` the one that is stated to follow.
    """
    found = []
    if day > recorded_on:
        found.append(f"{stage} on {day} is still to come: it is recorded on {recorded_on}")
    if before is None:
        found.append(f"the procurement has not begun on {day}")
    elif not _may_follow(stage, Stage(before)):
        found.append(f"{stage} does not follow {before}, where it stands on {day}")
    if after is not None and not _may_follow(Stage(after), stage):
        found.append(f"{after}, which is stated of a later day, does not follow {stage}")
    return [StageOutOfOrder(one, reasons=[Reason(one, "stage")]) for one in found]


def _may_follow(stage: Stage, before: Stage) -> bool:
    """Whether a stage may follow another, or the same be stated again."""
    if stage == Stage.ABANDONED:
        return before != Stage.AWARDED
    return before != Stage.ABANDONED and _ORDER.index(before) <= _ORDER.index(stage)


def next_stage(periods: Iterable[StatedPeriod], stage: Stage, day: date) -> tuple[date, str | None]:
    """Return the first day after a day on which another stage begins, and that stage.

    A stage stated late does not undo the next.
    """
    others = [
        (one.start, one.value)
        for one in periods
        if one.about == Milestone.STAGE and one.start > day and one.value != stage
    ]
    return min(others, default=(LAST_DAY, None))


def standing_on(periods: Iterable[StatedPeriod], bids: Iterable[Bid], day: date) -> Standing:
    """Return the whole of a procurement on a day."""
    stated = {one.about: one.value for one in periods if one.start <= day < one.end}
    return Standing(
        stage=stated.get(Milestone.STAGE, ""),
        winner=stated.get(Milestone.WINNER, ""),
        contract=stated.get(Milestone.CONTRACT, ""),
        bidders=tuple(sorted(one.bidder for one in bids if one.start <= day < one.end)),
    )


def standings_from(periods: Sequence[StatedPeriod], bids: Sequence[Bid], first: date) -> list[tuple[date, Standing]]:
    """Return the whole of a day, and of each later day on which something is different.

    An event says the whole from its day on: what was stated earlier of a later day has to be published again.
    """
    days = [(one.start, one.end) for one in periods] + [(one.start, one.end) for one in bids]
    cuts = {day for both in days for day in both if first < day < LAST_DAY}
    standings = [(day, standing_on(periods, bids, day)) for day in sorted({first, *cuts})]
    return [
        (day, standing)
        for number, (day, standing) in enumerate(standings)
        if number == 0 or standings[number - 1][1] != standing
    ]
