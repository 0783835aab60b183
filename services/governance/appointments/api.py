"""Routes that make, end and read appointments, and list vacant posts."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response
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
from services.governance.appointments import commands
from services.governance.bodies.views import AppointmentView, PostView
from services.governance.core import errors
from services.governance.core import queries as reads
from services.governance.core.codes import PersonId, ReferenceOrSlug
from services.governance.core.models import Appointment
from services.governance.edge import Lead, OrganisationFilter

router = commands_router(tags=["Appointments"])

AppointmentId = Annotated[str, Path(description="The id that `POST /appointments` returned.", max_length=80)]
_FREE = (errors.PostNotStanding, errors.PostHeld)


async def _wanted(
    organisation: OrganisationFilter = None,
    person: Annotated[PersonId | None, Query(description="The holder's id.")] = None,
    post: Annotated[
        ReferenceOrSlug | None,
        Query(description="A post's reference, or its last part for all bodies: `gp-member` for every seat."),
    ] = None,
    vacant: Annotated[bool, Query(description="List the vacant posts instead.")] = False,
) -> reads.PostFilter:
    return reads.PostFilter(organisation=organisation, person=person, post=post, vacant=vacant)


@router.get("/appointments", summary="List the holders of posts on a day", responses=problems())
async def list_appointments(
    request: Request,
    rows: Rows,
    _: By,
    wanted: Annotated[reads.PostFilter, Depends(_wanted)],
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
) -> Page[PostView]:
    """List posts with their holders, ordered by reference, such as an organisation's accountable officer."""
    return await _page(request, rows, wanted, paging, as_at, as_known)


@router.get("/vacancies", summary="List the vacant posts", responses=problems())
async def list_vacancies(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
) -> Page[PostView]:
    """List posts that exist on the day without a holder, with the first day and the reason."""
    wanted = reads.PostFilter(organisation=organisation, vacant=True)
    return await _page(request, rows, wanted, paging, as_at, as_known)


@router.get(
    "/appointments/{appointment}", summary="Read an appointment", responses=problems(errors.AppointmentNotFound)
)
async def get_appointment(
    appointment: AppointmentId, response: Response, rows: Rows, _: By, as_known: AsKnown
) -> AppointmentView:
    """Return an appointment with its days as known at the instant. The ETag is its version."""
    view = AppointmentView.model_validate(await reads.get_appointment(rows, appointment, as_known=as_known))
    etag(response, view.version)
    return view


@router.post(
    "/appointments",
    status_code=201,
    summary="Appoint a person to a post",
    responses=problems(
        errors.PostNotFound,
        errors.PersonNotFound,
        errors.BodyNotFound,
        errors.OrganisationNotOpen,
        errors.DocumentMissing,
        *_FREE,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("the post's organisation", "the body that took it over")
async def make_appointment(
    command: commands.MakeAppointment,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> AppointmentView:
    """Appoint a person to a post that exists and is vacant on every day of an open or proposed organisation.

    A person in five bodies has five appointments. Publishes `AppointmentMade`, and for a term its end.
    """
    made = await commands.make_appointment(session, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, made, response)


@router.post(
    "/appointments/{appointment}/ending",
    status_code=201,
    summary="Set an appointment's last day",
    responses=problems(
        errors.AppointmentNotFound,
        errors.ReasonNotListed,
        errors.AppointmentVoid,
        errors.EndsBeforeItBegins,
        errors.DocumentMissing,
        *_FREE,
        NotYoursToDecide,
        RoleMissing,
        StaleVersion,
        PreconditionMissing,
    ),
)
@binds("the organisation of the appointment's post", "the body that took it over")
async def end_appointment(
    appointment: AppointmentId,
    command: commands.EndAppointment,
    response: Response,
    session: Write,
    by: Lead,
    if_match: IfMatch,
    today: Today,
    stated_at: StatedAt,
) -> AppointmentView:
    """End it, or correct its end. Publishes `AppointmentEnded`, and `PostFellVacant` where no holder follows."""
    found = await commands.get_appointment_to_change(session, appointment, by=by, today=today)
    stale(found.version, if_match)
    await commands.end_appointment(session, found, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, found, response)


async def _shown(session: AsyncSession, appointment: Appointment, response: Response) -> AppointmentView:
    await session.flush()
    row = await reads.get_appointment(await raw(session), appointment.id, as_known=None)
    etag(response, appointment.version)
    return AppointmentView.model_validate(row)


async def _page(
    request: Request, rows: Rows, wanted: reads.PostFilter, paging: Paging, as_at: AsAt, as_known: AsKnown
) -> Page[PostView]:
    after = paging.key(str)
    found = await reads.list_posts(rows, wanted, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch)
    return page([PostView.model_validate(row) for row in found], key=lambda view: view.post, request=request)
