"""Finds who stands in the way of a change that needs several consents, by veto or by inertia. Pure.

A veto is a rejection by a body whose consent is needed while accepted ÷ required reaches the pack's share; who is
silent stays in the denominator. It is looked at once all have answered, or from the day after the due day. Inertia is
no decision from the day after the due day, or after the pack's number of meetings without one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from libs.common.temporal.delays import Stop
from services.governance.obstructions.models import ObstructionKind
from services.governance.proposals.models import ActKind
from services.governance.proposals.rules import Done

ONE_DAY = timedelta(days=1)
ACCEPTED, REJECTED = "accepted", "rejected"
DEFERRED, DECIDED = "deferred", "decided"
REVERSAL, REVISION = "reversal", "revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyPosition:
    """Where a body stands whose consent is needed: `outcome` is `accepted`, `rejected`, or empty without a decision.

    `stops` are when its time stood: its lawful deferrals, and a decision while it counted. `missed_on` are the
    days of its meetings since it was asked that did not decide, and `gone_on` the first day without the body, where it
    was abolished.
    """

    body: str
    organisations: tuple[str, ...]
    outcome: str = ""
    decided_on: date | None = None
    stops: tuple[Stop, ...] = ()
    missed_on: tuple[date, ...] = ()
    gone_on: date | None = None


@dataclass(frozen=True, slots=True)
class PastMeeting:
    """A meeting that a body planned for a day that has passed, whether or not it was held, and when it was called."""

    held_on: date
    notice_on: date | None


def missed_days(meetings: Iterable[PastMeeting], asked_on: date) -> tuple[date, ...]:
    """Return the days of a body's meetings at which it could have decided on what it was asked on a day.

    Whether they were held or not. One whose notice was given before the body was asked could not have it on its agenda.
    """
    return tuple(
        one.held_on
        for one in meetings
        if one.held_on > asked_on and (one.notice_on is None or one.notice_on >= asked_on)
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on a body stands in the way, and the rule pack that says so."""

    veto_share: Fraction
    missed_meetings: int
    pack: str


@dataclass(frozen=True, slots=True)
class Obstructing:
    """A body that stands in the way since a day; `share` is the exact fraction of consents given, empty for inertia."""

    body: str
    organisations: tuple[str, ...]
    kind: ObstructionKind
    since: date
    share: str = ""


def stops_of(acts: Iterable[Done], body: str) -> list[Stop]:
    """Return when the time of a body stood: in lawful deferrals, and while a decision counted that does no longer.

    Of deferrals from one day the one that was stated last counts.
    """
    done = sorted(acts, key=lambda act: (act.stated_at, act.id))
    own = [act for act in done if act.body == body]
    deferrals = {act.effective_on: act for act in own if act.what == ActKind.DEFERRED}
    stops = [Stop(act.effective_on, act.until_on, DEFERRED) for act in deferrals.values() if act.lawful]
    for act in (act for act in own if act.what == ActKind.DECIDED):
        until = min((one.effective_on for one in done if _takes_back(one, act)), default=None)
        if until is not None and until > act.effective_on:
            stops.append(Stop(act.effective_on, until, DECIDED))
    return stops


def _takes_back(act: Done, decision: Done) -> bool:
    """Return whether a decision no longer counts from an act on: it was reversed, or its plan revised."""
    if act.what == ActKind.REVISED:
        return 0 < decision.revision < act.revision
    return act.what == ActKind.REVERSED and act.reference == decision.reference


def asked_again(acts: Iterable[Done], *, on: date) -> tuple[date, str] | None:
    """Return from when on a proposal was last asked again by a day, and why; None where it was not."""
    whys = {ActKind.REVERSED.value: REVERSAL, ActKind.REVISED.value: REVISION}
    return max(
        ((act.effective_on, whys[act.what]) for act in acts if act.what in whys and act.effective_on <= on),
        default=None,
    )


def find_obstructing(positions: Sequence[BodyPosition], due_on: date, *, on: date, limits: Limits) -> list[Obstructing]:
    """Return who stands in the way of a change on a day, by body."""
    found = [*_vetoes(positions, due_on, on, limits), *_inert(positions, due_on, on, limits)]
    return sorted(found, key=lambda one: (one.body, one.kind))


def _vetoes(positions: Sequence[BodyPosition], due_on: date, on: date, limits: Limits) -> list[Obstructing]:
    days = sorted({one.decided_on for one in positions if one.decided_on is not None} | {due_on + ONE_DAY})
    found = {}
    for day in (day for day in days if day <= on):
        answered = [one for one in positions if one.decided_on is not None and one.decided_on <= day]
        share = Fraction(sum(one.outcome == ACCEPTED for one in answered), len(positions))
        if share < limits.veto_share or (len(answered) < len(positions) and day <= due_on):
            continue
        for one in answered:
            if one.outcome == REJECTED and one.gone_on is None and one.body not in found:
                found[one.body] = Obstructing(one.body, one.organisations, ObstructionKind.VETO, day, str(share))
    return list(found.values())


def _inert(positions: Sequence[BodyPosition], due_on: date, on: date, limits: Limits) -> list[Obstructing]:
    silent = [one for one in positions if not one.outcome and one.gone_on is None]
    since = {one.body: inert_since(one, due_on, limits.missed_meetings) for one in silent}
    return [
        Obstructing(one.body, one.organisations, ObstructionKind.INERTIA, day)
        for one in silent
        if (day := since[one.body]) is not None and day <= on
    ]


def inert_since(position: BodyPosition, due_on: date, missed_meetings: int) -> date | None:
    """Return the first day on which a body without a decision stands in the way; None while a deferral has no end."""
    days = [_running_from(due_on + ONE_DAY, position.stops)]
    missed = sorted(day for day in position.missed_on if _running_from(day, position.stops) == day)
    if len(missed) >= missed_meetings > 0:
        days.append(_running_from(missed[missed_meetings - 1] + ONE_DAY, position.stops))
    return min((day for day in days if day is not None), default=None)


def _running_from(day: date, stops: Sequence[Stop]) -> date | None:
    """Return the first day, from a day on, on which no deferral stops the time."""
    for stop in sorted(stops, key=lambda one: (one.start, one.until or date.max)):
        if stop.start <= day and (stop.until is None or day < stop.until):
            if stop.until is None:
                return None
            day = stop.until
    return day
