"""Opens, proposes and closes organisations."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import Reason, as_sentence
from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationClosed,
    OrganisationLegalStatusChanged,
    OrganisationMoved,
    OrganisationOpened,
    OrganisationParentChanged,
    OrganisationProposed,
)
from libs.common.identity import Caller
from libs.common.temporal.history import Days
from services.registry.core.change import Change, change
from services.registry.core.codes import Code, Day, Line, Name, Postcode
from services.registry.core.errors import CodeTaken, OrganisationNotFound
from services.registry.core.kinds import ESTABLISHED, PRACTICE_KINDS, Kind
from services.registry.core.models import Organisation
from services.registry.core.standing import Standing, standings
from services.registry.cover.checks import reasons_against_closing, reasons_against_opening
from services.registry.cover.errors import CoverBroken
from services.registry.mergers.queries import agreed_mergers_of
from services.registry.organisations.errors import ClosedBeforeItOpened, MergerAgreed, NotOpen


class Address(BaseModel):
    """The address of an organisation."""

    model_config = ConfigDict(extra="forbid")

    lines: list[Line] = Field(min_length=1, max_length=8, examples=[["Easton Street", "High Wycombe"]])
    postcode: Postcode = Field(examples=["HP11 1NT"])

    @property
    def text(self) -> str:
        """The lines, the postcode last."""
        return "\n".join([*self.lines, self.postcode])


class OpenOrganisation(BaseModel):
    """An organisation that is open, or proposed, from a day."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(description="ODS code: capital letters and digits, never used before", examples=["10Y"])
    name: Name = Field(examples=["NHS Aylesbury Vale CCG"])
    kind: Kind = Field(examples=["ccg"])
    effective_on: Day = Field(description="the first day as open, or as proposed", examples=["2013-04-01"])
    status: Literal["open", "proposed"] = Field(
        default="open", description="`proposed`: set up in law, not operating yet", examples=["open"]
    )
    legal_on: Day | None = Field(
        default=None,
        description="the first day in law, where stated; for a proposal the default is `effective_on`",
        examples=["2013-02-01"],
    )
    address: Address | None = None
    parent: Code | None = Field(
        default=None,
        description="its parent from that day, for a practice its commissioner; without one the practice is in no "
        "commissioner",
        examples=[None],
    )

    @model_validator(mode="after")
    def _in_law_before_it_operates(self) -> Self:
        if self.legal_on is not None and self.legal_on > self.effective_on:
            raise ValueError(
                f"legal_on: it cannot be established in law after {self.effective_on}, when it begins to operate"
            )
        return self

    @property
    def established_on(self) -> date | None:
        """The first day in law. A proposed organisation is set up in law: that is what ODS means by the term."""
        return self.legal_on or (self.effective_on if self.status == "proposed" else None)


class OpenOrganisations(BaseModel):
    """Up to 500 organisations to open in one transaction: all or none."""

    model_config = ConfigDict(extra="forbid")

    organisations: list[OpenOrganisation] = Field(
        min_length=1,
        max_length=500,
        examples=[[{"code": "10Y", "name": "NHS Aylesbury Vale CCG", "kind": "ccg", "effective_on": "2013-04-01"}]],
    )


