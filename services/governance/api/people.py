"""People over HTTP."""

from typing import Annotated

from fastapi import Path

from libs.common.database.connection import raw
from libs.common.http.dependencies import AsKnown, By, Rows, Write, allowed, commands_router, problems
from libs.common.identity import Caller, Role, RoleMissing
from services.governance import errors, people, reads
from services.governance.api.views import PersonView

router = commands_router(tags=["People"])


@router.post(
    "/people",
    status_code=201,
    summary="Register a person",
    responses=problems(errors.PersonExists, RoleMissing),
)
async def register_person(
    command: people.RegisterPerson, session: Write, by: Annotated[Caller, allowed(Role.GOVERNANCE_LEAD)]
) -> PersonView:
    """The id is what every event carries; the name stays here."""
    person = await people.register_person(session, command, by=by)
    return PersonView.model_validate(await reads.get_person(await raw(session), person.id, as_known=None))


@router.get("/people/{person}", summary="Read a person", responses=problems(errors.PersonNotFound))
async def get_person(
    person: Annotated[str, Path(description="The id.", examples=["P-ncl-chief-officer"], max_length=80)],
    rows: Rows,
    _: By,
    as_known: AsKnown,
) -> PersonView:
    """Every appointment, past ones too, as they were known: each is an accountability of its own."""
    return PersonView.model_validate(await reads.get_person(rows, person, as_known=as_known))
