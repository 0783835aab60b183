"""Shows a plan: what its history and its steps give, as the answers of the routes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.organisations.projection import KnownOrganisation
from services.contracts.consolidations.views import (
    ContractOptionsView,
    FeasibilityView,
    PlanMemberView,
    PlanView,
    StepsView,
    StepView,
)
from services.contracts.core.models import known
from services.contracts.core.views import PartyView
from services.contracts.plans.changes import Statement
from services.contracts.plans.feasibility import ContractOptions
from services.contracts.plans.models import PlanState
from services.contracts.plans.queries import Plan
from services.contracts.plans.rules import (
    by_contract,
    entered,
    moved,
    prepared,
    stands,
    state,
    submission,
    tolerance,
)


async def plan_shown(session: AsyncSession, plan: Plan, statement: Statement) -> PlanView:
    """Return a plan as it is shown to who changed it."""
    return await show_plan(await raw(session), plan, as_at=statement.today, as_known=None)


async def show_plan(db: Reads, plan: Plan, *, as_at: date, as_known: datetime | None) -> PlanView:
    """Return a plan with its parties' names and status as at a day, as known at an instant."""
    codes = [plan.shared.supplier, *plan.history.current.members]
    return _plan_view(
        plan, await known.statuses(db, codes, as_at=as_at, as_known=as_known), as_at=as_at, as_known=as_known
    )


def _plan_view(
    plan: Plan, parties: Mapping[str, KnownOrganisation], *, as_at: date, as_known: datetime | None
) -> PlanView:
    """Return a plan as it is shown."""
    history, current, shared = plan.history, plan.history.current, plan.shared
    inside = entered(history)
    return PlanView(
        plan=plan.reference,
        state=state(history),
        revision=current.number,
        reference=shared.reference,
        title=shared.title,
        supplier=PartyView.model_validate(parties[shared.supplier]),
        option=plan.option,
        members=[
            PlanMemberView(
                organisation=PartyView.model_validate(parties[member]),
                share=str(current.share(member)),
                annual_pence=current.pence(member),
                has_entered=member in inside,
                accepts=stands(history, member),
            )
            for member in current.members
        ],
        contracts=list(current.contracts),
        lines=shared.lines,
        go_live_on=shared.starts_on,
        last_day=shared.last_day,
        annual_pence=current.annual_pence,
        previous_annual_pence=plan.previous_pence,
        saving_pence=plan.previous_pence - current.annual_pence,
        tolerance=str(tolerance(history)) if submission(history) is not None else None,
        stated_at=current.stated_at,
        as_at=as_at,
        as_known=as_known,
    )


def feasibility_view(plan: Plan, ways: Sequence[ContractOptions], *, as_at: date) -> FeasibilityView:
    """Return the ways out of a plan's contracts as they are shown."""
    return FeasibilityView(
        plan=plan.reference,
        revision=plan.history.current.number,
        go_live_on=plan.shared.starts_on,
        is_free=all(way.is_free for way in ways),
        contracts=[ContractOptionsView.model_validate(way) for way in ways],
        as_at=as_at,
    )


def steps_view(plan: Plan) -> StepsView:
    """Return the steps of a plan's current revision as they are shown."""
    now, gone = state(plan.history), moved(plan.history)
    steps = by_contract(plan.history.current.steps)
    return StepsView(
        plan=plan.reference,
        state=now,
        revision=plan.history.current.number,
        steps=[
            StepView(
                contract=one,
                choice=step.choice,
                exit_on=step.exit_on,
                move_on=step.move_on,
                price_pence=step.price_pence,
                unpriced=list(step.unpriced),
                prepared={sort: act.document for sort, act in prepared(plan.history, one).items()},
                state=_step_state(one, gone, now),
            )
            for one, step in steps.items()
        ],
    )


def _step_state(contract: str, gone: set[str], now: PlanState) -> str:
    if contract in gone:
        return "moved"
    return "committed" if now in {PlanState.COMMITTED, PlanState.MOVING} else "planned"
