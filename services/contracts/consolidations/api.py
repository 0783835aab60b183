"""Routes about consolidations: several contracts become one shared service, at once or by a plan."""

from typing import Annotated, Any, TypeAlias

from fastapi import Body, Path, Response
from pydantic import Discriminator, Tag

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Read,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    binds_one_of,
    commands_router,
    etag,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.contracts.agreements.terms import ConsolidateContracts
from services.contracts.authorities.errors import AuthorityMissing
from services.contracts.care_models.errors import OutsideCareModel
from services.contracts.consolidations import commands, commitment
from services.contracts.consolidations.presentation import feasibility_view, plan_shown, show_plan, steps_view
from services.contracts.consolidations.views import FeasibilityView, PlanView, StepsView
from services.contracts.core import errors
from services.contracts.core import queries as reads
from services.contracts.core.codes import OdsCode, Reference
from services.contracts.core.views import ConsolidationView
from services.contracts.edge import Lead, expecting
from services.contracts.mergers.errors import AgreementUnsettled
from services.contracts.plans import assessment, membership
from services.contracts.plans import commands as plans
from services.contracts.plans import errors as refusals
from services.contracts.plans.changes import REFUSALS, Statement
from services.contracts.plans.queries import find_plan, get_plan
from services.contracts.terminations.errors import NoticeUnproved

router = commands_router(tags=["Consolidations"])

_BINDS_NO_OTHER = "what one member does of a plan binds none of the others"


def _which(body: Any) -> str:
    """Return which command a body is: a plan names itself."""
    is_plan = "plan" in body if isinstance(body, dict) else isinstance(body, plans.PlanConsolidation)
    return "plan" if is_plan else "at_once"


Consolidate: TypeAlias = Annotated[
    Annotated[ConsolidateContracts, Tag("at_once")] | Annotated[plans.PlanConsolidation, Tag("plan")],
    Discriminator(_which),
]


