"""Routes about organisations."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Rows,
    StatedAt,
    UnreadableVersion,
    Write,
    allowed,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.http.problems import PreconditionMissing, StaleVersion, may_raise
from libs.common.identity import Caller, Role
from libs.common.temporal.days import WrittenDay
from libs.organisations.statements import Status
from services.registry import answers, organisations
from services.registry.api.views import (
    DetailsView,
    OpenedListView,
    OpenedView,
    OrganisationInFullView,
    OrganisationView,
)
from services.registry.errors import (
    ClosedBeforeItOpened,
    CodeTaken,
    CoverBroken,
    MergerAgreed,
    NotOpen,
    OrganisationNotFound,
)
from services.registry.kinds import Kind
from services.registry.models.organisations import Organisation
from services.registry.organisations import CODE, PRINTED
from services.registry.standings import get_organisation_to_change

EDIT_REFUSALS = (PreconditionMissing, StaleVersion, UnreadableVersion)

router = commands_router(tags=["Organisations"])

CodeInPath = Annotated[str, Path(pattern=CODE, description="ODS code", examples=["10Y"])]
OfDay = Annotated[WrittenDay | None, Query(alias="as_at", description="Only of this day; of all days if left out.")]
Registrar = Annotated[Caller, allowed(Role.REGISTRAR)]


@may_raise(OrganisationNotFound)
async def _organisation_to_change(code: CodeInPath, session: Write, _: Registrar, expected: IfMatch) -> Organisation:
    organisation = await get_organisation_to_change(session, code)
    stale(organisation.version, expected)
    return organisation


ToChange = Annotated[Organisation, Depends(_organisation_to_change)]
"""The organisation of the path, locked, of the version that the registrar read."""


@router.get(
    "/organisations/{code}",
    response_model=OrganisationInFullView,
    summary="What an organisation was on a day",
    responses=problems(OrganisationNotFound),
)
async def get_organisation(
    code: CodeInPath, rows: Rows, _: By, response: Response, as_at: AsAt, as_known: AsKnown
) -> OrganisationInFullView:
    """What it was as at a day, as known at an instant: kind and further roles, status in operation and in law, name,
    parent, address, codes of other systems, and the mergers that it is part of.

    The ETag is the organisation's version now, whatever day is asked about.
    """
    found = await answers.get_organisation(rows, code, as_at=as_at, as_known=as_known)
    etag(response, found.version)
    return OrganisationInFullView.model_validate(
        {
            **OrganisationView.model_validate(found).model_dump(),
            **{name: getattr(found.details, name) for name in DetailsView.model_fields},
            "as_at": as_at,
            "as_known": as_known,
            "mergers": found.mergers,
        }
    )


@router.get(
    "/organisations",
    response_model=Page[OrganisationView],
    summary="Find organisations",
    responses=problems(UnreadableCursor),
)
async def list_organisations(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    kind: Annotated[Kind | None, Query(description="only of this kind")] = None,
    status: Annotated[Status | None, Query(description="only those with this status on the day")] = None,
    name: Annotated[
        str | None, Query(description="a part of the name, whatever the case", max_length=200, pattern=PRINTED)
    ] = None,
    parent: Annotated[str | None, Query(description="only those that belong to this code", pattern=CODE)] = None,
) -> Page[OrganisationView]:
    """Organisations by kind, status, name and parent, as at a day, as known at an instant, in the order of their codes.

    `kind=ccg&status=open&as_at=2013-04-01` gives England's 211 CCGs of that day.
    """
    filters = answers.Filters(kind, status, name, parent)
    [after] = paging.key(str) or (None,)
    found = await answers.list_organisations(
        rows, filters, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch
    )
    return page([OrganisationView.model_validate(one) for one in found], key=lambda one: one.code, request=request)


@router.post(
    "/organisations",
    status_code=201,
    response_model=OpenedView,
    summary="Open or propose an organisation",
    responses=problems(CodeTaken, OrganisationNotFound, CoverBroken),
)
async def open_organisation(
    command: organisations.OpenOrganisation, session: Write, by: Registrar, stated_at: StatedAt, response: Response
) -> Organisation:
    """Give a new code to a body that operates from a day, or that stands as proposed.

    What was proposed is opened by the same command. A code that a body ever had is never used again.
    """
    [opened] = await organisations.open_organisations(session, [command], by=by, stated_at=stated_at)
    etag(response, opened.version)
    return opened


@router.post(
    "/organisations/batch",
    status_code=201,
    response_model=OpenedListView,
    summary="Open or propose up to 500 organisations",
    responses=problems(CodeTaken, OrganisationNotFound, CoverBroken),
)
async def open_organisations(
    command: organisations.OpenOrganisations, session: Write, by: Registrar, stated_at: StatedAt
) -> OpenedListView:
    """Open or propose many bodies in one transaction: all of them, or none, with every reason."""
    opened = await organisations.open_organisations(session, command.organisations, by=by, stated_at=stated_at)
    return OpenedListView(organisations=[OpenedView.model_validate(one) for one in opened])


@router.post(
    "/organisations/{code}/closure",
    response_model=OpenedView,
    summary="Close an organisation without a merger",
    responses=problems(OrganisationNotFound, NotOpen, ClosedBeforeItOpened, MergerAgreed, CoverBroken, *EDIT_REFUSALS),
)
async def close_organisation(
    organisation: ToChange,
    command: organisations.CloseOrganisation,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """End it: `effective_on` is the first day without it. What is part of an agreed merger ends with that.

    A commissioner that still has practices or areas is not closed: each of them is named.
    """
    await organisations.close_organisation(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation
