"""Routes about new care models."""

from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Request, Response

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
from services.registry.care_models.models import CareModel, CareModelType
from services.registry.care_models.views import (
    CareModelInFullView,
    CareModelStatementView,
    CareModelView,
    ChangedView,
    OverlapView,
    PlannedView,
    shown,
)
from services.registry.core.codes import CODE
from services.registry.core.errors import NoChange, OrganisationNotFound
from services.registry.edge import EDIT_REFUSALS, Registrar

router = commands_router(tags=["Care models"])

Reference = Annotated[
    str,
    Path(pattern=commands.REFERENCE, description="the reference that it was planned under", examples=["06A-MCP"]),
]


@may_raise(CareModelNotFound)
async def _care_model_to_change(reference: Reference, session: Write, _: Registrar, expected: IfMatch) -> CareModel:
    model = await commands.get_care_model_to_change(session, reference)
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
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    place: Annotated[
        str | None, Query(description="only those at this place, or at one that lives on in it", pattern=CODE)
    ] = None,
    model: Annotated[CareModelType | None, Query(description="only of this sort")] = None,
    status: Annotated[
        Literal["planned", "delayed", "live", "ended"] | None, Query(description="only with this status on the day")
    ] = None,
) -> Page[CareModelView]:
    """Care models by place, sort and status, as at a day, as known at an instant, in the order of their references.

    None is live before it was said to be established, whatever day was planned.
    """
    filters = queries.CareModelFilter(place, model, status)
    [after] = paging.key(str) or (None,)
    found = await queries.list_care_models(
        rows, filters, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch
    )
    return page([CareModelView(**shown(one)) for one in found], key=lambda one: one.reference, request=request)


@router.get(
    "/care-models/{reference}",
    response_model=CareModelInFullView,
    summary="How far a new care model got",
    responses=problems(CareModelNotFound),
)
async def get_care_model(
    reference: Reference, rows: Rows, _: By, response: Response, as_at: AsAt, as_known: AsKnown
) -> CareModelInFullView:
    """Its status as at a day, as known at an instant, and everything that was said of it by then.

    A plan that slipped stays in the statements. The ETag is its version now.
    """
    found = await queries.get_care_model(rows, reference, as_at=as_at, as_known=as_known)
    etag(response, found.version)
    statements = [CareModelStatementView.model_validate(word) for word in found.words]
    return CareModelInFullView(**shown(found), as_at=as_at, as_known=as_known, statements=statements)


@router.post(
    "/care-models",
    status_code=201,
    response_model=PlannedView,
    summary="Plan a new care model",
    responses=problems(OrganisationNotFound, CareModelTaken),
)
async def plan_care_model(
    command: commands.PlanCareModel,
    session: Write,
    by: Registrar,
    today: Today,
    stated_at: StatedAt,
    response: Response,
) -> PlannedView:
    """Put it on record as planned. Several can be at one place: a warning names the others that have not ended.

    It is live only after `POST /care-models/{reference}/establishment`.
    """
    planned = await commands.plan_care_model(session, command, by=by, stated_at=stated_at)
    found = await queries.get_care_model(
        await raw(session), planned.reference, as_at=command.planned_for or today, as_known=None
    )
    etag(response, found.version)
    others = list(found.overlaps)
    message = f"at {found.place} there is also {', '.join(others)}"
    return PlannedView(**shown(found), warnings=[OverlapView(message=message, references=others)] if others else [])


@router.post(
    "/care-models/{reference}/delay",
    response_model=ChangedView,
    summary="Delay it without a date",
    responses=problems(*REFUSALS, NoChange),
)
async def delay_care_model(
    model: ToChange,
    command: commands.DelayCareModel,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> CareModel:
    """Say that it will not begin on the day that was planned, and that no other is given.

    Its date is then null; the plan stays in what was said before.
    """
    await commands.delay_care_model(session, model, command, by=by, stated_at=stated_at)
    etag(response, model.version)
    return model


@router.post(
    "/care-models/{reference}/replanning",
    response_model=ChangedView,
    summary="Plan it anew",
    responses=problems(*REFUSALS, OrganisationNotFound),
)
async def replan_care_model(
    model: ToChange,
    command: commands.ReplanCareModel,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> CareModel:
    """Plan it for another day, or with other partners, services or people."""
    await commands.replan_care_model(session, model, command, by=by, stated_at=stated_at)
    etag(response, model.version)
    return model


@router.post(
    "/care-models/{reference}/establishment",
    response_model=ChangedView,
    summary="Establish it",
    responses=problems(*REFUSALS, NotEstablished),
)
async def establish_care_model(
    model: ToChange,
    command: commands.EstablishCareModel,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> CareModel:
    """Say that it began: from that day it is live. A day that lies ahead is a plan, and is refused here."""
    await commands.establish_care_model(session, model, command, by=by, stated_at=stated_at)
    etag(response, model.version)
    return model


@router.post(
    "/care-models/{reference}/end",
    response_model=ChangedView,
    summary="End it, or give it up",
    responses=problems(*REFUSALS, NotEstablished),
)
async def end_care_model(
    model: ToChange,
    command: commands.EndCareModel,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> CareModel:
    """Say from which day it is no more; one that never began is given up."""
    await commands.end_care_model(session, model, command, by=by, stated_at=stated_at)
    etag(response, model.version)
    return model
