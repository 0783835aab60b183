"""FastAPI dependencies of a service's `api.py`: transactions, reads, caller, days and versions."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Database
from libs.common.errors import Reason
from libs.common.http.conditional import FORM, UnreadableVersion, Versions, versions
from libs.common.http.declarations import binds, binds_none, binds_one_of
from libs.common.http.hot_reads import hot
from libs.common.http.middleware import CALLER
from libs.common.http.paging import AS_TABLE, Page, Paging, page
from libs.common.http.problems import PreconditionMissing, StaleVersion, Unprocessable, may_raise, problems
from libs.common.http.transactions import SESSION, commands_router, questions_router
from libs.common.identity import Caller, Role
from libs.common.process.clock import Clock, end_of, start_of
from libs.common.temporal.days import AS_WRITTEN, EARLIEST, LATEST, WrittenDay, WrittenInstant

__all__ = [
    "Allowed",
    "AsAt",
    "AsKnown",
    "By",
    "IfMatch",
    "IfMatchIfAny",
    "Page",
    "Paging",
    "Read",
    "Rows",
    "StatedAt",
    "Today",
    "UnreadableVersion",
    "Versions",
    "Write",
    "allowed",
    "binds",
    "binds_none",
    "binds_one_of",
    "commands_router",
    "etag",
    "hot",
    "page",
    "problems",
    "questions_router",
    "stale",
]

_YEARS = range(EARLIEST.year, LATEST.year + 1)
_DayOfAnyYear = Annotated[date, AS_WRITTEN]
"""A day that `_instant` refuses in its own words."""


class InstantRefused(Unprocessable):
    """Nothing can be stated or known at this instant.

    `Stated-At` or `as_known` has no time zone, or lies in the future. Send an instant up to now, with its time zone.
    """


async def _write(request: Request) -> AsyncSession:
    session: AsyncSession | None = request.scope.get(SESSION)
    if session is None:
        raise RuntimeError("Write is for routes of a commands_router that are not GET")
    return session


async def _read(request: Request) -> AsyncIterator[AsyncSession]:
    async with _database(request).read() as session:
        yield session


async def _rows(request: Request) -> Database:
    database = _database(request)
    return database.in_bulk() if request.scope.get(AS_TABLE) else database


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


async def _caller(request: Request) -> Caller:
    caller: Caller = request.scope[CALLER]
    return caller


Write = Annotated[AsyncSession, Depends(_write)]
"""The command's transaction. Nothing below the edge commits; it is committed before the response is sent."""
Read = Annotated[AsyncSession, Depends(_read, scope="function")]
"""A transaction that PostgreSQL keeps read-only."""
Rows = Annotated[Database, Depends(_rows)]
"""Hot reads: `.fetch` and `.fetchrow` run SQL at the driver's full speed."""
By = Annotated[Caller, Depends(_caller)]
"""The caller, from a verified token."""


class Allowed:
    """A dependency that returns the caller if it has one of these roles."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    async def __call__(self, by: By) -> Caller:
        """Return the caller. Raises RoleMissing."""
        by.must_have(*self.roles)
        return by


def allowed(*roles: Role) -> Any:
    """Return the dependency for `by: Annotated[Caller, allowed(Role.CONTRACT_LEAD)]`; OpenAPI lists the roles."""
    return Depends(Allowed(*roles))


async def _today(request: Request) -> date:
    return _clock(request).today()


@may_raise(InstantRefused)
async def _stated_at(
    request: Request,
    by: By,
    given: Annotated[
        WrittenInstant | _DayOfAnyYear | None,
        Header(
            alias="Stated-At",
            description="When the source stated this: an instant or a day. Role `loader` only. Default: now.",
        ),
    ] = None,
) -> datetime:
    now = _clock(request).stated_at()
    if given is None:
        return now
    by.must_have(Role.LOADER)
    stated = _instant(given, "Stated-At")
    if stated > now:
        message = f"{stated.isoformat()} lies in the future; it is {now.isoformat()}"
        raise InstantRefused(message, reasons=[Reason(message, "Stated-At")])
    return stated


Today = Annotated[date, Depends(_today)]
"""Today in London, or the day that the clock was moved to."""
StatedAt = Annotated[datetime, Depends(_stated_at)]
"""When the command is stated: now, or for a loader when its source stated it."""


async def _as_at(
    request: Request,
    given: Annotated[
        WrittenDay | None, Query(alias="as_at", description="The day the answer is for (valid time). Default: today.")
    ] = None,
) -> date:
    return given or _clock(request).today()


@may_raise(InstantRefused)
async def _as_known(
    given: Annotated[
        WrittenInstant | _DayOfAnyYear | None,
        Query(
            alias="as_known",
            description="What was known at that instant, or at the end of that day (known time). Default: now.",
        ),
    ] = None,
) -> datetime | None:
    if given is None:
        return None
    instant = _instant(given, "as_known")
    return instant if isinstance(given, datetime) else end_of(given)


AsAt = Annotated[date, Depends(_as_at)]
"""The day that the query asks about (valid time)."""
AsKnown = Annotated[datetime | None, Depends(_as_known)]
"""The known time that the query asks about; None for now."""


def _instant(given: datetime | date, field: str) -> datetime:
    """Return the instant in UTC, for a day its start in London. Raises InstantRefused outside 1900 to 2199."""
    try:
        if given.year in _YEARS:
            return given.astimezone(UTC) if isinstance(given, datetime) else start_of(given)
    except OverflowError:
        pass
    message = f"{given.isoformat()} lies outside the years {_YEARS.start} to {_YEARS.stop - 1}"
    raise InstantRefused(message, reasons=[Reason(message, field)])


@may_raise(UnreadableVersion, StaleVersion)
async def _if_match_if_any(
    request: Request,
    given: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description='The ETag that your last read returned, such as `"3"`; several, or `*` for any version.',
            examples=['"1"'],
            json_schema_extra={"pattern": FORM},
        ),
    ] = None,
) -> Versions | None:
    return None if given is None else versions(", ".join(request.headers.getlist("If-Match")))


@may_raise(PreconditionMissing)
async def _if_match(named: Annotated[Versions | None, Depends(_if_match_if_any)]) -> Versions:
    if named is None:
        raise PreconditionMissing("send If-Match with the ETag that you read")
    return named


IfMatch = Annotated[Versions, Depends(_if_match)]
"""The versions that the caller accepts, from If-Match: 428 if it is missing, 400 if it is unreadable."""
IfMatchIfAny = Annotated[Versions | None, Depends(_if_match_if_any)]
"""The same where only some requests need it; None if it is missing."""


def stale(version: int, expected: Versions) -> None:
    """Raise StaleVersion (412) unless the resource has a version that the caller accepts."""
    if version not in expected:
        raise StaleVersion(f"you read version {expected}; the present version is {version}")


def etag(response: Response, version: int) -> None:
    """Set the version as the response's ETag; that of a read is completed by a hash of its body."""
    response.headers["ETag"] = f'"{version}"'
