"""Reads the rate a head of a financial year from its dated rule pack, or from the last one before."""

from dataclasses import dataclass
from pathlib import Path

from libs.common.money import apportion
from libs.common.rulepacks import RulePack, in_force, load_packs
from services.finance.allowances.errors import NoRateYet
from services.finance.core.years import FinancialYear

SUBJECT = "running-cost-allowance"
RULES = Path(__file__).parents[1] / "rules"
PACKS = load_packs(RULES)


@dataclass(frozen=True, slots=True)
class Rate:
    """Pence a head for a year. Without `found` no national rate is known for it, and `pack` is the last one before."""

    pence: int
    pack: RulePack
    found: bool


def rate_of(year: FinancialYear, packs: tuple[RulePack, ...] = PACKS) -> Rate:
    """Return the rate of a year. Raises NoRateYet for a year before the first pack."""
    if ruling := in_force(packs, year.first_day, subject=SUBJECT):
        return _rate(ruling[0], found=True)
    before = [
        pack
        for pack in packs
        if pack.subject == SUBJECT and pack.status == "active" and pack.effective_from < year.first_day
    ]
    if not before:
        first = min(pack.effective_from for pack in packs if pack.subject == SUBJECT)
        raise NoRateYet(f"{year}: the first running-cost allowance is that of {FinancialYear.of(first)}")
    return _rate(max(before, key=lambda pack: (pack.effective_from, pack.id)), found=False)


def _rate(pack: RulePack, *, found: bool) -> Rate:
    pence = pack.values["rate_pence"]
    if type(pence) is not int or pence <= 0:
        raise ValueError(f"{pack.id}: rate_pence must be a whole number of pence above zero")
    return Rate(pence, pack, found)


def allowance_pence(rate_pence: int, population: int, year: FinancialYear, days: int) -> int:
    """Return rate times population, in pence; for a body that exists on `days` only, their part of it."""
    return apportion(rate_pence * population, [days, year.days - days])[0]
