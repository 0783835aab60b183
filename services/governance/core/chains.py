"""Answers whether someone may decide: by chains of rights, each passed on from another, up to a power in law.

A right reaches no further than what it comes from, on the day and for the value asked about: the answer is yes where
one chain has no fault, and the shortest is its proof. Otherwise the chain with the fewest faults is shown, and each
fault says what would mend it. Rules: NHS Act 2006 s.14L and each body's scheme of reservation and delegation; a
delegate cannot pass on more than was delegated.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from libs.common.money import pounds

LONGEST_CHAIN = 32
"""A chain of more rights than this is not followed."""


class LimitBasis(StrEnum):
    """What a limit measures."""

    SINGLE = "single"
    """This commitment."""
    ANNUAL = "annual"
    """The highest year."""
    WHOLE_LIFE = "whole_life"
    """All years, with extensions that the buyer can take alone, VAT as stated."""


BASES = list(LimitBasis)
"""From what measures least to what measures most: a limit of a later one bounds the earlier ones too."""


class Missing(StrEnum):
    """What is missing at a link of a chain."""

    RIGHT = "right"
    """The right is not in force on the day: it has to be granted again."""
    REMAKE = "remake"
    """The right ended with its body at a merger and waits to be made again."""
    ACTION = "action"
    """The right does not cover the action."""
    SCOPE = "scope"
    """The right is for another subject."""
    LIMIT = "limit"
    """The value, or the limit of what is passed on, is above the limit."""
    BASIS = "basis"
    """The limit of what is passed on measures less."""
    SPLIT = "split"
    """With what was decided before in the same series, the value is above the limit."""
    RECURRENT = "recurrent"
    """The right is for single commitments, and this one recurs."""
    CONDITION = "condition"
    """A condition is not met."""
    VACANT = "vacant"
    """The post has no holder on the day."""
    POWER = "power"
    """No power in law covers the action on the day."""
    LOOP = "loop"
    """The right was passed on from itself."""


GRANTED = frozenset(
    {Missing.RIGHT, Missing.ACTION, Missing.SCOPE, Missing.LIMIT, Missing.SPLIT, Missing.RECURRENT, Missing.REMAKE}
)
"""The faults that a grant makes good."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who would decide: a person with the posts that they hold on the day, a post, or a body."""

    person: str | None = None
    post: str | None = None
    body: str | None = None

    @property
    def named(self) -> str:
        """The person, post or body."""
        return self.person or self.post or self.body or "no one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A right of a body or a post, as believed of the day asked about.

    `action` is dotted, and covers every action that begins with it. `scope` is empty, or the one subject, supplier or
    function that it is for. `limit_pence` is None without a limit. `power` names a power in law where the right comes
    from no other one; empty: whichever covers the action.
    """

    id: int
    holder: str
    action: str
    in_force: bool
    last_day: date | None = None
    """The last day on which it is in force, None where it has none."""
    scope: str = ""
    limit_pence: int | None = None
    limit_basis: LimitBasis = LimitBasis.SINGLE
    recurrent: bool = False
    conditions: frozenset[str] = frozenset()
    delegated_from: int | None = None
    power: str = ""
    waits_for: str = ""
    """The successor for which it waits to be made again."""
    vacant: bool = False
    joint: str = ""
    """Of a joint body's or lead commissioner's right: how it is exercised, as the prefix that a power has to cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRight:
    """A right that is to be granted: how far it is to reach, and what it comes from.

    It is passed on from `source`, or comes from a power where that is None: the named one, or any that covers the
    action where `power` is empty. `joint` is as a right's.
    """

    source: int | None = None
    power: str = ""
    joint: str = ""
    limit_pence: int | None = None
    limit_basis: LimitBasis = LimitBasis.SINGLE
    last_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be decided: an action on subjects, of this value by each basis, in pence.

    `subjects` are what it is about: a contract, its supplier, a function. `met` are the conditions that are met.
    `decided` is what was decided in the same series, by each basis, in `parts`, the ids of the decisions; `uncounted`
    are decisions that may be parts as well, whose supplier is not known. Where a right is to be granted, `granted` says
    how far it is to reach, beside the action, the subjects as its scope, and `met` as its conditions.
    """

    action: str
    value_pence: Mapping[LimitBasis, int] = field(default_factory=dict[LimitBasis, int])
    recurrent: bool = False
    subjects: frozenset[str] = frozenset()
    met: frozenset[str] = frozenset()
    decided: Mapping[LimitBasis, int] = field(default_factory=dict[LimitBasis, int])
    parts: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()
    granted: NewRight | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is missing at a link, and what would make it good. `right` is None where the power is missing."""

    missing: Missing
    right: int | None
    repair: str
    value: str = ""
    """The limit in pence, the conditions or the successor that the repair is about."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Rights from the one asked about up to the one that comes from a power, and what is missing in them."""

    rights: tuple[Right, ...]
    power: str
    faults: tuple[Fault, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is missing."""
        return not self.faults


PowerFor = Callable[[str, str], str | None]
"""Returns the id of the power that covers an action on the day: the named one, or any where the name is empty."""


def covers(action: str, asked: str) -> bool:
    """Whether a right to an action is one to the action asked about: `contract.award` to `contract.award.payroll`."""
    return f"{asked}.".startswith(f"{action}.")


def prefixes(action: str) -> list[str]:
    """Return every action that covers one: `contract`, `contract.award`, `contract.award.payroll`."""
    parts = action.split(".")
    return [".".join(parts[: length + 1]) for length in range(len(parts))]


def best_chain(
    question: Question, starts: Collection[int], rights: Mapping[int, Right], power_for: PowerFor
) -> Chain | None:
    """Return the shortest chain from one of the rights without a fault, else the one with the fewest; None without any.

    `rights` has the rights to start from and all that they come from, by id.
    """
    found = [_chain(question, rights[start], rights, power_for) for start in sorted(starts)]
    return min(found, key=lambda chain: (len(chain.faults), len(chain.rights)), default=None)


def chain_of_grant(
    question: Question, granted: NewRight, rights: Mapping[int, Right], power_for: PowerFor
) -> Chain | None:
    """Return the chain from which a right is to be granted; None where the right that is passed on is not known."""
    if granted.source is not None:
        source = rights.get(granted.source)
        return _chain(question, source, rights, power_for, joint=granted.joint) if source is not None else None
    faults: list[Fault] = []
    power = _power(question.action, granted.power, [granted.joint] if granted.joint else [], faults, power_for)
    return Chain((), power, tuple(faults))


def _chain(
    question: Question, start: Right, rights: Mapping[int, Right], power_for: PowerFor, *, joint: str = ""
) -> Chain:
    links = [start]
    faults = faults_of(start, question)
    while (source := links[-1].delegated_from) is not None:
        if source in {link.id for link in links} or len(links) == LONGEST_CHAIN:
            faults.append(Fault(Missing.LOOP, source, f"grant right {links[-1].id} from one that comes from a power"))
            return Chain(tuple(links), "", tuple(faults))
        links.append(rights[source])
        faults += faults_of(rights[source], question)
    jointly = [prefix for prefix in (joint, *(link.joint for link in links)) if prefix]
    power = _power(question.action, links[-1].power, jointly, faults, power_for)
    return Chain(tuple(links), power, tuple(faults))


def _power(action: str, named: str, joint: Sequence[str], faults: list[Fault], power_for: PowerFor) -> str:
    """Return the power that a chain comes from, after the faults where none covers it.

    Several organisations decide together where a power to do so covers the action; that one is enough by itself.
    """
    power = power_for(action, named)
    for prefix in joint:
        together = f"{prefix}.{action}"
        if power_for(together, "") is None:
            faults.append(no_power(together, ""))
            return ""
        power = power or power_for(together, named)
    if power is None:
        faults.append(no_power(action, named))
    return power or ""


def no_power(action: str, named: str) -> Fault:
    """Return that the power of this id, or any where the id is empty, does not cover an action on the day."""
    power = f"{named} does not cover" if named else "none covers"
    return Fault(Missing.POWER, None, f"no such power on that day: {power} {action}")


def faults_of(right: Right, question: Question) -> list[Fault]:
    """Return what is missing at one right, whatever the others are."""
    found: list[Fault] = []
    if right.waits_for:
        repair = f"{right.waits_for} makes right {right.id} again"
        found.append(Fault(Missing.REMAKE, right.id, repair, right.waits_for))
    elif not right.in_force:
        found.append(Fault(Missing.RIGHT, right.id, f"right {right.id} of {right.holder} is granted again"))
    elif right.last_day is not None and question.granted is not None and _outlasts(question.granted, right.last_day):
        found.append(Fault(Missing.RIGHT, right.id, f"it ends by {right.last_day.isoformat()}"))
    if right.vacant:
        found.append(Fault(Missing.VACANT, right.id, f"someone is appointed to {right.holder}", right.holder))
    if not covers(right.action, question.action):
        found.append(Fault(Missing.ACTION, right.id, f"a right to {question.action} is granted", question.action))
    if right.scope and right.scope not in question.subjects:
        found.append(Fault(Missing.SCOPE, right.id, f"a right for more than {right.scope} is granted", right.scope))
    if right.limit_pence is not None:
        found += _limit_faults(right, right.limit_pence, question)
    if question.recurrent and not right.recurrent:
        found.append(Fault(Missing.RECURRENT, right.id, "the commitment is single, or the right covers recurrent ones"))
    unmet = sorted(right.conditions - question.met)
    if unmet:
        listed = ", ".join(unmet)
        found.append(Fault(Missing.CONDITION, right.id, f"these conditions are met: {listed}", listed))
    return found


def _outlasts(granted: NewRight, last_day: date) -> bool:
    return granted.last_day is None or granted.last_day > last_day


def _limit_faults(right: Right, limit: int, question: Question) -> Iterator[Fault]:
    """Yield what is above a right's limit: the value, the value with other parts, or the limit of what is granted."""
    most = f"is at most {pounds(limit)} ({right.limit_basis})"
    if question.granted is not None:
        granted = question.granted
        if granted.limit_pence is None or granted.limit_pence > limit:
            yield Fault(Missing.LIMIT, right.id, f"the limit {most}", str(limit))
        if granted.limit_pence is not None and BASES.index(granted.limit_basis) < BASES.index(right.limit_basis):
            yield Fault(Missing.BASIS, right.id, f"the limit measures {right.limit_basis}", right.limit_basis.value)
        return
    value = question.value_pence.get(right.limit_basis, 0)  # of 0, as a rejection is, nothing is a part
    if value > limit:
        yield Fault(Missing.LIMIT, right.id, f"the value {most}", str(limit))
    elif value and value + question.decided.get(right.limit_basis, 0) > limit:
        yield Fault(Missing.SPLIT, right.id, f"the value {most} together with {', '.join(question.parts)}", str(limit))


def proofs(chains: Sequence[Chain | None]) -> list[Chain]:
    """Return the chains without a fault, the shortest first."""
    whole = [chain for chain in chains if chain is not None and chain.holds]
    return sorted(whole, key=lambda chain: len(chain.rights))
