"""Routes about federations, and about the rules of legal forms."""

from typing import Annotated

from fastapi import Query, Response

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Write,
    binds,
    commands_router,
    etag,
    problems,
)
from services.registry.core.errors import CodeTaken, OrganisationNotFound, TermUnknown
from services.registry.core.models import Organisation
from services.registry.edge import CodeInPath, Registrar, ToChange
from services.registry.federations import commands, queries
from services.registry.federations.errors import LegalFormUnknown
from services.registry.federations.views import FederationStandingView, MatrixView
from services.registry.organisations.views import REFUSALS, OpenedView

router = commands_router(tags=["Federations"])

MOST_PENCE = 10**15


@router.get("/federations/matrix", response_model=MatrixView, summary="Get the matrix of legal forms")
async def get_matrix(_: By, as_at: AsAt) -> MatrixView:
    """Return what each legal form may hold (GMS, PMS, APMS) and distribute on a day, by the rule packs.

    `not found` where no source says. An industrial and provident society shows as a registered society from
    1 August 2014.
    """
    return queries.get_matrix(as_at)


@router.get(
    "/federations/{code}/standing",
    response_model=FederationStandingView,
    summary="Get what an organisation may hold and distribute",
    responses=problems(OrganisationNotFound),
)
async def get_standing(
    code: CodeInPath,
    rows: Rows,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    profit_pence: Annotated[
        int, Query(ge=0, le=MOST_PENCE, description="a distributable profit, in pence", examples=[10_000_000])
    ] = 0,
) -> FederationStandingView:
    """Return which contracts it may hold, how much of a profit it may distribute, its owners and its size.

    It works for any organisation with a legal form. A federation outside 25,000 to 100,000 people gets a warning.
    """
    return await queries.get_standing(rows, code, profit_pence=profit_pence, as_at=as_at, as_known=as_known)


@router.post(
    "/federations",
    status_code=201,
    response_model=OpenedView,
    summary="Open a federation of practices",
    responses=problems(CodeTaken, LegalFormUnknown, TermUnknown),
)
@binds("code")
async def open_federation(
    command: commands.OpenFederation, session: Write, by: Registrar, stated_at: StatedAt, response: Response
) -> Organisation:
    """Open a federation with its legal form and its remit: form follows function.

    Its owners and members are relations; its size is a population.
    """
    opened = await commands.open_federation(session, command, by=by, stated_at=stated_at)
    etag(response, opened.version)
    return opened


@router.post(
    "/organisations/{code}/legal-form",
    response_model=OpenedView,
    summary="State the legal form of an organisation",
    responses=problems(*REFUSALS, LegalFormUnknown),
)
@binds("{code}")
async def change_legal_form(
    organisation: ToChange,
    command: commands.ChangeLegalForm,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """State its legal form from a day, whatever its kind. Earlier days keep their forms."""
    await commands.change_legal_form(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation


@router.post(
    "/organisations/{code}/remit",
    response_model=OpenedView,
    summary="State the remit of an organisation",
    responses=problems(*REFUSALS, TermUnknown),
)
@binds("{code}")
async def state_remit(
    organisation: ToChange,
    command: commands.StateRemit,
    session: Write,
    by: Registrar,
    stated_at: StatedAt,
    response: Response,
) -> Organisation:
    """State its remit from a day, as a term of the packs. Earlier days keep their remits."""
    await commands.state_remit(session, organisation, command, by=by, stated_at=stated_at)
    etag(response, organisation.version)
    return organisation
