"""Ranks items by benefit-cost ratio and takes each in turn under the same rules: the usual method, to compare with."""

from collections import Counter
from fractions import Fraction

from services.finance.plans.checker import remaining
from services.finance.plans.problem import QUARTERS, Item, Problem, Start

Years = tuple[int | None, ...]


def ratio(start: Start) -> Fraction:
    """Return an item's value for each pound of money that it needs; the value itself where it needs none."""
    cash = sum(pence for _, pence in start.cash_pence)
    return Fraction(start.value_pence, cash) if cash else Fraction(start.value_pence)


def ranked(problem: Problem) -> tuple[Years, list[int]]:
    """Return the years that ranking gives, and the items that have to be done and found no room."""
    room = _Room(problem)
    left_out: list[int] = []
    mandatory = {item for group in problem.alternatives if group.mandatory for item in group.items}
    best = {number: _best(item) for number, item in enumerate(problem.items) if item.starts}
    for number in sorted(best, key=lambda one: _rank(problem.items[one], best[one], number=one, also=mandatory)):
        item = problem.items[number]
        needed = item.is_fixed or number in mandatory
        for start in sorted(item.starts, key=lambda one: (-one.value_pence, one.year)):
            if (needed or start.value_pence > 0) and room.takes(number, start):
                break
        else:
            if item.is_fixed:
                left_out.append(number)
    left_out += [
        group.items[0]
        for group in problem.alternatives
        if group.mandatory and all(room.years[item] is None for item in group.items)
    ]
    return tuple(room.years), left_out


def _best(item: Item) -> Start:
    return max(item.starts, key=lambda start: (start.value_pence, -start.year))


def _rank(item: Item, best: Start, *, number: int, also: set[int]) -> tuple[bool, bool, Fraction, int]:
    return not item.committed, not (item.mandatory or number in also), -ratio(best), number


class _Room:
    """What is left of budgets, go-lives and suppliers while items are taken one after the other."""

    def __init__(self, problem: Problem) -> None:
        self.years: list[int | None] = [None] * len(problem.items)
        self._problem = problem
        self._spent = [0] * problem.years
        self._later: Counter[tuple[int, int, int]] = Counter()
        self._before = {
            number: [b for b, after in problem.dependencies if after == number]
            for number in {after for _, after in problem.dependencies}
        }
        self._groups = {item: group.items for group in problem.alternatives for item in group.items}
        self._customs = {
            item: (number, place)
            for number, supplier in enumerate(problem.suppliers)
            for place, custom in enumerate(supplier.customs)
            for item in custom.items
        }
        self._left_in: list[list[int | None]] = [[None] * len(supplier.customs) for supplier in problem.suppliers]

    def takes(self, number: int, start: Start) -> bool:
        """Take an item at a start if it fits; return whether it did."""
        if not (
            self._is_in_order(number, start)
            and self._has_money(start)
            and self._has_quarters(number, start)
            and self._keeps_supplier(number, start)
        ):
            return False
        self.years[number] = start.year
        for year, pence in start.cash_pence:
            self._spent[year] += pence
        for limit, bound in enumerate(self._problem.go_lives):
            if bound.function in ("", self._problem.items[number].function):
                self._later.update((limit, quarter, start.year) for quarter in range(1, start.quarter + 1))
        if number in self._customs:
            supplier, place = self._customs[number]
            self._left_in[supplier][place] = start.year
        return True

    def _is_in_order(self, number: int, start: Start) -> bool:
        years = self.years
        if any(years[other] is not None for other in self._groups.get(number, ())):
            return False
        return all((year := years[one]) is not None and year <= start.year for one in self._before.get(number, ()))

    def _has_money(self, start: Start) -> bool:
        budgets = self._problem.budgets_pence
        if budgets is None:
            return True
        needs = dict(start.cash_pence)
        carried = 0
        for year, budget in enumerate(budgets):
            left = budget + carried - self._spent[year] - needs.get(year, 0)
            if left < 0:
                return False
            carried = left if self._problem.carry_over else 0
        return True

    def _has_quarters(self, number: int, start: Start) -> bool:
        function = self._problem.items[number].function
        return all(
            self._later[limit, quarter, start.year] < bound.per_quarter * (len(QUARTERS) + 1 - quarter)
            for limit, bound in enumerate(self._problem.go_lives)
            if bound.function in ("", function)
            for quarter in range(1, start.quarter + 1)
        )

    def _keeps_supplier(self, number: int, start: Start) -> bool:
        """Return whether the supplier carries on without this contract, as ranking has no means to move the others."""
        if number not in self._customs:
            return True
        index, place = self._customs[number]
        supplier = self._problem.suppliers[index]
        left_in = list(self._left_in[index])
        left_in[place] = start.year
        charges = remaining(self._problem, supplier, left_in)
        return all(
            pence >= supplier.need_pence or all(left is not None and left <= year for left in left_in)
            for year, pence in enumerate(charges)
        )
