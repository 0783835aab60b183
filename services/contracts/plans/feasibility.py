"""Works out how each contract of a plan can be left: free of charge and when, or by the plan's day at a price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from libs.common.errors import DomainError, Reason
from libs.common.temporal.days import LATEST
from services.contracts.exits.day_of_service import deemed_on
from services.contracts.exits.rules import Leaving, earliest_free_exit_from, next_exit_day, notice_due_for
from services.contracts.plans.contracts import OldContract, day_before, leaving_of
from services.contracts.plans.errors import NotYetFeasible
from services.contracts.plans.models import ExitChoice
from services.contracts.plans.prices import paid_by_customers, price_to_leave
from services.contracts.plans.rules import Step, months_between


@dataclass(frozen=True, slots=True)
class ContractOptions:
    """The two options of one contract; no day of the plan moves by itself.

    `earliest_exit_on` is its earliest last day of service without payment, by notice served today; `notice_by` the last
    day to serve it, None where the contract ends by itself. `price_pence` is what leaving for the plan's day costs;
    None: `unpriced` names what is missing.
    """

    contract: str
    last_day: date
    go_live_on: date
    earliest_exit_on: date
    notice_by: date | None
    price_pence: int | None
    unpriced: tuple[str, ...]

    @property
    def is_free(self) -> bool:
        """Whether it can be left for the plan's day without payment."""
        return self.earliest_exit_on <= day_before(self.go_live_on)

    @property
    def waits_until(self) -> date:
        """The first day of the shared service for who waits."""
        return max(self.go_live_on, self.earliest_exit_on + timedelta(days=1))

    @property
    def delay_months(self) -> int:
        """The whole months by which waiting delays it."""
        return months_between(self.go_live_on, self.waits_until)

    def step(self, choice: ExitChoice) -> Step:
        """Return its step by a choice; what is free of charge is not paid for."""
        if choice is ExitChoice.PAY and not self.is_free:
            exit_on = self.go_live_on
            return Step(self.contract, choice, exit_on, exit_on, self.price_pence, self.unpriced)
        ends_on = min(self.last_day, day_before(self.waits_until))
        return Step(self.contract, ExitChoice.WAIT, ends_on + timedelta(days=1), self.waits_until)


def way_out(old: OldContract, *, go_live_on: date, today: date, agreed_pence: int | None = None) -> ContractOptions:
    """Return how a contract can be left, by notice served today (EXIT-1, EXIT-2) or at an agreed price."""
    leaving = leaving_of(old)
    deemed = deemed_on(today, leaving.terms.deemed_service)
    earliest = _earliest_from(leaving, day_before(go_live_on), deemed=deemed)
    price, missing = _price(old, go_live_on, is_free=earliest <= day_before(go_live_on), agreed_pence=agreed_pence)
    return ContractOptions(
        old.reference,
        LATEST if leaving.terms.renewal_months else old.contract.ends_on,
        go_live_on,
        earliest,
        notice_due_for(leaving, earliest),
        price,
        missing,
    )


def _price(
    old: OldContract, exit_on: date, *, is_free: bool, agreed_pence: int | None
) -> tuple[int | None, tuple[str, ...]]:
    """Return what the customers pay to leave by a day, or None with the terms that are missing for it."""
    if is_free:
        return 0, ()
    if agreed_pence is not None:
        return agreed_pence, ()
    price = price_to_leave(old, exit_on)
    if price.unpriced:
        return None, tuple(price.unpriced)
    return paid_by_customers(price.components, old), ()


def _earliest_from(leaving: Leaving, day: date, *, deemed: date) -> date:
    """Return the first end on or after a day that notice deemed served then reaches free of charge.

    A contract that ends by itself before the day ends then.
    """
    free = earliest_free_exit_from(leaving, deemed)
    if free >= day:
        return free
    breaks = (clause.last_day for clause in leaving.terms.breaks if clause.last_day >= day)
    reached = (one for one in breaks if (due := notice_due_for(leaving, one)) is not None and due >= deemed)
    return min([next_exit_day(leaving, day), *reached])


def steps_of(ways: Sequence[ContractOptions], choices: Mapping[str, ExitChoice]) -> list[Step]:
    """Return the step of each contract by the choices; those that are free need none."""
    return [way.step(choices.get(way.contract, ExitChoice.WAIT)) for way in ways]


def why_not_feasible(ways: Sequence[ContractOptions], choices: Mapping[str, ExitChoice]) -> list[DomainError]:
    """Return a refusal, with both options, for each contract that is not free by the plan's day and has no choice."""
    return [_refusal(way) for way in ways if not way.is_free and way.contract not in choices]


def why_no_step(ways: Sequence[ContractOptions], steps: Sequence[Step]) -> list[DomainError]:
    """Return a refusal where no contract moves on the day on which the shared contract begins."""
    if not steps or any(step.move_on <= way.go_live_on for step, way in zip(steps, ways, strict=True)):
        return []
    message = f"no contract moves on {ways[0].go_live_on}: revise the plan's first day, or pay for one of them"
    return [NotYetFeasible(message, reasons=[Reason(message, "choices")])]


def _refusal(way: ContractOptions) -> DomainError:
    price = f"{way.price_pence} pence" if way.price_pence is not None else f"unpriced: {', '.join(way.unpriced)}"
    by_notice = f", with notice by {way.notice_by}" if way.notice_by is not None else ""
    message = (
        f"{way.contract} cannot be left by {day_before(way.go_live_on)}: wait until {way.earliest_exit_on}{by_notice}, "
        f"{way.delay_months} months later, or pay ({price})"
    )
    return NotYetFeasible(message, reasons=[Reason(message, "choices")])
