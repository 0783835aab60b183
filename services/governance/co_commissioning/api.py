"""Routes about levels of co-commissioning."""

from typing import Annotated

from fastapi import Path

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.co_commissioning import commands, errors
from services.governance.co_commissioning.views import LevelView
from services.governance.core import errors as common
from services.governance.core.codes import OrganisationCode
from services.governance.core.levels import find_level, level_notes
from services.governance.edge import Lead

router = commands_router(tags=["Instruments"])

OrganisationPath = Annotated[OrganisationCode, Path(description="ODS code.", examples=["93C"])]


@router.get(
    "/organisations/{organisation}/co-commissioning", summary="Read a level of co-commissioning", responses=problems()
)
async def get_level(organisation: OrganisationPath, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown) -> LevelView:
    """Return the organisation's level on the day, and what it lets it do; no level where none is known."""
    return await _level(rows, organisation, as_at, as_known)


@router.put(
    "/organisations/{organisation}/co-commissioning",
    summary="State a level of co-commissioning",
    responses=problems(
        errors.LevelNotKnown,
        common.SafeguardsMissing,
        common.OrganisationNotOpen,
        common.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("{organisation}", "the body that took it over")
async def set_level(
    organisation: OrganisationPath,
    command: commands.SetLevel,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> LevelView:
    """State at which level a CCG co-commissions primary medical services. Publishes `CoCommissioningLevelSet`."""
    await commands.set_level(session, organisation, command, by=by, today=today, stated_at=stated_at)
    await session.flush()
    return await _level(await raw(session), organisation, command.first_day, None)


async def _level(db: Rows, organisation: str, as_at: AsAt, as_known: AsKnown) -> LevelView:
    found = await find_level(db, organisation, on=as_at, as_known=as_known)
    level = found.level if found else None
    return LevelView(
        organisation=organisation,
        level=level,
        functions=list(found.functions) if found else [],
        safeguards=list(found.safeguards) if found else [],
        first_day=found.first_day if found else None,
        last_day=found.last_day if found else None,
        says=level_notes("primary", level, as_at, as_known=as_known),
        as_at=as_at,
        as_known=as_known,
    )
