"""Further roles of a body beside its kind, each with its own days."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.registry import OrganisationRoleEnded, OrganisationRoleGiven
from libs.common.identity import Caller
from services.registry.descriptions import must_be_there
from services.registry.errors import NothingChanges, RoleNotHeld
from services.registry.models.organisations import Organisation
from services.registry.organisations import must_act_for
from services.registry.spans import Ending, Spell, next_instant_for, spans_of, tell
from services.registry.standings import standings
from services.registry.ties import ROLE

ROLE_NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,59}$"
"""A word of one's own (`prescribing_hub`), or ODS's code of a role (`RO213`)."""

RoleName = Annotated[str, StringConstraints(pattern=ROLE_NAME)]


class GiveRole(Spell):
    """A further role from a day, up to a last one where it is known."""

    role: RoleName = Field(examples=["RO213"])


async def give_role(
    session: AsyncSession, organisation: Organisation, command: GiveRole, *, by: Caller, stated_at: datetime
) -> None:
    """Give the locked body a further role. Raises NotOpen, NothingChanges, NotYoursToDecide."""
    code = organisation.code
    await must_act_for(session, code, by)
    connection = await raw(session)
    must_be_there((await standings(connection, [code]))[code], command.effective_on)
    for span in await spans_of(connection, code, ROLE):
        last = span.last_day or date.max
        if (
            span.other == command.role
            and span.holds_on(command.effective_on)
            and (command.last_day or date.max) <= last
        ):
            raise NothingChanges(f"{code} has the role {command.role} on {command.effective_on}")
    given = OrganisationRoleGiven(
        code=code,
        role=command.role,
        effective_on=command.effective_on,
        until=command.until,
        stated_at=await next_instant_for(session, organisation, stated_at, by=by),
    )
    await tell(session, organisation, [given], by=by)


async def end_role(
    session: AsyncSession, organisation: Organisation, role: str, command: Ending, *, by: Caller, stated_at: datetime
) -> None:
    """Let a role of the locked body end. Raises RoleNotHeld, NotYoursToDecide."""
    code, day = organisation.code, command.effective_on
    await must_act_for(session, code, by)
    held = await spans_of(await raw(session), code, ROLE)
    if not any(span.other == role and span.holds_on(day) for span in held):
        raise RoleNotHeld(f"{code} does not have the role {role} on {day}")
    at = await next_instant_for(session, organisation, stated_at, by=by)
    ended = OrganisationRoleEnded(code=code, role=role, effective_on=day, stated_at=at)
    await tell(session, organisation, [ended], by=by)
