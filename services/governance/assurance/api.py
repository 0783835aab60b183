"""The routes of authorisations."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    allowed,
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.governance.assurance import commands, errors, queries
from services.governance.assurance.queries import AuthorisationFilter
from services.governance.assurance.views import AuthorisationView
from services.governance.core import errors as core
from services.governance.edge import OrganisationFilter

router = commands_router(tags=["Authorisations"])

Authoriser = Annotated[Caller, allowed(Role.NHS_ENGLAND)]
AuthorisationPath = Annotated[
    str,
    Path(
        pattern=r"^AU-[A-Za-z0-9-]{1,40}$",
        description="The id that `POST /authorisations` returned.",
        examples=["AU-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"],
    ),
]


async def _filters(
    organisation: OrganisationFilter = None,
    wave: Annotated[
        int | None, Query(ge=1, le=20, description="Of one wave of applications only.", examples=[1])
    ] = None,
) -> AuthorisationFilter:
    return AuthorisationFilter(organisation=organisation, wave=wave)


@router.get("/authorisations", summary="List where authorisations stand", responses=problems())
async def list_authorisations(
    request: Request,
    rows: Rows,
    by: By,
    filters: Annotated[AuthorisationFilter, Depends(_filters)],
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
) -> Page[AuthorisationView]:
    """List the decision that stands of each of your organisations, and of their predecessors, without checkpoints."""
    found = await queries.list_authorisations(
        rows, filters, by=by, as_at=as_at, as_known=as_known, after=paging.key(int), limit=paging.fetch
    )
    numbers = {view.authorisation: number for number, view in found}
    return page([view for _, view in found], key=lambda view: numbers[view.authorisation], request=request)


@router.get(
    "/authorisations/{authorisation}",
    summary="Read an authorisation",
    responses=problems(errors.AuthorisationNotFound),
)
async def get_authorisation(
    authorisation: AuthorisationPath, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> AuthorisationView:
    """Return a decision with its conditions, what lifted them by the day, and the checkpoints of suppliers."""
    return await queries.get_authorisation(rows, authorisation, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/authorisations",
    status_code=201,
    summary="Decide on an authorisation",
    responses=problems(
        errors.AuthorisationNotKnown,
        errors.CriterionNotListed,
        errors.DirectionNeedsItsLevel,
        core.OrganisationNotOpen,
        core.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("organisation", "the body that took it over")
async def decide_authorisation(
    command: commands.DecideAuthorisation, session: Write, by: Authoriser, today: Today, stated_at: StatedAt
) -> AuthorisationView:
    """Record which criteria a CCG does not meet: each is a condition. It takes the place of an earlier decision.

    Directions move functions from that day on: `can` answers no for them to the CCG, and yes to the body that leads who
    is to exercise them. Publishes `AuthorisationDecided`.
    """
    made = await commands.decide_authorisation(session, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, made, by, command.decided_on)


@router.post(
    "/authorisations/{authorisation}/conditions/{criterion}/lifting",
    status_code=201,
    summary="Lift a condition by evidence",
    responses=problems(
        errors.AuthorisationNotFound,
        errors.NotACondition,
        errors.LiftedAlready,
        errors.LaterDecisionStands,
        core.EndsBeforeItBegins,
        core.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("the organisation of the authorisation", "the body that took it over")
async def lift_condition(
    authorisation: AuthorisationPath,
    criterion: Annotated[int, Path(ge=1, le=1_000, description="The number of the criterion.", examples=[17])],
    command: commands.LiftCondition,
    session: Write,
    by: Authoriser,
    today: Today,
    stated_at: StatedAt,
) -> AuthorisationView:
    """Name the paper that shows that the criterion is met: what its directions moved returns.

    Publishes `ConditionLifted`.
    """
    await commands.lift_condition(session, authorisation, criterion, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, authorisation, by, command.lifted_on)


async def _shown(session: AsyncSession, authorisation: str, by: Caller, day: AsAt) -> AuthorisationView:
    return await queries.get_authorisation(await raw(session), authorisation, by=by, as_at=day, as_known=None)
