"""Changes an organisation from a day: name, parent, kind, status in law, address. Earlier days stay unchanged."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason, as_sentence
from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationKindChanged,
    OrganisationLegalStatusChanged,
    OrganisationMoved,
    OrganisationParentChanged,
    OrganisationRenamed,
)
from libs.common.identity import Caller
from libs.common.temporal.believed import NOW, as_known, on_day
from libs.organisations.statements import RELATIONS, Facet
from services.registry.core.believed import believed
from services.registry.core.change import Change, change, get_organisation_to_change
from services.registry.core.codes import Code, Day, Name
from services.registry.core.errors import NoChange, OrganisationNotFound
from services.registry.core.kinds import ABOLISHED, ESTABLISHED, Kind
from services.registry.core.models import Organisation
from services.registry.core.permissions import must_act_for
from services.registry.core.standing import Standing, standings
from services.registry.cover.checks import reasons_against_kind, reasons_against_parent
from services.registry.cover.errors import CoverBroken
from services.registry.mergers.queries import agreed_mergers_of
from services.registry.organisations.commands import Address
from services.registry.organisations.errors import LegalDatesDisagree, MergerAgreed, NotOpen

Describing = Callable[[str, date], Event]
"""Builds the event that states a value from a day on."""

_BELIEFS_FROM = f"""
SELECT o.code, b.facet, b.value, lower(b.valid) AS start, {on_day("b", "$3")} AS then,
       EXISTS (SELECT FROM organisation_statement s
                WHERE s.subject_id = b.subject_id AND s.facet = b.facet AND s.value = b.value) AS stated
  FROM organisation_belief b JOIN organisation o ON o.id = b.subject_id
 WHERE o.code = ANY($1) AND b.facet = ANY($2) AND {as_known("b", NOW)}
   AND (upper(b.valid) > $3 OR upper_inf(b.valid))
 ORDER BY o.code, b.facet, b.valid
"""  # noqa: S608  (only names of ours are put in)


_PARENTS = f"""
SELECT b.value AS parent FROM organisation o JOIN {believed("b", day="$2", known=NOW)} AND b.facet = $3
 WHERE o.code = $1 AND b.value <> ''
"""  # noqa: S608  (only names of ours are put in)


class RenameOrganisation(BaseModel):
    """A new name under the same code."""

    model_config = ConfigDict(extra="forbid")

    new_name: Name = Field(examples=["NHS North Cumbria CCG"])
    effective_on: Day = Field(description="the first day of the new name", examples=["2017-04-01"])


class ChangeParent(BaseModel):
    """A new parent from a day, or a new local office, STP, ICB or region."""

    model_config = ConfigDict(extra="forbid")

    parent: Code = Field(examples=["Q78"])
    relation: Literal["commissioned by", "part of", "in local office", "in STP", "in ICB", "in region"] = Field(
        default="part of",
        description="`commissioned by` and `part of` state the parent, the others a level of their own beside it",
        examples=["part of"],
    )
    effective_on: Day = Field(description="the first day under this parent", examples=["2015-04-01"])


class ChangeKind(BaseModel):
    """Another kind from a day, under the same code."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Field(examples=["foundation_trust"])
    effective_on: Day = Field(description="the first day as this kind", examples=["2008-02-01"])

    @field_validator("kind")
    @classmethod
    def _is_said(cls, kind: Kind) -> Kind:
        if kind is Kind.UNKNOWN:
            raise ValueError("state a kind: `unknown` is for codes that no source describes")
        return kind


class ChangeLegalStatus(BaseModel):
    """A legal status from a day, apart from operation."""

    model_config = ConfigDict(extra="forbid")

    legal_status: Literal["established", "abolished"] = Field(examples=["abolished"])
    effective_on: Day = Field(description="the first day of this status in law", examples=["2022-07-01"])


class MoveOrganisation(Address):
    """Another address from a day."""

    effective_on: Day = Field(description="the first day at this address", examples=["2016-10-03"])


async def rename_organisation(
    session: AsyncSession, organisation: Organisation, command: RenameOrganisation, *, by: Caller, stated_at: datetime
) -> None:
    """Give the locked body a new name from a day, up to the next name that is known already.

    Raises NotOpen, NoChange, NotYoursToDecide.
    """
    code = organisation.code
    async with change(session, [code], by=by, stated_at=stated_at) as now:
        must_be_there(now.standings[code], command.effective_on)

        def renamed(name: str, day: date) -> Event:
            return OrganisationRenamed(code=code, new_name=name, effective_on=day, stated_at=now.at)

        await describe(now, code, Facet.NAME, command.new_name, command.effective_on, renamed)


async def get_member_to_move(session: AsyncSession, code: str, command: ChangeParent, *, by: Caller) -> Organisation:
    """Lock a body that is to have another parent. It binds the body, the parent that it joins and the one it leaves.

    Raises NotYoursToDecide, OrganisationNotFound.
    """

    async def must_be_theirs() -> None:
        left = await (await raw(session)).fetch(_PARENTS, code, command.effective_on, RELATIONS[command.relation])
        await must_act_for(session, {code, command.parent, *(row["parent"] for row in left)}, by)

    await must_be_theirs()
    organisation = await get_organisation_to_change(session, code, by=by)
    # It may have got another parent while this waited for the lock.
    await must_be_theirs()
    return organisation