class CloseOrganisation(BaseModel):
    """The closing of an organisation without a merger."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(
        description="the first day without it: its last day is the day before", examples=["2015-04-01"]
    )


async def open_organisations(
    session: AsyncSession, commands: Sequence[OpenOrganisation], *, by: Caller, stated_at: datetime
) -> list[Organisation]:
    """Open or propose these bodies, all or none.

    A code that was ever used is refused, with one exception: a proposed body can be opened. Raises CodeTaken with every
    reason, OrganisationNotFound (a parent), CoverBroken with every practice that would not be in exactly one
    commissioner, NotYoursToDecide.
    """
    codes = [command.code for command in commands]
    bound = {*codes, *(command.parent for command in commands if command.parent)}
    async with change(session, codes, by=by, stated_at=stated_at, bound=bound) as now:
        await open_in(now, commands)
    return [now.organisations[code] for code in codes]


async def open_in(now: Change, commands: Sequence[OpenOrganisation]) -> None:
    """Open or propose these bodies within a change of their codes. Raises CodeTaken, OrganisationNotFound, CoverBroken.

    A command that opens a body and states more about it does both in one change.
    """
    codes = [command.code for command in commands]
    agreed = await agreed_mergers_of(now.session, codes)
    reasons = _reasons_against_opening(commands, now.standings, agreed)
    if reasons:
        raise CodeTaken("; ".join(reason.message for reason in reasons), reasons=reasons)
    await _parents_must_fit(now.connection, commands)
    await now.introduce([code for code in codes if code not in now.organisations])
    for command in commands:
        now.publish(*_first_events(command, now.at))


async def _parents_must_fit(connection: asyncpg.Connection, commands: Sequence[OpenOrganisation]) -> None:
    parents = {command.code: command.parent for command in commands if command.parent}
    if not parents:
        return
    opened = {
        command.code: Standing(
            command.code,
            command.kind,
            ((Days(command.effective_on), command.status),),
            ((Days(command.effective_on), command.kind),),
        )
        for command in commands
    }
    wanted = set(parents.values()) - opened.keys()
    there = await standings(connection, wanted)
    if missing := sorted(code for code in wanted if not there[code].exists):
        raise OrganisationNotFound(f"no organisation has the code {', '.join(missing)}")
    if reasons := await reasons_against_opening(connection, list(opened.values()), parents):
        raise CoverBroken(as_sentence(reasons), reasons=reasons)


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
        elif (legal := at.in_law_since(ESTABLISHED)) and legal > command.effective_on:
            reasons.append(Reason(f"{command.code} is established in law on {legal}: it cannot operate before", field))
        seen.add(command.code)
    return reasons


def _first_events(command: OpenOrganisation, stated_at: datetime) -> Iterator[Event]:
    code, kind, day = command.code, command.kind, command.effective_on
    address = command.address.text if command.address else ""
    if command.status == "open":
        yield OrganisationOpened(
            code=code, name=command.name, kind=kind, effective_on=day, address=address, stated_at=stated_at
        )
    else:
        yield OrganisationProposed(code=code, name=command.name, kind=kind, effective_on=day, stated_at=stated_at)
        if address:
            yield OrganisationMoved(code=code, address=address, effective_on=day, stated_at=stated_at)
    if command.parent:
        relation = "commissioned by" if kind in PRACTICE_KINDS else "part of"
        yield OrganisationParentChanged(
            code=code, relation=relation, parent=command.parent, effective_on=day, stated_at=stated_at
        )
    if command.established_on:
        yield OrganisationLegalStatusChanged(
            code=code, legal_status=ESTABLISHED, effective_on=command.established_on, stated_at=stated_at
        )


async def close_organisation(
    session: AsyncSession, organisation: Organisation, command: CloseOrganisation, *, by: Caller, stated_at: datetime
) -> None:
    """End the locked body without a merger (for a CCG: NHS Act 2006 s.14H).

    Raises NotOpen, ClosedBeforeItOpened, MergerAgreed, CoverBroken with each practice and area that it still covers,
    NotYoursToDecide.
    """
    code, day = organisation.code, command.effective_on
    async with change(session, [code], by=by, stated_at=stated_at) as now:
        agreed = await agreed_mergers_of(session, [code])
        if code in agreed:
            reference, on = agreed[code]
            raise MergerAgreed(f"{code} is part of the merger {reference}, agreed for {on}")
        standing = now.standings[code]
        opened = standing.first_day_open()
        if opened is not None and day <= opened:
            raise ClosedBeforeItOpened(f"{code} opens on {opened}")
        if not standing.is_open_through(day - timedelta(days=1)):
            raise NotOpen(f"{code} is {standing.on(day)} on {day}")
        if reasons := await reasons_against_closing(now.connection, code, day):
            raise CoverBroken(as_sentence(reasons), reasons=reasons)
        now.publish(OrganisationClosed(code=code, effective_on=day, stated_at=now.at))
