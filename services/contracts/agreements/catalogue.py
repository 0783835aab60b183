"""Reads the rule packs about contracts: functions that can be bought, usual notice, and reasons for ending early."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from libs.common.errors import Reason
from libs.common.rulepacks import RulePack, in_force
from services.contracts.core.errors import ExitReasonUnknown, FunctionUnknown, NoRuleInForce
from services.contracts.core.packs import PACKS


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of commissioning support, code to name, and the rule pack that lists them."""

    pack: RulePack
    names: Mapping[str, str]

    def must_include(self, codes: Iterable[str]) -> None:
        """Raise FunctionUnknown, with every code that is not in the list."""
        unknown = [code for code in codes if code not in self.names]
        if unknown:
            raise FunctionUnknown(
                f"not in {self.pack.id}: {', '.join(unknown)}",
                reasons=[
                    Reason(f"{code} is none of the functions of {self.pack.id}: {', '.join(self.names)}", "lines")
                    for code in unknown
                ],
            )

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


def functions_on(day: date) -> Functions:
    """Return the functions that can be bought from a day. Raises NoRuleInForce before the first list."""
    pack = _pack_on(day, subject="support-functions")
    return Functions(pack, pack.values["functions"])


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
