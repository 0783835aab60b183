"""Routes about the sectors of parties and about lenses."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated

from fastapi import Path, Query, Request, Response, status
from pydantic import Field

from libs.common.codes import Folded
from libs.common.database.connection import raw
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
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days
from services.finance.core.errors import NoPackInForce
from services.finance.core.sight import sight_of
from services.finance.edge import Code, OneCode
from services.finance.parties import commands, errors, queries
from services.finance.parties.views import NamedLensView, ReadableLensView, SectorPeriodView, SectorsView

router = commands_router(tags=["Lenses"])

Name = Annotated[
    str,
    Folded("[A-Za-z0-9]([A-Za-z0-9-]{0,38}[A-Za-z0-9])?", "letters, digits and hyphens, up to 40", str.lower),
    Field(description="What the set is called.", examples=["acute"]),
    Path(),
]

_SHIPPED = (
    ReadableLensView(
        lens="public_sector",
        members=None,
        first_day=None,
        last_day=None,
        version=None,
        meaning="Every party that is in the public sector on the day of a flow.",
    ),
    ReadableLensView(
        lens="uk_society",
        members=None,
        first_day=None,
        last_day=None,
        version=None,
        meaning="All parties: transfers net out, and only what is used up counts.",
    ),
    ReadableLensView(
        lens="organisation:CODE",
        members=None,
        first_day=None,
        last_day=None,
        version=None,
        meaning="One organisation's own view.",
    ),
    ReadableLensView(
        lens="footprint:CODE",
        members=None,
        first_day=None,
        last_day=None,
        version=None,
        meaning="The organisations that are part of a footprint on the day of a flow.",
    ),
)


def _last_day(days: Days) -> date | None:
    return None if days.end == LAST_DAY else days.end - timedelta(days=1)


def _first_day(days: Days) -> date | None:
    return None if days.start == FIRST_DAY else days.start


def _view(one: queries.LensMembers) -> ReadableLensView:
    return ReadableLensView(
        lens=f"set:{one.organisation}:{one.name}",
        members=list(one.codes),
        first_day=_first_day(one.days),
        last_day=_last_day(one.days),
        version=one.version,
        meaning=f"A set that {one.organisation} named.",
    )


@router.get(
    "/parties/{code}/sectors",
    summary="Read the sector of a party",
    responses=problems(errors.PartyNotFound, NoPackInForce),
)
async def get_sectors(code: Code, session: Read, _: By, as_at: AsAt, as_known: AsKnown) -> SectorsView:
    """Return the sector of an organisation or a supplier as at the day and through time, as known at the instant.

    A flow of money is judged by the sectors that its parties are in on its own day.
    """
    sectors = await queries.get_sectors(await raw(session), code, as_known=as_known)
    periods = [
        SectorPeriodView(
            sector=one.sector,
            first_day=_first_day(one.days),
            last_day=_last_day(one.days),
            basis=one.basis,
            because=list(one.because),
        )
        for one in sectors.periods(code)
    ]
    return SectorsView(
        party=code,
        as_at=as_at,
        as_known=as_known,
        sector=sectors.on(code, as_at),
        periods=periods,
        rule_pack=sectors.pack.id,
    )


@router.get("/lenses", summary="List lenses", responses=problems(UnreadableCursor))
async def list_lenses(
    request: Request,
    session: Read,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OneCode = None,
    shipped: Annotated[bool, Query(description="List the lenses that need no naming before the named sets.")] = True,
) -> Page[ReadableLensView]:
    """List the lenses that are there anyway, then the sets that your organisations have named, as at the day."""
    rows = await raw(session)
    sight = await sight_of(rows, by)
    after = paging.key(str, str)
    named = await queries.list_lenses(
        rows,
        codes=sight.among(None if organisation is None else [organisation]),
        as_at=as_at,
        as_known=as_known,
        after=after or ("", ""),
        limit=paging.fetch,
    )
    found = page([_view(one) for one in named], key=lambda one: tuple(one.lens.split(":")[1:]), request=request)
    if shipped and after is None and organisation is None:
        return found.model_copy(update={"items": [*_SHIPPED, *found.items]})
    return found


@router.get("/lenses/{code}/{name}", summary="Read a named set of parties", responses=problems(errors.LensNotFound))
async def get_lens(
    code: Code, name: Name, response: Response, session: Read, by: By, as_known: AsKnown
) -> NamedLensView:
    """Return the members of a set through time, as known at the instant. The ETag is its version."""
    rows = await raw(session)
    several = await queries.list_members(rows, code, name, sight=await sight_of(rows, by), as_known=as_known)
    return _named(several, response)


def _named(several: list[queries.LensMembers], response: Response) -> NamedLensView:
    etag(response, several[0].version)
    return NamedLensView(
        lens=f"set:{several[0].organisation}:{several[0].name}",
        organisation=several[0].organisation,
        name=several[0].name,
        version=several[0].version,
        periods=[_view(one) for one in several],
    )


def _expectation(version_read: Versions | None) -> Callable[[int], None]:
    """Return a check that raises unless If-Match names the version; a new set needs none."""

    def expect(version: int) -> None:
        if version_read is not None:
            stale(version, version_read)
        elif version:
            raise PreconditionMissing(f"the set is there, at version {version}: send If-Match with the ETag you read")

    return expect


@router.put(
    "/lenses/{code}/{name}",
    summary="Name a set of parties, or change it from a day on",
    responses={
        201: {"model": NamedLensView, "description": "Named for the first time."},
        **problems(
            errors.PartyUnknown, NotYoursToDecide, RoleMissing, StaleVersion, PreconditionMissing, UnreadableVersion
        ),
    },
)
@binds("{code}")
async def name_lens(
    code: Code,
    name: Name,
    command: commands.NameLens,
    response: Response,
    session: Write,
    by: Annotated[Caller, allowed(Role.FINANCE_LEAD)],
    today: Today,
    stated_at: StatedAt,
    version_read: IfMatchIfAny,
) -> NamedLensView:
    """State the members of a set from a day on. A new set needs no If-Match; a change does.

    A later statement supersedes an earlier one from its day on; what was known before stays readable.
    """
    version = await commands.name_lens(
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
    rows = await raw(session)
    several = await queries.list_members(rows, code, name, sight=await sight_of(rows, by), as_known=None)
    return _named(several, response)
