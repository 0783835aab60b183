"""Computes redundancy pay from a list of staff without names, under the packs of the day (golden 9 of the rules)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from libs.common.rulepacks import RulePack
from services.contracts.exits.packs import find_pack, pack_on
from services.contracts.exits.rules import rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """One employee who works for the contract, by an id that means nothing outside its employer.

    `moves` where redeployment or a transfer of the undertaking makes redundancy needless. `function` is the line that
    he or she works for, empty for all of them.
    """

    id: str
    annual_pay_pence: int
    years: int
    week_pay_pence: int | None = None
    whole_time: Fraction = Fraction(1)
    function: str = ""
    moves: bool = False


@dataclass(frozen=True, slots=True)
class RedundancyPay:
    """What is due to one employee, and the packs by which."""

    id: str
    pence: int
    is_capped: bool
    packs: tuple[str, ...]


def redundancy_pay(member: StaffMember, pack: RulePack) -> int:
    """Return redundancy pay: a month's pay for each complete year, within the pack's bounds, rounded once."""
    rules = pack.values
    if member.moves or member.years < rules["least_years"]:
        return 0
    floor = Fraction(rules["floor_pence"]) * (member.whole_time if rules["floor_pro_rata"] else 1)
    month = Fraction(member.annual_pay_pence, 12)
    if member.week_pay_pence is not None:
        month = max(month, member.week_pay_pence * Fraction(rules["weeks_a_month"]))
    month = min(max(month, floor / 12), Fraction(rules["cap_pence"], 12))
    return rounded(month * min(member.years, rules["most_years"]))


def redundancies(
    staff: Iterable[StaffMember], exit_day: date, *, as_known: datetime | None = None
) -> list[RedundancyPay]:
    """Return what is due to each employee who leaves on a day, as the packs were known. Raises NoRuleInForce."""
    pack = pack_on(exit_day, subject="redundancy", as_known=as_known)
    cap = find_pack(exit_day, subject="exit-payment-cap", as_known=as_known)
    most = cap.values.get("cap_pence") if cap is not None else None
    used = (pack.id,) if cap is None else (pack.id, cap.id)
    found = []
    for member in staff:
        due = redundancy_pay(member, pack)
        is_capped = most is not None and due > most
        found.append(RedundancyPay(member.id, int(most) if is_capped and most is not None else due, is_capped, used))
    return found


def information_due_on(transfer_on: date) -> tuple[date, str]:
    """Return the last day for employee liability information before a transfer, and the pack. Raises NoRuleInForce."""
    pack = pack_on(transfer_on, subject="employee-liability-information")
    return transfer_on - timedelta(days=pack.values["days"]), pack.id
