"""Routes about new care models."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
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
from libs.common.http.paging import UnreadableCursor
from libs.common.http.problems import may_raise
from services.registry.care_models import commands, queries
from services.registry.care_models.errors import CareModelNotFound, CareModelNotPlanned, CareModelTaken, NotEstablished
from services.registry.care_models.models import CareModel, CareModelStatus, CareModelType
from services.registry.care_models.views import (
    CareModelInFullView,
    CareModelView,
    ChangedView,
    PlannedView,
)
from services.registry.core.codes import Code
from services.registry.core.errors import NoChange, OrganisationNotFound, TermUnknown
from services.registry.core.sight import EVERYTHING
from services.registry.edge import EDIT_REFUSALS, Registrar, Seeing

router = commands_router(tags=["Care models"])

Reference = Annotated[
    str,
    commands.REFERENCE,
    Path(description="the reference that it was planned under", examples=["06A-MCP"]),
]


@may_raise(CareModelNotFound)
async def _care_model_to_change(reference: Reference, session: Write, by: Registrar, expected: IfMatch) -> CareModel:
    model = await commands.get_care_model_to_change(session, reference, by=by)
    stale(model.version, expected)
    return model


ToChange = Annotated[CareModel, Depends(_care_model_to_change)]
REFUSALS = (CareModelNotFound, CareModelNotPlanned, *EDIT_REFUSALS)


@router.get(
    "/care-models",
    response_model=Page[CareModelView],
    summary="Find new care models",
    responses=problems(UnreadableCursor),
)
async def list_care_models(
    request: Request,
    rows: Rows,
    sight: Seeing,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    place: Annotated[
        Code | None, Query(description="only those at this place, or at one of its predecessors", examples=["06A"])
    ] = None,
    model: Annotated[CareModelType | None, Query(description="only of this type")] = None,
    status: Annotated[CareModelStatus | None, Query(description="only with this status on the day")] = None,
) -> Page[CareModelView]:
    """List care models by place, type and status, as at a day, as known at an instant, ordered by reference.

    A care model is live only once it was stated as established, whatever day was planned.
    """
    filters = queries.CareModelFilter(place, model, status)
    [after] = paging.key(str) or (None,)
    found = await queries.list_care_models(
        rows, filters, sight=sight, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch
    )
    return page(found, key=lambda one: one.reference, request=request)


@router.get(
    "/care-models/{reference}",
    response_model=CareModelInFullView,
    summary="Get the status of a new care model",
    responses=problems(CareModelNotFound),
)
async def get_care_model(
    reference: Reference, rows: Rows, sight: Seeing, response: Response, as_at: AsAt, as_known: AsKnown
) -> CareModelInFullView:
    """Return its status as at a day, as known at an instant, with every statement about it until then.

    The words of a statement, and who recorded it, are null for others than its place and its partners then.
    A plan that slipped stays in the statements. The ETag is its version now.
    """
    found = await queries.get_care_model(rows, reference, sight=sight, as_at=as_at, as_known=as_known)
    etag(response, found.version)
    return found


@router.post(
    "/care-models",
    status_code=201,
    response_model=PlannedView,
    summary="Plan a new care model",
    responses=problems(OrganisationNotFound, CareModelTaken, TermUnknown),
)
@binds("place", "partners")
async def plan_care_model(
    command: commands.PlanCareModel,
    session: Write,
    by: Registrar,
    today: Today,
    stated_at: StatedAt,
    response: Response,
) -> PlannedView:
    """Record it as planned. There may be several at one place: a warning names the others that have not ended.

    It is live only after `POST /care-models/{reference}/establishment`.
    """
    planned = await commands.plan_care_model(session, command, by=by, stated_at=stated_at)
    found = await queries.get_care_model(
        await raw(session), planned.reference, sight=EVERYTHING, as_at=command.planned_for or today, as_known=None
    )
    etag(response, found.version)
    return PlannedView.of(found)


@router.post(
    "/care-models/{reference}/delay",
    response_model=ChangedView,
    summary="Delay it without a date",
    responses=problems(*REFUSALS, NoChange),
)
@binds("the place", "the partners that it has")
async def delay_care_model(
    model: ToChange,
    command: commands.DelayCareModel,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> CareModel:
    """State that it will not begin on the planned day, and that no other day is given.

    Its planned day is then null; the earlier plan stays in its statements.
    """
    await commands.delay_care_model(session, model, command, by=by, stated_at=stated_at)
    etag(response, model.version)
    return model


@router.post(
    "/care-models/{reference}/replanning",
    response_model=ChangedView,
    summary="Replan it",
    responses=problems(*REFUSALS, OrganisationNotFound, TermUnknown),
)
@binds("partners", "the place and the partners that it has")
async def replan_care_model(
    reference: Reference,
    command: commands.ReplanCareModel,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> CareModel:
    """Plan it for another day, or with other partners, services or people. It binds the new partners too."""
    model = await commands.get_care_model_to_change(session, reference, by=by, partners=command.partners or ())
    stale(model.version, expected)
    await commands.replan_care_model(session, model, command, by=by, stated_at=stated_at)
    etag(response, model.version)
    return model


@router.post(
    "/care-models/{reference}/establishment",
    response_model=ChangedView,
    summary="Establish it",
    responses=problems(*REFUSALS, NotEstablished),
)
@binds("the place", "the partners that it has")
async def establish_care_model(
    model: ToChange,
    command: commands.EstablishCareModel,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> CareModel:
    """State that it began: it is live from that day. A day in the future is a plan, and is refused here."""
    await commands.establish_care_model(session, model, command, by=by, stated_at=stated_at)
    etag(response, model.version)
    return model


@router.post(
    "/care-models/{reference}/end",
    response_model=ChangedView,
    summary="End or abandon it",
    responses=problems(*REFUSALS, NotEstablished),
)
@binds("the place", "the partners that it has")
async def end_care_model(
    model: ToChange,
    command: commands.EndCareModel,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> CareModel:
    """State the first day without it. One that never began is abandoned."""
    await commands.end_care_model(session, model, command, by=by, stated_at=stated_at)
    etag(response, model.version)
    return model
