"""Estimates savings by benchmark: low, middle and high, with the realisation as an input of its own. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from libs.common.rulepacks import RulePack
from services.finance.savings.rules import RealisationRate

SUBJECT = "savings-benchmark"


@dataclass(frozen=True, slots=True)
class Range:
    """A saving a year in pence, exact: low, middle and high."""

    low: Fraction
    high: Fraction

    @property
    def mid(self) -> Fraction:
        """Half way between."""
        return (self.low + self.high) / 2

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.high + other.high)

    def times(self, factor: Fraction) -> "Range":
        """Return the range scaled."""
        return Range(self.low * factor, self.high * factor)


NOTHING = Range(Fraction(0), Fraction(0))


@dataclass(frozen=True, slots=True)
class Realisation:
    """The part of a saving that is expected to arrive: `chosen` (None: the whole), or learned by function."""

    chosen: Fraction | None = None
    learned: Mapping[str, RealisationRate] | None = None

    def of(self, function: str) -> tuple[Fraction, str]:
        """Return the part of a function and its source: `full`, `chosen`, or `learned`.

        Where nothing was learned of the function yet it is the whole.
        """
        rate = None if self.learned is None else self.learned.get(function)
        if rate is not None:
            return rate.rate, "learned"
        part = Fraction(1) if self.chosen is None else self.chosen
        return part, "full" if part == 1 else "chosen"


def benchmark_of(pack: RulePack | None, function: str) -> Range | None:
    """Return the parts of its cost that a function has saved elsewhere; None where there is no benchmark."""
    found = None if pack is None else pack.values["functions"].get(function)
    return None if found is None else Range(Fraction(found["low"]), Fraction(found["high"]))


def estimate(
    baselines: Mapping[str, int], pack: RulePack | None, *, realisation: Realisation | None = None
) -> dict[str, Range | None]:
    """Return the saving of each function on its baseline; None for one without a benchmark."""
    found: dict[str, Range | None] = {}
    for function, baseline in baselines.items():
        benchmark = benchmark_of(pack, function)
        part, _ = (realisation or Realisation()).of(function)
        found[function] = None if benchmark is None else benchmark.times(baseline * part)
    return found
