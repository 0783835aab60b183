"""Where an organisation's authorisation stands: a pure function of the decision, its conditions and what was lifted."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.common.errors import DomainError, Reason
from libs.common.rulepacks import RulePack, in_force
from services.governance.assurance.errors import CriterionNotListed, DirectionNeedsItsLevel
from services.governance.assurance.models import Authorised
from services.governance.core.catalogue import packs_about
from services.governance.core.chains import PowerFor, covers
from services.governance.core.powers import Power

SUBJECT = "ccg-authorisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A criterion that is unmet, and what is done about it; `lifted_on` is the day from which it is met."""

    criterion: int
    domain: str
    level: int
    functions: tuple[str, ...] = ()
    exercised_by: str = ""
    lifted_on: date | None = None

    def is_open_on(self, day: date) -> bool:
        """Whether it is unmet on a day."""
        return self.lifted_on is None or day < self.lifted_on


@dataclass(frozen=True, slots=True)
class Direction:
    """That functions of an organisation are another's from a day on, or stopped where `exercised_by` is empty."""

    authorisation: str
    functions: tuple[str, ...]
    exercised_by: str
    pack: str
    """The rule pack by which the authorisation was decided."""

    def moves(self, action: str) -> bool:
        """Whether an action, as `contract.award.payroll`, is one of these functions."""
        return any(covers(one, action) for one in self.functions)

    @property
    def power(self) -> Power:
        """By what the other organisation exercises them: the directions, as a power is shown."""
        citation = pack_named(self.pack).citation
        return Power(self.authorisation, "Functions of another organisation, by directions", citation)

    def says(self, action: str) -> str:
        """Return in a sentence what became of an action."""
        whose = f"is exercised by {self.exercised_by}" if self.exercised_by else "is stopped"
        return f"{action} {whose}, by the directions of {self.authorisation}."


def powers_beside(directions: Collection[Direction], find_power: PowerFor) -> PowerFor:
    """Return an organisation's powers beside directions that move the action asked about: then there is none."""
    return _no_power if directions else find_power


def directed_to(directions: Collection[Direction]) -> list[Direction]:
    """Return the directions by which others exercise an action, one for each; none where one of them stops it."""
    if not all(one.exercised_by for one in directions):
        return []
    return list({one.exercised_by: one for one in sorted(directions, key=lambda one: one.exercised_by)}.values())


def _no_power(_action: str, _named: str) -> str | None:
    return None


def pack_for(kind: str, day: date) -> RulePack | None:
    """Return the rule pack by which organisations of a kind are authorised on a day; None where there is none."""
    packs = in_force(packs_about(SUBJECT), day, subject=SUBJECT)
    return next((pack for pack in packs if kind in pack.values["kinds"]), None)


def pack_named(name: str) -> RulePack:
    """Return a rule pack by its id."""
    return next(pack for pack in packs_about(SUBJECT) if pack.id == name)


def outcome(pack: RulePack, conditions: Iterable[Condition], *, deferred: bool, on: date) -> Authorised:
    """Return what a decision comes to on a day: by the conditions that are unmet then."""
    if deferred:
        return Authorised.DEFERRED
    levels = {one.level for one in conditions if one.is_open_on(on)}
    if levels & _levels_that(pack, "directs"):
        return Authorised.WITH_DIRECTIONS
    return Authorised.WITH_CONDITIONS if levels else Authorised.IN_FULL


def needs_sign_off(pack: RulePack, conditions: Iterable[Condition], *, on: date) -> bool:
    """Whether decisions are signed off by the Board on a day, because of a condition that is unmet then."""
    return bool({one.level for one in conditions if one.is_open_on(on)} & _levels_that(pack, "signs_off"))


def refusals(pack: RulePack, conditions: Sequence[Condition], wave: int | None) -> list[DomainError]:
    """Return a refusal for each thing that the pack does not have, and each function that nothing moves."""
    found: list[DomainError] = []
    last = pack.values["waves"]
    if wave is not None and wave > last:
        found.append(_unlisted(f"{pack.id} has {last} waves, not {wave}", "wave"))
    domains = [one["code"] for one in pack.values["domains"]]
    levels = [one["level"] for one in pack.values["levels"]]
    for number, one in enumerate(conditions):
        field = f"conditions.{number}"
        if one.criterion > pack.values["criteria"]:
            message = f"{pack.id} has {pack.values['criteria']} criteria, and no {one.criterion}"
            found.append(_unlisted(message, f"{field}.criterion"))
        if one.domain not in domains:
            message = f"{one.domain} is no domain of {pack.id}: {', '.join(domains)}"
            found.append(_unlisted(message, f"{field}.domain"))
        if one.level not in levels:
            message = f"{one.level} is no level of support of {pack.id}: {', '.join(map(str, levels))}"
            found.append(_unlisted(message, f"{field}.level"))
        elif one.functions and one.level not in _levels_that(pack, "directs"):
            message = f"criterion {one.criterion} has level {one.level}, which moves no function"
            found.append(DirectionNeedsItsLevel(message, reasons=[Reason(message, f"{field}.functions")]))
    return found


def _unlisted(message: str, field: str) -> CriterionNotListed:
    return CriterionNotListed(message, reasons=[Reason(message, field)])


def _levels_that(pack: RulePack, what: str) -> set[int]:
    levels: list[dict[str, Any]] = pack.values["levels"]
    return {one["level"] for one in levels if one[what]}
