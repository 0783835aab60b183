"""Routes about breaches."""

from typing import Annotated

from fastapi import Path, Request

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
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.breaches import commands, queries
from services.governance.breaches import errors as refusals
from services.governance.breaches.views import BreachView
from services.governance.core import errors
from services.governance.edge import Lead, OrganisationFilter

router = commands_router(tags=["Registers"])

BreachPath = Annotated[
    str,
    Path(
        pattern=r"^BR-[A-Za-z0-9-]{1,40}$",
        description="Its reference.",
        examples=["BR-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"],
    ),
]


@router.get("/breaches", summary="Read the registers of breaches", responses=problems())
async def list_breaches(
    request: Request,
    rows: Rows,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
) -> Page[BreachView]:
    """List what is concluded, without the person; all of it for governance leads of the organisation."""
    found = await queries.list_breaches(
        rows,
        by=by,
        as_at=as_at,
        as_known=as_known,
        organisation=organisation,
        after=paging.key(int),
        limit=paging.fetch,
    )
    numbers = {view.breach: number for number, view in found}
    return page([view for _, view in found], key=lambda view: numbers[view.breach], request=request)


@router.get("/breaches/{breach}", summary="Read a breach", responses=problems(refusals.BreachNotFound))
async def get_breach(breach: BreachPath, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> BreachView:
    """Return a breach as its register shows it on the day."""
    return await queries.get_breach(rows, breach, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/breaches",
    status_code=201,
    summary="Record a breach",
    responses=problems(
        errors.PersonNotFound, refusals.BreachCodeNotListed, refusals.BreachToCome, NotYoursToDecide, RoleMissing
    ),
)
@binds("organisation", "the body that took it over")
async def record_breach(
    command: commands.RecordBreach, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> BreachView:
    """Record which rule was breached, when it was known and who found it. Nothing is public until it is concluded."""
    made = await commands.record_breach(session, command, by=by, today=today, stated_at=stated_at)
    return await queries.get_breach(await raw(session), made, by=by, as_at=today, as_known=None)


@router.post(
    "/breaches/{breach}/conclusion",
    status_code=201,
    summary="Conclude a breach",
    responses=problems(
        refusals.BreachNotFound,
        refusals.ConcludedAlready,
        refusals.BreachCodeNotListed,
        refusals.BreachToCome,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("the register's organisation", "the body that took it over")
async def conclude_breach(
    breach: BreachPath,
    command: commands.ConcludeBreach,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> BreachView:
    """State its consequence and the lesson. Everybody reads the entry from then on, without the person."""
    await commands.conclude_breach(session, breach, command, by=by, today=today, stated_at=stated_at)
    return await queries.get_breach(await raw(session), breach, by=by, as_at=today, as_known=None)
