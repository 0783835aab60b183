"""Assesses how each contract of a plan can be left, prepares the ways out, and submits the plan to its members."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.events.contracts import TerminationPriced
from libs.common.messaging import outbox
from services.contracts.core.codes import Document, Reference
from services.contracts.core.errors import ContractNotFound, refuse
from services.contracts.core.rights import Expect, must_act_for_customers
from services.contracts.plans.changes import (
    Statement,
    add_acts,
    add_revision,
    get_plan_to_change,
    publish_plan,
    reread,
)
from services.contracts.plans.contracts import OldContract, day_before, load_contracts
from services.contracts.plans.errors import AlreadySubmitted, NotYetFeasible
from services.contracts.plans.feasibility import ContractOptions, steps_of, way_out, why_no_step, why_not_feasible
from services.contracts.plans.models import Cause, ExitChoice, Kind, PlanState, Preparation
from services.contracts.plans.prices import priced
from services.contracts.plans.queries import Plan
from services.contracts.plans.rules import prepared, state, submission


def _is_a_part(text: str) -> str:
    try:
        part = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError("a tolerance is a fraction, such as 1/20 or 0") from error
    if not 0 <= part <= 1:
        raise ValueError("a tolerance lies between 0 and 1")
    return str(part)


class ContractChoice(BaseModel):
    """How one contract is to be left: `wait` for its earliest free exit, or `pay` for the plan's day."""

    model_config = ConfigDict(extra="forbid")

    contract: Reference
    choice: ExitChoice


class AssessPlan(BaseModel):
    """The choices for the contracts that cannot be left free of charge by the plan's first day."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"choices": []}, {"choices": [{"contract": "PAYROLL-DUDLEY-2016", "choice": "wait"}]}]
        },
    )

    choices: list[ContractChoice] = Field(default_factory=list, max_length=250)

    @property
    def by_contract(self) -> dict[str, ExitChoice]:
        """The choices by contract; the last one counts."""
        return {one.contract: one.choice for one in self.choices}


class SubmitPlan(BaseModel):
    """The submission of a plan's current revision to its members."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"tolerance": "1/20"}]})

    tolerance: Annotated[str, Field(max_length=20, pattern=r"^[0-9]+(/[0-9]+)?$"), AfterValidator(_is_a_part)] = Field(
        default="0",
        description="By which part a member's share or charge may rise, because another withdraws, without its being "
        "asked again; an exact fraction.",
    )


