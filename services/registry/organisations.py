"""Organisations come into being, change their name or parent, and close."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database import raw
from libs.common.days import WrittenDay
from libs.common.errors import Reason
from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationClosed,
    OrganisationOpened,
    OrganisationParentChanged,
    OrganisationProposed,
    OrganisationRenamed,
)
from libs.common.identity import Caller, Role
from libs.common.stated import Facet
from services.registry import facts
from services.registry.errors import (
    ClosedBeforeItOpened,
    CodeTaken,
    MergerAgreed,
    NothingChanges,
    NotOpen,
    OrganisationNotFound,
)
from services.registry.kinds import Kind
from services.registry.lineage import successors_of
from services.registry.models import Organisation
from services.registry.standings import (
    Standing,
    get_organisations_to_change,
    next_instant,
    standings,
)

CODE = r"^[A-Z0-9]{1,12}$"
"""What an ODS code looks like."""
PRINTED = r"^[^\x00-\x1f\x7f]*$"
"""Text without control characters, which PostgreSQL or a reader could not take."""

Code = Annotated[str, StringConstraints(pattern=CODE)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTED)]
Day = Annotated[WrittenDay, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]

_BELIEFS_FROM = """
SELECT b.value, lower(b.valid) AS start, b.valid @> $3::date AS then
  FROM organisation_belief b
 WHERE b.subject_id = $1 AND b.facet = $2 AND upper_inf(b.known) AND (upper(b.valid) > $3 OR upper_inf(b.valid))
 ORDER BY b.valid
"""

_AGREED = """
SELECT code, m.reference, m.effective_on
  FROM merger m CROSS JOIN LATERAL unnest(m.predecessors || m.successor) AS part (code)
 WHERE m.status = 'agreed' AND code = ANY($1)
"""


class OpenOrganisation(BaseModel):
    """A body that operates from a day, or stands as proposed from it."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(description="ODS code: capital letters and digits, never used before", examples=["10Y"])
    name: Name = Field(examples=["NHS Aylesbury Vale CCG"])
    kind: Kind = Field(examples=["ccg"])
    effective_on: Day = Field(description="the first day as open, or as proposed", examples=["2013-04-01"])
    status: Literal["open", "proposed"] = Field(
        default="open", description="`proposed`: legally set, not operating yet", examples=["open"]
    )


class OpenOrganisations(BaseModel):
    """Up to 500 bodies at once: all of them, or none."""

    model_config = ConfigDict(extra="forbid")

    organisations: list[OpenOrganisation] = Field(min_length=1, max_length=500)


class RenameOrganisation(BaseModel):
    """A new name under the same code."""

    model_config = ConfigDict(extra="forbid")

    new_name: Name = Field(examples=["NHS North Cumbria CCG"])
    effective_on: Day = Field(description="the first day of the new name", examples=["2017-04-01"])


