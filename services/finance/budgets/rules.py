"""Rules of budgets: part of a year and full year, ceilings, virements, and what was only renamed. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from libs.common.errors import DomainError, Reason
from libs.common.money import nearest_penny, pounds
from services.finance.budgets.errors import (
    CeilingExceeded,
)
from services.finance.core.years import FinancialYear, days_of

MOST_PENCE = 10**13


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A line of a budget, with what it has."""

    id: int
    organisation: str
    year: FinancialYear
    account: str
    function: str
    service: str
    locality: str
    care_model: str
    pay: bool
    recurrent: bool
    admin: bool
    transition: bool
    amount_pence: int = 0

    @property
    def name(self) -> str:
        """Its name outside."""
        return name_of(self.id)

    @property
    def group(self) -> tuple[str, str, str]:
        """What stays the same when a line is only renamed from administration to programme."""
        return self.account, self.function, self.service


def name_of(line: int) -> str:
    """Return the name of a line outside."""
    return f"BL-{line}"


def part_of_year(annual_pence: int, year: FinancialYear, first_day: date) -> int:
    """Return what an annual amount is worth in a year from a day on, by days (golden 27)."""
    days = days_of(max(first_day, year.first_day), year.last_day)
    return nearest_penny(Fraction(annual_pence * days, year.days))


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a body may plan for administration: its allowance less the saving required of it."""

    allowance_pence: int
    required_saving: Fraction = Fraction(0)

    @property
    def saving_pence(self) -> int:
        """The saving required, in pence."""
        return nearest_penny(self.allowance_pence * self.required_saving)

    @property
    def pence(self) -> int:
        """The ceiling."""
        return self.allowance_pence - self.saving_pence


def why_above(ceiling: Ceiling | None, before_pence: int, after_pence: int, *, whose: str = "") -> list[DomainError]:
    """Return the refusal where lines of administration rise above the ceiling; none where no allowance is known.

    `whose` names the body where it is not the one whose lines are asked about.
    """
    if ceiling is None or after_pence <= max(before_pence, ceiling.pence):
        return []
    lines = f"lines of administration{f' of {whose}' if whose else ''}"
    message = f"{lines} would sum to {pounds(after_pence)}, above the ceiling of {pounds(ceiling.pence)}"
    return [CeilingExceeded(message, reasons=[Reason(message, "lines")])]


@dataclass(frozen=True, slots=True)
class Change:
    """What a line rose or fell by, as stated; `opening` where it is the first amount of the line."""

    line: BudgetLine
    amount_pence: int
    stated_at: datetime
    opening: bool


@dataclass(frozen=True, slots=True)
class Redesignation:
    """Administration that became programme under the same account, function and service: no saving."""

    account: str
    function: str
    service: str
    amount_pence: int
    of_pence: int


def redesignated(changes: Iterable[Change]) -> list[Redesignation]:
    """Return what of a body's year fell as administration and rose as programme, in the order of account.

    A programme line opened after administration of its group had fallen rose by all that it has.
    """
    opened: dict[tuple[str, str, str], int] = defaultdict(int)
    fallen: dict[tuple[str, str, str], int] = defaultdict(int)
    risen: dict[tuple[str, str, str], int] = defaultdict(int)
    for change in sorted(changes, key=lambda one: (one.stated_at, not one.line.admin)):
        group = change.line.group
        if change.line.admin:
            if change.opening:
                opened[group] += change.amount_pence
            else:
                fallen[group] -= change.amount_pence
        elif not change.opening or fallen[group] > 0:
            risen[group] += change.amount_pence
    return [
        Redesignation(*group, min(fallen[group], risen[group]), opened[group])
        for group in sorted(fallen)
        if min(fallen[group], risen[group]) > 0
    ]
