"""Values of units that are not money, as rule packs have them: one value or a range, for all years or by year."""

from collections.abc import Mapping
from dataclasses import dataclass

from libs.common.rulepacks import RulePack
from services.finance.core.years import FinancialYear

CENTRAL = "central"


class NoValueOfUnit(ValueError):
    """A pack has no value of a unit in a year, or no range."""


@dataclass(frozen=True, slots=True)
class UnitValue:
    """What a unit is worth, in pence in prices of `price_year` (None: not stated, so that no index applies).

    `pence` holds for every year; where it is None, `by_year` has the values by the year in which a year begins.
    """

    pack: str
    is_health: bool
    price_year: int | None
    pence: int | None
    by_year: Mapping[int, int]

    def in_year(self, year: int) -> int:
        """Return the value of a unit in the financial year that begins in a year. Raises NoValueOfUnit."""
        if self.pence is not None:
            return self.pence
        if year not in self.by_year:
            first, last = min(self.by_year), max(self.by_year)
            raise NoValueOfUnit(f"{self.pack} has values of {first} to {last}, and none of {year}")
        return self.by_year[year]


def unit_value_of(pack: RulePack, which: str = CENTRAL) -> UnitValue:
    """Return the value of a pack's unit: the central one, or the `low` or `high` end of its range.

    Raises NoValueOfUnit where the pack has no range.
    """
    values, price_year = pack.values, pack.values.get("price_year")
    by_year = {int(year): _one(pack, given, which) for year, given in values.get("by_year", {}).items()}
    return UnitValue(
        pack=pack.id,
        is_health=values["schedule"] == "health",
        price_year=None if price_year is None else FinancialYear.parse(price_year).start,
        pence=None if by_year else _one(pack, values["pence"], which),
        by_year=by_year,
    )


def _one(pack: RulePack, given: int | Mapping[str, int], which: str) -> int:
    if isinstance(given, Mapping):
        return given[which]
    if which != CENTRAL:
        raise NoValueOfUnit(f"{pack.id} has one value and no range")
    return given
