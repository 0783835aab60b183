"""Reads the rule packs about contracts: functions that can be bought, usual notice, and reasons for ending early."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from libs.common.errors import DomainError, Reason
from libs.common.rulepacks import RulePack, in_force
from services.contracts.care_models.rules import services_on
from services.contracts.core.errors import ExitReasonUnknown, FunctionUnknown, NoRuleInForce, refuse
from services.contracts.core.models import Contract
from services.contracts.core.packs import PACKS


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of commissioning support, code to name, and the rule pack that lists them.

    Of a contract for a new care model the services of care that it may supply are among them.
    """

    pack: RulePack
    names: Mapping[str, str]

    def must_include(self, codes: Iterable[str]) -> None:
        """Raise FunctionUnknown, with every code that is not in the list."""
        refuse(self.why_not_include(codes))

    def why_not_include(self, codes: Iterable[str]) -> list[DomainError]:
        """Return the refusal of the codes that are not in the list, with a reason for each."""
        unknown = [code for code in codes if code not in self.names]
        if not unknown:
            return []
        reasons = [
            Reason(f"{code} is none of the functions of {self.pack.id}: {', '.join(self.names)}", "lines")
            for code in unknown
        ]
        return [FunctionUnknown(f"not in {self.pack.id}: {', '.join(unknown)}", reasons=reasons)]

    def titles_of(self, codes: Iterable[str]) -> str:
        """Return the titles of some functions, for an event: what a contract calls itself is private to its parties."""
        return "; ".join(self.names.get(code, code) for code in codes)


@dataclass(frozen=True, slots=True)
class ExitReasons:
    """The reasons for ending a contract early, code to title, and the rule pack that lists them."""

    pack: RulePack
    titles: Mapping[str, str]

    def title_of(self, code: str) -> str:
        """Return the title of a reason. Raises ExitReasonUnknown, with the codes that there are."""
        if code in self.titles:
            return self.titles[code]
        message = f"{code} is none of the reasons of {self.pack.id}: {', '.join(self.titles)}"
        raise ExitReasonUnknown(message, reasons=[Reason(message, "reason")])


def functions_on(day: date, *, care_model: bool = False) -> Functions:
    """Return the functions that can be bought from a day. Raises NoRuleInForce before the first list.

    `care_model`: under a contract for a new care model, whose services of care are among them.
    """
    pack = _pack_on(day, subject="support-functions")
    functions: Mapping[str, str] = pack.values["functions"]
    return Functions(pack, {**functions, **services_on(day)} if care_model else functions)


def functions_of(contract: Contract, day: date | None = None) -> Functions:
    """Return the functions that the lines of a contract may name from a day, by default its first. See functions_on."""
    return functions_on(day or contract.starts_on, care_model=contract.care_model is not None)


def exit_reasons_on(day: date) -> ExitReasons:
    """Return the reasons for ending a contract early on a day. Raises NoRuleInForce before the first list."""
    pack = _pack_on(day, subject="exit-reasons")
    return ExitReasons(pack, pack.values["reasons"])


def usual_notice_on(day: date) -> tuple[int, str]:
    """Return the months of notice where a contract states none, and the rule pack's id. Raises NoRuleInForce."""
    pack = _pack_on(day, subject="notice")
    return int(pack.values["months"]), pack.id


def _pack_on(day: date, *, subject: str) -> RulePack:
    packs = in_force(PACKS, day, subject=subject)
    if not packs:
        raise NoRuleInForce(f"no rule on {subject} is in force on {day.isoformat()}")
    return packs[0]
