"""Routes about organisations."""

from typing import Annotated

from fastapi import Query, Request, Response

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Rows,
    StatedAt,
    Write,
    binds,
    commands_router,
    etag,
    hot,
    page,
    problems,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.organisations.statements import Status
from services.registry.core import queries as answers
from services.registry.core.codes import PRINTED, Code
from services.registry.core.errors import CodeTaken, NoChange, OrganisationNotFound
from services.registry.core.kinds import Kind
from services.registry.core.models import Organisation
from services.registry.core.views import OrganisationInFullView, OrganisationView
from services.registry.cover.errors import CoverBroken
from services.registry.edge import EDIT_REFUSALS, CodeInPath, Levels, Registrar, ToChange, WithSightings
from services.registry.evidence.conflicts import notes_on
from services.registry.organisations import changes, commands
from services.registry.organisations.errors import ClosedBeforeItOpened, LegalDatesDisagree, MergerAgreed, NotOpen
from services.registry.organisations.views import (
    REFUSALS,
    OpenedListView,
    OpenedView,
)

router = commands_router(tags=["Organisations"])


@router.get(
    "/organisations/{code}",
    response_model=OrganisationInFullView,
    summary="Get an organisation as at a day",
    responses=problems(OrganisationNotFound),
)
@hot
async def get_organisation(
    code: CodeInPath,
    rows: Rows,
    _: By,
    response: Response,
    as_at: AsAt,
    as_known: AsKnown,
    sightings: WithSightings = False,
) -> OrganisationInFullView:
    """Return an organisation as at a day, as known at an instant.

    The answer has its kind, further roles, status in operation and in law, name, parent, address, codes in other
    systems, the mergers that it is part of, and what sources disagree about.

    The ETag is the organisation's current version, whatever the day.
    """
    found = await answers.get_organisation(rows, code, as_at=as_at, as_known=as_known)
    etag(response, found.version)
    found.conflicts = await notes_on(rows, code, as_at=as_at, as_known=as_known)
    if sightings:
        await answers.add_sightings(rows, [found], as_at=as_at, as_known=as_known)
    return found


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
        str | None, Query(description="part of the name, in any case", max_length=200, pattern=PRINTED)
    ] = None,
    parent: Annotated[Code | None, Query(description="only those with this parent")] = None,
    *,
    levels: Levels,
    sightings: WithSightings = False,
) -> Page[OrganisationView]:
    """List organisations by kind, status, name, parent and level, as at a day, as known at an instant, by code.

    `kind=ccg&status=open&as_at=2013-04-01` gives England's 211 CCGs of that day, `in_icb=QT1&kind=sub_icb_location`
    the sub-ICB locations of Nottingham and Nottinghamshire.
    """
    filters = answers.OrganisationFilter(kind, status, name, parent, levels=levels)
    [after] = paging.key(str) or (None,)
    found = await answers.list_organisations(
        rows, filters, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch
    )
    if sightings:
        await answers.add_sightings(rows, found, as_at=as_at, as_known=as_known)
    return page(found, key=lambda one: one.code, request=request)


@router.post(
    "/organisations",
    status_code=201,
    response_model=OpenedView,
    summary="Open or propose an organisation",
    responses=problems(CodeTaken, OrganisationNotFound, CoverBroken),
)
@binds("code", "parent")
async def open_organisation(
    command: commands.OpenOrganisation, session: Write, by: Registrar, stated_at: StatedAt, response: Response
) -> Organisation:
    """Open an organisation under a new code from a day, or record it as proposed.

    The same command opens a proposed organisation. A code that was ever used is never used again.
    """
    [opened] = await commands.open_organisations(session, [command], by=by, stated_at=stated_at)
    etag(response, opened.version)
    return opened


@router.post(
    "/organisations/batch",
    status_code=201,
    response_model=OpenedListView,
    summary="Open or propose up to 500 organisations",
    responses=problems(CodeTaken, OrganisationNotFound, CoverBroken),
)
@binds("organisations.code", "organisations.parent")
async def open_organisations(
    command: commands.OpenOrganisations, session: Write, by: Registrar, stated_at: StatedAt
) -> OpenedListView:
    """Open or propose many organisations in one transaction: all of them or none. A refusal lists every reason."""
    opened = await commands.open_organisations(session, command.organisations, by=by, stated_at=stated_at)
    return OpenedListView(organisations=[OpenedView.model_validate(one) for one in opened])


@router.post(
    "/organisations/{code}/closure",
    response_model=OpenedView,
    summary="Close an organisation without a merger",
    responses=problems(OrganisationNotFound, NotOpen, ClosedBeforeItOpened, MergerAgreed, CoverBroken, *EDIT_REFUSALS),
)
@binds("{code}")
async def close_organisation(
    organisation: ToChange,
    command: commands.CloseOrganisation,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """Close it: `effective_on` is the first day without it. A merger closes the organisations that are part of it.

    A commissioner that still has practices or areas is not closed: the refusal names each of them.
    """
    await commands.close_organisation(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/renaming",
    response_model=OpenedView,
    summary="Rename an organisation",
    responses=problems(*REFUSALS),
)
@binds("{code}")
async def rename_organisation(
    organisation: ToChange,
    command: changes.RenameOrganisation,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """Give it another name from a day, under the same code. Earlier days keep their names."""
    await changes.rename_organisation(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/parent",
    response_model=OpenedView,
    summary="Change the parent of an organisation",
    responses=problems(CoverBroken, *REFUSALS),
)
@binds("{code}", "parent", "the parent that it leaves")
async def change_parent(
    code: CodeInPath,
    command: changes.ChangeParent,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> Organisation:
    """State its parent from a day. Earlier days keep their parents.

    It binds the organisation, the parent that it joins and the one that it leaves.
    """
    organisation = await changes.get_member_to_move(session, code, command, by=by)
    stale(organisation.version, expected)
    await changes.change_parent(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/kind",
    response_model=OpenedView,
    summary="Change the kind of an organisation",
    responses=problems(CoverBroken, *REFUSALS, MergerAgreed),
)
@binds("{code}")
async def change_kind(
    organisation: ToChange,
    command: changes.ChangeKind,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """Change its kind from a day, under the same code, as when a trust becomes a foundation trust.

    Earlier days keep their kinds. A CCG that is part of an agreed merger stays one up to the merger's day.
    """
    await changes.change_kind(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/legal-status",
    response_model=OpenedView,
    summary="State the legal status of an organisation",
    responses=problems(OrganisationNotFound, LegalDatesDisagree, NoChange, *EDIT_REFUSALS),
)
@binds("{code}")
async def change_legal_status(
    organisation: ToChange,
    command: changes.ChangeLegalStatus,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """State that it is established or abolished in law from a day, apart from whether it operates.

    The last 106 CCGs were abolished on 1 July 2022, and their codes are still in use. No organisation operates before
    it is established.
    """
    await changes.change_legal_status(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/address",
    response_model=OpenedView,
    summary="Move an organisation",
    responses=problems(*REFUSALS),
)
@binds("{code}")
async def move_organisation(
    organisation: ToChange,
    command: changes.MoveOrganisation,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """State its address from a day, with the postcode. Earlier days keep their addresses."""
    await changes.move_organisation(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation
