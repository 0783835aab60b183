"""Reads from who succeeded whom what of a body's budgets goes where, as it was believed. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from libs.organisations.mergers import BelievedSuccession
from libs.organisations.successions import BOTH_CONTINUE, Shape


@dataclass(frozen=True, slots=True)
class BudgetStep:
    """From `effective_on` on, budgets of `code` go to its successors by exact shares; what is left stays.

    It was believed from `known_from` to `known_to` (None: until now). `continues` says that the body lives on, so that
    what is budgeted for it from the day on is its own.
    """

    code: str
    effective_on: date
    shares: tuple[tuple[str, Fraction], ...]
    merger: str
    continues: bool
    known_from: datetime
    known_to: datetime | None = None

    @property
    def key(self) -> str:
        """What tells it from every other one: the body and the day."""
        return key_of(self.code, self.effective_on)

    def is_believed_at(self, instant: datetime) -> bool:
        """Whether it was known at an instant, and not believed otherwise by then."""
        return self.known_from <= instant and (self.known_to is None or instant < self.known_to)

    @property
    def name(self) -> str:
        """The merger, or where it is none who followed whom."""
        return self.merger or f"{self.code}>{','.join(successor for successor, _ in self.shares)}"


def key_of(code: str, day: date) -> str:
    """Return what tells how a body was followed on a day from every other succession."""
    return f"{code} {day.isoformat()}"


def steps_of(rows: Iterable[BelievedSuccession]) -> list[BudgetStep]:
    """Return how budgets move by these successions, each after those that brought its body what it has.

    A merger, and any other succession by one body without a share below one, takes all. A split or a boundary change
    moves what its shares say, and nothing while one of them is not known or they exceed the whole.
    """
    of_body: dict[tuple[str, date], list[BelievedSuccession]] = defaultdict(list)
    for row in rows:
        of_body[row.code, row.effective_on].append(row)
    steps = [step for (code, day), about in of_body.items() for step in _steps_of_body(code, day, about)]
    return _in_order(steps)


def _steps_of_body(code: str, day: date, rows: Sequence[BelievedSuccession]) -> list[BudgetStep]:
    """Return what was believed of one body and day, one after the other."""
    instants = sorted({one for row in rows for one in (row.known_from, row.known_to) if one})
    steps: list[BudgetStep] = []
    for instant in instants:
        believed = [row for row in rows if row.known_from <= instant and (not row.known_to or instant < row.known_to)]
        new = _step(code, day, believed, instant)
        last = steps[-1] if steps and steps[-1].known_to is None else None
        if last and new and (last.shares, last.merger, last.continues) == (new.shares, new.merger, new.continues):
            continue
        if last:
            steps[-1] = BudgetStep(
                code, day, last.shares, last.merger, last.continues, last.known_from, known_to=instant
            )
        if new:
            steps.append(new)
    return steps


def _step(code: str, day: date, rows: Sequence[BelievedSuccession], instant: datetime) -> BudgetStep | None:
    moving = [row for row in rows if row.successor != code and row.shape != "parent_change"]
    if not moving:
        return None
    continues = any(row.shape in BOTH_CONTINUE for row in moving)
    if len(moving) == 1 and moving[0].share in ("", "1") and moving[0].shape not in (*BOTH_CONTINUE, Shape.SPLIT):
        shares = [(moving[0].successor, Fraction(1))]
    elif all(row.share for row in moving):
        shares = sorted((row.successor, Fraction(row.share)) for row in moving)
    else:
        return None
    if sum(share for _, share in shares) > 1:
        return None
    merger = next((row.merger for row in moving if row.merger), "")
    return BudgetStep(code, day, tuple(shares), merger, continues, instant)


def _in_order(steps: Sequence[BudgetStep]) -> list[BudgetStep]:
    """Order by day, on one day each after those whose successor is its body."""
    onto: Mapping[tuple[str, date], list[BudgetStep]] = defaultdict(list)
    for step in steps:
        for successor, _ in step.shares:
            onto[successor, step.effective_on].append(step)

    def depth(step: BudgetStep, seen: frozenset[str] = frozenset()) -> int:
        before = [one for one in onto.get((step.code, step.effective_on), ()) if one.code not in seen]
        return max((1 + depth(one, seen | {step.code}) for one in before), default=0)

    return sorted(steps, key=lambda step: (step.effective_on, depth(step), step.key, step.known_from))
