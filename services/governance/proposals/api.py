"""Routes about proposals: drafted, opened, consulted on, deferred, withdrawn; evidence of their conditions."""

from datetime import date
from typing import Annotated

from fastapi import Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.core import errors
from services.governance.core.codes import BodyReference, ConditionCode
from services.governance.core.sight import reads_through
from services.governance.edge import Lead, OrganisationFilter
from services.governance.proposals import acts, commands, queries
from services.governance.proposals.errors import (
    ConsentMissing,
    MinuteContradicts,
    NoEvidence,
    NoSuchCondition,
    NotAsked,
    ProposalNotFound,
    ProposalNotOpen,
    SubjectUnknown,
)
from services.governance.proposals.models import ProposalKind
from services.governance.proposals.presentation import proposal_view, with_subject
from services.governance.proposals.views import ProposalView

router = commands_router(tags=["Proposals"])

ProposalPath = Annotated[
    str,
    Path(
        description="Its reference.",
        pattern=r"^PR-[0-9a-f-]{36}$",
        examples=["PR-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"],
    ),
]
_CHANGES = (ProposalNotFound, ProposalNotOpen, errors.DocumentMissing, NotYoursToDecide, RoleMissing)


@router.get("/proposals", summary="List proposals", responses=problems())
async def list_proposals(
    request: Request,
    rows: Rows,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
    subject: Annotated[commands.SubjectReference | None, Query()] = None,
    body: Annotated[BodyReference | None, Query(description="Asks this body.")] = None,
    kind: Annotated[ProposalKind | None, Query(description="Of one kind only.")] = None,
) -> Page[ProposalView]:
    """List the proposals of the caller's organisations, made by them or asked of them, with where they stand."""
    wanted = queries.ProposalFilter(organisation=organisation, subject=subject, body=body, kind=kind)
    codes = await reads_through(rows, by)
    found = await queries.list_proposals(
        rows, wanted, as_at=as_at, as_known=as_known, after=paging.key(str), limit=paging.fetch, codes=codes
    )
    views = [proposal_view(one, as_known=as_known) for one in found]
    return page(views, key=lambda view: view.proposal, request=request)


