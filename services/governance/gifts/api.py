"""Routes about gifts and hospitality."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

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
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.core import errors
from services.governance.core.codes import PersonId
from services.governance.edge import Lead, OrganisationFilter
from services.governance.gifts import commands, queries
from services.governance.gifts import errors as refusals
from services.governance.gifts.views import GiftView

router = commands_router(tags=["Registers"])

GiftPath = Annotated[
    str,
    Path(
        pattern=r"^GF-[A-Za-z0-9-]{1,40}$",
        description="Its reference.",
        examples=["GF-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"],
    ),
]


@router.get("/gifts", summary="Read the registers of gifts and hospitality", responses=problems())
async def list_gifts(
    request: Request,
    rows: Rows,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
    person: Annotated[PersonId | None, Query(description="Of one person only.")] = None,
) -> Page[GiftView]:
    """List what has to be declared and is public on the day; all of it for those who keep the register, and the person.

    What the thresholds make of an offer is computed from what was known: a gift that is declared late counts with
    those of the same source that came after it.
    """
    found = await queries.list_gifts(
        rows,
        by=by,
        as_at=as_at,
        as_known=as_known,
        person=person,
        organisation=organisation,
        after=paging.key(int),
        limit=paging.fetch,
    )
    numbers = {view.gift: number for number, view in found}
    return page([view for _, view in found], key=lambda view: numbers[view.gift], request=request)


@router.get("/gifts/{gift}", summary="Read a gift", responses=problems(refusals.GiftNotFound))
async def get_gift(gift: GiftPath, response: Response, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> GiftView:
    """Return a gift as its register shows it on the day. The ETag is its version."""
    view = await queries.get_gift(rows, gift, by=by, as_at=as_at, as_known=as_known)
    etag(response, view.version)
    return view


@router.post(
    "/gifts",
    status_code=201,
    summary="Declare a gift or hospitality",
    responses=problems(
        errors.PersonNotFound,
        errors.PostNotFound,
        refusals.GiftToCome,
        refusals.GiftCorrected,
        refusals.GiftApprovedByItsReceiver,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("organisation", "the body that took it over")
async def declare_gift(
    command: commands.DeclareGift, response: Response, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> GiftView:
    """Enter what was offered and what was done; the answer says what the thresholds of the day ask for.

    It is entered though it is not in line with them: a breach is recorded by `POST /breaches`.
    """
    made = await commands.declare_gift(session, command, by=by, today=today, stated_at=stated_at)
    etag(response, made.version)
    view = await queries.get_gift(await raw(session), made.reference, by=by, as_at=today, as_known=None)
    return view.model_copy(update={"words": None})


@router.post(
    "/gifts/{gift}/purge",
    status_code=204,
    summary="Purge a gift",
    responses=problems(
        refusals.GiftNotFound,
        errors.RetentionNotOver,
        NotYoursToDecide,
        RoleMissing,
        StaleVersion,
        PreconditionMissing,
    ),
)
@binds("the register's organisation", "the body that took it over")
async def purge_gift(
    gift: GiftPath, session: Write, by: Lead, if_match: IfMatch, today: Today, stated_at: StatedAt
) -> None:
    """Erase its words and take it out of the register, from the day after the last on which it has to be kept."""
    found = await commands.get_gift_to_change(session, gift, by=by, today=today)
    stale(found.version, if_match)
    await commands.purge_gift(session, found, by=by, today=today, stated_at=stated_at)
