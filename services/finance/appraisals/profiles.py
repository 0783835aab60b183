"""Amounts by year: a level with a ramp or an S-curve, indexed amounts, nominal amounts in prices of the base year."""

from collections.abc import Sequence
from fractions import Fraction

from services.finance.core.deflators import Deflator, NominalAmount


class BeyondTheHorizon(ValueError):
    """A profile needs years that the appraisal does not have."""


def level(amount: Fraction | int, *, years: int, first: int = 0, last: int | None = None) -> list[Fraction]:
    """Return the same amount in each year from `first` to `last`, both included, 0 in the others.

    Raises BeyondTheHorizon.
    """
    last = years - 1 if last is None else last
    if not 0 <= first <= last < years:
        raise BeyondTheHorizon(f"years {first} to {last} do not lie in the years 0 to {years - 1}")
    return [Fraction(amount) if first <= year <= last else Fraction(0) for year in range(years)]


def ramped(amounts: Sequence[Fraction], ramp: Sequence[Fraction], *, first: int) -> list[Fraction]:
    """Return amounts with the first years scaled by a ramp, whose last step then holds. Raises BeyondTheHorizon."""
    if first + len(ramp) > len(amounts):
        raise BeyondTheHorizon(f"a ramp of {len(ramp)} steps from year {first} ends after year {len(amounts) - 1}")
    steps = [*([Fraction(0)] * first), *ramp]
    return [amount * steps[min(year, len(steps) - 1)] for year, amount in enumerate(amounts)]


def s_curve(steps: int) -> list[Fraction]:
    """Return a ramp that begins and ends gently, from 0 to 1 in `steps` steps: 3x² - 2x³, exact."""
    return [3 * x**2 - 2 * x**3 for x in (Fraction(step, steps) for step in range(steps + 1))]


def indexed(amounts: Sequence[Fraction], yearly: Fraction) -> list[Fraction]:
    """Return amounts that grow by a rate a year from year 0 on: nominal, where it is a price's growth."""
    return [amount * (1 + yearly) ** year for year, amount in enumerate(amounts)]


def in_base_prices(nominal: Sequence[Fraction], deflator: Deflator | None, *, base: int) -> list[Fraction]:
    """Return nominal amounts of the years from `base` on in prices of the base year. Raises NominalAmount."""
    real = []
    for year, amount in enumerate(nominal):
        if amount and deflator is None:
            raise NominalAmount("nominal amounts have no deflator")
        real.append(deflator.real(amount, of=base + year, base=base) if deflator and amount else Fraction(amount))
    return real
