"""Gives and ends further roles and codes of other systems. A code is never given to a second organisation."""

from datetime import date, datetime, timedelta
from typing import Annotated, Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import Reason
from libs.common.events.registry import (
    OrganisationIdentified,
    OrganisationIdentifierEnded,
    OrganisationRoleEnded,
    OrganisationRoleGiven,
)
from libs.common.identity import Caller
from services.registry.core.change import change
from services.registry.core.codes import Day
from services.registry.core.errors import NoChange
from services.registry.core.links import CODE_OF, ROLE
from services.registry.core.models import Organisation
from services.registry.identifiers.errors import IdentifierNotFound, IdentifierTaken, RoleNotHeld
from services.registry.identifiers.queries import ODS, BornePeriod, as_stored, periods_of
from services.registry.organisations.changes import must_be_there

ROLE_NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,59}$"
"""A name of the caller's own (`prescribing_hub`), or ODS's code of a role (`RO213`)."""

RoleName = Annotated[str, StringConstraints(pattern=ROLE_NAME)]


class Period(BaseModel):
    """The days of a role or code: from a first day, to a last day where it is known."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(description="the first day", examples=["2016-04-01"])
    last_day: Day | None = Field(default=None, description="the last day, where it is known")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last_day is not None and self.last_day < self.effective_on:
            raise ValueError("last_day: it cannot end before it begins")
        return self

    @property
    def until(self) -> date | None:
        """The first day without it."""
        return None if self.last_day is None else self.last_day + timedelta(days=1)


class Ending(BaseModel):
    """The end of a role or code."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(description="the first day without it", examples=["2020-04-01"])


class GiveRole(Period):
    """A further role, with its days."""

    role: RoleName = Field(examples=["RO213"])


async def give_role(
    session: AsyncSession, organisation: Organisation, command: GiveRole, *, by: Caller, stated_at: datetime
) -> None:
    """Give the locked body a further role. Raises NotOpen, NoChange, NotYoursToDecide."""
    code = organisation.code
    async with change(session, [code], by=by, stated_at=stated_at) as now:
        must_be_there(now.standings[code], command.effective_on)
        for period in await periods_of(now.connection, code, ROLE):
            last = period.last_day or date.max
            if (
                period.other == command.role
                and period.holds_on(command.effective_on)
                and (command.last_day or date.max) <= last
            ):
                raise NoChange(f"{code} has the role {command.role} on {command.effective_on}")
        now.publish(
            OrganisationRoleGiven(
                code=code,
                role=command.role,
                effective_on=command.effective_on,
                until=command.until,
                stated_at=now.at,
            )
        )


async def end_role(
    session: AsyncSession, organisation: Organisation, role: str, command: Ending, *, by: Caller, stated_at: datetime
) -> None:
    """End a role of the locked body. Raises RoleNotHeld, NotYoursToDecide."""
    code, day = organisation.code, command.effective_on
    async with change(session, [code], by=by, stated_at=stated_at) as now:
        given = await periods_of(now.connection, code, ROLE)
        if not any(period.other == role and period.holds_on(day) for period in given):
            raise RoleNotHeld(f"{code} does not have the role {role} on {day}")
        now.publish(OrganisationRoleEnded(code=code, role=role, effective_on=day, stated_at=now.at))


SYSTEM = r"^[a-z][a-z0-9-]{0,29}$"
"""`ons`, or the name that a user gives to a system of its own."""
IDENTIFIER = r"^[A-Za-z0-9](?:[A-Za-z0-9 ._:-]{0,58}[A-Za-z0-9])?$"
"""The form of a code of another system: text that fits into a URL."""

_CLAIM = "INSERT INTO tie (code, sort, other) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_HOLDER = "SELECT code FROM tie WHERE sort = $1 AND other = $2"


class GiveIdentifier(Period):
    """A code of another system, with its days."""

    system: Annotated[str, StringConstraints(pattern=SYSTEM)] = Field(
        description="`ons`, or your own name of a system of codes", examples=["ons"]
    )
    identifier: Annotated[str, StringConstraints(pattern=IDENTIFIER)] = Field(examples=["E38000215"])

    @field_validator("system")
    @classmethod
    def _is_another_system(cls, system: str) -> str:
        if system == ODS:
            raise ValueError("an ODS code is given by opening a body under it")
        return system

    @model_validator(mode="after")
    def _is_as_stored(self) -> Self:
        self.identifier = as_stored(self.system, self.identifier)
        return self


async def give_identifier(
    session: AsyncSession, organisation: Organisation, command: GiveIdentifier, *, by: Caller, stated_at: datetime
) -> None:
    """Give the locked body a code of another system; its earlier code in that system ends where this one begins.

    Raises IdentifierTaken (naming the holder), NoChange, NotYoursToDecide.
    """
    code, sort, day = organisation.code, f"{CODE_OF}{command.system}", command.effective_on
    async with change(session, [code], by=by, stated_at=stated_at) as now:
        await _claim(now.connection, code, sort, command.identifier)
        borne = await periods_of(now.connection, code, sort)
        until_then = [period for period in borne if period.holds_on(day)]
        if any(period.other == command.identifier for period in until_then):
            raise NoChange(f"{code} has {command.identifier} of {command.system} on {day} already")
        next_one = min(
            (period.first_day for period in borne if period.first_day and period.first_day > day), default=None
        )
        ends = [end for end in (command.until, next_one) if end is not None]
        now.publish(*(_ended(code, period, day, now.at) for period in until_then))
        now.publish(
            OrganisationIdentified(
                code=code,
                system=command.system,
                identifier=command.identifier,
                effective_on=day,
                until=min(ends, default=None),
                stated_at=now.at,
            )
        )


async def _claim(connection: asyncpg.Connection, code: str, sort: str, identifier: str) -> None:
    # The insert waits for another transaction that gives the same code, so that the holder is seen.
    await connection.execute(_CLAIM, code, sort, identifier)
    holder = await connection.fetchval(_HOLDER, sort, identifier)
    if holder != code:
        system = sort.removeprefix(CODE_OF)
        message = f"{identifier} of {system} names {holder}, and a code is never used again"
        raise IdentifierTaken(message, reasons=[Reason(message, "identifier")])


async def end_identifier(
    session: AsyncSession,
    organisation: Organisation,
    system: str,
    identifier: str,
    command: Ending,
    *,
    by: Caller,
    stated_at: datetime,
) -> None:
    """End a code of the locked body. It is not free for another body.

    Raises IdentifierNotFound, NotYoursToDecide.
    """
    code, day, identifier = organisation.code, command.effective_on, as_stored(system, identifier)
    async with change(session, [code], by=by, stated_at=stated_at) as now:
        borne = await periods_of(now.connection, code, f"{CODE_OF}{system}")
        ending = next((period for period in borne if period.other == identifier and period.holds_on(day)), None)
        if ending is None:
            raise IdentifierNotFound(f"{code} does not have {identifier} of {system} on {day}")
        now.publish(_ended(code, ending, day, now.at))


def _ended(code: str, period: BornePeriod, day: date, at: datetime) -> OrganisationIdentifierEnded:
    return OrganisationIdentifierEnded(
        code=code,
        system=period.sort.removeprefix(CODE_OF),
        identifier=period.other,
        effective_on=day,
        stated_at=at,
    )
