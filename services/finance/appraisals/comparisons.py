"""The incremental table: options by cost, each against the next cheaper one that is not dominated."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.finance.appraisals.worth import Appraised, Measures


@dataclass(frozen=True, slots=True)
class Increment:
    """One row: an option, who dominates it, or what it adds to the next cheaper option that is not dominated."""

    option: str
    dominated_by: str | None
    over: str | None
    added_cost: Fraction
    added_npv: Fraction
    bcr: Fraction | None


def incremental_table(appraised: Sequence[Appraised], *, bau: str) -> list[Increment]:
    """Return a row for each option, the cheapest first, which stands over business as usual.

    An option is dominated by another one that costs at most as much, brings at least the same benefit, and is better
    in one of both. Of two that are the same in both, neither is.
    """
    by_cost = sorted(appraised, key=lambda each: (each.measures.pv_costs, each.option.option))
    rows: list[Increment] = []
    over, cost, npv = bau, Fraction(0), Fraction(0)
    for each in by_cost:
        measures = each.measures
        if better := next((other for other in by_cost if _dominates(other, each)), None):
            rows.append(Increment(each.option.option, better.option.option, None, Fraction(0), Fraction(0), None))
            continue
        added_cost, added_npv = measures.pv_costs - cost, measures.npv - npv
        ratio = (added_npv + added_cost) / added_cost if added_cost > 0 else None
        rows.append(Increment(each.option.option, None, over, added_cost, added_npv, ratio))
        over, cost, npv = each.option.option, measures.pv_costs, measures.npv
    return rows


def _dominates(one: Appraised, other: Appraised) -> bool:
    mine, theirs = one.measures, other.measures
    no_worse = mine.pv_costs <= theirs.pv_costs and mine.pv_benefits >= theirs.pv_benefits
    return no_worse and (mine.pv_costs, mine.pv_benefits) != (theirs.pv_costs, theirs.pv_benefits)


def best(appraised: Sequence[Appraised]) -> Appraised | None:
    """Return the option with the highest NPV; None where each is below business as usual, or there is none."""
    highest = max(appraised, key=lambda each: each.measures.npv, default=None)
    return highest if highest is not None and highest.measures.npv > 0 else None


def passes(measures: Measures, benchmark: Fraction) -> bool:
    """Return whether measures reach a benchmark of the BCR; those without costs do where they have a benefit."""
    ratio = measures.bcr
    return measures.pv_benefits > 0 if ratio is None else ratio >= benchmark
