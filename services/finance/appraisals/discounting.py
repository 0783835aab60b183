"""Discounts by kinked schedules: the rate of a band holds for its years, and the factors chain from year to year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from libs.common.rulepacks import RulePack

LAST_YEAR = 300
"""The last year that is discounted; a longer horizon is refused."""


@dataclass(frozen=True, slots=True)
class Band:
    """The rate of the years from `first_year` to the year before the next band's first."""

    first_year: int
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Schedule:
    """The discount rates of a rule pack, by bands of years; the first band begins in year 1."""

    pack: str
    bands: tuple[Band, ...]

    def __post_init__(self) -> None:
        years = [band.first_year for band in self.bands]
        if not years or years[0] != 1 or any(later <= earlier for earlier, later in pairwise(years)):
            raise ValueError(f"{self.pack}: the bands of a schedule begin in year 1 and follow each other")
        if any(band.rate <= -1 for band in self.bands):
            raise ValueError(f"{self.pack}: a rate is above -100 %")

    def rate(self, year: int) -> Fraction:
        """Return the rate that holds in a year, from year 1 on."""
        return next(band.rate for band in reversed(self.bands) if band.first_year <= year)


def schedule_of(pack: RulePack) -> Schedule:
    """Return the schedule of a pack, whose values have `bands`: a first year and a rate as text such as `"0.035"`."""
    bands = (Band(int(band["first_year"]), Fraction(str(band["rate"]))) for band in pack.values["bands"])
    return Schedule(pack.id, tuple(bands))


def discount_factor(schedule: Schedule, year: int) -> Fraction:
    """Return the exact factor of a year: 1 for year 0. Raises ValueError outside years 0 to 300."""
    if not 0 <= year <= LAST_YEAR:
        raise ValueError(f"year {year}: only the years 0 to {LAST_YEAR} are discounted")
    return _factors(schedule)[year]


@lru_cache(maxsize=64)
def _factors(schedule: Schedule) -> tuple[Fraction, ...]:
    factors = [Fraction(1)]
    for year in range(1, LAST_YEAR + 1):
        factors.append(factors[-1] / (1 + schedule.rate(year)))
    return tuple(factors)


def present_value(schedule: Schedule, amounts: Sequence[Fraction | int]) -> Fraction:
    """Return the present value of amounts of the years 0, 1, 2 and so on."""
    return sum((amount * discount_factor(schedule, year) for year, amount in enumerate(amounts)), Fraction(0))


def present_value_by_year(schedule: Schedule, amounts: Mapping[int, Fraction | int]) -> Fraction:
    """Return the present value of amounts by year."""
    return sum((amount * discount_factor(schedule, year) for year, amount in amounts.items()), Fraction(0))


def annuity(schedule: Schedule, years: int) -> Fraction:
    """Return the present value of 1 in each of the years 1 to `years`."""
    return sum((discount_factor(schedule, year) for year in range(1, years + 1)), Fraction(0))