class CloseOrganisation(BaseModel):
    """A body ends without a merger."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(
        description="the first day without it: its last day is the day before", examples=["2015-04-01"]
    )


class ChangeParent(BaseModel):
    """A body belongs to another one from a day."""

    model_config = ConfigDict(extra="forbid")

    parent: Code = Field(examples=["Q78"])
    relation: Literal["commissioned by", "part of"] = Field(default="part of", examples=["part of"])
    effective_on: Day = Field(description="the first day under this parent", examples=["2015-04-01"])


async def open_organisations(
    session: AsyncSession, commands: Sequence[OpenOrganisation], *, by: Caller, stated_at: datetime
) -> list[Organisation]:
    """Open or propose these bodies, all or none.

    A code that a body ever had is refused, with one exception: what was only proposed can be opened.
    Raises CodeTaken with every reason, NotYoursToDecide.
    """
    codes = [command.code for command in commands]
    for code in codes:
        by.must_act_for([code])
    held = await get_organisations_to_change(session, codes)
    connection = await raw(session)
    agreed = await agreed_mergers_of(session, codes)
    reasons = _reasons_against_opening(commands, await standings(connection, codes), agreed)
    if reasons:
        raise CodeTaken("; ".join(reason.message for reason in reasons), reasons=reasons)
    await facts.introduce(session, [command.code for command in commands if command.code not in held])
    for organisation in held.values():
        organisation.version += 1
    at = await next_instant(session, codes, stated_at, in_its_place=by.has(Role.LOADER))
    await facts.tell(session, [_first_event(command, at) for command in commands], source=facts.COMMAND, by=by.subject)
    now = await get_organisations_to_change(session, codes)
    return [now[code] for code in codes]


def _reasons_against_opening(
    commands: Sequence[OpenOrganisation], standing: Mapping[str, Standing], agreed: Mapping[str, tuple[str, date]]
) -> list[Reason]:
    reasons = []
    seen: set[str] = set()
    for number, command in enumerate(commands):
        at = standing[command.code]
        field = "code" if len(commands) == 1 else f"organisations.{number}.code"
        if command.code in seen:
            reasons.append(Reason(f"{command.code} occurs twice", field))
        elif command.code in agreed:
            reference, day = agreed[command.code]
            reasons.append(Reason(f"{command.code} is opened by the merger {reference} on {day}", field))
        elif at.ever("open") or at.ever("closed") or (at.exists and command.status == "proposed"):
            reasons.append(Reason(f"{command.code} names a body already, and a code is never used again", field))
        elif at.exists and at.kind is not command.kind:
            reasons.append(Reason(f"{command.code} was proposed as {at.kind}, not as {command.kind}", field))
        seen.add(command.code)
    return reasons


def _first_event(command: OpenOrganisation, stated_at: datetime) -> Event:
    kind = OrganisationProposed if command.status == "proposed" else OrganisationOpened
    return kind(
        code=command.code,
        name=command.name,
        kind=command.kind,
        effective_on=command.effective_on,
        stated_at=stated_at,
    )


async def rename_organisation(
    session: AsyncSession, organisation: Organisation, command: RenameOrganisation, *, by: Caller, stated_at: datetime
) -> None:
    """Give the locked body a new name from a day, up to the next name that is known already.

    Raises NotOpen, NothingChanges, NotYoursToDecide.
    """
    await _must_act_for(session, organisation.code, by)
    standing = (await standings(await raw(session), [organisation.code]))[organisation.code]
    if standing.on(command.effective_on) not in {"open", "proposed"}:
        raise NotOpen(f"{organisation.code} is {standing.on(command.effective_on)} on {command.effective_on}")
    later = await _from(session, organisation, Facet.NAME, command.effective_on)
    if any(then and name == command.new_name for name, _, then in later):
        raise NothingChanges(f"{organisation.code} bears this name on {command.effective_on}")
    at = await next_instant(session, [organisation.code], stated_at, in_its_place=by.has(Role.LOADER))
    names = [(command.new_name, command.effective_on), *((name, day) for name, day, then in later if not then)]
    renamed = [
        OrganisationRenamed(code=organisation.code, new_name=name, effective_on=day, stated_at=at)
        for name, day in names
    ]
    organisation.version += 1
    await facts.tell(session, renamed, source=facts.COMMAND, by=by.subject)


async def change_parent(
    session: AsyncSession, organisation: Organisation, command: ChangeParent, *, by: Caller, stated_at: datetime
) -> None:
    """Let the locked body belong to another one from a day, up to the next parent that is known already.

    Raises NotOpen, NothingChanges, OrganisationNotFound (the parent), NotYoursToDecide.
    """
    await _must_act_for(session, organisation.code, by)
    codes = [organisation.code, command.parent]
    standing = await standings(await raw(session), codes)
    if not standing[command.parent].exists:
        raise OrganisationNotFound(f"no organisation has the code {command.parent}")
    if standing[organisation.code].on(command.effective_on) not in {"open", "proposed"}:
        raise NotOpen(
            f"{organisation.code} is {standing[organisation.code].on(command.effective_on)} on {command.effective_on}"
        )
    later = await _from(session, organisation, Facet.PARENT, command.effective_on)
    if any(then and parent == command.parent for parent, _, then in later):
        raise NothingChanges(f"{organisation.code} belongs to {command.parent} on {command.effective_on}")
    at = await next_instant(session, [organisation.code], stated_at, in_its_place=by.has(Role.LOADER))
    parents = [(command.parent, command.effective_on), *((parent, day) for parent, day, then in later if not then)]
    changed = [
        OrganisationParentChanged(
            code=organisation.code, relation=command.relation, parent=parent, effective_on=day, stated_at=at
        )
        for parent, day in parents
    ]
    organisation.version += 1
    await facts.tell(session, changed, source=facts.COMMAND, by=by.subject)


async def close_organisation(
    session: AsyncSession, organisation: Organisation, command: CloseOrganisation, *, by: Caller, stated_at: datetime
) -> None:
    """End the locked body without a merger (for a CCG: NHS Act 2006 s.14H).

    Raises NotOpen, ClosedBeforeItOpened, MergerAgreed, NotYoursToDecide.
    """
    code, day = organisation.code, command.effective_on
    await _must_act_for(session, code, by)
    agreed = await agreed_mergers_of(session, [code])
    if code in agreed:
        reference, on = agreed[code]
        raise MergerAgreed(f"{code} is part of the merger {reference}, agreed for {on}")
    standing = (await standings(await raw(session), [code]))[code]
    opened = standing.first_day_open()
    if opened is not None and day <= opened:
        raise ClosedBeforeItOpened(f"{code} opens on {opened}")
    if not standing.is_open_through(day - timedelta(days=1)):
        raise NotOpen(f"{code} is {standing.on(day)} on {day}")
    at = await next_instant(session, [code], stated_at, in_its_place=by.has(Role.LOADER))
    organisation.version += 1
    closed = OrganisationClosed(code=code, effective_on=day, stated_at=at)
    await facts.tell(session, [closed], source=facts.COMMAND, by=by.subject)


async def agreed_mergers_of(session: AsyncSession, codes: Iterable[str]) -> dict[str, tuple[str, date]]:
    """Return the agreed merger, with its day, of each of the codes that is part of one."""
    rows = await (await raw(session)).fetch(_AGREED, sorted(set(codes)))
    return {row["code"]: (row["reference"], row["effective_on"]) for row in rows}


async def _must_act_for(session: AsyncSession, code: str, by: Caller) -> None:
    by.must_act_for([code], also_through=await successors_of(await raw(session), [code]))


async def _from(
    session: AsyncSession, organisation: Organisation, facet: Facet, day: date
) -> list[tuple[str, date, bool]]:
    """Return value, first day, and whether it holds on `day` already, for what is believed from that day on."""
    rows = await (await raw(session)).fetch(_BELIEFS_FROM, organisation.id, facet, day)
    return [(row["value"], row["start"], row["then"]) for row in rows]
