"""Routes that say what an organisation is from a day on."""

from fastapi import Response

from libs.common.http.dependencies import StatedAt, Write, commands_router, etag, problems
from services.registry import descriptions
from services.registry.api.organisations import EDIT_REFUSALS, Registrar, ToChange
from services.registry.api.views import OpenedView
from services.registry.errors import (
    CoverBroken,
    LegalDatesDisagree,
    MergerAgreed,
    NothingChanges,
    NotOpen,
    OrganisationNotFound,
)
from services.registry.models.organisations import Organisation

REFUSALS = (OrganisationNotFound, NotOpen, NothingChanges, *EDIT_REFUSALS)

router = commands_router(tags=["Organisations"])


@router.post(
    "/organisations/{code}/renaming",
    response_model=OpenedView,
    summary="Rename an organisation",
    responses=problems(*REFUSALS),
)
async def rename_organisation(
    organisation: ToChange,
    command: descriptions.RenameOrganisation,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """Give it another name from a day, under the same code. Names of earlier days stay what they were."""
    await descriptions.rename_organisation(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/parent",
    response_model=OpenedView,
    summary="Let it belong to another organisation",
    responses=problems(CoverBroken, *REFUSALS),
)
async def change_parent(
    organisation: ToChange,
    command: descriptions.ChangeParent,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """Say to which body it belongs from a day. Parents of earlier days stay what they were."""
    await descriptions.change_parent(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/kind",
    response_model=OpenedView,
    summary="Let it be of another kind under the same code",
    responses=problems(CoverBroken, *REFUSALS, MergerAgreed),
)
async def change_kind(
    organisation: ToChange,
    command: descriptions.ChangeKind,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """A trust becomes a foundation trust, an STP becomes an ICB: from a day, under the code that it had.

    Kinds of earlier days stay what they were. A CCG that is part of an agreed merger stays one up to that day.
    """
    await descriptions.change_kind(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/legal-status",
    response_model=OpenedView,
    summary="Establish or abolish it in law",
    responses=problems(OrganisationNotFound, LegalDatesDisagree, NothingChanges, *EDIT_REFUSALS),
)
async def change_legal_status(
    organisation: ToChange,
    command: descriptions.ChangeLegalStatus,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """State what it is in law from a day, apart from whether it operates.

    The last 106 CCGs were abolished on 1 July 2022, and their codes live on. Nothing operates before it is established.
    """
    await descriptions.change_legal_status(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/address",
    response_model=OpenedView,
    summary="Let it move",
    responses=problems(*REFUSALS),
)
async def move_organisation(
    organisation: ToChange,
    command: descriptions.MoveOrganisation,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """Say where it is from a day, with the postcode. Addresses of earlier days stay what they were."""
    await descriptions.move_organisation(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation
