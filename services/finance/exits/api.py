"""Routes about assessments of leaving contracts, and the exit calendar."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Path, Query, Request, Response, status
from pydantic import Field

from libs.common.codes import Folded
from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatchIfAny,
    Page,
    Paging,
    Read,
    StatedAt,
    Today,
    UnreadableVersion,
    Versions,
    Write,
    allowed,
    binds,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.http.problems import PreconditionMissing, StaleVersion, Unprocessable
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.finance.core.errors import NoPackInForce
from services.finance.core.sight import sight_of
from services.finance.edge import OneCode
from services.finance.exits import commands, errors, queries
from services.finance.exits.presentation import calendar_key, calendar_of, view_of
from services.finance.exits.views import ExitAssessmentView, ExitCalendarItemView
from services.finance.parties.errors import LensNotFound, PartyNotFound
from services.finance.parties.queries import footprint_lens

router = commands_router(tags=["Exits"])

Contract = Annotated[
    str,
    Folded("[A-Za-z0-9][A-Za-z0-9-]{4,38}[A-Za-z0-9]", "6 to 40 letters, digits and hyphens, none at its ends"),
    Field(description="The parties' reference of the contract.", examples=["CSU-BUCKS-2017"]),
    Path(),
]
VersionNumber = Annotated[int, Path(ge=1, le=1_000_000, description="The version.")]
OneVersion = Annotated[
    int | None, Query(ge=1, le=1_000_000, description="Default: the latest that you read.", examples=[1])
]


class NoCalendarAsked(Unprocessable):
    """The exit calendar is that of an organisation or of a footprint.

    Name one of the two.
    """


def _expectation(version_read: Versions | None) -> Callable[[int], None]:
    """Return a check that raises unless If-Match names the version; the first version needs none."""

    def expect(version: int) -> None:
        if version_read is not None:
            stale(version, version_read)
        elif version:
            raise PreconditionMissing(f"version {version} is stated already: send If-Match with the ETag you read")

    return expect


@router.get(
    "/exit-assessments",
    summary="Read the exit calendar of an organisation or a footprint",
    responses=problems(NoCalendarAsked, PartyNotFound, LensNotFound, NoPackInForce, UnreadableCursor),
)
async def list_exits(
    request: Request,
    session: Read,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OneCode = None,
    footprint: OneCode = None,
) -> Page[ExitCalendarItemView]:
    """List the contracts that run on the day, by what it costs to miss the next notice, the most first.

    Of a footprint those of its members that you read. A contract without exit terms is listed without a figure.
    """
    if (organisation is None) == (footprint is None):
        message = "name an organisation or a footprint"
        raise NoCalendarAsked(message, reasons=[Reason(message, "organisation")])
    rows = await raw(session)
    sight = await sight_of(rows, by)
    if footprint is not None:
        members = (await footprint_lens(rows, footprint, as_known=as_known)).members_on(as_at)
    else:
        members = frozenset({organisation or ""})
    codes = sight.among(members) or []
    subjects = await queries.list_subjects(rows, codes, as_at=as_at, as_known=as_known)
    items = await calendar_of(rows, subjects, sight=sight, as_at=as_at, as_known=as_known)
    after = paging.key(int, str)
    return page([one for one in items if after is None or calendar_key(one) > after], key=calendar_key, request=request)


@router.get(
    "/exit-assessments/{contract}",
    summary="Read when to leave a contract",
    responses=problems(
        errors.ExitAssessmentNotFound,
        errors.ContractNotKnown,
        errors.ExitTermsUnknown,
        errors.BeyondHorizon,
        LensNotFound,
        PartyNotFound,
        NoPackInForce,
    ),
)
async def get_exit_assessment(
    contract: Contract,
    response: Response,
    session: Read,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OneCode = None,
    version: OneVersion = None,
) -> ExitAssessmentView:
    """Return every exit on offer through every lens, from the inputs of a version and what is known of the contract.

    The author reads all versions, every customer those that were published. Best days count the exits whose notice day
    has not passed on the day asked for.
    """
    rows = await raw(session)
    sight = await sight_of(rows, by)
    found = await queries.get_version(
        rows, contract, sight=sight, organisation=organisation, version=version, as_known=as_known
    )
    subject = await queries.get_subject(rows, contract, sight=sight, as_at=as_at, as_known=as_known)
    assessed = await queries.assess_version(rows, found, subject, as_at=as_at, as_known=as_known)
    etag(response, found.version)
    return view_of(assessed, as_at=as_at, as_known=as_known)


@router.post(
    "/exit-assessments/{contract}",
    status_code=201,
    summary="Assess when to leave a contract",
    responses=problems(
        RoleMissing,
        NotYoursToDecide,
        errors.ContractNotKnown,
        errors.NotACustomer,
        errors.ExitTermsUnknown,
        errors.BeyondHorizon,
        LensNotFound,
        PartyNotFound,
        NoPackInForce,
        StaleVersion,
        PreconditionMissing,
        UnreadableVersion,
    ),
)
@binds("organisation")
async def state_exit_assessment(
    contract: Contract,
    command: commands.StateExitAssessment,
    response: Response,
    session: Write,
    by: Annotated[Caller, allowed(Role.FINANCE_LEAD)],
    today: Today,
    stated_at: StatedAt,
    version_read: IfMatchIfAny,
) -> ExitAssessmentView:
    """State the inputs of a version, as at today. The first needs no If-Match; a later one does.

    Charges, terms, notice days and prices are those that contracts published: no field restates them.
    """
    view = await commands.state_exit_assessment(
        session, contract, command, by=by, today=today, stated_at=stated_at, expect=_expectation(version_read)
    )
    etag(response, view.version)
    return view


@router.post(
    "/exit-assessments/{contract}/versions/{number}/publication",
    status_code=status.HTTP_201_CREATED,
    summary="Publish a version of an assessment",
    responses=problems(
        RoleMissing,
        NotYoursToDecide,
        errors.ExitAssessmentNotFound,
        errors.ContractNotKnown,
        errors.ExitTermsUnknown,
        errors.BeyondHorizon,
        LensNotFound,
        PartyNotFound,
        NoPackInForce,
    ),
)
@binds("organisation")
async def publish_exit_assessment(
    contract: Contract,
    number: VersionNumber,
    command: commands.PublishExitAssessment,
    session: Write,
    by: Annotated[Caller, allowed(Role.FINANCE_LEAD)],
    today: Today,
    stated_at: StatedAt,
) -> ExitAssessmentView:
    """Publish a version as at today, as ExitAssessed: every customer of the contract reads it from then on."""
    return await commands.publish_exit_assessment(
        session, contract, number, command, by=by, today=today, stated_at=stated_at
    )
