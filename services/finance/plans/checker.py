"""Checks a plan in whole pence against every rule of its problem. Knows no solver and no matrix.

It runs before an answer is shown: what a solver did in floating point counts for nothing until it has passed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.finance.plans.problem import QUARTERS, Plan, Problem, Start, Supplier, funds, spending, starts_of


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a plan breaks: for what, in which year, and by how much (pence, or items)."""

    rule: str
    subject: str
    year: int | None = None
    excess: int = 0


def violations(problem: Problem, plan: Plan) -> list[Violation]:
    """Return every rule that the plan breaks; none where it may be shown."""
    if broken := list(_starts(problem, plan)):
        # Nothing else can be asked of a plan that does what is not on offer.
        return broken
    return [
        *_fixed(problem, plan),
        *_alternatives(problem, plan),
        *_budgets(problem, plan),
        *_dependencies(problem, plan),
        *_quarters(problem, plan),
        *_go_lives(problem, plan),
        *_suppliers(problem, plan),
        *_target(problem, plan),
    ]


def _starts(problem: Problem, plan: Plan) -> Iterator[Violation]:
    if len(plan.years) != len(problem.items) or len(plan.quarters) != len(problem.items):
        yield Violation("size", "plan", excess=len(problem.items))
        return
    for item, year, quarter in zip(problem.items, plan.years, plan.quarters, strict=True):
        if year is not None and year not in {start.year for start in item.starts}:
            yield Violation("notice", item.name, year)
        if (year is None) != (quarter is None):
            yield Violation("quarter", item.name, year)


def _fixed(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for item, year in zip(problem.items, plan.years, strict=True):
        if item.committed and year != item.starts[0].year:
            yield Violation("committed", item.name, item.starts[0].year)
        elif item.mandatory and year is None:
            yield Violation("mandatory", item.name)


def _alternatives(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for group in problem.alternatives:
        done = [number for number in group.items if plan.years[number] is not None]
        names = ", ".join(problem.items[number].name for number in done or group.items)
        if len(done) > 1:
            yield Violation("alternatives", names, excess=len(done) - 1)
        if group.mandatory and not done:
            yield Violation("mandatory", names)


def _budgets(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for year, left in enumerate(funds(problem, spending(problem, plan.years))):
        if left < 0:
            yield Violation("budget", "budget", year, -left)


def _dependencies(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for before, after in problem.dependencies:
        year, earlier = plan.years[after], plan.years[before]
        if year is None:
            continue
        subject = f"{problem.items[after].name} after {problem.items[before].name}"
        is_late = (plan.quarters[before] or 0) > (plan.quarters[after] or 0)
        if earlier is None or earlier > year or (earlier == year and is_late):
            yield Violation("dependency", subject, year)


def _placed(problem: Problem, plan: Plan) -> Iterator[tuple[str, str, Start, int]]:
    for number, item, start in starts_of(problem, plan.years):
        yield item.name, item.function, start, plan.quarters[number] or 0


def _quarters(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for name, _, start, quarter in _placed(problem, plan):
        if quarter not in QUARTERS or quarter < start.quarter:
            yield Violation("quarter", name, start.year)


def _go_lives(problem: Problem, plan: Plan) -> Iterator[Violation]:
    placed = list(_placed(problem, plan))
    for limit in problem.go_lives:
        count = Counter(
            (start.year, quarter) for _, function, start, quarter in placed if limit.function in ("", function)
        )
        for (year, quarter), items in sorted(count.items()):
            if items > limit.per_quarter:
                subject = f"quarter {quarter}" + (f" of {limit.function}" if limit.function else "")
                yield Violation("go-lives", subject, year, items - limit.per_quarter)


def _suppliers(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for supplier in problem.suppliers:
        left_in = [_left_in(plan, custom.items) for custom in supplier.customs]
        charges = remaining(problem, supplier, left_in)
        for year, pence in enumerate(charges):
            stays = sum(1 for left in left_in if left is None or left > year)
            if pence < supplier.need_pence and stays:
                yield Violation("supplier", supplier.name, year, supplier.need_pence - pence)


def _left_in(plan: Plan, items: Sequence[int]) -> int | None:
    """Return the first year in which a contract has left, by one of its items."""
    return min((year for item in items if (year := plan.years[item]) is not None), default=None)


def remaining(problem: Problem, supplier: Supplier, left_in: Sequence[int | None]) -> list[int]:
    """Return what a supplier still charges in each year, with the contracts gone that have left."""
    gone: dict[int, int] = defaultdict(int)
    for custom, year in zip(supplier.customs, left_in, strict=True):
        if year is not None:
            gone[year] += custom.annual_pence
    charges, pence = [], supplier.total_pence
    for year in range(problem.years):
        pence -= gone[year]
        charges.append(pence)
    return charges


def closures(problem: Problem, plan: Plan) -> dict[str, int]:
    """Return the suppliers that a plan closes, each with the year."""
    closed: dict[str, int] = {}
    for supplier in problem.suppliers:
        charges = remaining(problem, supplier, [_left_in(plan, custom.items) for custom in supplier.customs])
        year = next((year for year, pence in enumerate(charges) if pence < supplier.need_pence), None)
        if year is not None:
            closed[supplier.name] = year
    return closed


def _target(problem: Problem, plan: Plan) -> Iterator[Violation]:
    if problem.target_pence is not None:
        worth = sum(start.value_pence for _, _, start in starts_of(problem, plan.years))
        if worth < problem.target_pence:
            yield Violation("target", "savings target", excess=problem.target_pence - worth)
