"""Rules of sourcing: what can be chosen, what is left to decide, what is late; by the packs of the day."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from libs.common.errors import DomainError, Reason
from libs.common.rulepacks import RulePack, in_force
from services.contracts.core.errors import FunctionUnknown, NoRuleInForce
from services.contracts.core.packs import PACKS
from services.contracts.sourcing.errors import FunctionUnassigned

RISK_STRUCTURE = 2
"""The structure in which small bodies own a service together: how they divide its risk has to be recorded."""


class SourcingChoice(StrEnum):
    """Whether a body does a function itself."""

    DO = "do"
    BUY = "buy"
    SHARE = "share"


class Model(StrEnum):
    """In which model a function is bought or shared."""

    HOSTED = "hosted"
    SHARED = "shared"
    CONTRACTED = "contracted"


class Decided(BaseModel):
    """A decision on one function, as it is stored. `late_days` count from the deadline of the first submission."""

    model_config = ConfigDict(frozen=True)

    choice: SourcingChoice
    model: Model | None = None
    structure: int = 0
    partners: tuple[str, ...] = ()
    supplier: str | None = None
    nhs_support: bool = False
    hosts: bool = False
    risk_split: str | None = None
    late_days: int = 0


def pack_on(day: date, *, subject: str) -> RulePack:
    """Return the pack on a subject. Raises NoRuleInForce."""
    if (pack := find_pack(day, subject=subject)) is not None:
        return pack
    raise NoRuleInForce(f"no rule on {subject} is in force on {day.isoformat()}")


def find_pack(day: date, *, subject: str) -> RulePack | None:
    """Return the pack on a subject in force on a day, or None."""
    packs = in_force(PACKS, day, subject=subject)
    return packs[0] if packs else None


def why_not_known(functions: Iterable[str], catalogue: Collection[str], pack: str) -> list[DomainError]:
    """Return one refusal for each function that is not in the catalogue."""
    messages = [f"{one} is none of the functions of {pack}" for one in functions if one not in catalogue]
    return [FunctionUnknown(one, reasons=[Reason(one, "decisions")]) for one in messages]


def why_not_whole(
    catalogue: Mapping[str, str], decided: Collection[str], not_required: Collection[str]
) -> list[DomainError]:
    """Return one refusal for each function of the catalogue that has no decision."""
    left = [code for code in catalogue if code not in decided and code not in not_required]
    messages = [f"{code} ({catalogue[code]}) is not assigned" for code in left]
    return [FunctionUnassigned(one, reasons=[Reason(one, "decisions")]) for one in messages]


def days_late(day: date, pack: RulePack | None) -> int:
    """Return by how many days a submission of this day misses the pack's deadline; 0 where there is none."""
    if pack is None:
        return 0
    agreed_by: date = pack.values["agreed_by"]
    return max(0, (day - agreed_by).days)


def overdue_from(pack: RulePack, decided_from: date) -> date:
    """Return the first day on which an agreement with NHS support is overdue, unless it is signed before."""
    agreement_by: date = pack.values["agreement_by"]
    return max(agreement_by + timedelta(days=1), decided_from)
