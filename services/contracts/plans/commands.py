"""Draws up a plan to consolidate, revises it, and lets members enter with their contracts."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from services.contracts.agreements.terms import EXAMPLE_TERMS, Terms
from services.contracts.core.codes import OdsCode, Reference
from services.contracts.core.errors import ReferenceTaken, refuse
from services.contracts.core.rights import Expect, must_act_for_customers, must_decide
from services.contracts.core.sight import must_know
from services.contracts.plans.changes import (
    Statement,
    add_acts,
    add_revision,
    get_plan_to_change,
    publish_plan,
    recalls,
    reread,
)
from services.contracts.plans.contracts import OldContract, day_before, load_contracts
from services.contracts.plans.errors import NotAMember, NotYetEntered, PlanReferenceTaken
from services.contracts.plans.models import Cause, ConsolidationPlan, Kind
from services.contracts.plans.queries import Plan, SharedTerms, plans_of
from services.contracts.plans.rules import Revision, entered

Option = Literal["csu_serves_both", "joint_entity", "multiple_providers"]

_TAKEN = "SELECT reference FROM contract WHERE reference = ANY($1)"


class PlanMember(BaseModel):
    """A body that is to take part, and its weight in the charge of the shared service."""

    model_config = ConfigDict(extra="forbid")

    organisation: OdsCode
    weight: int = Field(
        default=1,
        strict=True,
        ge=1,
        le=10**12,
        description="Its part of the charge: its weight among the weights of all.",
    )


class RevisePlan(Terms):
    """The terms of the shared contract of a plan, its members and the way in which it is to be delivered."""

    reference: Reference = Field(description="Reference of the shared contract.")
    members: list[PlanMember] = Field(min_length=2, max_length=250)
    option: Option = Field(default="csu_serves_both", description="The option of delivery.")

    @model_validator(mode="after")
    def _names_each_member_once(self) -> Self:
        if len({member.organisation for member in self.members}) != len(self.members):
            raise ValueError("each member may be named once only")
        return self

    def shared_terms(self) -> SharedTerms:
        """Return the terms of the shared contract. Raises FunctionUnknown, OutsideCareModel, NoRuleInForce."""
        self.care_model_in_scope()
        return SharedTerms.model_validate(self.model_dump(include=set(SharedTerms.model_fields)))

    @property
    def codes(self) -> tuple[str, ...]:
        """The members' codes, sorted."""
        return tuple(sorted(member.organisation for member in self.members))

    @property
    def weights(self) -> tuple[int, ...]:
        """Their weights, in the same order."""
        of = {member.organisation: member.weight for member in self.members}
        return tuple(of[code] for code in self.codes)


EXAMPLE_PLAN = EXAMPLE_TERMS | {
    "plan": "PLAN-PAYROLL-2019",
    "reference": "SHARED-PAYROLL-2019",
    "title": "Shared payroll for the Black Country",
    "starts_on": "2019-04-01",
    "last_day": "2024-03-31",
    "proposed_by": "05C",
    "members": [{"organisation": "05C", "weight": 3}, {"organisation": "05Y", "weight": 2}],
    "contracts": ["PAYROLL-DUDLEY-2016"],
}


