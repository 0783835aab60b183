"""Business cases for tests, and their figures by arithmetic on fractions that imports nothing of the services."""

from fractions import Fraction
from typing import Any

YEARS = 10
RAMP = ("0", "1/2", "1")


def a_case(
    *,
    one_off: int = 4_000_000_00,
    saving: int = 2_515_000_00,
    terminations: list[dict[str, str]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """S01's case: one option over business as usual, in pence, by a ramp of 0, a half and the whole."""
    lines = [
        {"line": "set-up", "title": "Setting up", "type": "cost", "amount_pence": one_off, "kind": "transition"},
        {
            "line": "saving",
            "title": "Shared back office",
            "type": "cash_releasing",
            "basis": "gross",
            "recurrent": True,
            "amount_pence": saving,
            "ramp": list(RAMP),
        },
    ]
    shared = {"option": "shared", "title": "Shared service", "lines": lines, "terminations": terminations or []}
    bau = {"option": "bau", "title": "Everything stays as it is", "kind": "bau"}
    return {"title": "Shared back office", "base_year": "2016-17", "years": YEARS, "options": [bau, shared]} | more


def worth(
    saving: Fraction | int, outlay: Fraction | int, *, rate: Fraction = Fraction(35, 1000), years: int = YEARS
) -> tuple[Fraction, Fraction, Fraction]:
    """Return the present value of a ramped saving, its NPV over an outlay in year 0, and the ratio, exact."""
    benefits, factor = Fraction(0), Fraction(1)
    for year in range(years):
        benefits += saving * Fraction(RAMP[min(year, 2)]) * factor
        factor /= 1 + rate
    return benefits, benefits - outlay, benefits / outlay


def half_up(exact: Fraction, places: int = 0) -> str:
    """Return a number with so many decimals, half rounded away from zero."""
    scaled = exact * 10**places
    whole, rest = divmod(abs(scaled.numerator), scaled.denominator)
    digits = str(whole + (2 * rest >= scaled.denominator)).rjust(places + 1, "0")
    sign = "-" if exact < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def pays_back_in(saving: int, outlay: int) -> int:
    """Return the first year from which what was saved covers the outlay."""
    total, year = Fraction(-outlay), 0
    while total < 0:
        year += 1
        total += saving * Fraction(RAMP[min(year, 2)])
    return year
