"""What an organisation is from a day on: name, parent, kind, status in law, address. Earlier days stay as they were."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationKindChanged,
    OrganisationLegalStatusChanged,
    OrganisationMoved,
    OrganisationParentChanged,
    OrganisationRenamed,
)
from libs.common.identity import Caller, Role
from libs.organisations.statements import Facet
from services.registry.core import recording
from services.registry.core.change import next_instant
from services.registry.core.codes import Code, Day, Name
from services.registry.core.errors import NoChange, OrganisationNotFound
from services.registry.core.kinds import ABOLISHED, ESTABLISHED, Kind
from services.registry.core.models import Organisation
from services.registry.core.standing import Standing, standings
from services.registry.cover.checks import reasons_against_kind, reasons_against_parent
from services.registry.cover.errors import cover_broken
from services.registry.lineage.permissions import must_act_for
from services.registry.mergers.queries import agreed_mergers_of
from services.registry.organisations.commands import Address
from services.registry.organisations.errors import LegalDatesDisagree, MergerAgreed, NotOpen

Told = Callable[[str, date, datetime], Event]
"""Builds the event that tells a value, from a day on, stated at an instant."""

_BELIEFS_FROM = """
SELECT b.value, lower(b.valid) AS start, b.valid @> $3::date AS then
  FROM organisation_belief b
 WHERE b.subject_id = $1 AND b.facet = $2 AND upper_inf(b.known) AND (upper(b.valid) > $3 OR upper_inf(b.valid))
 ORDER BY b.valid
"""


class RenameOrganisation(BaseModel):
    """A new name under the same code."""

    model_config = ConfigDict(extra="forbid")

    new_name: Name = Field(examples=["NHS North Cumbria CCG"])
    effective_on: Day = Field(description="the first day of the new name", examples=["2017-04-01"])


class ChangeParent(BaseModel):
    """A body belongs to another one from a day."""

    model_config = ConfigDict(extra="forbid")

    parent: Code = Field(examples=["Q78"])
    relation: Literal["commissioned by", "part of"] = Field(default="part of", examples=["part of"])
    effective_on: Day = Field(description="the first day under this parent", examples=["2015-04-01"])


class ChangeKind(BaseModel):
    """A body is of another kind from a day, under the same code."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Field(examples=["foundation_trust"])
    effective_on: Day = Field(description="the first day as this kind", examples=["2008-02-01"])

    @field_validator("kind")
    @classmethod
    def _is_said(cls, kind: Kind) -> Kind:
        if kind is Kind.UNKNOWN:
            raise ValueError("say what it is: `unknown` is for codes that nobody describes")
        return kind


class ChangeLegalStatus(BaseModel):
    """In law a body is established or abolished from a day, whatever it does in operation."""

    model_config = ConfigDict(extra="forbid")

    legal_status: Literal["established", "abolished"] = Field(examples=["abolished"])
    effective_on: Day = Field(description="the first day of this status in law", examples=["2022-07-01"])


class MoveOrganisation(Address):
    """A body is somewhere else from a day."""

    effective_on: Day = Field(description="the first day at this address", examples=["2016-10-03"])


async def rename_organisation(
    session: AsyncSession, organisation: Organisation, command: RenameOrganisation, *, by: Caller, stated_at: datetime
) -> None:
    """Give the locked body a new name from a day, up to the next name that is known already.

    Raises NotOpen, NoChange, NotYoursToDecide.
    """
    await must_act_for(session, organisation.code, by)
    must_be_there(await _standing(session, organisation), command.effective_on)

    def told(name: str, day: date, at: datetime) -> Event:
        return OrganisationRenamed(code=organisation.code, new_name=name, effective_on=day, stated_at=at)

    change = Facet.NAME, command.new_name, command.effective_on
    await describe(session, organisation, *change, told, by=by, stated_at=stated_at)


async def change_parent(
    session: AsyncSession, organisation: Organisation, command: ChangeParent, *, by: Caller, stated_at: datetime
) -> None:
    """Let the locked body belong to another one from a day, up to the next parent that is known already.

    Raises NotOpen, NoChange, OrganisationNotFound (the parent), CoverBroken where a practice would be in no
    commissioner, NotYoursToDecide.
    """
    await must_act_for(session, organisation.code, by)
    standing = await standings(await raw(session), [organisation.code, command.parent])
    if not standing[command.parent].exists:
        raise OrganisationNotFound(f"no organisation has the code {command.parent}")
    must_be_there(standing[organisation.code], command.effective_on)
    code, parent, day = organisation.code, command.parent, command.effective_on
    if reasons := await reasons_against_parent(await raw(session), code, parent, day):
        raise cover_broken(reasons)

    def told(parent: str, day: date, at: datetime) -> Event:
        return OrganisationParentChanged(
            code=organisation.code, relation=command.relation, parent=parent, effective_on=day, stated_at=at
        )

    change = Facet.PARENT, command.parent, command.effective_on
    await describe(session, organisation, *change, told, by=by, stated_at=stated_at)


