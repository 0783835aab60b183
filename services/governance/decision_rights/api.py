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
    hot,
    page,
    problems,
    questions_router,
    stale,
)
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.bodies.views import ReasonCodeView
from services.governance.core import errors
from services.governance.core import queries as reads
from services.governance.core.actions import action_refusals, dotted
from services.governance.core.catalogue import delegation_pack_on
from services.governance.core.chains import GRANTED, Actor, Chain
from services.governance.core.codes import Action, Function, OrganisationCode
from services.governance.core.levels import notes_on
from services.governance.core.models import DecisionRight
from services.governance.core.powers import conditions_on, power, powers_of
from services.governance.decision_rights import commands, permits, queries
from services.governance.decision_rights.errors import PermitNotFound
from services.governance.decision_rights.questions import AskWhetherMay
from services.governance.decision_rights.series import Series
from services.governance.decision_rights.views import (
    CanView,
    ChainView,
    DecidersView,
    DecisionRightView,
    FaultView,
    LinkView,
    PermitView,
    PowersView,
    PowerView,
)
from services.governance.edge import Lead, OrganisationFilter

router = commands_router(tags=["Decisions"])
questions = questions_router(tags=["Decisions"])

MOST_OTHERS = 20

RightId = Annotated[int, Path(description="The id that `POST /decision-rights` returned.", ge=1, le=2**31 - 1)]

ForOrganisation = Annotated[OrganisationCode, Query(description="For which organisation.")]
Value = Annotated[int, Query(ge=0, le=10**15, description="The value of the decision.")]
Recurrent = Annotated[bool, Query(description="Whether it commits to spending each year.")]


@router.get("/decisions/{function}/deciders", summary="Find who may decide on a function", responses=problems())
async def list_deciders(
    function: Function,
    rows: Rows,
    by: By,
    organisation: ForOrganisation,
    value_pence: Value,
    as_at: AsAt,
    as_known: AsKnown,
    recurrent: Recurrent = False,
) -> DecidersView:
    """List bodies and posts whose right covers it: as `GET /actions/{action}/deciders`, with dashes for dots."""
    return await list_deciders_on(dotted(function), rows, by, organisation, value_pence, as_at, as_known, recurrent)