async def change_parent(
    session: AsyncSession, organisation: Organisation, command: ChangeParent, *, by: Caller, stated_at: datetime
) -> None:
    """Give the locked body another parent from a day, up to the next parent that is known already.

    Raises NotOpen, NoChange, OrganisationNotFound (the parent), CoverBroken where a practice would be in no
    commissioner, NotYoursToDecide.
    """
    code, day = organisation.code, command.effective_on
    async with change(session, [code], by=by, stated_at=stated_at) as now:
        # The parent is not locked: it does not change.
        if not (await standings(now.connection, [command.parent]))[command.parent].exists:
            raise OrganisationNotFound(f"no organisation has the code {command.parent}")
        must_be_there(now.standings[code], day)
        facet = RELATIONS[command.relation]
        if facet is Facet.PARENT and (
            reasons := await reasons_against_parent(now.connection, code, command.parent, day)
        ):
            raise CoverBroken(as_sentence(reasons), reasons=reasons)

        def belonging(parent: str, day: date) -> Event:
            return OrganisationParentChanged(
                code=code, relation=command.relation, parent=parent, effective_on=day, stated_at=now.at
            )

        await describe(now, code, facet, command.parent, day, belonging)


async def change_kind(
    session: AsyncSession, organisation: Organisation, command: ChangeKind, *, by: Caller, stated_at: datetime
) -> None:
    """Give the locked body another kind from a day, up to the next kind that is known already.

    Raises NotOpen, NoChange, MergerAgreed, CoverBroken with each practice and area that such a body may not
    cover, NotYoursToDecide.
    """
    code, day = organisation.code, command.effective_on
    async with change(session, [code], by=by, stated_at=stated_at) as now:
        must_be_there(now.standings[code], day)
        agreed = (await agreed_mergers_of(session, [code])).get(code)
        if agreed and day <= agreed[1]:
            raise MergerAgreed(f"{code} is part of the merger {agreed[0]} of CCGs, agreed for {agreed[1]}")
        if reasons := await reasons_against_kind(now.connection, code, command.kind, day):
            raise CoverBroken(as_sentence(reasons), reasons=reasons)

        def of_kind(kind: str, day: date) -> Event:
            return OrganisationKindChanged(code=code, kind=kind, effective_on=day, stated_at=now.at)

        await describe(now, code, Facet.KIND, str(command.kind), day, of_kind)


async def change_legal_status(
    session: AsyncSession, organisation: Organisation, command: ChangeLegalStatus, *, by: Caller, stated_at: datetime
) -> None:
    """State the day from which the locked body is established, or abolished, in law; its operation does not change.

    Raises LegalDatesDisagree with every reason, NoChange, NotYoursToDecide.
    """
    code = organisation.code
    async with change(session, [code], by=by, stated_at=stated_at) as now:
        reasons = reasons_against_legal_status(now.standings[code], command.legal_status, command.effective_on)
        if reasons:
            raise LegalDatesDisagree("; ".join(reason.message for reason in reasons), reasons=reasons)

        def in_law(status: str, day: date) -> Event:
            return OrganisationLegalStatusChanged(code=code, legal_status=status, effective_on=day, stated_at=now.at)

        await describe(now, code, Facet.LEGAL, command.legal_status, command.effective_on, in_law)


def reasons_against_legal_status(
    standing: Standing, status: str, day: date, *, as_another_kind: bool = False
) -> list[Reason]:
    """Return why a body cannot be `established` or `abolished` in law from a day.

    A code that names another kind of body from that day was in use before: what is established is what it names then.
    """
    code, reasons = standing.code, []
    established, abolished = standing.in_law_since(ESTABLISHED), standing.in_law_since(ABOLISHED)
    if status == ESTABLISHED:
        opened = standing.first_day_open()
        if opened is not None and day > opened and not as_another_kind:
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
    """Give the locked body another address from a day, up to the next one that is known already.

    Raises NotOpen, NoChange, NotYoursToDecide.
    """
    code = organisation.code
    async with change(session, [code], by=by, stated_at=stated_at) as now:
        must_be_there(now.standings[code], command.effective_on)

        def moved(address: str, day: date) -> Event:
            return OrganisationMoved(code=code, address=address, effective_on=day, stated_at=now.at)

        await describe(now, code, Facet.ADDRESS, command.text, command.effective_on, moved)


def must_be_there(standing: Standing, day: date) -> None:
    """Raise NotOpen unless the body is open or proposed on a day."""
    if standing.on(day) not in {"open", "proposed"}:
        raise NotOpen(f"{standing.code} is {standing.on(day)} on {day}")


async def describe(now: Change, code: str, facet: Facet, value: str, day: date, describing: Describing) -> None:
    """State a value from a day, and the next known value again: this one ends where that begins.

    A parent that only follows from a succession may be stated, and is not stated again. Raises NoChange.
    """
    if reasons := await describe_all(now, [Description(code, facet, value, describing)], day):
        raise NoChange(reasons[0])


@dataclass(frozen=True, slots=True)
class Description:
    """A value of one facet of a body, and the event that states it from a day."""

    code: str
    facet: Facet
    value: str
    describing: Describing


async def describe_all(now: Change, descriptions: Sequence[Description], day: date) -> list[str]:
    """State these values from a day, as `describe` does; return why those that are known already state nothing new."""
    codes = sorted({one.code for one in descriptions})
    facets = sorted({one.facet for one in descriptions})
    believed_then: dict[tuple[str, int], list[asyncpg.Record]] = defaultdict(list)
    for row in await now.connection.fetch(_BELIEFS_FROM, codes, facets, day):
        believed_then[row["code"], row["facet"]].append(row)
    reasons = []
    for one in descriptions:
        rows = believed_then[one.code, one.facet]
        if any(row["then"] and row["stated"] and row["value"] == one.value for row in rows):
            about = one.facet.name.lower().replace("_", " ")
            reasons.append(f"{one.code}: its {about} on {day} is known to be {one.value!r}")
            continue
        now.publish(one.describing(one.value, day))
        now.publish(*(one.describing(row["value"], row["start"]) for row in rows if row["stated"] and not row["then"]))
    return reasons
