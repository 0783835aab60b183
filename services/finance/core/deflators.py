"""Brings amounts from the prices of one financial year to those of another, by a vintage of deflators."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from libs.common.rulepacks import RulePack
from services.finance.core.years import FinancialYear

SUBJECT = "deflator"
_ALWAYS_KNOWN = datetime.min.replace(tzinfo=UTC)


class NominalAmount(ValueError):
    """A nominal amount has no index that brings it to prices of the base year: a real rate never meets it."""


@dataclass(frozen=True, slots=True)
class Deflator:
    """Price indices by the calendar year in which a financial year begins, from a pack of one vintage.

    Years after `last_outturn` are forecasts; None: it has none.
    """

    pack: str
    indices: Mapping[int, Fraction]
    last_outturn: int | None = None

    def has(self, *years: int) -> bool:
        """Whether it has an index of each of these years."""
        return all(year in self.indices for year in years)

    def real(self, amount: Fraction | int, *, of: int, base: int) -> Fraction:
        """Return an amount in prices of year `of` in prices of year `base`. Raises NominalAmount without an index."""
        if of == base:
            return Fraction(amount)
        if missing := [year for year in (of, base) if year not in self.indices]:
            raise NominalAmount(f"{self.pack} has no index of {', '.join(str(FinancialYear(one)) for one in missing)}")
        return amount * self.indices[base] / self.indices[of]


def deflator_of(pack: RulePack) -> Deflator:
    """Return the deflator of a pack: the indices of its outturn, and those that its forecasts of growth lead to.

    Raises ValueError where a forecast does not follow the year before it.
    """
    indices = {FinancialYear.parse(year).start: Fraction(str(i)) for year, i in pack.values["indices"].items()}
    growth = {FinancialYear.parse(y).start: g for y, g in pack.values.get("forecast_growth_percent", {}).items()}
    last_outturn = max(indices)
    for year in sorted(growth):
        if year - 1 not in indices or year in indices:
            raise ValueError(f"{pack.id}: the forecast of {FinancialYear(year)} does not follow what is before it")
        indices[year] = indices[year - 1] * (1 + Fraction(str(growth[year])) / 100)
    return Deflator(pack.id, indices, last_outturn if growth else None)


def vintages(packs: Iterable[RulePack], *, as_known: datetime | None) -> list[RulePack]:
    """Return the vintages of deflators as known at an instant (None: now), the one stated last first.

    A vintage is about all its years, whatever day is asked about: a later one takes its place once it is known.
    """
    found = [pack for pack in packs if pack.subject == SUBJECT and pack.status == "active" and pack.known_at(as_known)]
    return sorted(found, key=lambda pack: (pack.stated_at or _ALWAYS_KNOWN, pack.id), reverse=True)
