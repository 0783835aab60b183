"""Rules of virements: what may move where, and within which decision right. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.common.errors import DomainError, Reason
from libs.common.money import pounds
from libs.common.rulepacks import RulePack, in_force
from services.finance.budgets.errors import ExcludedFromCareModel
from services.finance.budgets.rules import BudgetLine
from services.finance.core.packs import PACKS
from services.finance.virements.errors import AuthorityInsufficient, BudgetsDiffer, VirementRefused


@dataclass(frozen=True, slots=True)
class Authority:
    """A decision right, as it is known: from a day on, to its last day if it ended."""

    right: str
    organisation: str
    action: str
    limit_pence: int | None
    limit_basis: str
    recurrent: bool
    effective_on: date
    until: date | None = None

    def covers(self, action: str, day: date) -> bool:
        """Whether it is for an action, or for one that this is part of, on a day."""
        is_for = action == self.action or action.startswith(f"{self.action}.")
        return is_for and self.effective_on <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class LineMove:
    """An amount that a virement takes from a line to another."""

    source: BudgetLine
    target: BudgetLine
    amount_pence: int


def virement_pack(day: date) -> RulePack | None:
    """Return the rules of virements of a day."""
    return next(iter(in_force(PACKS, day, subject="virement")), None)


def why_not_moved(
    moves: Sequence[LineMove], excludes: Mapping[str, Collection[str]], pack: RulePack | None, *, from_saving: bool
) -> list[DomainError]:
    """Return one refusal for each rule that a move of a virement breaks."""
    rules: Mapping[str, Any] = pack.values if pack else {}
    refusals: list[DomainError] = []
    whole = f"{moves[0].source.organisation} {moves[0].source.year}"
    for number, move in enumerate(moves):
        where = f"moves.{number}"
        pair = f"{move.source.name} to {move.target.name}"
        ends = [f"{line.organisation} {line.year}" for line in (move.source, move.target)]
        if any(end != whole for end in ends):
            message = f"{pair}: {' to '.join(ends)}, not within {whole}"
            refusals.append(BudgetsDiffer(message, reasons=[Reason(message, f"{where}.to_line")]))
        excluded = {move.source.function, move.source.service} & set(excludes.get(move.target.care_model, ()))
        for one in sorted(excluded):
            message = f"{pair}: care model {move.target.care_model} excludes {one}"
            refusals.append(ExcludedFromCareModel(message, reasons=[Reason(message, f"{where}.from_line")]))
        for broken in _broken(move, rules, from_saving=from_saving):
            message = f"{pair}: {broken} ({pack.id if pack else 'no pack'})"
            refusals.append(VirementRefused(message, reasons=[Reason(message, f"{where}.to_line")]))
    return refusals


def _broken(move: LineMove, rules: Mapping[str, Any], *, from_saving: bool) -> Iterable[str]:
    if move.source.id == move.target.id:
        yield "a line moves nothing to itself"
    if not rules.get("programme_to_admin", True) and move.target.admin and not move.source.admin:
        yield "programme is not used for administration"
    into_recurrent = move.target.recurrent and not move.source.recurrent
    if not rules.get("non_recurrent_to_recurrent", True) and into_recurrent:
        yield "no recurrent liability is met from non-recurrent money"
    if from_saving and rules.get("savings_for_transition_only"):
        if move.target.recurrent:
            yield "a saving of the year is used once: the line is recurrent"
        if not move.target.transition:
            yield "a saving of the year is used for transition only"


def why_no_authority(
    moves: Sequence[LineMove],
    authority: Authority | None,
    named: str,
    *,
    pack: RulePack | None,
    on: date,
    used_pence: int,
    without_right: Mapping[int, tuple[int, int]],
) -> list[DomainError]:
    """Return why a virement is not within a decision right, or needs one.

    `used_pence` was moved under the right before; `without_right` is what was moved out of and into lines without one.
    """
    total = sum(move.amount_pence for move in moves)
    rules: Mapping[str, Any] = pack.values if pack else {}
    if not named:
        limit = rules.get("without_right_pence")
        return [] if limit is None else list(_above_limit(moves, limit, without_right))
    action = rules.get("action", "budget.virement")
    if authority is None or not authority.covers(action, on):
        return [_no_authority(f"{named} is no right to {action} in force on {on.isoformat()}")]
    refusals = []
    if (code := moves[0].source.organisation) != authority.organisation:
        refusals.append(_no_authority(f"{named} is a right of {authority.organisation}, not of {code}"))
    sum_pence = total if authority.limit_basis == "single" else total + used_pence
    if authority.limit_pence is not None and sum_pence > authority.limit_pence:
        refusals.append(
            _no_authority(f"{named} is limited to {pounds(authority.limit_pence)}, this makes {pounds(sum_pence)}")
        )
    if not authority.recurrent and any(move.target.recurrent for move in moves):
        refusals.append(_no_authority(f"{named} does not cover recurrent lines"))
    return refusals


def _above_limit(
    moves: Sequence[LineMove], limit_pence: int, before: Mapping[int, tuple[int, int]]
) -> Iterable[DomainError]:
    """Give a refusal where a virement, or all of a line's in the year, is above what may move without a right."""
    needs_none = f"up to {pounds(limit_pence)} needs none"
    if (total := sum(move.amount_pence for move in moves)) > limit_pence:
        yield _no_authority(f"{pounds(total)} needs a decision right: {needs_none}")
        return
    for way, direction in enumerate(("out of", "into")):
        moved: dict[str, int] = {}
        for move in moves:
            line = (move.source, move.target)[way]
            moved.setdefault(line.name, before.get(line.id, (0, 0))[way])
            moved[line.name] += move.amount_pence
        for name, pence in moved.items():
            if pence > limit_pence:
                message = f"{pounds(pence)} {direction} {name} in the year needs a decision right: {needs_none}"
                yield _no_authority(message)


def _no_authority(message: str) -> DomainError:
    return AuthorityInsufficient(message, reasons=[Reason(message, "authority")])
