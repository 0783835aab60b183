"""Routes of backlog by organisation and footprint, and of keys."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Path, Query, Request, Response, status
from fastapi.responses import StreamingResponse
from pydantic import Field

from libs.common.codes import Folded
from libs.common.database.connection import raw
from libs.common.http import csv_text
from libs.common.http.csv_text import CSV_TOO, AsCsv
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatchIfAny,
    Page,
    Paging,
    Rows,
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
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.finance.backlogs import commands, errors, queries, tables
from services.finance.backlogs.views import (
    BacklogView,
    EstateKeyView,
    FootprintPartsView,
    FootprintsBacklogView,
    ListedEstateKeyView,
)
from services.finance.edge import Code, OfYear, OneCode
from services.finance.estates.tables import pages
from services.finance.parties.errors import PartyUnknown

router = commands_router(tags=["Estates"])

Footprint = Annotated[str, Folded("[A-Za-z0-9]{1,12}", "a code has 1 to 12 letters and digits"), Path(examples=["QHM"])]
Name = Annotated[
    str,
    Folded("[A-Za-z0-9]([A-Za-z0-9-]{0,38}[A-Za-z0-9])?", "letters, digits and hyphens, up to 40", str.lower),
    Field(description="What the key is called.", examples=["catchment"]),
    Path(),
]


def _folded_key(key: str) -> str:
    organisation, _, name = key.partition(":")
    return f"{organisation.upper()}:{name.lower()}"


OneKey = Annotated[
    Annotated[
        str,
        Folded("[A-Za-z0-9]{1,12}:[A-Za-z0-9]([A-Za-z0-9-]{0,38}[A-Za-z0-9])?", "a key is CODE:name", _folded_key),
        Field(description="Divides organisations in several footprints; without one their shares are equal."),
    ]
    | None,
    Query(examples=["13Q:catchment"]),
]


def _code(one: BacklogView) -> str:
    return one.organisation


@router.get(
    "/estates/backlog",
    summary="List the backlog of organisations",
    response_model=Page[BacklogView],
    responses={200: CSV_TOO, **problems(UnreadableCursor)},
)
async def list_backlog(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    year: OfYear,
    as_at: AsAt,
    as_known: AsKnown,
    as_csv: AsCsv,
    organisation: OneCode = None,
) -> Page[BacklogView] | StreamingResponse:
    """List what it costs to eradicate the backlog of each organisation in a year, by code; as CSV all of them.

    Footprints are those of the day; of a body that is in none, those of who took it over by then.
    """

    async def listed(after: str | None, limit: int) -> list[BacklogView]:
        return await queries.list_backlog(
            rows, year, organisation=organisation, as_at=as_at, as_known=as_known, after=after, limit=limit
        )

    if as_csv:
        return csv_text.table("backlog", tables.BACKLOG_HEADER, pages(listed, None, _code, tables.backlog_cells))
    [after] = paging.key(str) or (None,)
    return page(await listed(after, paging.fetch), key=_code, request=request)


@router.get(
    "/estates/footprints",
    summary="Read the backlog of a year by footprint",
    response_model=FootprintsBacklogView,
    responses={200: CSV_TOO, **problems(errors.BacklogNotFound, errors.EstateKeyNotFound)},
)
async def get_footprints_backlog(
    rows: Rows, _: By, year: OfYear, as_at: AsAt, as_known: AsKnown, as_csv: AsCsv, key: OneKey = None
) -> FootprintsBacklogView | StreamingResponse:
    """Return each footprint's backlog with its rank, and what is unassigned: together the year's, to the penny.

    Who is in which footprint is as at the day, by the registry; a body in none goes by who took it over. One in several
    is divided by the key, category by category, by largest remainder.
    """
    found = await queries.get_footprints(rows, year, key=key, as_at=as_at, as_known=as_known)
    return csv_text.table("footprints", tables.FOOTPRINTS_HEADER, tables.footprint_pages(found)) if as_csv else found


@router.get(
    "/estates/footprints/{footprint}",
    summary="Read the backlog of one footprint",
    responses=problems(errors.BacklogNotFound, errors.FootprintBacklogNotFound, errors.EstateKeyNotFound),
)
async def get_footprint_backlog(
    footprint: Footprint, rows: Rows, _: By, year: OfYear, as_at: AsAt, as_known: AsKnown, key: OneKey = None
) -> FootprintPartsView:
    """Return the part of each organisation, with its exact share and why."""
    return await queries.get_footprint(rows, footprint, year, key=key, as_at=as_at, as_known=as_known)


@router.get("/estates/keys", summary="List keys of footprints", responses=problems(UnreadableCursor))
async def list_estate_keys(
    request: Request, rows: Rows, _: By, paging: Paging, as_at: AsAt, as_known: AsKnown, organisation: OneCode = None
) -> Page[ListedEstateKeyView]:
    """List the keys that hold on a day. Keys are public, as the figures that they divide."""
    found = await queries.list_keys(
        rows,
        organisation=organisation,
        as_at=as_at,
        as_known=as_known,
        after=paging.key(str, str) or ("", ""),
        limit=paging.fetch,
    )
    return page(found, key=lambda one: tuple(one.key.split(":")), request=request)


@router.get(
    "/estates/keys/{code}/{name}", summary="Read a key of footprints", responses=problems(errors.EstateKeyNotFound)
)
async def get_estate_key(
    code: Code, name: Name, response: Response, rows: Rows, _: By, as_known: AsKnown
) -> EstateKeyView:
    """Return the weights of a key through time, as known at the instant. The ETag is its version."""
    found = await queries.get_key(rows, code, name, as_known=as_known)
    etag(response, found.version)
    return found


def _expectation(version_read: Versions | None) -> Callable[[int], None]:
    """Return a check that raises unless If-Match names the version; a new key needs none."""

    def expect(version: int) -> None:
        if version_read is not None:
            stale(version, version_read)
        elif version:
            raise PreconditionMissing(f"the key is there, at version {version}: send If-Match with the ETag you read")

    return expect


@router.put(
    "/estates/keys/{code}/{name}",
    summary="State a key of footprints, or change it from a day on",
    responses={
        201: {"model": EstateKeyView, "description": "Stated for the first time."},
        **problems(PartyUnknown, NotYoursToDecide, RoleMissing, StaleVersion, PreconditionMissing, UnreadableVersion),
    },
)
@binds("{code}")
async def state_estate_key(
    code: Code,
    name: Name,
    command: commands.StateEstateKey,
    response: Response,
    session: Write,
    by: Annotated[Caller, allowed(Role.FINANCE_LEAD)],
    today: Today,
    stated_at: StatedAt,
    version_read: IfMatchIfAny,
) -> EstateKeyView:
    """State by which weights organisations in several footprints are divided. A change of a key needs If-Match.

    Only weights of footprints in which an organisation is on the day count; who is not named has equal shares.
    """
    version = await commands.state_estate_key(
        session,
        command,
        organisation=code,
        name=name,
        by=by,
        today=today,
        stated_at=stated_at,
        expect=_expectation(version_read),
    )
    if version == 1:
        response.status_code = status.HTTP_201_CREATED
    etag(response, version)
    return await queries.get_key(await raw(session), code, name, as_known=None)
