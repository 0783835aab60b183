"""The same problem for CP-SAT: one variable for each item and year, money in whole pence, no cumulative form."""

from ortools.sat.python import cp_model

from services.finance.plans.problem import QUARTERS, Problem, Supplier


def best_by_another_solver(problem: Problem) -> int | None:
    """The value of the best plan by CP-SAT; None where it finds none."""
    formulation = _Formulation(problem)
    formulation.state()
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    if solver.solve(formulation.model) != cp_model.OPTIMAL:
        return None
    return round(solver.objective_value)


class _Formulation:
    """The rules of one problem, each in its own method. Quarters follow from the years, by late quarters alone."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.model = problem, cp_model.CpModel()
        self._does = {
            (number, start.year): self.model.new_bool_var(f"{number} {start.year}")
            for number, item in enumerate(problem.items)
            for start in item.starts
        }

    def state(self) -> None:
        """State every rule, and what to maximise."""
        self._items()
        for year in range(self.problem.years):
            self._money(year)
            self._go_lives(year)
            for before, after in self.problem.dependencies:
                self.model.add(self._by(after, year) <= self._by(before, year))
            for supplier in self.problem.suppliers:
                self._supplier(supplier, year)
        self.model.maximize(
            sum(
                start.value_pence * self._does[number, start.year]
                for number, item in enumerate(self.problem.items)
                for start in item.starts
            )
        )

    def _by(self, number: int, year: int) -> cp_model.LinearExprT:
        return sum(one for (item, when), one in self._does.items() if item == number and when <= year)

    def _items(self) -> None:
        last = self.problem.years
        for number, item in enumerate(self.problem.items):
            self.model.add(self._by(number, last) <= 1)
            if item.is_fixed:
                self.model.add(self._by(number, last) == 1)
        for group in self.problem.alternatives:
            done = sum(self._by(item, last) for item in group.items)
            self.model.add(done <= 1)
            if group.mandatory:
                self.model.add(done == 1)

    def _money(self, year: int) -> None:
        budgets = self.problem.budgets_pence
        if budgets is None:
            return
        first = 0 if self.problem.carry_over else year
        spent = sum(
            pence * self._does[number, start.year]
            for number, item in enumerate(self.problem.items)
            for start in item.starts
            for when, pence in start.cash_pence
            if first <= when <= year
        )
        self.model.add(spent <= sum(budgets[first : year + 1]))

    def _go_lives(self, year: int) -> None:
        for limit in self.problem.go_lives:
            for quarter in QUARTERS:
                late = [
                    self._does[number, start.year]
                    for number, item in enumerate(self.problem.items)
                    for start in item.starts
                    if start.year == year and start.quarter >= quarter and limit.function in ("", item.function)
                ]
                self.model.add(sum(late) <= limit.per_quarter * (len(QUARTERS) + 1 - quarter))

    def _supplier(self, supplier: Supplier, year: int) -> None:
        works = self.model.new_bool_var(f"{supplier.name} {year}")
        gone = [(custom, sum(self._by(item, year) for item in custom.items)) for custom in supplier.customs]
        charges = supplier.total_pence - sum(custom.annual_pence * left for custom, left in gone)
        self.model.add(charges >= supplier.need_pence).only_enforce_if(works)
        for _, left in gone:
            self.model.add(left == 1).only_enforce_if(~works)
