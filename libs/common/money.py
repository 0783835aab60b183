"""Money in whole pence, and splits that sum exactly."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


def pence(pounds: Decimal | str | int) -> int:
    """Return an amount in GBP as whole pence, half a penny rounded up (away from zero)."""
    return int((Decimal(pounds) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def nearest_penny(exact: Fraction) -> int:
    """Return an exact amount of pence as whole pence, half a penny rounded up (away from zero)."""
    whole, rest = divmod(abs(exact.numerator), exact.denominator)
    rounded = whole + (2 * rest >= exact.denominator)
    return rounded if exact >= 0 else -rounded


def pounds(amount_pence: int) -> str:
    """Format pence as pounds: `1234567` -> `£12,345.67`, with a leading minus if negative."""
    sign = "-" if amount_pence < 0 else ""
    whole, rest = divmod(abs(amount_pence), 100)
    return f"{sign}£{whole:,}.{rest:02d}"


def apportion(amount_pence: int, weights: Sequence[Decimal | Fraction | int]) -> list[int]:
    """Split an amount in proportion to `weights`, so that the parts sum to it to the penny.

    Largest-remainder method: each part is rounded down, then the pennies left over go to the largest remainders, the
    earlier one first if two are equal. Weights are exact numbers (no float), none negative, not all zero. Raises
    ValueError on weights that cannot divide anything.
    """
    shares = [Fraction(weight) for weight in weights]
    total = sum(shares)
    if not shares or total <= 0 or min(shares) < 0:
        raise ValueError("weights must be zero or more, and not all zero")
    sign = -1 if amount_pence < 0 else 1
    exact = [abs(amount_pence) * share / total for share in shares]
    parts = [int(part) for part in exact]
    left = abs(amount_pence) - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[:left]:
        parts[index] += 1
    return [sign * part for part in parts]
