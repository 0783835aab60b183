"""What a tariff gives for a number of people."""

from fractions import Fraction
from math import floor


def tariff_pence(people: int, pence_per_head: Fraction) -> int:
    """Return the charge of a year in whole pence, half a penny rounded up."""
    return floor(people * pence_per_head + Fraction(1, 2))
