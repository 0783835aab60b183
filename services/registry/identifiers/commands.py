"""Gives and ends further roles and codes of other systems. A code is never given to a second organisation."""

from collections import defaultdict
from collections.abc import Sequence
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
from services.registry.core.change import Change, change
from services.registry.core.codes import Day
from services.registry.core.errors import NoChange
from services.registry.core.links import CODE_OF, ROLE
from services.registry.core.models import Organisation
from services.registry.identifiers.errors import IdentifierNotFound, IdentifierTaken, RoleNotHeld
from services.registry.identifiers.queries import ODS, BornePeriod, as_stored, periods_of, periods_of_each
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

_CLAIM = """
INSERT INTO tie (code, sort, other)
SELECT code, sort, other FROM unnest($1::text[], $2::text[], $3::text[]) AS new (code, sort, other)
ON CONFLICT DO NOTHING
"""
_HOLDERS = """
SELECT t.sort, t.other, t.code
  FROM tie t JOIN unnest($1::text[], $2::text[]) AS new (sort, other) USING (sort, other)
"""


class IdentifierIn(BaseModel):
    """A code in another system."""

    model_config = ConfigDict(extra="forbid")

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


class GiveIdentifier(IdentifierIn, Period):
    """A code of another system, with its days."""


async def give_identifier(
    session: AsyncSession, organisation: Organisation, command: GiveIdentifier, *, by: Caller, stated_at: datetime
) -> None:
    """Give the locked body a code of another system; its earlier code in that system ends where this one begins.

    Raises IdentifierTaken (naming the holder), NoChange, NotYoursToDecide.
    """
    async with change(session, [organisation.code], by=by, stated_at=stated_at) as now:
        taken, known = await identify_all(now, [(organisation.code, command)])
        if taken:
            raise IdentifierTaken(taken[0], reasons=[Reason(taken[0], "identifier")])
        if known:
            raise NoChange(known[0])


async def identify_all(now: Change, given: Sequence[tuple[str, GiveIdentifier]]) -> tuple[list[str], list[str]]:
    """Give bodies of a change these codes, each at most one of a system; the earlier code in it ends there.

    Returns why codes are another body's, and why codes that are known already state nothing new.
    """
    sorts = {f"{CODE_OF}{one.system}" for _, one in given}
    holders = await _claim(now.connection, given)
    borne_by: dict[tuple[str, str], list[BornePeriod]] = defaultdict(list)
    for code, period in await periods_of_each(now.connection, {code for code, _ in given}, sorts):
        borne_by[code, period.sort].append(period)
    taken, known = [], []
    for code, one in given:
        sort, day = f"{CODE_OF}{one.system}", one.effective_on
        borne = borne_by[code, sort]
        until_then = [period for period in borne if period.holds_on(day)]
        if (holder := holders[sort, one.identifier]) != code:
            taken.append(f"{one.identifier} of {one.system} names {holder}, and a code is never used again")
        elif any(period.other == one.identifier for period in until_then):
            known.append(f"{code} has {one.identifier} of {one.system} on {day} already")
        else:
            later = [period.first_day for period in borne if period.first_day and period.first_day > day]
            ends = [end for end in (one.until, *later) if end is not None]
            now.publish(*(_ended(code, period, day, now.at) for period in until_then))
            now.publish(
                OrganisationIdentified(
                    code=code,
                    system=one.system,
                    identifier=one.identifier,
                    effective_on=day,
                    until=min(ends, default=None),
                    stated_at=now.at,
                )
            )
    return taken, known


async def _claim(
    connection: asyncpg.Connection, given: Sequence[tuple[str, GiveIdentifier]]
) -> dict[tuple[str, str], str]:
    """Reserve codes of other systems for bodies, and return who has each, by type and code."""
    rows = sorted((f"{CODE_OF}{one.system}", one.identifier, code) for code, one in given)
    sorts, others, codes = ([row[part] for row in rows] for part in range(3))
    # The insert waits for another transaction that gives the same code, so that the holder is seen.
    await connection.execute(_CLAIM, codes, sorts, others)
    return {(sort, other): code for sort, other, code in await connection.fetch(_HOLDERS, sorts, others)}


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