@router.post(
    "/consolidations",
    status_code=201,
    summary="Consolidate contracts into one shared service, or plan to",
    responses=problems(
        errors.ContractNotFound,
        errors.ProposalUnconfirmed,
        errors.NotSigned,
        errors.ContractAlreadyEnded,
        errors.NotRunningThen,
        errors.NoticeTooLate,
        errors.CustomerNotOpen,
        errors.SignedInTheFuture,
        errors.DocumentMissing,
        AuthorityMissing,
        AgreementUnsettled,
        errors.ReferenceTaken,
        errors.FunctionUnknown,
        OutsideCareModel,
        errors.NoRuleInForce,
        errors.ChangingHands,
        refusals.NotAMember,
        refusals.PlanReferenceTaken,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("the customers of every contract that is replaced or brought", "proposed_by")
async def consolidate_contracts(
    command: Annotated[Consolidate, Body()],
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> ConsolidationView | PlanView:
    """Sign one contract that replaces several from one day, all or none; or, with `plan`, plan to do so in steps.

    With `replaces` you act for every customer of each contract. The replaced contracts end the day before: those of
    other suppliers by notice, which counts from the day on which this is recorded, or by the agreement you name. The
    customers of all of them become the customers of the new one. The answer shows what it saves a year; a saving is the
    old charges less the new one.

    With `plan` nothing is bound yet: you act for `proposed_by` and for the customers of the contracts that it brings,
    and name the other members, who read the plan from now on.
    """
    if isinstance(command, plans.PlanConsolidation):
        statement = Statement(today=today, stated_at=stated_at, by=by)
        plan = await plans.plan_consolidation(session, command, statement)
        response.headers["Location"] = f"consolidations/{plan.reference}"
        etag(response, plan.history.current.number)
        return await plan_shown(session, plan, statement)
    contract = await commands.consolidate_contracts(session, command, by=by, today=today, stated_at=stated_at)
    response.headers["Location"] = f"consolidations/{contract.reference}"
    found = await reads.get_consolidation(
        await raw(session), contract.reference, by=by, as_at=command.starts_on, as_known=None
    )
    return ConsolidationView.model_validate(found)


@router.get(
    "/consolidations/{reference}",
    summary="Read a consolidation or a plan",
    responses=problems(errors.ConsolidationNotFound),
)
async def get_consolidation(
    reference: Reference, response: Response, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> ConsolidationView | PlanView:
    """Return the contracts that a shared service replaced, and what it saves; of a plan where it stands.

    A supplier reads of the replaced contracts those that it supplied itself. A plan is read by its members, and by who
    withdrew up to its withdrawal; its ETag is its revision. Parties' names are as at the day.
    """
    plan = await find_plan(rows, reference, by=by, as_at=as_at, as_known=as_known)
    if plan is None:
        found = await reads.get_consolidation(rows, reference, by=by, as_at=as_at, as_known=as_known)
        return ConsolidationView.model_validate(found)
    if as_known is None:
        etag(response, plan.history.current.number)
    return await show_plan(rows, plan, as_at=as_at, as_known=as_known)


@router.post(
    "/consolidations/{reference}/commitment",
    status_code=201,
    summary="Commit the members to a plan",
    responses=problems(
        *REFUSALS,
        errors.ContractNotFound,
        errors.ProposalUnconfirmed,
        errors.NotSigned,
        errors.ContractAlreadyEnded,
        errors.CustomerNotOpen,
        errors.ReferenceTaken,
        errors.NoRuleInForce,
        errors.ChangingHands,
        AuthorityMissing,
        AgreementUnsettled,
        refusals.NotAMember,
        refusals.NotYetFeasible,
        refusals.NotYetApproved,
        NoticeUnproved,
    ),
)
@binds_one_of("the plan's members", because="each of them has accepted the current revision by its own act")
async def commit_plan(
    reference: Reference,
    command: commitment.CommitPlan,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> PlanView:
    """Sign the shared contract and serve notice of, or agree the price of, every old one: all or none.

    From here the plan only goes forward: each contract moves on its own day.
    """
    statement = Statement(today=today, stated_at=stated_at, by=by)
    plan = await commitment.commit_plan(session, reference, command, statement, expect=expecting(if_match))
    etag(response, plan.history.current.number)
    return await plan_shown(session, plan, statement)


@router.put(
    "/consolidations/{reference}",
    summary="Revise a plan",
    responses=problems(
        *REFUSALS, errors.FunctionUnknown, OutsideCareModel, errors.NoRuleInForce, errors.ContractNotFound
    ),
)
@binds_one_of("the plan's members", because=_BINDS_NO_OTHER)
async def revise_plan(
    reference: Reference,
    command: plans.RevisePlan,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> PlanView:
    """Restate the shared contract's terms, the members and their weights; every member is asked anew."""
    statement = Statement(today=today, stated_at=stated_at, by=by)
    plan = await plans.revise_plan(session, reference, command, statement, expect=expecting(if_match))
    etag(response, plan.history.current.number)
    return await plan_shown(session, plan, statement)


@router.get(
    "/consolidations/{reference}/feasibility",
    summary="See how each contract of a plan can be left",
    responses=problems(errors.ConsolidationNotFound, errors.NoRuleInForce),
)
async def get_feasibility(reference: Reference, session: Read, by: By, as_at: AsAt) -> FeasibilityView:
    """Return for each contract its earliest free exit, and the price of leaving it for the plan's first day.

    Asked on another day it answers for notice that is served on that day. No day of the plan moves by itself.
    """
    plan = await get_plan(await raw(session), reference, by=by, as_at=as_at)
    return feasibility_view(plan, await assessment.ways_out(session, plan, today=as_at), as_at=as_at)


@router.post(
    "/consolidations/{reference}/feasibility",
    status_code=201,
    summary="Choose how each contract of a plan is left",
    responses=problems(*REFUSALS, errors.ContractNotFound, errors.NoRuleInForce, refusals.NotYetFeasible),
)
@binds_one_of("the plan's members", because=_BINDS_NO_OTHER)
async def assess_plan(
    reference: Reference,
    command: assessment.AssessPlan,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> PlanView:
    """Record for each contract that cannot be left free of charge whether it waits or is paid for.

    What is to be paid for is published as an estimate, which its supplier does not read.
    """
    statement = Statement(today=today, stated_at=stated_at, by=by)
    plan = await assessment.assess_plan(session, reference, command, statement, expect=expecting(if_match))
    etag(response, plan.history.current.number)
    return await plan_shown(session, plan, statement)


@router.post(
    "/consolidations/{reference}/submission",
    status_code=201,
    summary="Submit a plan to its members",
    responses=problems(*REFUSALS, refusals.NotYetFeasible, refusals.AlreadySubmitted),
)
@binds_one_of("the plan's members", because=_BINDS_NO_OTHER)
async def submit_plan(
    reference: Reference,
    command: assessment.SubmitPlan,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> PlanView:
    """Ask every member to accept the current revision, with the tolerance on which it does."""
    statement = Statement(today=today, stated_at=stated_at, by=by)
    plan = await assessment.submit_plan(session, reference, command, statement, expect=expecting(if_match))
    etag(response, plan.history.current.number)
    return await plan_shown(session, plan, statement)


Member = Annotated[OdsCode, Path(description="ODS code of the member.")]


@router.post(
    "/consolidations/{reference}/members/{organisation}/acceptance",
    status_code=201,
    summary="Enter a plan, or accept its current revision",
    responses=problems(
        *REFUSALS,
        errors.ContractNotFound,
        errors.ProposalUnconfirmed,
        errors.NotSigned,
        errors.ContractAlreadyEnded,
        refusals.NotAMember,
        refusals.NotYetEntered,
        refusals.NotYetApproved,
    ),
)
@binds("{organisation}")
async def accept_plan(
    reference: Reference,
    organisation: Member,
    command: membership.AcceptPlan,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> PlanView:
    """Enter with the contracts of this member, or accept the revision that If-Match names, by the member's own act.

    The terms of what it brings are shown to the other members from then on, and all are asked anew.
    """
    statement = Statement(today=today, stated_at=stated_at, by=by)
    expect = expecting(if_match)
    plan = await membership.accept_plan(session, reference, organisation, command, statement, expect=expect)
    etag(response, plan.history.current.number)
    return await plan_shown(session, plan, statement)


@router.post(
    "/consolidations/{reference}/members/{organisation}/withdrawal",
    status_code=201,
    summary="Withdraw a member from a plan",
    responses=problems(*REFUSALS, refusals.NotAMember),
)
@binds("{organisation}")
async def withdraw_from_plan(
    reference: Reference,
    organisation: Member,
    command: membership.WithdrawFromPlan,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> PlanView:
    """Take a member out with its contracts, before the commitment; what was prepared for them is recalled.

    The shares of the others are recomputed, and who pays more than the tolerance allows is asked again. Where fewer
    than two are left the plan ends.
    """
    statement = Statement(today=today, stated_at=stated_at, by=by)
    expect = expecting(if_match)
    plan = await membership.withdraw_from_plan(session, reference, organisation, command, statement, expect=expect)
    etag(response, plan.history.current.number)
    return await plan_shown(session, plan, statement)


@router.get(
    "/consolidations/{reference}/steps",
    summary="List the steps of a plan",
    responses=problems(errors.ConsolidationNotFound),
)
async def list_steps(reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> StepsView:
    """Return how and when each contract moves, what was prepared for it, and whether it has moved."""
    return steps_view(await get_plan(rows, reference, by=by, as_at=as_at, as_known=as_known))


@router.post(
    "/consolidations/{reference}/steps",
    status_code=201,
    summary="Record what is prepared for a contract of a plan",
    responses=problems(*REFUSALS, errors.ContractNotFound, refusals.NotYetFeasible),
)
@binds("the customers of the contract")
async def prepare_step(
    reference: Reference,
    command: assessment.PrepareStep,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> StepsView:
    """Record an offer to end, the supplier's agreement to a price, or staff information; or recall it.

    What was prepared is recalled by itself where the contract leaves the plan before the commitment.
    """
    statement = Statement(today=today, stated_at=stated_at, by=by)
    plan = await assessment.prepare_step(session, reference, command, statement, expect=expecting(if_match))
    etag(response, plan.history.current.number)
    return steps_view(plan)