class PlanConsolidation(RevisePlan):
    """A plan for one shared service in the place of several contracts; it binds no member until each has accepted."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_PLAN]})

    plan: Reference = Field(description="Reference of the plan.")
    proposed_by: OdsCode = Field(description="The member that draws the plan up; it enters by this.")
    contracts: list[Reference] = Field(
        default_factory=list,
        max_length=250,
        description="The contracts that the proposer brings; the other members bring theirs when they enter.",
    )

    @model_validator(mode="after")
    def _agrees_with_its_members(self) -> Self:
        if self.proposed_by not in self.codes:
            raise ValueError("proposed_by is none of the members")
        if len(set(self.contracts)) != len(self.contracts):
            raise ValueError("each contract may be named once only")
        return self


async def plan_consolidation(session: AsyncSession, command: PlanConsolidation, statement: Statement) -> Plan:
    """Draw up a plan, which is read by the members that it names and binds none.

    The proposer acts for itself and for all customers of the contracts that it brings. Raises RoleMissing,
    ContractNotFound, NotYoursToDecide, PlanReferenceTaken, ReferenceTaken, NotSigned, ContractAlreadyEnded, NotAMember,
    FunctionUnknown.
    """
    connection, today = await raw(session), statement.today
    await must_act_for_customers(connection, [command.proposed_by], by=statement.by, today=today)
    on = day_before(command.starts_on)
    if command.contracts:
        await must_decide(connection, command.contracts, by=statement.by, on=max(on, today), today=today)
    terms = command.shared_terms()
    contracts = await load_contracts(session, command.contracts, on=on)
    taken = {row["reference"] for row in await connection.fetch(_TAKEN, [command.plan, command.reference])}
    refuse([*_why_taken(command, taken), *why_not_brought(contracts, command.codes, statement)])
    row = ConsolidationPlan(reference=command.plan, planned_at=statement.stated_at)
    try:
        async with session.begin_nested():
            session.add(row)
            await session.flush()
    except IntegrityError as error:
        raise PlanReferenceTaken(f"{command.plan} is taken") from error
    first = Revision(
        1,
        Cause.PLANNED,
        command.codes,
        command.weights,
        tuple(sorted(command.contracts)),
        sum(line.annual_pence for line in terms.lines),
        today,
        statement.stated_at,
    )
    await _revise(session, row.id, first, terms, command.option, contracts, statement)
    entry = {"kind": Kind.ENTERED.value, "member": command.proposed_by}
    await add_acts(session, row.id, 1, statement, entry)
    [plan] = await plans_of(connection, [row.id])
    await publish_plan(session, plan, statement)
    return plan


async def revise_plan(
    session: AsyncSession, reference: str, command: RevisePlan, statement: Statement, *, expect: Expect
) -> Plan:
    """Restate a plan by one of its members; every member is asked anew. Contracts of who is left out leave with it.

    What was prepared for these is recalled, and for another first day what was prepared for every contract.

    Raises ConsolidationNotFound, NotYoursToDecide, PlanEnded, PastThePivot, FunctionUnknown, NotAMember.
    """
    plan = await get_plan_to_change(session, reference, statement, expect=expect)
    current, terms = plan.history.current, command.shared_terms()
    contracts = await load_contracts(session, current.contracts, on=day_before(command.starts_on))
    stay = [one for one in contracts if set(one.customers) <= set(command.codes)]
    revision = replace(
        current,
        number=current.number + 1,
        cause=Cause.REVISED,
        members=command.codes,
        weights=command.weights,
        contracts=tuple(sorted(one.reference for one in stay)),
        annual_pence=sum(line.annual_pence for line in terms.lines),
        steps=(),
    )
    same_day = terms.starts_on == plan.shared.starts_on
    left = sorted(set(current.contracts).difference(revision.contracts if same_day else ()))
    await add_acts(session, plan.id, current.number, statement, *recalls(plan, left))
    await _revise(session, plan.id, revision, terms, command.option, stay, statement)
    plan = await reread(session, plan)
    await publish_plan(session, plan, statement)
    return plan


async def bring_contracts(
    session: AsyncSession, plan: Plan, member: str, references: Sequence[str], statement: Statement
) -> Plan:
    """Add contracts that a member brings, each of which has only customers that have entered.

    Raises ContractNotFound, NotAMember, NotYetEntered, NotSigned, ContractAlreadyEnded.
    """
    current = plan.history.current
    await must_know(await raw(session), references, by=statement.by, today=statement.today)
    on = day_before(plan.shared.starts_on)
    contracts = await load_contracts(session, {*current.contracts, *references}, on=on)
    brought = [one for one in contracts if one.reference in references]
    inside = entered(plan.history) | {member}
    refuse([*why_not_brought(brought, current.members, statement), *_why_not_entered(brought, inside, member)])
    revision = replace(
        current,
        number=current.number + 1,
        cause=Cause.ENTERED,
        contracts=tuple(sorted(one.reference for one in contracts)),
        steps=(),
    )
    await _revise(session, plan.id, revision, plan.shared, plan.option, contracts, statement)
    return await reread(session, plan)


def why_not_brought(
    contracts: Sequence[OldContract], members: Collection[str], statement: Statement
) -> list[DomainError]:
    """Return the reasons why contracts cannot be replaced by a shared service of these members."""
    found: list[DomainError] = []
    for one in contracts:
        found += one.contract.why_not_end(statement.stated_at)
        if others := sorted(set(one.customers).difference(members)):
            message = f"{one.reference} serves {', '.join(others)} too"
            found.append(NotAMember(message, reasons=[Reason(message, "contracts")]))
    return found


def _why_not_entered(contracts: Sequence[OldContract], inside: Collection[str], member: str) -> list[DomainError]:
    found: list[DomainError] = []
    for one in contracts:
        if member not in one.customers:
            message = f"{one.reference} is no contract of {member}"
            found.append(NotAMember(message, reasons=[Reason(message, "contracts")]))
        if missing := sorted(set(one.customers).difference(inside)):
            message = f"{one.reference}: {', '.join(missing)} has not entered"
            found.append(NotYetEntered(message, reasons=[Reason(message, "contracts")]))
    return found


def _why_taken(command: PlanConsolidation, taken: Collection[str]) -> list[DomainError]:
    found: list[DomainError] = []
    if command.plan in taken:
        message = f"{command.plan} is taken"
        found.append(PlanReferenceTaken(message, reasons=[Reason(message, "plan")]))
    if command.reference in taken:
        message = f"{command.reference} is taken"
        found.append(ReferenceTaken(message, reasons=[Reason(message, "reference")]))
    return found


async def _revise(
    session: AsyncSession,
    plan_id: int,
    revision: Revision,
    terms: SharedTerms,
    option: str,
    contracts: Sequence[OldContract],
    statement: Statement,
) -> None:
    previous = sum(one.annual_pence for one in contracts if one.reference in revision.contracts)
    await add_revision(session, plan_id, revision, terms, statement, option=option, previous_annual_pence=previous)
