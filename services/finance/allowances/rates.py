"""Reads the rate a head of a financial year from its dated rule pack, or from the last one before."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from libs.common.money import apportion
from libs.common.rulepacks import RulePack, in_force, load_packs
from services.finance.allowances.errors import NoRateYet
from services.finance.core.years import FinancialYear

SUBJECT = "running-cost-allowance"
RULES = Path(__file__).parents[1] / "rules"
PACKS = tuple(pack for pack in load_packs(RULES) if pack.subject == SUBJECT)

REGISTERED = "registered"
"""The basis of the count of people where a pack names none."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Pence a head for a year. Without `found` no national rate is known for it, and `pack` is the last one before.

    `high_pence` is above `pence` where the source states a range.
    """

    pence: int
    pack: RulePack
    found: bool
    high_pence: int

    @property
    def basis(self) -> str:
        """How the people are counted that the rate multiplies."""
        return str(self.pack.values.get("basis", REGISTERED))


def rate_of(
    year: FinancialYear,
    packs: tuple[RulePack, ...] = PACKS,
    *,
    as_known: datetime | None = None,
    with_drafts: bool = False,
) -> Rate:
    """Return the rate of a year, as known at an instant (default: now); of drafts too where asked.

    Raises NoRateYet for a year before the first pack, and where none had been stated by then.
    """
    usable = tuple(
        pack
        for pack in packs
        if pack.subject == SUBJECT and pack.status == "active" and (with_drafts or pack.weight == "binding")
    )
    if ruling := in_force(usable, year.first_day, subject=SUBJECT, as_known=as_known):
        return _rate(max(ruling, key=_precedence), found=True)
    before = [pack for pack in usable if pack.effective_from < year.first_day and pack.known_at(as_known)]
    if not before:
        first = FinancialYear.of(min(pack.effective_from for pack in usable))
        if year < first:
            raise NoRateYet(f"{year}: the first running-cost allowance is that of {first}")
        raise NoRateYet(f"{year}: no running-cost allowance had been stated by {as_known and as_known.date()}")
    return _rate(max(before, key=_precedence), found=False)


def _precedence(pack: RulePack) -> tuple[object, ...]:
    """Order packs: the later year counts, of one year the one stated last."""
    return pack.effective_from, pack.stated_at is not None, pack.stated_at, pack.id


def _rate(pack: RulePack, *, found: bool) -> Rate:
    pence = pack.values["rate_pence"]
    high = pack.values.get("rate_pence_high", pence)
    if type(pence) is not int or pence <= 0 or type(high) is not int or high < pence:
        raise ValueError(f"{pack.id}: rate_pence must be a whole number of pence above zero")
    return Rate(pence, pack, found, high)


def allowance_pence(rate_pence: int, population: int, year: FinancialYear, days: int) -> int:
    """Return rate times population, in pence; for a body that exists on `days` only, their part of it."""
    return apportion(rate_pence * population, [days, year.days - days])[0]
