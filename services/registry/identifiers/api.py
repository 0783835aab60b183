"""Routes about further roles and codes of other systems."""

from typing import Annotated

from fastapi import Path, Response

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    etag,
    problems,
)
from services.registry.core.errors import NoChange, OrganisationNotFound
from services.registry.core.models import Organisation
from services.registry.core.queries import get_organisation
from services.registry.edge import EDIT_REFUSALS, CodeInPath, OfDay, Registrar, ToChange
from services.registry.identifiers import commands, queries
from services.registry.identifiers.errors import IdentifierNotFound, IdentifierTaken, RoleNotHeld
from services.registry.identifiers.views import BearerView, IdentifiersView, RolesView
from services.registry.organisations.errors import NotOpen
from services.registry.organisations.views import OpenedView

router = commands_router(tags=["Organisations"])

SystemInPath = Annotated[
    str,
    Path(pattern=commands.SYSTEM, description="`ods`, `ons`, or a user's own system of codes", examples=["ons"]),
]
IdentifierInPath = Annotated[
    str, Path(pattern=commands.IDENTIFIER, description="the code in that system", examples=["E38000215"])
]


@router.get(
    "/organisations/{code}/roles",
    response_model=RolesView,
    summary="List its further roles, with their days",
    responses=problems(OrganisationNotFound),
)
async def list_roles(
    code: CodeInPath, rows: Rows, _: By, today: Today, as_known: AsKnown, as_at: OfDay = None
) -> RolesView:
    """List every role beside its kind, on one day or on any, with first and last days."""
    await get_organisation(rows, code, as_at=as_at or today, as_known=as_known)
    return await queries.list_roles(rows, code, as_at=as_at, as_known=as_known)


@router.post(
    "/organisations/{code}/roles",
    status_code=201,
    response_model=OpenedView,
    summary="Give it a further role",
    responses=problems(OrganisationNotFound, NotOpen, NoChange, *EDIT_REFUSALS),
)
@binds("{code}")
async def give_role(
    organisation: ToChange,
    command: commands.GiveRole,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """Give it a role beside its kind from a day: your own name or ODS's code for it."""
    await commands.give_role(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/roles/{role}/end",
    response_model=OpenedView,
    summary="End a further role",
    responses=problems(OrganisationNotFound, RoleNotHeld, *EDIT_REFUSALS),
)
@binds("{code}")
async def end_role(
    organisation: ToChange,
    role: Annotated[str, Path(pattern=commands.ROLE_NAME, description="the role as it was given", examples=["RO213"])],
    command: commands.Ending,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """State the first day without this role. Earlier days keep it."""
    await commands.end_role(session, organisation, role, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.get(
    "/organisations/{code}/identifiers",
    response_model=IdentifiersView,
    summary="List its codes in other systems, with their days",
    responses=problems(OrganisationNotFound),
)
async def list_identifiers(
    code: CodeInPath, rows: Rows, _: By, today: Today, as_known: AsKnown, as_at: OfDay = None
) -> IdentifiersView:
    """List its codes in other systems, on one day or on any. ONS codes change where ODS codes do not."""
    await get_organisation(rows, code, as_at=as_at or today, as_known=as_known)
    return await queries.list_identifiers(rows, code, as_at=as_at, as_known=as_known)


@router.post(
    "/organisations/{code}/identifiers",
    status_code=201,
    response_model=OpenedView,
    summary="Give it a code of another system",
    responses=problems(OrganisationNotFound, IdentifierTaken, NoChange, *EDIT_REFUSALS),
)
@binds("{code}")
async def give_identifier(
    organisation: ToChange,
    command: commands.GiveIdentifier,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """Give it a code of another system from a day; its earlier code in that system ends there.

    A code that was ever given to one organisation is never given to another: the refusal names the first.
    """
    await commands.give_identifier(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/identifiers/{system}/{identifier}/end",
    response_model=OpenedView,
    summary="End a code of another system",
    responses=problems(OrganisationNotFound, IdentifierNotFound, *EDIT_REFUSALS),
)
@binds("{code}")
async def end_identifier(
    organisation: ToChange,
    system: SystemInPath,
    identifier: IdentifierInPath,
    command: commands.Ending,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """State the first day without this code. It is never given to another organisation."""
    await commands.end_identifier(session, organisation, system, identifier, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.get(
    "/identifiers/{system}/{identifier}",
    response_model=BearerView,
    summary="Find the organisation with a code of another system",
    responses=problems(IdentifierNotFound),
)
async def get_bearer(
    system: SystemInPath, identifier: IdentifierInPath, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown
) -> BearerView:
    """Return the organisation with this code on a day, as known at an instant.

    Where the code belongs to an organisation on other days only, the refusal says which and when.
    """
    return await queries.get_bearer(rows, system, identifier, as_at=as_at, as_known=as_known)
