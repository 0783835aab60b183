"""Optimism bias on cost and duration: upper bounds by category, mixed by share, and reduced by mitigation."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

STAGES = ("strategic_outline", "outline", "full")
"""The stages of a business case, in order."""


@dataclass(frozen=True, slots=True)
class Mitigation:
    """A factor that contributes a part of the bias, and how far it is mitigated from a stage on."""

    contribution: Fraction
    mitigated: Fraction
    from_stage: str = STAGES[0]


def mixed_bound(bounds: Iterable[tuple[Fraction, Fraction]]) -> Fraction:
    """Return the upper bound of a mix of categories, each with its share."""
    return sum((share * bound for share, bound in bounds), Fraction(0))


def optimism_bias(bound: Fraction, mitigations: Iterable[Mitigation], *, stage: str) -> Fraction:
    """Return the bias that is left: the upper bound times (1 - sum of contribution times mitigation).

    Only what is mitigated by the stage counts. Mitigation reduces the bias itself, never the cost beside it.
    """
    reached = STAGES.index(stage)
    done = (each for each in mitigations if STAGES.index(each.from_stage) <= reached)
    return bound * (1 - sum((each.contribution * each.mitigated for each in done), Fraction(0)))
