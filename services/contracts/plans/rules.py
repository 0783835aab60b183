"""Decides where a plan stands: its state by its revisions and acts, who has to be asked again, and who pays what.

Pure functions of what was stated. A plan as at a day, as known at an instant, is a plan with fewer statements.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from libs.common.money import apportion
from services.contracts.plans.models import Cause, ExitChoice, Kind, PlanState, Preparation

PAST_THE_PIVOT = frozenset({PlanState.COMMITTED, PlanState.MOVING, PlanState.CONSOLIDATED})


@dataclass(frozen=True, slots=True)
class Step:
    """How and when one contract moves; `exit_on` is the first day without its service.

    `price_pence` is what leaving costs; None: it is not known, and `unpriced` names the terms that are missing.
    """

    contract: str
    choice: ExitChoice
    exit_on: date
    move_on: date
    price_pence: int | None = 0
    unpriced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """The plan as it was restated once: who takes part, with which weight and contracts, at what charge a year."""

    number: int
    cause: Cause
    members: tuple[str, ...]
    weights: tuple[int, ...]
    contracts: tuple[str, ...]
    annual_pence: int
    effective_on: date
    stated_at: datetime
    steps: tuple[Step, ...] = ()

    def share(self, member: str) -> Fraction:
        """Return the fraction of the charge that a member pays; 0 for who does not take part."""
        if member not in self.members:
            return Fraction(0)
        return Fraction(self.weights[self.members.index(member)], sum(self.weights))

    def pence(self, member: str) -> int:
        """Return what a member pays a year; the parts of all sum to the charge."""
        return dict(zip(self.members, apportion(self.annual_pence, self.weights), strict=True)).get(member, 0)

    @property
    def is_assessed(self) -> bool:
        """Whether every contract has its way out."""
        return {step.contract for step in self.steps} == set(self.contracts) and (
            self.cause in {Cause.ASSESSED, Cause.WITHDRAWN} and bool(self.steps)
        )


@dataclass(frozen=True, slots=True)
class StatedAct:
    """One act about a plan: by or for a member, or about a contract. Acts are never changed, later ones supersede."""

    kind: Kind
    revision: int
    effective_on: date
    stated_at: datetime
    member: str = ""
    contract: str = ""
    detail: str = ""
    decision: str = ""
    price_pence: int | None = None
    document: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """All that was stated about one plan, each list in the order of its statements."""

    revisions: tuple[Revision, ...]
    acts: tuple[StatedAct, ...]

    def at(self, day: date, known: datetime) -> "History":
        """Return what holds on a day, as known at an instant."""
        return History(
            tuple(one for one in self.revisions if one.effective_on <= day and one.stated_at <= known),
            tuple(one for one in self.acts if one.effective_on <= day and one.stated_at <= known),
        )

    @property
    def current(self) -> Revision:
        """The latest revision."""
        return self.revisions[-1]

    def of(self, *kinds: Kind) -> list[StatedAct]:
        """Return the acts of these kinds."""
        return [act for act in self.acts if act.kind in kinds]

    @property
    def asked(self) -> int:
        """The number of the revision on which every member was last asked anew."""
        return max(one.number for one in self.revisions if one.cause is not Cause.WITHDRAWN)


def state(history: History) -> PlanState:
    """Return where a plan stands by what was stated about it."""
    if history.of(Kind.ENDED):
        return PlanState.WITHDRAWN
    if history.of(Kind.COMMITTED):
        if history.of(Kind.CONSOLIDATED):
            return PlanState.CONSOLIDATED
        return PlanState.MOVING if history.of(Kind.MOVED) else PlanState.COMMITTED
    if not history.current.is_assessed:
        return PlanState.PLANNED
    if submission(history) is None:
        return PlanState.FEASIBLE
    return PlanState.SUBMITTED if waiting_for(history) else PlanState.APPROVED


def submission(history: History) -> StatedAct | None:
    """Return the submission that counts: none since which all were asked anew."""
    acts = [act for act in history.of(Kind.SUBMITTED) if act.revision >= history.asked]
    return acts[-1] if acts else None


def tolerance(history: History) -> Fraction:
    """Return the part by which a member's share may rise without its being asked again; 0 if none was submitted."""
    act = submission(history)
    return Fraction(act.detail) if act is not None and act.detail else Fraction(0)


