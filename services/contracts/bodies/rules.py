"""What a legal form may hold, and in which tier of a tariff a population is, by dated packs."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from libs.common.errors import DomainError, Reason
from libs.common.rulepacks import RulePack, in_force
from services.contracts.bodies.errors import FormCannotHold
from services.contracts.core.errors import NoRuleInForce
from services.contracts.core.packs import PACKS

MayHold = Literal["yes", "no", "not found"]

TARIFF_TIERS: Final = "tariff-tiers"

PRIMARY_CARE: Final = ("gms", "pms", "apms")
"""Forms of contracts for primary medical services, of which the law says who may hold them."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Whether a body may hold a form of contract: `not found` where no source speaks; and the pack, if there is one."""

    answer: MayHold
    pack: RulePack | None


def may_hold(legal_form: str | None, contract_form: str, day: date) -> Holding:
    """Return whether a body of a legal form (None: none is known) may hold a form of contract signed on a day."""
    for pack in in_force(PACKS, day, subject="primary-care-holders"):
        answers = pack.values["may_hold"].get(contract_form)
        if answers is not None:
            return Holding(answers.get("any") or answers.get(legal_form, "not found"), pack)
    return Holding("not found", None)


def why_not_hold(code: str, legal_form: str | None, contract_form: str, day: date) -> list[DomainError]:
    """Return the refusal of a contract for primary medical services that a body of this form may not hold."""
    if contract_form not in PRIMARY_CARE:
        return []
    holding = may_hold(legal_form, contract_form, day)
    if holding.answer != "no" or holding.pack is None:
        return []
    message = f"{code} is a {legal_form} on {day}, which may not hold {contract_form} ({holding.pack.id})"
    return [FormCannotHold(message, reasons=[Reason(message, "supplier")])]


def holding_warning(code: str, legal_form: str | None, contract_form: str, day: date) -> str | None:
    """Return the warning where no source says whether a body may hold a contract for primary medical services."""
    if contract_form not in PRIMARY_CARE or may_hold(legal_form, contract_form, day).answer != "not found":
        return None
    return f"no source says whether {code} ({legal_form or 'of no known legal form'}) may hold {contract_form}"


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier of a tariff, from `least_people` up to the least of the next one, and its pack."""

    name: str
    least_people: int
    pack: RulePack


def tier_of(people: int, day: date) -> Tier:
    """Return the tier of a population by the pack in force on a day. Raises NoRuleInForce."""
    packs = in_force(PACKS, day, subject=TARIFF_TIERS)
    if not packs:
        raise NoRuleInForce(f"no rule on tariff-tiers is in force on {day.isoformat()}")
    [pack, *_] = packs
    bands = sorted((least, name) for name, least in pack.values["least_people"].items())
    least, name = [band for band in bands if band[0] <= people][-1]
    return Tier(name, least, pack)
