"""Routes that grant, end and read decision rights."""

from typing import Annotated

from fastapi import Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.bodies.views import DecidersView, DecisionRightView
from services.governance.core import errors
from services.governance.core import queries as reads
from services.governance.core.codes import OrganisationCode
from services.governance.core.models import DecisionRight
from services.governance.decision_rights import commands
from services.governance.edge import Lead, OrganisationFilter

router = commands_router(tags=["Decisions"])

RightId = Annotated[int, Path(description="The id that `POST /decision-rights` returned.", ge=1, le=2**31 - 1)]


@router.get("/decisions/{function}/deciders", summary="Find who may decide on a function", responses=problems())
async def list_deciders(
    function: commands.Function,
    rows: Rows,
    _: By,
    organisation: Annotated[OrganisationCode, Query(description="For which organisation.")],
    value_pence: Annotated[int, Query(ge=0, le=10**15, description="The value of the decision.")],
    as_at: AsAt,
    as_known: AsKnown,
    recurrent: Annotated[bool, Query(description="Whether it commits to spending each year.")] = False,
) -> DecidersView:
    """List bodies and posts whose right covers it, each with its minute. A vacant post cannot use its right."""
    found = await reads.list_deciders(
        rows,
        function,
        organisation=organisation,
        value_pence=value_pence,
        recurrent=recurrent,
        as_at=as_at,
        as_known=as_known,
    )
    return DecidersView.model_validate(found)


@router.get("/decision-rights", summary="List decision rights", responses=problems())
async def list_decision_rights(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
    function: Annotated[commands.Function | None, Query(description="The function of the decision.")] = None,
    to_be_remade: Annotated[
        bool,
        Query(description="List instead the rights that ended at a merger and that `organisation` has to make again."),
    ] = False,
) -> Page[DecisionRightView]:
    """List rights in force on the day. No right passes at a merger: those that ended are listed, to be made again."""
    found = await reads.list_decision_rights(
        rows,
        organisation,
        function,
        to_be_remade=to_be_remade,
        as_at=as_at,
        as_known=as_known,
        after=paging.key(int),
        limit=paging.fetch,
    )
    views = [DecisionRightView.model_validate(row) for row in found]
    return page(views, key=lambda view: view.decision_right, request=request)


@router.get(
    "/decision-rights/{decision_right}",
    summary="Read a decision right",
    responses=problems(errors.DecisionRightNotFound),
)
async def get_decision_right(
    decision_right: RightId, response: Response, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown
) -> DecisionRightView:
    """Return a right with its days as known at the instant. The ETag is its version."""
    row = await reads.get_decision_right(rows, decision_right, as_at=as_at, as_known=as_known)
    view = DecisionRightView.model_validate(row)
    etag(response, view.version)
    return view


@router.post(
    "/decision-rights",
    status_code=201,
    summary="Grant a decision right",
    responses=problems(
        errors.BodyNotFound,
        errors.PostNotFound,
        errors.DecisionRightNotFound,
        errors.OrganisationNotOpen,
        errors.BodyNotStanding,
        errors.PostNotStanding,
        errors.BeyondDelegation,
        errors.NotToBeRemade,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("organisation", "the body that took it over")
async def grant_decision_right(
    command: commands.GrantDecisionRight,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> DecisionRightView:
    """Grant the body or one of its posts a right by a minute. A delegate cannot pass on more than was delegated."""
    right = await commands.grant_decision_right(session, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, right, response, today)


@router.post(
    "/decision-rights/{decision_right}/ending",
    status_code=201,
    summary="End a decision right",
    responses=problems(
        errors.DecisionRightNotFound,
        errors.ReasonNotListed,
        errors.RightNotStanding,
        errors.EndsBeforeItBegins,
        errors.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
        StaleVersion,
        PreconditionMissing,
    ),
)
@binds("the organisation of the right's body", "the body that took it over")
async def end_decision_right(
    decision_right: RightId,
    command: commands.EndDecisionRight,
    response: Response,
    session: Write,
    by: Lead,
    if_match: IfMatch,
    today: Today,
    stated_at: StatedAt,
) -> DecisionRightView:
    """End the right, and every right that was passed on from it."""
    right = await commands.get_decision_right_to_change(session, decision_right, by=by, today=today)
    stale(right.version, if_match)
    await commands.end_decision_right(session, right, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, right, response, today)


async def _shown(session: AsyncSession, right: DecisionRight, response: Response, today: Today) -> DecisionRightView:
    await session.flush()
    row = await reads.get_decision_right(await raw(session), right.id, as_at=today, as_known=None)
    etag(response, right.version)
    return DecisionRightView.model_validate(row)
