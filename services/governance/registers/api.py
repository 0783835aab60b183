"""Routes of published registers."""

from typing import Annotated, Any, Literal

from fastapi import Path, Query, Response

from libs.common.http.csv_text import MEDIA_TYPE, lines
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
from libs.common.http.pages import page
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.core.codes import OrganisationCode
from services.governance.edge import Lead
from services.governance.registers import commands, queries
from services.governance.registers.models import Register
from services.governance.registers.presentation import COLUMNS, as_html, cells
from services.governance.registers.views import PublicationView, RegisterView

router = commands_router(tags=["Registers"])

RegisterPath = Annotated[Register, Path(description="Which register.", examples=["interests"])]
_FORMS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/html": {"schema": {"type": "string"}}, "text/csv": {"schema": {"type": "string"}}}}
}


@router.get(
    "/registers/{register}",
    summary="Read a published register",
    response_model=RegisterView,
    responses={**problems(), **_FORMS},
)
async def get_register(
    register: RegisterPath,
    organisation: Annotated[OrganisationCode, Query(description="Whose register.")],
    rows: Rows,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    form: Annotated[
        Literal["json", "html", "csv"],
        Query(alias="format", description="`html`: a page for people. `csv`: a row for each entry."),
    ] = "json",
) -> RegisterView | Response:
    """Return a register as everybody reads it on the day: the same entries in each form, and for each caller.

    An interest or a gift is in it until six months after its last day. Who returned nil is named by id and post, and
    so is who did neither. `GET /people/{person}` gives names to those who may read them.
    """
    found = await queries.get_register(rows, register, organisation, as_at=as_at, as_known=as_known)
    if form == "html":
        return page(as_html(found))
    if form == "csv":
        named = {"Content-Disposition": f'attachment; filename="{register.value}-{organisation}.csv"'}
        return Response(lines(COLUMNS[register], cells(register, found.entries)), media_type=MEDIA_TYPE, headers=named)
    return found


@router.post(
    "/registers/{register}/publications",
    status_code=201,
    summary="Publish a register",
    responses=problems(NotYoursToDecide, RoleMissing),
)
@binds("organisation", "the body that took it over")
async def publish_register(
    register: RegisterPath,
    command: commands.PublishRegister,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> PublicationView:
    """Record how many entries the register has today, and their digest. Publishes `RegisterPublished`."""
    made = await commands.publish_register(session, register, command, by=by, today=today, stated_at=stated_at)
    return PublicationView.model_validate(made)
