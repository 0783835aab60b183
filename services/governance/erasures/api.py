"""The route that erases a person."""

from typing import Annotated

from fastapi import Path

from libs.common.http.dependencies import (
    IfMatch,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    problems,
    stale,
)
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.core import errors
from services.governance.core.codes import PersonId
from services.governance.edge import Lead
from services.governance.erasures import commands
from services.governance.people.commands import get_person_to_change

router = commands_router(tags=["People"])


@router.post(
    "/people/{person}/erasure",
    status_code=204,
    summary="Erase a person",
    responses=problems(
        errors.PersonNotFound,
        errors.RetentionNotOver,
        NotYoursToDecide,
        RoleMissing,
        StaleVersion,
        PreconditionMissing,
    ),
)
@binds("the organisation that keeps the person's record", "the body that took it over")
async def erase_person(
    person: Annotated[PersonId, Path()],
    session: Write,
    by: Lead,
    if_match: IfMatch,
    today: Today,
    stated_at: StatedAt,
) -> None:
    """Erase name, account, readings of the name and private words, from the day after the last on which it is kept.

    The id and what it did stay: past decisions rest on them.
    """
    found = await get_person_to_change(session, person, by=by, today=today)
    stale(found.version, if_match)
    await commands.erase_person(session, found, by=by, today=today, stated_at=stated_at)
