"""Routes about what a body bears beside its kind and ODS code: further roles, codes of other systems."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Path, Response
from pydantic import Field

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    commands_router,
    etag,
    problems,
)
from services.registry.core import queries as answers
from services.registry.core.errors import NoChange, OrganisationNotFound
from services.registry.core.links import CODE_OF, ROLE
from services.registry.core.models import Organisation
from services.registry.core.views import View
from services.registry.edge import EDIT_REFUSALS, CodeInPath, OfDay, Registrar, ToChange
from services.registry.identifiers import commands as identifiers
from services.registry.identifiers import commands as roles
from services.registry.identifiers.errors import IdentifierNotFound, IdentifierTaken, RoleNotHeld
from services.registry.identifiers.periods import Ending, periods_of
from services.registry.organisations.errors import NotOpen
from services.registry.organisations.views import OpenedView

router = commands_router(tags=["Organisations"])

SystemInPath = Annotated[
    str,
    Path(pattern=identifiers.SYSTEM, description="`ods`, `ons`, or a user's own system of codes", examples=["ons"]),
]
IdentifierInPath = Annotated[
    str, Path(pattern=identifiers.IDENTIFIER, description="the code in that system", examples=["E38000215"])
]


class RolePeriodView(View):
    """A further role, with its days."""

    role: str = Field(examples=["RO213"])
    first_day: date | None
    last_day: date | None = Field(description="null: no last day is known")


class IdentifierPeriodView(View):
    """A code of another system, with the days on which the body bears it."""

    system: str = Field(examples=["ons"])
    identifier: str = Field(examples=["E38000215"])
    first_day: date | None
    last_day: date | None = Field(description="null: no last day is known")


class RolesView(View):
    """Every further role of a body, on any day or on one, as known at an instant."""

    code: str
    as_at: date | None = Field(description="null: on any day")
    as_known: datetime | None = Field(description="null: as known now")
    roles: list[RolePeriodView]


class IdentifiersView(View):
    """Every code of other systems of a body, on any day or on one, as known at an instant."""

    code: str
    as_at: date | None = Field(description="null: on any day")
    as_known: datetime | None = Field(description="null: as known now")
    identifiers: list[IdentifierPeriodView]


class BearerView(IdentifierPeriodView):
    """The body that a code of another system names on a day."""

    code: str = Field(description="its ODS code", examples=["01H"])
    name: str | None
    as_at: date
    as_known: datetime | None = Field(description="null: as known now")


@router.get(
    "/organisations/{code}/roles",
    response_model=RolesView,
    summary="Its further roles, with their days",
    responses=problems(OrganisationNotFound),
)
async def list_roles(
    code: CodeInPath, rows: Rows, _: By, today: Today, as_known: AsKnown, as_at: OfDay = None
) -> RolesView:
    """Every role that it has beside its kind, on any day or on one; each has its own first and last day."""
    await answers.get_organisation(rows, code, as_at=as_at or today, as_known=as_known)
    spans = await periods_of(rows, code, ROLE, as_at=as_at, as_known=as_known)
    held = [RolePeriodView(role=span.other, first_day=span.first_day, last_day=span.last_day) for span in spans]
    return RolesView(code=code, as_at=as_at, as_known=as_known, roles=held)


@router.post(
    "/organisations/{code}/roles",
    status_code=201,
    response_model=OpenedView,
    summary="Give it a further role",
    responses=problems(OrganisationNotFound, NotOpen, NoChange, *EDIT_REFUSALS),
)
async def give_role(
    organisation: ToChange,
    command: roles.GiveRole,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """Say that it has a role beside its kind from a day: a word of your own, or ODS's code of a role."""
    await roles.give_role(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/roles/{role}/end",
    response_model=OpenedView,
    summary="End a further role",
    responses=problems(OrganisationNotFound, RoleNotHeld, *EDIT_REFUSALS),
)
async def end_role(
    organisation: ToChange,
    role: Annotated[str, Path(pattern=roles.ROLE_NAME, description="the role as it was given", examples=["RO213"])],
    command: Ending,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """Say from which day it has this role no more. The days before stay what they were."""
    await roles.end_role(session, organisation, role, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.get(
    "/organisations/{code}/identifiers",
    response_model=IdentifiersView,
    summary="Its codes in other systems, with their days",
    responses=problems(OrganisationNotFound),
)
async def list_identifiers(
    code: CodeInPath, rows: Rows, _: By, today: Today, as_known: AsKnown, as_at: OfDay = None
) -> IdentifiersView:
    """Every code of another system that it bears, on any day or on one: ONS codes change where ODS codes do not."""
    await answers.get_organisation(rows, code, as_at=as_at or today, as_known=as_known)
    spans = await periods_of(rows, code, CODE_OF, as_at=as_at, as_known=as_known)
    borne = [
        IdentifierPeriodView(
            system=span.sort.removeprefix(CODE_OF),
            identifier=span.other,
            first_day=span.first_day,
            last_day=span.last_day,
        )
        for span in spans
    ]
    return IdentifiersView(code=code, as_at=as_at, as_known=as_known, identifiers=borne)


@router.post(
    "/organisations/{code}/identifiers",
    status_code=201,
    response_model=OpenedView,
    summary="Give it a code of another system",
    responses=problems(OrganisationNotFound, IdentifierTaken, NoChange, *EDIT_REFUSALS),
)
async def give_identifier(
    organisation: ToChange,
    command: identifiers.GiveIdentifier,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """Let it bear a code of another system from a day; the one of that system that it bore before ends there.

    A code that ever named a body never names another one: the refusal says whose it is.
    """
    await identifiers.give_identifier(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/identifiers/{system}/{identifier}/end",
    response_model=OpenedView,
    summary="Let it bear a code of another system no more",
    responses=problems(OrganisationNotFound, IdentifierNotFound, *EDIT_REFUSALS),
)
async def end_identifier(
    organisation: ToChange,
    system: SystemInPath,
    identifier: IdentifierInPath,
    command: Ending,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """Say from which day the code names nobody. It is never given to another body."""
    await identifiers.end_identifier(session, organisation, system, identifier, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.get(
    "/identifiers/{system}/{identifier}",
    response_model=BearerView,
    summary="Whose code is it?",
    responses=problems(IdentifierNotFound),
)
async def get_bearer(
    system: SystemInPath, identifier: IdentifierInPath, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown
) -> BearerView:
    """The body that a code of another system names on a day, as known at an instant.

    Where it names one on other days only, the refusal says which and when.
    """
    found = await identifiers.get_bearer(rows, system, identifier, as_at=as_at, as_known=as_known)
    named = await answers.get_organisation(rows, found.code, as_at=as_at, as_known=as_known)
    return BearerView(
        system=found.system,
        identifier=found.identifier,
        first_day=found.first_day,
        last_day=found.last_day,
        code=found.code,
        name=named.name,
        as_at=as_at,
        as_known=as_known,
    )