@router.get("/decision-rights", summary="List decision rights", responses=problems())
async def list_decision_rights(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
    action: Annotated[Action | None, Query(description="Rights that cover this action.")] = None,
    function: Annotated[Function | None, Query(description="The action with dashes for dots.")] = None,
    to_be_remade: Annotated[
        bool,
        Query(description="List instead the rights that ended at a merger and that `organisation` has to make again."),
    ] = False,
) -> Page[DecisionRightView]:
    """List rights in force on the day. No right passes at a merger: those that ended are listed, to be made again."""
    found = await reads.list_decision_rights(
        rows,
        organisation,
        action or (dotted(function) if function else None),
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
        errors.NotAMember,
        errors.BeyondDelegation,
        errors.NoPower,
        errors.ConditionNotListed,
        errors.ActionNotListed,
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
    """Grant the body or one of its posts a right by a minute. A delegate cannot pass on more than was delegated.

    To a body of another organisation, which leads for this one by a lead commissioner's instrument on all these days;
    the right ends with the instrument.
    """
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


@questions.post("/questions/can", summary="Ask whether someone may decide", responses=problems(errors.ActionNotListed))
@hot
async def ask_whether_may(command: AskWhetherMay, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown) -> CanView:
    """Answer yes with the chain of rights down from a power in law, or no with what is missing, and who else may.

    Limits are compared by what each measures, together with what was decided before in the same series: the same
    supplier and function, or the one that is named. A right that waits to be made again after a merger says so. What
    directions moved, the body that leads the other organisation may by them, and others there by their rights.
    """
    errors.refuse(action_refusals(command.action, as_at, field="action"))
    actor = Actor(command.person, command.post, command.body)
    answer = await queries.ask(
        *(rows, actor, command.organisation, command.question),
        series=Series(name=command.series),
        as_at=as_at,
        as_known=as_known,
    )
    chain, faults = answer.chain, queries.faults_in(answer, actor)
    granters = await queries.list_granters(rows, answer, as_at=as_at, as_known=as_known) if faults else {}
    return CanView(
        may=chain is not None and chain.holds,
        organisation=command.organisation,
        action=command.action,
        as_at=as_at,
        as_known=as_known,
        pack=delegation_pack_on(as_at),
        chain=_chain(chain, answer) if chain else None,
        missing=[
            FaultView(
                missing=fault.missing,
                decision_right=fault.right,
                repair=fault.repair,
                granters=granters.get(fault.right, []) if fault.missing in GRANTED else [],
            )
            for fault in faults
        ],
        others=[_chain(other, answer) for other in answer.others[:MOST_OTHERS]],
        parts=list(answer.question.parts),
        uncounted=list(answer.question.uncounted),
        packs=answer.packs,
        notes=list(dict.fromkeys(one.says(command.action) for one in answer.directions))
        + await notes_on(rows, command.organisation, command.action, on=as_at, as_known=as_known),
    )


def _chain(chain: Chain, answer: queries.Answer) -> ChainView:
    rights = [answer.rows[right.id] for right in chain.rights]
    return ChainView(
        rights=[LinkView.model_validate({**row, "decision_right": row["id"]}) for row in rights],
        power=_power(chain.power, answer) if chain.power else None,
    )


def _power(name: str, answer: queries.Answer) -> PowerView:
    """Return the power that a chain comes from: one in law, or the directions by which the action was moved."""
    directed = next((one for one in answer.directions if one.authorisation == name), None)
    return PowerView.model_validate(power(name) if directed is None else directed.power)


@router.get("/permits/{permit}", summary="Read what was answered for an act", responses=problems(PermitNotFound))
async def get_permit(
    permit: Annotated[str, Path(pattern=r"^PE-[0-9a-f-]{36}$", examples=["PE-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])],
    rows: Rows,
    _: By,
) -> PermitView:
    """Return the question, the answer and their digest, and whether the same question is answered the same today."""
    row = await permits.get_permit(rows, permit)
    return PermitView.model_validate({**row, "permit": row["id"], "same": row["digest"] == row["replayed_digest"]})


@router.get("/powers", summary="List powers in law, and conditions of rights", responses=problems())
async def list_powers(
    _: By,
    as_at: AsAt,
    kind: Annotated[str, Query(max_length=40, description="The kind of organisation.", examples=["ccg"])] = "ccg",
) -> PowersView:
    """List the powers from which rights of a kind of organisation come on the day, each with its citation."""
    return PowersView(
        kind=kind,
        as_at=as_at,
        powers=[PowerView.model_validate(one) for one in powers_of(kind, as_at)],
        conditions=[ReasonCodeView(code=code, title=title) for code, title in conditions_on(as_at).items()],
    )


@router.get("/actions/{action}/deciders", summary="Find who may decide on an action", responses=problems())
async def list_deciders_on(
    action: Action,
    rows: Rows,
    _: By,
    organisation: ForOrganisation,
    value_pence: Value,
    as_at: AsAt,
    as_known: AsKnown,
    recurrent: Recurrent = False,
) -> DecidersView:
    """List bodies and posts whose right covers it, each with its minute, scope and conditions.

    A right cannot be used where its post is vacant, or where what it comes from, up to a power in law, is missing on
    the day. Where directions move the action on the day, who exercises it is listed too, in `directed` and with their
    rights. `POST /questions/can` takes which conditions are met.
    """
    found = await queries.list_deciders(
        rows,
        action,
        organisation=organisation,
        value_pence=value_pence,
        recurrent=recurrent,
        as_at=as_at,
        as_known=as_known,
    )
    return DecidersView.model_validate(found)


async def _shown(session: AsyncSession, right: DecisionRight, response: Response, today: Today) -> DecisionRightView:
    await session.flush()
    row = await reads.get_decision_right(await raw(session), right.id, as_at=today, as_known=None)
    etag(response, right.version)
    return DecisionRightView.model_validate(row)
