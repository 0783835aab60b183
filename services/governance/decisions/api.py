"""Routes that read decisions and reverse them. A decision is taken by a vote or an urgent action alone."""

from typing import Annotated

from fastapi import Path, Query, Request

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
from services.governance.core.codes import Action, BodyReference
from services.governance.decisions import commands, queries
from services.governance.decisions.errors import DecisionNotFound, NoLongerStands, NotALaterDecision
from services.governance.decisions.views import DecisionView
from services.governance.edge import Lead, OrganisationFilter

router = commands_router(tags=["Decisions"])

DecisionPath = Annotated[
    str,
    Path(description="Its id.", pattern=r"^D-[0-9a-f-]{36}$", examples=["D-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"]),
]
_Subject = Annotated[str | None, Query(max_length=140, description="On this contract, plan, procurement or merger.")]
_Proposal = Annotated[str | None, Query(max_length=60, description="On this proposal.")]


@router.get("/decisions", summary="List decisions", responses=problems())
async def list_decisions(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
    body: Annotated[BodyReference | None, Query(description="Of this body.")] = None,
    subject: _Subject = None,
    action: Annotated[Action | None, Query(description="Of this action, and every one that begins with it.")] = None,
    proposal: _Proposal = None,
) -> Page[DecisionView]:
    """List what bodies decided by the day, for whom, and whether it stands; `organisation` is one that is bound."""
    wanted = queries.DecisionFilter(
        organisation=organisation, body=body, subject=subject, action=action, proposal=proposal
    )
    found = await queries.list_decisions(
        rows, wanted, as_at=as_at, as_known=as_known, after=paging.key(str), limit=paging.fetch
    )
    views = [DecisionView.model_validate(row) for row in found]
    return page(views, key=lambda view: view.decision, request=request)


@router.get("/decisions/{decision}", summary="Read a decision", responses=problems(DecisionNotFound))
async def get_decision(decision: DecisionPath, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown) -> DecisionView:
    """Return a decision, and whether it stands as at the day, as known at the instant."""
    row = await queries.get_decision(rows, decision, as_at=as_at, as_known=as_known)
    return DecisionView.model_validate(row)


@router.post(
    "/decisions/{decision}/reversal",
    status_code=201,
    summary="Reverse a decision",
    responses=problems(
        DecisionNotFound,
        NoLongerStands,
        NotALaterDecision,
        errors.EndsBeforeItBegins,
        errors.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("every organisation that the decision binds", "the body that took it over")
async def reverse_decision(
    decision: DecisionPath,
    command: commands.ReverseDecision,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> DecisionView:
    """Say that a later decision of the same body took its place. Publishes `DecisionReversed`.

    What was done by it stands; contracts and finance receive the event.
    """
    found = await commands.get_decision_to_change(session, decision, by=by, today=today)
    await commands.reverse_by_decision(session, found, command, by=by, today=today, stated_at=stated_at)
    row = await queries.get_decision(await raw(session), decision, as_at=command.from_day or today, as_known=None)
    return DecisionView.model_validate(row)