class PrepareStep(BaseModel):
    """What was prepared for a contract before the commitment, or is recalled."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "contract": "PAYROLL-DUDLEY-2016",
                    "preparation": "supplier_agreed",
                    "document": "Deed of 12 January 2018",
                    "price_pence": 12_000_000,
                }
            ]
        },
    )

    contract: Reference
    preparation: Preparation = Field(
        description="`offer_to_end`, `supplier_agreed` (with its price) or `staff_information`."
    )
    document: Document
    price_pence: int | None = Field(
        default=None, strict=True, ge=0, le=10**13, description="The price that the supplier agreed to."
    )
    recalled: StrictBool = Field(default=False, description="Recalls what was prepared.")

    @model_validator(mode="after")
    def _prices_an_agreement(self) -> Self:
        is_agreement = self.preparation is Preparation.AGREEMENT and not self.recalled
        if is_agreement != (self.price_pence is not None):
            raise ValueError("price_pence belongs to supplier_agreed, which needs it")
        return self


async def ways_out(session: AsyncSession, plan: Plan, *, today: date) -> list[ContractOptions]:
    """Return how each contract of a plan can be left, in order of their references."""
    on = day_before(plan.shared.starts_on)
    contracts = await load_contracts(session, plan.history.current.contracts, on=on)
    return [_way_out(plan, one, today=today) for one in sorted(contracts, key=lambda one: one.reference)]


def _way_out(plan: Plan, old: OldContract, *, today: date) -> ContractOptions:
    agreement = prepared(plan.history, old.reference).get(Preparation.AGREEMENT)
    price = agreement.price_pence if agreement is not None else None
    return way_out(old, go_live_on=plan.shared.starts_on, today=today, agreed_pence=price)


async def assess_plan(
    session: AsyncSession, reference: str, command: AssessPlan, statement: Statement, *, expect: Expect
) -> Plan:
    """Record how each contract is left, as a revision on which every member is asked anew. No day of the plan moves.

    Raises ConsolidationNotFound, NotYoursToDecide, PlanEnded, PastThePivot, ContractNotFound, and NotYetFeasible with
    the two options of each contract that has no choice.
    """
    plan = await get_plan_to_change(session, reference, statement, expect=expect)
    ways, choices = await ways_out(session, plan, today=statement.today), command.by_contract
    if not ways:
        raise NotYetFeasible(f"{reference} replaces no contract yet")
    _must_be_of_the_plan(plan, choices)
    refuse(why_not_feasible(ways, choices))
    steps = steps_of(ways, choices)
    refuse(why_no_step(ways, steps))
    current = plan.history.current
    revision = replace(current, number=current.number + 1, cause=Cause.ASSESSED, steps=tuple(steps))
    await add_revision(
        session,
        plan.id,
        revision,
        plan.shared,
        statement,
        option=plan.option,
        previous_annual_pence=plan.previous_pence,
    )
    plan = await reread(session, plan)
    await outbox.add_all(session, await _estimates(session, plan, statement))
    await publish_plan(session, plan, statement)
    return plan


def _must_be_of_the_plan(plan: Plan, contracts: Mapping[str, object]) -> None:
    if unknown := sorted(set(contracts).difference(plan.history.current.contracts)):
        message = f"{', '.join(unknown)} is no contract of {plan.reference}"
        raise ContractNotFound(message, reasons=[Reason(message, "choices")])


async def _estimates(session: AsyncSession, plan: Plan, statement: Statement) -> list[TerminationPriced]:
    """Return the price of each contract that is to be paid for, which its supplier does not read."""
    paid = {step.contract: step for step in plan.history.current.steps if step.choice is ExitChoice.PAY}
    contracts = await load_contracts(session, paid, on=day_before(plan.shared.starts_on)) if paid else []
    return [
        priced(
            one,
            paid[one.reference],
            termination=termination_of(plan, one.reference),
            status="estimate",
            on=statement.today,
            stated_at=statement.stated_at,
        )
        for one in contracts
    ]


def termination_of(plan: Plan, contract: str) -> str:
    """Return the id of the end of a contract by a plan."""
    return f"{plan.reference}:{contract}"


async def submit_plan(
    session: AsyncSession, reference: str, command: SubmitPlan, statement: Statement, *, expect: Expect
) -> Plan:
    """Submit the current revision to every member, with the tolerance on which they accept.

    Raises ConsolidationNotFound, NotYoursToDecide, PlanEnded, PastThePivot, NotYetFeasible, AlreadySubmitted.
    """
    plan = await get_plan_to_change(session, reference, statement, expect=expect)
    now = state(plan.history)
    if now is PlanState.PLANNED:
        raise NotYetFeasible(f"{reference} has not been assessed")
    if submission(plan.history) is not None:
        raise AlreadySubmitted(f"{reference} is {now}")
    act = {"kind": Kind.SUBMITTED.value, "detail": command.tolerance}
    await add_acts(session, plan.id, plan.history.current.number, statement, act)
    return await reread(session, plan)


async def prepare_step(
    session: AsyncSession, reference: str, command: PrepareStep, statement: Statement, *, expect: Expect
) -> Plan:
    """Record what is prepared for a contract, or recall it, for who acts for all its customers.

    Raises ConsolidationNotFound, ContractNotFound, NotYoursToDecide, PlanEnded, PastThePivot, NotYetFeasible.
    """
    plan = await get_plan_to_change(session, reference, statement, expect=lambda _: None)
    _must_be_of_the_plan(plan, {command.contract: None})
    [old] = await load_contracts(session, [command.contract], on=day_before(plan.shared.starts_on))
    await must_act_for_customers(await raw(session), old.customers, by=statement.by, today=statement.today)
    expect(plan.history.current.number)
    latest = prepared(plan.history, command.contract).get(command.preparation)
    if command.recalled and latest is None:
        raise NotYetFeasible(f"{command.contract}: no {command.preparation} was prepared")
    act = {
        "kind": (Kind.RECALLED if command.recalled else Kind.PREPARED).value,
        "contract": command.contract,
        "detail": command.preparation.value,
        "document": command.document,
        "price_pence": command.price_pence,
    }
    await add_acts(session, plan.id, plan.history.current.number, statement, act)
    return await reread(session, plan)
