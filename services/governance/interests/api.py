"""Routes about declared interests."""

from datetime import date
from typing import Annotated

from fastapi import Path, Query, Request, Response
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
from libs.common.identity import Caller, NotYoursToDecide, RoleMissing
from services.governance.core import errors
from services.governance.core.codes import PersonId
from services.governance.edge import Lead, OrganisationFilter
from services.governance.interests import commands, register
from services.governance.interests import errors as refusals
from services.governance.interests.models import DeclaredInterest
from services.governance.interests.rules import next_check
from services.governance.interests.views import InterestView, NilReturnView

router = commands_router(tags=["Interests"])

InterestPath = Annotated[str, Path(pattern=r"^IN-[A-Za-z0-9-]{1,40}$", description="Its reference.")]
_CHANGED = (refusals.InterestNotFound, NotYoursToDecide, RoleMissing, StaleVersion, PreconditionMissing)


@router.get("/interests", summary="Read the registers of interests", responses=problems())
async def list_interests(
    request: Request,
    rows: Rows,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
    person: Annotated[PersonId | None, Query(description="Of one person only.")] = None,
) -> Page[InterestView]:
    """List what is public on the day; in full for governance leads where the person sits, and for the person.

    Interests of those who take part in decisions are public until months after they expired, as the rule pack says.
    """
    found = await register.list_interests(
        rows,
        by=by,
        as_at=as_at,
        as_known=as_known,
        person=person,
        organisation=organisation,
        after=paging.key(int),
        limit=paging.fetch,
    )
    numbers = {view.interest: number for number, view in found}
    return page([view for _, view in found], key=lambda view: numbers[view.interest], request=request)


@router.get("/interests/{interest}", summary="Read an interest", responses=problems(refusals.InterestNotFound))
async def get_interest(
    interest: InterestPath, response: Response, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> InterestView:
    """Return an interest as its register shows it on the day. The ETag is its version."""
    view = await register.get_interest(rows, interest, by=by, as_at=as_at, as_known=as_known)
    etag(response, view.version)
    return view


@router.post(
    "/interests",
    status_code=201,
    summary="Declare an interest",
    responses=problems(
        errors.PersonNotFound, refusals.NatureNotListed, refusals.NotAwareYet, NotYoursToDecide, RoleMissing
    ),
)
@binds("organisation", "the body that took it over")
async def declare_interest(
    command: commands.DeclareInterest, response: Response, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> InterestView:
    """Enter an interest in the register of an organisation; one that comes too late is entered, and shown as late."""
    made = await commands.declare_interest(session, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, made, response, by, today)


@router.post(
    "/interests/{interest}/amendments",
    status_code=201,
    summary="Amend an interest",
    responses=problems(refusals.InterestEnded, *_CHANGED),
)
@binds("the register's organisation", "the body that took it over")
async def amend_interest(
    interest: InterestPath,
    command: commands.AmendInterest,
    response: Response,
    session: Write,
    by: Lead,
    if_match: IfMatch,
    today: Today,
    stated_at: StatedAt,
) -> InterestView:
    """State another share from a day on, or replace the words. Of the days before the share stays what it was."""
    found = await commands.get_interest_to_change(session, interest, by=by, today=today)
    stale(found.version, if_match)
    await commands.amend_interest(session, found, command, by=by, stated_at=stated_at)
    return await _shown(session, found, response, by, today)


@router.post(
    "/interests/{interest}/ending",
    status_code=201,
    summary="Set an interest's last day",
    responses=problems(errors.EndsBeforeItBegins, *_CHANGED),
)
@binds("the register's organisation", "the body that took it over")
async def end_interest(
    interest: InterestPath,
    command: commands.EndInterest,
    response: Response,
    session: Write,
    by: Lead,
    if_match: IfMatch,
    today: Today,
    stated_at: StatedAt,
) -> InterestView:
    """End it, or correct its end: conflicts of later days no longer rest on it."""
    found = await commands.get_interest_to_change(session, interest, by=by, today=today)
    stale(found.version, if_match)
    await commands.end_interest(session, found, command, by=by, stated_at=stated_at)
    return await _shown(session, found, response, by, today)


@router.post(
    "/interests/{interest}/purge",
    status_code=204,
    summary="Purge an interest",
    responses=problems(errors.RetentionNotOver, *_CHANGED),
)
@binds("the register's organisation", "the body that took it over")
async def purge_interest(
    interest: InterestPath, session: Write, by: Lead, if_match: IfMatch, today: Today, stated_at: StatedAt
) -> None:
    """Erase its words and take it out of the register, from the day after the last on which it has to be kept."""
    found = await commands.get_interest_to_change(session, interest, by=by, today=today)
    stale(found.version, if_match)
    await commands.purge_interest(session, found, by=by, today=today, stated_at=stated_at)


@router.post(
    "/interests/nil-returns",
    status_code=201,
    summary="Return that there is nothing to declare",
    responses=problems(errors.PersonNotFound, refusals.InterestsInForce, NotYoursToDecide, RoleMissing),
)
@binds("organisation", "the body that took it over")
async def return_nil(
    command: commands.ReturnNil, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> NilReturnView:
    """Record that a person has nothing to declare, or that what is declared is right; until the next check."""
    made = await commands.return_nil(session, command, by=by, today=today, stated_at=stated_at)
    return NilReturnView(
        nil_return=made.reference,
        organisation=made.organisation,
        person=made.person_id,
        returned_on=made.returned_on,
        confirms=made.confirms,
        next_check_on=next_check(made.returned_on),
    )


async def _shown(
    session: AsyncSession, interest: DeclaredInterest, response: Response, by: Caller, today: date
) -> InterestView:
    """Return it without its words: the answers of commands are stored for repetition."""
    etag(response, interest.version)
    view = await register.get_interest(await raw(session), interest.reference, by=by, as_at=today, as_known=None)
    return view.model_copy(update={"words": None})
