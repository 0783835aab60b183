"""When an interest is declared, how long it is public and kept, when it may be purged (NHS Act 2006 s.14O)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from libs.common.rulepacks import in_force
from libs.common.temporal.months import after_months
from services.governance.core.catalogue import PACKS
from services.governance.interests.walks import InterestType, Path, Relation

SUBJECT = "interests"
ACTIONS = "conflict-actions"
_A_DAY = timedelta(days=1)


class Action(StrEnum):
    """What a conflicted member may not do at an item, the laxest first; each includes those before it."""

    NOTE_ONLY = "note_only"
    STAY_NOT_VOTE = "stay_not_vote"
    STAY_NOT_SPEAK = "stay_not_speak"
    LEAVE_ROOM = "leave_room"
    NO_PAPERS = "no_papers"

    @property
    def strictness(self) -> int:
        """Where it stands in the order."""
        return list(Action).index(self)

    @property
    def excludes(self) -> bool:
        """Whether the member neither votes nor counts for the quorum."""
        return self is not Action.NOTE_ONLY

    @property
    def withholds_papers(self) -> bool:
        """Whether the papers are not sent to the member."""
        return self is Action.NO_PAPERS


@dataclass(frozen=True, slots=True)
class ActionRules:
    """Which action each type of interest has at each stage, and how many edges a path has at most."""

    pack: str
    most_hops: int
    stages: Mapping[str, str]
    actions: Mapping[str, Mapping[str, str]]
    own_price: Action = Action.STAY_NOT_VOTE

    def action(self, interest: InterestType, stages: Collection[str]) -> Action:
        """Return the strictest action for a type at stages of contracts or of an item; unknown ones are left out.

        Where none of them is known, it is taken as an award.
        """
        known = {self.stages[stage] for stage in stages if stage in self.stages} or {"award"}
        return max((Action(self.actions[stage][interest]) for stage in known), key=lambda one: one.strictness)

    def action_on(self, path: Path, stages: Collection[str], *, supplying: Collection[str]) -> Action:
        """Return the action for a path; at least that for the own price where it begins with a supplier's seat."""
        found = self.action(path.type, stages)
        first = path.edges[0]
        own = first.relation == Relation.SITS_IN and first.other in supplying
        return max(found, self.own_price, key=lambda one: one.strictness) if own else found


@dataclass(frozen=True, slots=True)
class Conflict:
    """That a person is conflicted: the path from the person to a party, and what follows from it."""

    person: str
    path: Path
    type: InterestType
    action: Action
    pack: str

    @property
    def party(self) -> str:
        """The party that the path leads to."""
        return self.path.party


def action_rules(day: date, *, as_known: datetime | None = None) -> ActionRules | None:
    """Return what conflicts mean for items of a day, as known; None where no rule pack is in force."""
    packs = in_force(PACKS, day, subject=ACTIONS, as_known=as_known)
    if not packs:
        return None
    values = packs[0].values
    return ActionRules(
        packs[0].id, values["most_hops"], values["stages"], values["actions"], Action(values["own_price"])
    )


def strictest(conflicts: Iterable[Conflict]) -> dict[str, Conflict]:
    """Return of each person the conflict with the strictest action; of several, the first."""
    found: dict[str, Conflict] = {}
    for one in conflicts:
        other = found.get(one.person)
        if other is None or one.action.strictness > other.action.strictness:
            found[one.person] = one
    return found


def counting_action(required: Action | None, decided: Action, required_then: Action | None) -> Action:
    """Return what counts for a person: what whoever presides decided, of the conflicts that were known then.

    Where the conflicts known now ask for more than those did, the stricter of the two.
    """
    if required is None or (required_then is not None and required.strictness <= required_then.strictness):
        return decided
    return max(required, decided, key=lambda one: one.strictness)


def natures_on(day: date) -> Mapping[str, str]:
    """Return what an interest declared on a day can be, code to title; empty where no rule pack is in force."""
    packs = in_force(PACKS, day, subject=SUBJECT)
    return {one["code"]: one["title"] for one in packs[0].values["natures"]} if packs else {}


def publishes_all(day: date) -> bool:
    """Whether the register of a day shows everybody's interests, not only those of who takes part in decisions."""
    packs = in_force(PACKS, day, subject=SUBJECT)
    return bool(packs) and packs[0].values["published"] == "all"


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which a declaration is in time, and the rule pack that says so."""

    last_day: date
    pack: str

    def is_met_on(self, declared_on: date) -> bool:
        """Whether a declaration of that day is in time."""
        return declared_on <= self.last_day


@dataclass(frozen=True, slots=True)
class Retention:
    """The last day on which an expired interest is public, and on which its record has to be kept; the rule pack."""

    public_until: date
    kept_until: date
    pack: str

    def is_public_on(self, day: date) -> bool:
        """Whether the register shows it on a day."""
        return day <= self.public_until

    def may_be_purged_on(self, day: date) -> bool:
        """Whether its record may be erased on a day: from the day after the last on which it has to be kept."""
        return day > self.kept_until


def declaration_due(aware_on: date) -> Deadline | None:
    """Return by when an interest has to be declared of which a person became aware on a day, which is not counted.

    None where no rule pack is in force on that day.
    """
    packs = in_force(PACKS, aware_on, subject=SUBJECT)
    if not packs:
        return None
    return Deadline(aware_on + packs[0].values["declare_within_days"] * _A_DAY, packs[0].id)


def retention(expired_on: date) -> Retention | None:
    """Return how long an interest is public and kept whose last day is `expired_on`.

    Corresponding days, clamped to the end of a shorter month, the last day included. None where no rule pack is in
    force on that day.
    """
    packs = in_force(PACKS, expired_on, subject=SUBJECT)
    if not packs:
        return None
    values = packs[0].values
    public_until = after_months(expired_on, values["public_months"])
    return Retention(public_until, after_months(expired_on, 12 * values["kept_years"]), packs[0].id)


def public_periods() -> tuple[list[date], list[date], list[int]]:
    """Return from when to when of an interest's last day how many months it stays public, in three columns."""
    packs = [pack for pack in PACKS if pack.subject == SUBJECT and pack.status == "active"]
    return (
        [pack.effective_from for pack in packs],
        [pack.effective_to or date.max for pack in packs],
        [pack.values["public_months"] for pack in packs],
    )


def check_periods() -> tuple[list[date], list[date], list[int], list[int], list[str]]:
    """Return from when to when within how many days one declares, and after how many months registers are checked.

    In five columns, of which the last is the rule packs.
    """
    packs = [pack for pack in PACKS if pack.subject == SUBJECT and pack.status == "active"]
    return (
        [pack.effective_from for pack in packs],
        [pack.effective_to or date.max for pack in packs],
        [pack.values["declare_within_days"] for pack in packs],
        [pack.values["check_months"] for pack in packs],
        [pack.id for pack in packs],
    )


def next_check(checked_on: date) -> date | None:
    """Return by when a register has to be checked again; None where no rule pack is in force on that day."""
    packs = in_force(PACKS, checked_on, subject=SUBJECT)
    return after_months(checked_on, packs[0].values["check_months"]) if packs else None
