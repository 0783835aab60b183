"""Lets a member enter, accept and withdraw, each by its own act or by what its body decided."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import ConsolidationWithdrawn
from libs.common.events.governance import DecisionReversed, DecisionTaken
from libs.common.identity import Caller
from libs.common.messaging import outbox
from services.contracts.authorities import commands as authorities
from services.contracts.core.codes import Document, Reference
from services.contracts.core.rights import Expect
from services.contracts.plans.changes import (
    Statement,
    add_acts,
    add_revision,
    get_plan_to_change,
    lock_plans,
    publish_plan,
    recalls,
    reread,
)
from services.contracts.plans.commands import bring_contracts
from services.contracts.plans.contracts import day_before, load_contracts, of_members
from services.contracts.plans.errors import NotYetApproved
from services.contracts.plans.models import COMMIT, Kind, PlanState
from services.contracts.plans.queries import Plan
from services.contracts.plans.rules import PAST_THE_PIVOT, entered, state, submission, without

_ID = "SELECT id FROM consolidation_plan WHERE reference = $1"


class AcceptPlan(BaseModel):
    """A member's entry, with the contracts that it brings, or its acceptance of the current revision."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"minute": "GB-2018-031", "contracts": ["PAYROLL-WALSALL-2016"]},
                {"minute": "GB-2018-044"},
            ]
        },
    )

    minute: Document = Field(description="The minute by which the member's body authorised this.")
    contracts: list[Reference] = Field(
        default_factory=list,
        max_length=250,
        description="Contracts that it brings: their terms are shown to the other members from then on.",
    )


class WithdrawFromPlan(BaseModel):
    """A member's withdrawal."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"minute": "GB-2018-052"}]})

    minute: Document | None = None


async def accept_plan(
    session: AsyncSession,
    reference: str,
    member: str,
    command: AcceptPlan,
    statement: Statement,
    *,
    expect: Expect,
) -> Plan:
    """Let a member enter, or accept the current revision once that was submitted. Contracts brought ask all anew.

    Raises ConsolidationNotFound, NotYoursToDecide, NotAMember, PlanEnded, PastThePivot, NotYetEntered, NotYetApproved.
    """
    plan = await get_plan_to_change(session, reference, statement, expect=expect, member=member)
    is_inside = member in entered(plan.history)
    brought = [one for one in command.contracts if one not in plan.history.current.contracts]
    is_submitted = submission(plan.history) is not None and not brought
    if is_inside and not brought and not is_submitted:
        raise NotYetApproved(f"{reference} is {state(plan.history)}: it is accepted once it was submitted")
    if brought:
        plan = await bring_contracts(session, plan, member, brought, statement)
    kinds = ([] if is_inside else [Kind.ENTERED]) + ([Kind.ACCEPTED] if is_submitted else [])
    acts = [{"kind": kind.value, "member": member, "document": command.minute} for kind in kinds]
    number = plan.history.current.number
    await add_acts(session, plan.id, number, statement, *acts)
    if is_submitted:
        await authorities.record(
            session,
            COMMIT,
            reference,
            member,
            minute=command.minute,
            on=statement.today,
            stated_at=statement.stated_at,
            by=statement.by,
            revision=number,
        )
    plan = await reread(session, plan)
    if brought:
        await publish_plan(session, plan, statement)
    return plan


async def withdraw_from_plan(
    session: AsyncSession,
    reference: str,
    member: str,
    command: WithdrawFromPlan,
    statement: Statement,
    *,
    expect: Expect,
) -> Plan:
    """Take a member with its contracts out of a plan before the commitment.

    The plan ends where fewer than two members are left.

    Raises ConsolidationNotFound, NotYoursToDecide, NotAMember, PlanEnded, PastThePivot.
    """
    plan = await get_plan_to_change(session, reference, statement, expect=expect, member=member)
    return await take_out(session, plan, member, statement, reason="withdrawn", document=command.minute or "")


async def take_out(
    session: AsyncSession, plan: Plan, member: str, statement: Statement, *, reason: str, document: str = ""
) -> Plan:
    """Take a member out, recall what was prepared for its contracts, and restate what the others share."""
    current = plan.history.current
    contracts = await load_contracts(session, current.contracts, on=day_before(plan.shared.starts_on))
    rest = without(current, member, its_contracts=of_members(contracts, [member]))
    ends = len(rest.members) < 2
    left = set(current.contracts) if ends else set(current.contracts).difference(rest.contracts)
    acts = [{"kind": Kind.WITHDRAWN.value, "member": member, "document": document, "detail": reason}]
    acts += recalls(plan, sorted(left))
    acts += [{"kind": Kind.ENDED.value}] if ends else []
    await add_acts(session, plan.id, current.number, statement, *acts)
    if not ends:
        kept = sum(one.annual_pence for one in contracts if one.reference in rest.contracts)
        await add_revision(
            session, plan.id, rest, plan.shared, statement, option=plan.option, previous_annual_pence=kept
        )
    event = ConsolidationWithdrawn(
        effective_on=statement.today,
        stated_at=statement.stated_at,
        plan=plan.reference,
        customers=current.members,
        by=member,
        reason=reason,
        revision=0 if ends else rest.number,
    )
    await outbox.add(session, event)
    plan = await reread(session, plan)
    if not ends:
        await publish_plan(session, plan, statement)
    return plan


async def body_decides(session: AsyncSession, event: DecisionTaken, *, by: Caller) -> bool:
    """Record what the bodies of members decided on a plan; return whether that was new.

    An approval accepts the revision that it was about; a rejection takes the member out, before the commitment.
    """
    row = await (await raw(session)).fetchrow(_ID, event.subject)
    if row is None or event.action != COMMIT:
        return False
    [plan] = await lock_plans(session, [row["id"]])
    statement = Statement(today=event.effective_on, stated_at=event.stated_at, by=by)
    kind = Kind.REJECTED if event.outcome == "rejected" else Kind.APPROVED
    if any(act.decision == event.decision and act.kind is kind for act in plan.history.acts):
        return False
    common: Mapping[str, str] = {"kind": kind.value, "decision": event.decision, "document": event.minute}
    acts = [{**common, "member": member} for member in event.binds or (event.organisation,)]
    revision = event.revision or plan.history.current.number
    await add_acts(session, plan.id, revision, statement, *acts)
    for member in event.binds or (event.organisation,):
        plan = await reread(session, plan)
        if kind is Kind.REJECTED and _can_leave(plan, member):
            await take_out(session, plan, member, statement, reason="rejected", document=event.minute)
    return True


async def decision_is_reversed(session: AsyncSession, event: DecisionReversed, *, by: Caller) -> bool:
    """Take an approval back: before the commitment the plan waits for its member again, after it nothing is undone."""
    row = await (await raw(session)).fetchrow(_ID, event.subject)
    if row is None:
        return False
    [plan] = await lock_plans(session, [row["id"]])
    statement = Statement(today=event.effective_on, stated_at=event.stated_at, by=by)
    if any(act.decision == event.decision for act in plan.history.of(Kind.REVERSED)):
        return False
    act = {"kind": Kind.REVERSED.value, "decision": event.decision, "member": event.organisation}
    await add_acts(session, plan.id, plan.history.current.number, statement, act)
    return True


def _can_leave(plan: Plan, member: str) -> bool:
    now = state(plan.history)
    return now is not PlanState.WITHDRAWN and now not in PAST_THE_PIVOT and member in plan.history.current.members
