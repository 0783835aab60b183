"""Routes about levels of co-commissioning."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Path, Response

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatchIfAny,
    Rows,
    StatedAt,
    Today,
    UnreadableVersion,
    Versions,
    Write,
    binds,
    commands_router,
    etag,
    problems,
    stale,
)
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.co_commissioning import commands, errors
from services.governance.co_commissioning.views import LevelView
from services.governance.core import errors as common
from services.governance.core.codes import OrganisationCode
from services.governance.core.levels import find_level, level_notes, version_of
from services.governance.edge import Lead

router = commands_router(tags=["Instruments"])

OrganisationPath = Annotated[OrganisationCode, Path(description="ODS code.", examples=["93C"])]


@router.get(
    "/organisations/{organisation}/co-commissioning", summary="Read a level of co-commissioning", responses=problems()
)
async def get_level(
    organisation: OrganisationPath, response: Response, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown
) -> LevelView:
    """Return the organisation's level on the day, and what it lets it do; no level where none is known.

    The ETag is the version of all that was stated of its levels.
    """
    return await _level(rows, response, organisation, as_at, as_known)


def _expectation(version_read: Versions | None) -> Callable[[int], None]:
    """Return a check that raises unless If-Match names the version; a first statement needs none."""

    def expect(version: int) -> None:
        if version_read is not None:
            stale(version, version_read)
        elif version:
            raise PreconditionMissing(f"a level is stated, at version {version}: send If-Match with the ETag you read")

    return expect


@router.put(
    "/organisations/{organisation}/co-commissioning",
    summary="State a level of co-commissioning",
    responses=problems(
        errors.LevelNotKnown,
        errors.FunctionNotDelegated,
        common.SafeguardsMissing,
        common.OrganisationNotOpen,
        common.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
        StaleVersion,
        PreconditionMissing,
        UnreadableVersion,
    ),
)
@binds("{organisation}", "the body that took it over")
async def set_level(
    organisation: OrganisationPath,
    command: commands.SetLevel,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    version_read: IfMatchIfAny,
) -> LevelView:
    """State at which level a CCG co-commissions primary medical services, and for which functions.

    The first statement needs no If-Match; a change does. Publishes `CoCommissioningLevelSet`.
    """
    await commands.set_level(
        session,
        organisation,
        command,
        by=by,
        today=today,
        stated_at=stated_at,
        expect=_expectation(version_read),
    )
    await session.flush()
    return await _level(await raw(session), response, organisation, command.first_day, None)


async def _level(db: Rows, response: Response, organisation: str, as_at: AsAt, as_known: AsKnown) -> LevelView:
    found = await find_level(db, organisation, on=as_at, as_known=as_known)
    version = await version_of(db, organisation)
    etag(response, version)
    level = found.level if found else None
    return LevelView(
        organisation=organisation,
        level=level,
        functions=list(found.functions) if found else [],
        safeguards=list(found.safeguards) if found else [],
        version=version,
        first_day=found.first_day if found else None,
        last_day=found.last_day if found else None,
        says=level_notes("primary", level, as_at, as_known=as_known),
        as_at=as_at,
        as_known=as_known,
    )