@router.get("/proposals/{proposal}", summary="Read a proposal", responses=problems(ProposalNotFound))
async def get_proposal(proposal: ProposalPath, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> ProposalView:
    """Return a proposal with its state as at the day, as known at the instant, the bodies that it asks, its subject."""
    codes = await reads_through(rows, by)
    read = await queries.get_proposal(rows, proposal, as_at=as_at, as_known=as_known, codes=codes)
    return await with_subject(rows, read, as_known=as_known)


@router.post(
    "/proposals",
    status_code=201,
    summary="Make a proposal",
    responses=problems(
        SubjectUnknown,
        ConsentMissing,
        errors.ActionNotListed,
        errors.EndsBeforeItBegins,
        errors.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("organisation", "the body that took it over")
async def make_proposal(
    command: commands.MakeProposal, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ProposalView:
    """Ask bodies to decide, or draft what they will be asked. Publishes `ProposalOpened` and `DecisionAwaited`.

    The bodies are fixed when it is opened: a plan's and a merger's members each need one.
    """
    made = await commands.make_proposal(session, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, made.reference, command.opened_on or today)


@router.post(
    "/proposals/{proposal}/opening",
    status_code=201,
    summary="Open a draft",
    responses=problems(*_CHANGES, ConsentMissing, errors.EndsBeforeItBegins),
)
@binds("the proposal's organisation", "the body that took it over")
async def open_proposal(
    proposal: ProposalPath,
    command: commands.OpenProposal,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> ProposalView:
    """Ask the bodies of a draft to decide. Publishes `ProposalOpened` and `DecisionAwaited`."""
    found = await commands.get_proposal_to_change(session, proposal, by=by, today=today)
    await commands.open_proposal(session, found, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, proposal, command.opened_on or today)


@router.post(
    "/proposals/{proposal}/consultations",
    status_code=201,
    summary="Record a consultation",
    responses=problems(*_CHANGES, errors.EndsBeforeItBegins, errors.ReasonNotListed, MinuteContradicts),
)
@binds("the proposal's organisation", "the body that took it over")
async def record_consultation(
    proposal: ProposalPath,
    command: acts.RecordConsultation,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> ProposalView:
    """Record who was consulted and what they think. A position that the body's minute contradicts is refused."""
    found = await commands.get_proposal_to_change(session, proposal, by=by, today=today)
    await acts.record_consultation(session, found, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, proposal, command.on or today)


@router.post(
    "/proposals/{proposal}/deferrals",
    status_code=201,
    summary="Put a decision off",
    responses=problems(*_CHANGES, NotAsked, errors.ReasonNotListed, errors.EndsBeforeItBegins),
)
@binds("every organisation that the body decides for", "the body that took it over")
async def defer_decision(
    proposal: ProposalPath, command: acts.DeferDecision, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ProposalView:
    """Put a body's decision off; on a lawful ground its clock stands until the day named.

    Publishes `DecisionDeferred`.
    """
    found = await commands.get_proposal_of_body_to_change(session, proposal, command.body, by=by, today=today)
    await acts.defer_decision(session, found, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, proposal, max(command.from_on, today))


@router.post(
    "/proposals/{proposal}/withdrawal",
    status_code=201,
    summary="Withdraw a proposal",
    responses=problems(*_CHANGES, errors.ReasonNotListed, errors.EndsBeforeItBegins),
)
@binds("the proposal's organisation", "the body that took it over")
async def withdraw_proposal(
    proposal: ProposalPath,
    command: acts.WithdrawProposal,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> ProposalView:
    """Ask no one any longer. Publishes `ProposalWithdrawn`."""
    found = await commands.get_proposal_to_change(session, proposal, by=by, today=today)
    await acts.withdraw_proposal(session, found, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, proposal, command.on or today)


@router.post(
    "/proposals/{proposal}/conditions/{condition}/evidence",
    status_code=201,
    summary="Show that a condition is met",
    responses=problems(*_CHANGES, NotAsked, NoSuchCondition),
)
@binds("the proposal's organisation, or all that the named body decides for", "the body that took it over")
async def give_evidence(
    proposal: ProposalPath,
    condition: Annotated[ConditionCode, Path(description="A condition of its approval, or of a right.")],
    command: acts.GiveEvidence,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> ProposalView:
    """Record the paper that shows a condition met: of an approval, or of the right by which a body is to decide.

    An approval is in effect once all its conditions are met; a right is used only where its own were by the day. Of
    the right of another organisation's body, who acts for that one gives it.
    """
    found = await commands.get_proposal_of_body_to_change(session, proposal, command.body, by=by, today=today)
    await acts.give_evidence(session, found, condition, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, proposal, max(command.on or today, found.drafted_on))


@router.post(
    "/proposals/{proposal}/conditions/{condition}/evidence/retraction",
    status_code=201,
    summary="Take evidence of a condition back",
    responses=problems(*_CHANGES, NotAsked, NoEvidence, errors.ReasonNotListed),
)
@binds("the proposal's organisation, or all that the named body decides for", "the body that took it over")
async def retract_evidence(
    proposal: ProposalPath,
    condition: Annotated[ConditionCode, Path(description="The condition that was shown to be met.")],
    command: acts.RetractEvidence,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> ProposalView:
    """State that a paper does not show a condition met, or no longer: from the day on it counts for nothing.

    What was decided stands. What was permitted by it from that day on, and an approval that is in effect no longer, is
    a finding (`evidence_retracted`) until the condition is shown again or the decision is reversed.
    """
    found = await commands.get_proposal_of_body_to_change(session, proposal, command.body, by=by, today=today)
    await acts.retract_evidence(session, found, condition, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, proposal, max(command.on or today, found.drafted_on))


async def _shown(session: AsyncSession, proposal: str, day: date) -> ProposalView:
    connection = await raw(session)
    return await with_subject(connection, await queries.get_proposal(connection, proposal, as_at=day), as_known=None)
