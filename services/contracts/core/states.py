"""The state of a contract on a day, by the acts that are known of it: a pure function.

Active, exiting and expired follow from the day; what is stored are acts. A notice stands until both sides agree to
withdraw it; an end that was agreed cannot be withdrawn, and the contract is exiting until its last day of service.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class State(StrEnum):
    """A state of a contract on a day."""

    DRAFT = "draft"
    AWARDED = "awarded"
    CONDITIONAL = "conditional"
    """Signed, but a customer is not established: it runs on no day."""
    SIGNED = "signed"
    """Binding, before its first day."""
    ACTIVE = "active"
    NOTICE_SERVED = "notice_served"
    EXITING = "exiting"
    ENDED = "ended"
    CLOSED = "closed"


class End(StrEnum):
    """How a contract ended."""

    EXPIRED = "expired"
    EARLY = "early"
    NOVATED = "novated"
    REPLACED = "replaced"
    INSOURCED = "insourced"
    LAPSED = "lapsed"
    """It was conditional, and the body that was then established refused it."""


class What(StrEnum):
    """What was done to a contract."""

    DRAFTED = "drafted"
    AWARDED = "awarded"
    COMMITTED = "committed"
    """Signed by all, of whom one is not established."""
    REFUSED = "refused"
    SIGNED = "signed"
    """Binding: signed by all, or ratified."""
    PROLONGED = "prolonged"
    NOTICED = "noticed"
    WITHDRAWN = "withdrawn"
    """A notice was, by consent."""
    ENDED = "ended"
    """An end was agreed, or is certain: `last_day` is its last day of service."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ContractAct:
    """Something that was done on a day: of several of one day the later in order counts.

    `last_day` is the last day of service: that of a signature or a prolongation its agreed one, that of a notice or an
    end the one that it leads to. `first_day` is that of a signature. `notice` names a notice, `end` how it ends.
    """

    what: What
    on: date
    first_day: date | None = None
    last_day: date | None = None
    notice: str = ""
    end: End | None = None


@dataclass(frozen=True, slots=True)
class StateOnDay:
    """The state on a day, and how the contract ended where it has."""

    state: State
    end: End | None = None


def state_on(acts: Iterable[ContractAct], day: date) -> StateOnDay:
    """Return the state on a day by the acts up to it; a draft where there is none."""
    before = sorted((act for act in acts if act.on <= day), key=lambda act: act.on)
    signed = next((act for act in reversed(before) if act.what == What.SIGNED), None)
    if signed is None:
        return _unsigned(before)
    last_day, end = _last_day(before, signed)
    if day > last_day:
        closed = any(act.what == What.CLOSED for act in before)
        return StateOnDay(State.CLOSED if closed else State.ENDED, end)
    if signed.first_day is not None and day < signed.first_day:
        return StateOnDay(State.SIGNED)
    if any(act.what == What.ENDED for act in before):
        return StateOnDay(State.EXITING)
    return StateOnDay(State.NOTICE_SERVED if standing_notice(before) else State.ACTIVE)


def standing_notice(acts: Iterable[ContractAct]) -> ContractAct | None:
    """Return the notice that ends service first, of those that were not withdrawn."""
    standing: dict[str, ContractAct] = {}
    for act in acts:
        if act.what == What.NOTICED:
            standing[act.notice] = act
        elif act.what == What.WITHDRAWN:
            standing.pop(act.notice, None)
    return min(standing.values(), key=lambda act: (act.last_day or date.max, act.notice), default=None)


def _unsigned(acts: Iterable[ContractAct]) -> StateOnDay:
    state = StateOnDay(State.DRAFT)
    for act in acts:
        if act.what == What.AWARDED:
            state = StateOnDay(State.AWARDED)
        elif act.what == What.COMMITTED:
            state = StateOnDay(State.CONDITIONAL)
        elif act.what == What.REFUSED:
            state = StateOnDay(State.ENDED, End.LAPSED)
    return state


def _last_day(acts: Iterable[ContractAct], signed: ContractAct) -> tuple[date, End]:
    """Return the last day of service, and how it ends with it, by what is known."""
    last_day, how = signed.last_day or date.max, End.EXPIRED
    acts = list(acts)
    for act in acts:
        if act.what == What.PROLONGED and act.last_day is not None:
            last_day = act.last_day
    ended = [act for act in acts if act.what == What.ENDED and act.last_day is not None]
    if ended:
        return min(ended[-1].last_day or date.max, last_day), ended[-1].end or End.EARLY
    notice = standing_notice(acts)
    if notice is not None and notice.last_day is not None and notice.last_day < last_day:
        last_day, how = notice.last_day, End.EARLY
    return last_day, how
