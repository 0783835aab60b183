"""The best plan so far, which several threads offer to and read."""

from threading import Lock

from services.finance.plans.problem import Plan, Problem, value_pence


class Incumbent:
    """The plan of the highest value among those that were offered; the first of equals."""

    def __init__(self, problem: Problem) -> None:
        self._problem, self._lock = problem, Lock()
        self._plan: Plan | None = None
        self._value: int | None = None

    @property
    def plan(self) -> Plan | None:
        """The best plan, None before the first."""
        return self._plan

    @property
    def value_pence(self) -> int | None:
        """What it is worth."""
        return self._value

    def offer(self, plan: Plan) -> None:
        """Keep a plan where it is worth more than the best one so far."""
        value = value_pence(self._problem, plan)
        with self._lock:
            if self._value is None or value > self._value:
                self._plan, self._value = plan, value
