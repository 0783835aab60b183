"""Changes a plan: finds and locks it for a member, and adds revisions, steps and acts, which are never changed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import ConsolidationPlanned
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from libs.common.messaging import outbox
from services.contracts.core.errors import ConsolidationNotFound
from services.contracts.core.models import known
from services.contracts.core.rights import Expect, must_act_for_customers
from services.contracts.plans.errors import NotAMember, PastThePivot, PlanEnded
from services.contracts.plans.models import Kind, PlanAct, PlanRevision, PlanState, PlanStep
from services.contracts.plans.queries import Plan, SharedTerms, get_plan, plans_of
from services.contracts.plans.rules import PAST_THE_PIVOT, Revision, prepared, state

_LOCK = "SELECT id FROM consolidation_plan WHERE id = ANY($1) ORDER BY id FOR UPDATE"

_ANY_MEMBER = "it takes part in the plan, and this binds none of the others"


REFUSALS = (
    ConsolidationNotFound,
    PlanEnded,
    PastThePivot,
    NotYoursToDecide,
    RoleMissing,
    StaleVersion,
    PreconditionMissing,
)
"""What every change of a plan can be refused with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """When a change of a plan is stated, for which day and by whom."""

    today: date
    stated_at: datetime
    by: Caller


async def get_plan_to_change(
    session: AsyncSession, reference: str, statement: Statement, *, expect: Expect, member: str | None = None
) -> Plan:
    """Return a plan, locked, that its members have not committed to, for who acts for a member (default: any one).

    Raises RoleMissing, ConsolidationNotFound, NotYoursToDecide, NotAMember, what `expect` raises for its revision,
    PlanEnded, PastThePivot. Who has left the plan acts for no member.
    """
    by, connection = statement.by, await raw(session)
    by.must_have(Role.CONTRACT_LEAD)
    seen = await get_plan(connection, reference, by=by, as_at=statement.today)
    if member is not None:
        await must_act_for_customers(connection, [member], by=by, today=statement.today)
    [plan] = await lock_plans(session, [seen.id])
    members = plan.history.current.members
    if member is None:
        await must_act_for_one_of(session, members, statement)
    elif member not in members:
        raise NotAMember(f"{member} is no member of {reference}")
    expect(plan.history.current.number)
    now = state(plan.history)
    if now is PlanState.WITHDRAWN:
        raise PlanEnded(f"{reference} was withdrawn")
    if now in PAST_THE_PIVOT:
        raise PastThePivot(f"{reference} is {now}: it only goes forward")
    return plan


async def lock_plans(session: AsyncSession, ids: Sequence[int]) -> list[Plan]:
    """Return plans, locked, with all that was stated about them."""
    connection = await raw(session)
    await connection.execute(_LOCK, list(ids))
    return await plans_of(connection, ids)


async def must_act_for_one_of(session: AsyncSession, members: Collection[str], statement: Statement) -> None:
    """Raise NotYoursToDecide unless the caller acts for one of the members, with the body that took it over."""
    by, connection = statement.by, await raw(session)
    predecessors = () if by.is_national else await known.predecessors(connection, by.organisations)
    own, needed = set[str](), set(members)
    for member in members:
        deciders = await known.deciders(connection, [member], today=statement.today)
        needed |= deciders
        own |= {member} if by.acts_for(deciders, predecessors=predecessors) else set()
    # Who acts for a body that another took over whole acts for no member.
    by.must_act_for_one_of(own or needed - by.organisations, because=_ANY_MEMBER, predecessors=own)


async def add_revision(
    session: AsyncSession,
    plan_id: int,
    revision: Revision,
    terms: SharedTerms,
    statement: Statement,
    *,
    option: str,
    previous_annual_pence: int,
) -> None:
    """Insert a revision with its steps."""
    row = PlanRevision(
        plan_id=plan_id,
        number=revision.number,
        cause=revision.cause.value,
        members=list(revision.members),
        weights=list(revision.weights),
        contracts=list(revision.contracts),
        option=option,
        terms=terms.model_dump(mode="json"),
        previous_annual_pence=previous_annual_pence,
        effective_on=statement.today,
        stated_at=statement.stated_at,
        recorded_by=statement.by.subject,
    )
    session.add(row)
    await session.flush()
    session.add_all(
        PlanStep(
            revision_id=row.id,
            contract=step.contract,
            choice=step.choice.value,
            exit_on=step.exit_on,
            move_on=step.move_on,
            price_pence=step.price_pence,
            unpriced=list(step.unpriced),
        )
        for step in revision.steps
    )
    await session.flush()


async def add_acts(
    session: AsyncSession, plan_id: int, revision: int, statement: Statement, *acts: dict[str, Any]
) -> None:
    """Insert acts about a revision, of the day of the statement unless an act gives its own."""
    session.add_all(
        PlanAct(
            **{
                "plan_id": plan_id,
                "revision": revision,
                "effective_on": statement.today,
                "stated_at": statement.stated_at,
                "recorded_by": statement.by.subject,
                **act,
            }
        )
        for act in acts
    )
    await session.flush()


def recalls(plan: Plan, contracts: Sequence[str]) -> list[dict[str, str]]:
    """Return the compensation of each step that was prepared for these contracts, the latest first."""
    return [
        {"kind": Kind.RECALLED.value, "contract": contract, "detail": sort.value}
        for contract in contracts
        for sort in reversed(prepared(plan.history, contract))
    ]


async def reread(session: AsyncSession, plan: Plan) -> Plan:
    """Return the plan with what was added since."""
    [again] = await plans_of(await raw(session), [plan.id])
    return again


async def publish_plan(session: AsyncSession, plan: Plan, statement: Statement) -> None:
    """Publish the current revision, whole. What is asked of each contract is empty until the plan was assessed."""
    current, shared = plan.history.current, plan.shared
    steps = {step.contract: step for step in current.steps} if current.is_assessed else {}
    listed = [steps[one] for one in current.contracts if one in steps]
    await outbox.add(
        session,
        ConsolidationPlanned(
            effective_on=statement.today,
            stated_at=statement.stated_at,
            plan=plan.reference,
            customers=current.members,
            contracts=current.contracts,
            functions=tuple(sorted(line.function for line in shared.lines)),
            supplier=shared.supplier,
            option=plan.option,
            go_live_on=shared.starts_on,
            exit_on=tuple(step.exit_on for step in listed),
            choices=tuple(step.choice.value for step in listed),
            price_pence=tuple(step.price_pence or 0 for step in listed),
            unpriced=tuple(step.contract for step in listed if step.price_pence is None),
            annual_pence=current.annual_pence,
            previous_annual_pence=plan.previous_pence,
            initiative=plan.reference,
            revision=current.number,
        ),
        version=current.number,
    )
