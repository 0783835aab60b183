"""Limits of changes to a running contract (rule EXIT-6), by the pack of the day on which its procurement began."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from libs.common.errors import DomainError, Reason
from libs.common.rulepacks import RulePack, in_force
from services.contracts.amendments.errors import ModificationGroundUnknown, ModificationTooLarge
from services.contracts.core.errors import NoRuleInForce
from services.contracts.core.packs import PACKS

_HEALTH_CARE = "psr_2023"
_UNREGULATED = "none"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a contract's value, and what changed before on the same ground; all until its last day, in pence."""

    original_pence: int
    change_pence: int
    changed_before_pence: int = 0


def limits_of(begun_on: date, regime: str | None) -> RulePack | None:
    """Return the pack that governs a contract whose procurement began on a day; None where no regime did."""
    if regime == _UNREGULATED:
        return None
    subject = "modification-health-care" if regime == _HEALTH_CARE else "modification"
    return next(iter(in_force(PACKS, begun_on, subject=subject)), None)


def open_ended_months(pack: RulePack | None, day: date) -> int:
    """Return by the charge of how many months a contract without an end is valued: by its pack, else by the day's.

    Raises NoRuleInForce.
    """
    valuing = pack or limits_of(day, None)
    if valuing is None:
        raise NoRuleInForce(f"no rule on the changes of contracts is in force on {day}")
    return int(valuing.values["open_ended_months"])


def why_not_modify(pack: RulePack | None, grounds: str | None, change: Change) -> list[DomainError]:
    """Return the reason against a change on these grounds; none where no pack governs the contract."""
    if pack is None:
        return []
    known = {ground["code"]: ground for ground in pack.values["grounds"]}
    if grounds not in known:
        message = f"{grounds or 'no ground'}: {pack.id} has {', '.join(sorted(known))}"
        return [ModificationGroundUnknown(message, reasons=[Reason(message, "grounds")])]
    if (exceeded := _exceeded(known[grounds], change)) is None:
        return []
    message = f"a change by {change.change_pence} pence on {grounds}: {exceeded} ({pack.id})"
    return [ModificationTooLarge(message, reasons=[Reason(message, "lines")])]


def _exceeded(ground: dict[str, Any], change: Change) -> str | None:
    """Return the limit that a change exceeds; None where it keeps all."""
    original = change.original_pence
    if "increase_at_most" in ground and change.change_pence > Fraction(ground["increase_at_most"]) * original:
        return f"an increase may reach {ground['increase_at_most']} of {original} pence"
    if "change_at_most" in ground and abs(change.change_pence) > Fraction(ground["change_at_most"]) * original:
        return f"a change may reach {ground['change_at_most']} of {original} pence"
    if "cumulative_below" in ground:
        together = abs(change.changed_before_pence + change.change_pence)
        most = max(Fraction(ground["cumulative_below"]) * original, ground.get("cumulative_below_pence", 0))
        if together >= most:
            share = ground["cumulative_below"]
            return f"all changes together are {together} pence, and have to stay below {share} of {original} pence"
    return None