def entered(history: History) -> frozenset[str]:
    """Return the members that have entered by an act of their own, and take part."""
    return frozenset(act.member for act in history.of(Kind.ENTERED)).intersection(history.current.members)


def waiting_for(history: History) -> list[str]:
    """Return the members whose acceptance of the current revision is missing."""
    return [member for member in history.current.members if not stands(history, member)]


def stands(history: History, member: str) -> bool:
    """Return whether a member accepts the current revision: that one, or one since which it does not pay much more."""
    return accepted_revision(history, member) > 0


def accepted_revision(history: History, member: str) -> int:
    """Return the latest revision whose acceptance by a member covers the current one, 0 where none does."""
    accepted = _accepted(history, member)
    return max((one for one in accepted if _covers(history, history.revisions[one - 1], member)), default=0)


def _accepted(history: History, member: str) -> set[int]:
    """Return the revisions that a member accepted or that its body approved, without decisions that were reversed."""
    own = [act for act in history.of(Kind.ACCEPTED, Kind.APPROVED, Kind.REJECTED) if act.member == member]
    # A decision that is published again replaces the earlier one of its id.
    latest = {act.decision or number: act for number, act in enumerate(own)}
    decisions = {act.decision for act in own}
    undone = [act for act in history.of(Kind.REVERSED) if act.member == member or act.decision in decisions]
    reversed_ones = {act.decision for act in undone}
    # What a member accepted on the authority of a decision does not stand without it: it accepts anew.
    since = max((act.stated_at for act in undone), default=None)
    return {
        act.revision
        for act in latest.values()
        if act.kind is not Kind.REJECTED
        and not (act.decision and act.decision in reversed_ones)
        and not (act.kind is Kind.ACCEPTED and since is not None and act.stated_at < since)
        and act.revision <= len(history.revisions)
    }


def _covers(history: History, accepted: Revision, member: str) -> bool:
    if accepted.number < history.asked:
        return False
    most = 1 + tolerance(history)
    share, value = accepted.share(member) * most, accepted.share(member) * accepted.annual_pence * most
    return all(
        later.share(member) <= share and later.share(member) * later.annual_pence <= value
        for later in history.revisions[accepted.number :]
    )


def without(revision: Revision, member: str, *, its_contracts: Collection[str]) -> Revision:
    """Return the next revision, without a member and the contracts that it takes with it.

    The weights of the others stay, so that each pays the same part of what the others pay together.
    """
    left = [(code, weight) for code, weight in zip(revision.members, revision.weights, strict=True) if code != member]
    return replace(
        revision,
        number=revision.number + 1,
        cause=Cause.WITHDRAWN,
        members=tuple(code for code, _ in left),
        weights=tuple(weight for _, weight in left),
        contracts=tuple(one for one in revision.contracts if one not in its_contracts),
        steps=tuple(step for step in revision.steps if step.contract not in its_contracts),
    )


def prepared(history: History, contract: str) -> dict[Preparation, StatedAct]:
    """Return what is prepared for a contract and was not recalled: the latest act of each sort."""
    latest: dict[Preparation, StatedAct] = {}
    for act in history.of(Kind.PREPARED, Kind.RECALLED):
        if act.contract != contract:
            continue
        if act.kind is Kind.PREPARED:
            latest[Preparation(act.detail)] = act
        else:
            latest.pop(Preparation(act.detail), None)
    return latest


def moved(history: History) -> set[str]:
    """Return the contracts whose customers have moved."""
    return {act.contract for act in history.of(Kind.MOVED)}


def joined_parts(
    annual_pence: int, weights: Sequence[tuple[str, Fraction]], joined: Collection[str]
) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """Return the charge of those who have joined, their codes, and the exact share of each in that charge.

    The charge is the sum of the parts that they pay when all have joined.
    """
    parts = dict(
        zip((code for code, _ in weights), apportion(annual_pence, [part for _, part in weights]), strict=True)
    )
    codes = tuple(sorted(code for code in parts if code in joined))
    total = sum(Fraction(part) for code, part in weights if code in codes)
    shares = {code: part / total for code, part in weights if code in codes} if total else {}
    return sum(parts[code] for code in codes), codes, tuple(str(shares[code]) for code in codes)


def months_between(first: date, last: date) -> int:
    """Return the whole calendar months from one day to another, 0 where the second is not later."""
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    return max(0, months)


def by_contract(steps: Iterable[Step]) -> dict[str, Step]:
    """Return the steps by their contracts."""
    return {step.contract: step for step in steps}