async def change_kind(
    session: AsyncSession, organisation: Organisation, command: ChangeKind, *, by: Caller, stated_at: datetime
) -> None:
    """Let the locked body be of another kind from a day, up to the next kind that is known already.

    Raises NotOpen, NoChange, MergerAgreed, CoverBroken with each practice and area that such a body may not
    cover, NotYoursToDecide.
    """
    await must_act_for(session, organisation.code, by)
    must_be_there(await _standing(session, organisation), command.effective_on)
    agreed = (await agreed_mergers_of(session, [organisation.code])).get(organisation.code)
    if agreed and command.effective_on <= agreed[1]:
        raise MergerAgreed(f"{organisation.code} is part of the merger {agreed[0]} of CCGs, agreed for {agreed[1]}")
    kind, day = command.kind, command.effective_on
    if reasons := await reasons_against_kind(await raw(session), organisation.code, kind, day):
        raise cover_broken(reasons)

    def told(kind: str, day: date, at: datetime) -> Event:
        return OrganisationKindChanged(code=organisation.code, kind=kind, effective_on=day, stated_at=at)

    change = Facet.KIND, str(command.kind), command.effective_on
    await describe(session, organisation, *change, told, by=by, stated_at=stated_at)


async def change_legal_status(
    session: AsyncSession, organisation: Organisation, command: ChangeLegalStatus, *, by: Caller, stated_at: datetime
) -> None:
    """State since when the locked body is established, or abolished, in law. Its operation is not touched by it.

    Raises LegalDatesDisagree with every reason, NoChange, NotYoursToDecide.
    """
    await must_act_for(session, organisation.code, by)
    reasons = _against_in_law(await _standing(session, organisation), command)
    if reasons:
        raise LegalDatesDisagree("; ".join(reason.message for reason in reasons), reasons=reasons)

    def told(status: str, day: date, at: datetime) -> Event:
        return OrganisationLegalStatusChanged(
            code=organisation.code, legal_status=status, effective_on=day, stated_at=at
        )

    change = Facet.LEGAL, command.legal_status, command.effective_on
    await describe(session, organisation, *change, told, by=by, stated_at=stated_at)


def _against_in_law(standing: Standing, command: ChangeLegalStatus) -> list[Reason]:
    code, day, reasons = standing.code, command.effective_on, []
    established, abolished = standing.in_law_since(ESTABLISHED), standing.in_law_since(ABOLISHED)
    if command.legal_status == ESTABLISHED:
        opened = standing.first_day_open()
        if opened is not None and day > opened:
            reasons.append(f"{code} operates from {opened}, and nothing operates before it is established in law")
        if abolished is not None and day >= abolished:
            reasons.append(f"{code} is abolished in law from {abolished}, and a code is never used again")
    else:
        if established is not None and day <= established:
            reasons.append(f"{code} is established in law on {established}, and cannot be abolished by then")
        if established is None and not any(days.start < day for days, _ in standing.life):
            reasons.append(f"nothing is known of {code} before {day}")
    return [Reason(message, "effective_on") for message in reasons]


async def move_organisation(
    session: AsyncSession, organisation: Organisation, command: MoveOrganisation, *, by: Caller, stated_at: datetime
) -> None:
    """Let the locked body have another address from a day, up to the next one that is known already.

    Raises NotOpen, NoChange, NotYoursToDecide.
    """
    await must_act_for(session, organisation.code, by)
    must_be_there(await _standing(session, organisation), command.effective_on)

    def told(address: str, day: date, at: datetime) -> Event:
        return OrganisationMoved(code=organisation.code, address=address, effective_on=day, stated_at=at)

    change = Facet.ADDRESS, command.text, command.effective_on
    await describe(session, organisation, *change, told, by=by, stated_at=stated_at)


def must_be_there(standing: Standing, day: date) -> None:
    """Raise NotOpen unless the body is open or proposed on a day."""
    if standing.on(day) not in {"open", "proposed"}:
        raise NotOpen(f"{standing.code} is {standing.on(day)} on {day}")


async def describe(
    session: AsyncSession,
    organisation: Organisation,
    facet: Facet,
    value: str,
    day: date,
    told: Told,
    *,
    by: Caller,
    stated_at: datetime,
) -> None:
    """State a value from a day on, and again what is known to follow it: it ends where the next one begins.

    Raises NoChange.
    """
    rows = await (await raw(session)).fetch(_BELIEFS_FROM, organisation.id, facet, day)
    if any(row["then"] and row["value"] == value for row in rows):
        about = facet.name.lower().replace("_", " ")
        raise NoChange(f"{organisation.code}: its {about} on {day} is known to be {value!r}")
    at = await next_instant(session, [organisation.code], stated_at, in_its_place=by.has(Role.LOADER))
    later = [told(row["value"], row["start"], at) for row in rows if not row["then"]]
    organisation.version += 1
    await recording.record(session, [told(value, day, at), *later], source=recording.COMMAND, by=by.subject)


async def _standing(session: AsyncSession, organisation: Organisation) -> Standing:
    return (await standings(await raw(session), [organisation.code]))[organisation.code]
