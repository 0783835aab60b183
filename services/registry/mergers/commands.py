"""Agrees, redates, withdraws, prepares and carries out mergers of CCGs or of ICBs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from libs.common.errors import Reason, as_sentence
from libs.common.events import Event
from libs.common.events.registry import (
    CCGMerged,
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    ICBMerged,
    ICBMergerAgreed,
    ICBMergerRedated,
    ICBMergerWithdrawn,
    OrganisationProposed,
    TransferSchemeMade,
)
from libs.common.identity import Caller, Role
from libs.common.process.clock import day_of
from services.registry.core.change import Change, behind, change
from services.registry.core.codes import AreaCode, Code, Day, Name
from services.registry.core.kinds import Kind, MergerStatus
from services.registry.core.permissions import must_act_for
from services.registry.cover.checks import reasons_against_merger
from services.registry.mergers.conditions import ApprovalCondition
from services.registry.mergers.errors import (
    MergerNotAllowed,
    MergerNotFound,
    MergerNotReady,
    SchemeNotAllowed,
    WrongEffectiveDate,
)
from services.registry.mergers.models import WHOLE, Merger, SchemeType
from services.registry.mergers.queries import agreed_mergers_of, agreed_parts_of
from services.registry.mergers.rules import Surroundings, kind_of_merger, law_on, missing, reasons_against
from services.registry.parts.commands import pass_parts
from services.registry.parts.part import Part, PartsPlan, moving
from services.registry.parts.queries import passing
from services.registry.parts.rules import reasons_against_lists


class NewScheme(BaseModel):
    """A transfer scheme from some predecessors to the successor, or a nil return."""

    model_config = ConfigDict(extra="forbid")

    sort: SchemeType = Field(
        description="`property`: property, rights and liabilities; `staff`: contracts of employment. Both are needed",
        examples=["property"],
    )
    predecessors: list[Code] = Field(
        default=[],
        max_length=50,
        description="from which predecessors; left out, from all of them",
        examples=[["10Y", "10H"]],
    )
    nil_return: bool = Field(default=False, strict=True, description="there is nothing of this type to transfer")
    made_on: Day | None = Field(
        default=None,
        description="left out, the day of the statement, or the merger's day where that is earlier",
        examples=["2018-03-20"],
    )


class MergeCommissioners(BaseModel):
    """A merger of CCGs or of ICBs: the bodies to dissolve on a day, parts of others, and the body to establish."""

    model_config = ConfigDict(extra="forbid")

    successor: Code = Field(description="a code never used before, or one that was proposed", examples=["14Y"])
    successor_name: Name = Field(examples=["NHS Buckinghamshire CCG"])
    predecessors: list[Code] = Field(description="two or more open CCGs, or ICBs", max_length=50, examples=[["10Y"]])
    effective_on: Day = Field(
        description="the successor's first day; the predecessors' last is the day before", examples=["2018-04-01"]
    )
    parts: list[Part] = Field(
        default=[],
        max_length=50,
        description="parts of bodies that continue, which pass to the successor on the same day",
        examples=[[]],
    )
    practices: list[Code] | None = Field(
        default=None,
        max_length=20_000,
        fail_fast=True,
        description="all of the successor's practices; left out, those of its predecessors",
        examples=[None],
    )
    areas: list[AreaCode] | None = Field(
        default=None,
        max_length=40_000,
        fail_fast=True,
        description="all of the successor's areas; left out, those of its predecessors",
        examples=[None],
    )
    schemes: list[NewScheme] = Field(
        default=[],
        max_length=100,
        description="transfer schemes or nil returns made already; a merger for today or a past day is refused without "
        "both types from every predecessor",
    )


class RedateMerger(BaseModel):
    """Another day for an agreed merger, which is not past."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(description="the successor's new first day", examples=["2018-04-01"])


async def merge_commissioners(
    session: AsyncSession,
    command: MergeCommissioners,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    application: str | None = None,
    conditions: Sequence[ApprovalCondition] = (),
) -> Merger:
    """Agree to dissolve the predecessors into a new body on one day, all or none.

    On or after that day it is carried out at once, before it by due work. Until then the successor stands as proposed.
    It binds the predecessors, the bodies of which a part passes, and the successor. Raises MergerNotAllowed and
    MergerNotReady with every reason, SchemeNotAllowed, NotYoursToDecide.
    """
    successor, day = command.successor, command.effective_on
    codes = {successor, *command.predecessors, *(part.code for part in command.parts)}
    bulk = moving(command.parts) if command.parts else ()
    async with change(session, codes, by=by, stated_at=stated_at, in_bulk=bulk) as now:
        kind = await _must_be_possible(
            now,
            successor,
            command.predecessors,
            day,
            parts=command.parts,
            practices=command.practices,
            areas=command.areas,
        )
        merger = _new(command, kind, await _next_reference(session, successor), application)
        merger.agree(((one.condition, one.words) for one in conditions), stated_at=now.at, by=by.subject)
        session.add(merger)
        schemes = [add_scheme(merger, scheme, at=now.at, by=by) for scheme in command.schemes]
        if day <= day_of(now.at):
            _must_be_ready(merger)
        if successor not in now.organisations:
            await now.introduce([successor])
            if day > today or not merger.is_ready():
                now.publish(_proposed(merger, now.at))
        now.publish(_agreed(merger, now.at), *schemes)
        await carry_out_if_due(now, merger, by_day=today)
    return merger


async def redate_merger(
    session: AsyncSession, merger: Merger, command: RedateMerger, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Redate the locked merger. Its earlier plans stay.

    Raises MergerNotOpen, EffectiveDateUnchanged, MergerNotAllowed with every reason.
    """
    async with change_of(session, merger, by=by, stated_at=stated_at) as now:
        previously_on = merger.redate(command.effective_on, stated_at=now.at, by=by.subject)
        if command.effective_on < day_of(now.at):
            message = f"{command.effective_on} is past: a merger is put on a day to come, never back"
            raise MergerNotAllowed(message, reasons=[Reason(message, "effective_on")])
        kind = await _must_be_possible(
            now,
            merger.successor,
            merger.predecessors,
            command.effective_on,
            parts=_parts_of(merger),
            but=merger.reference,
        )
        if law := law_on(merger.effective_on, kind):
            merger.rule_pack = law.id
        now.publish(_redated(merger, previously_on, command.effective_on, now.at))
        await carry_out_if_due(now, merger, by_day=today)


async def withdraw_merger(session: AsyncSession, merger: Merger, *, by: Caller, stated_at: datetime) -> None:
    """Withdraw the locked merger. Its successor stays proposed, so that a later agreement can use the code.

    Raises MergerNotOpen.
    """
    async with change_of(session, merger, by=by, stated_at=stated_at) as now:
        merger.withdraw(stated_at=now.at, by=by.subject)
        now.publish(_withdrawn(merger, now.at))


async def establish_successor(
    session: AsyncSession, merger: Merger, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Carry the locked merger out on its day, as due work would.

    Raises MergerNotOpen, WrongEffectiveDate, MergerNotReady with all that is missing or came late.
    """
    async with change_of(session, merger, by=by, stated_at=stated_at) as now:
        merger.must_be_agreed(now.at)
        if merger.effective_on > today:
            raise WrongEffectiveDate(f"{merger.reference} takes effect on {merger.effective_on}")
        _must_be_ready(merger)
        await carry_out_if_due(now, merger, by_day=today)


async def carry_out_next_merger(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Carry out the ready merger that has been due longest, if any; return 1, or 0 for none.

    What was checked at the agreement is not checked again: meanwhile no command could close or merge the predecessors.
    A merger that is not ready, or was not by its day, waits for a decision on a new one.
    """
    merger = await _next_due(session, up_to, by)
    if merger is None:
        return 0
    # The clock does this, not a loader: everything stated about the bodies comes before it.
    async with change_of(session, merger, by=by, stated_at=stated_at, in_its_place=False) as now:
        await carry_out_if_due(now, merger, by_day=up_to)
    return 1


async def _next_due(session: AsyncSession, up_to: date, by: Caller) -> Merger | None:
    due = (
        select(Merger.reference)
        .where(
            Merger.status == MergerStatus.AGREED,
            Merger.effective_on <= up_to,
            Merger.ready_on <= Merger.effective_on,
        )
        .order_by(Merger.effective_on, Merger.reference)
        .limit(1)
    )
    while (reference := await session.scalar(due)) is not None:
        merger = await get_merger_to_change(session, reference, by=by)
        # The previous holder of the lock may just have redated or withdrawn it.
        if merger.status == MergerStatus.AGREED and merger.effective_on <= up_to and merger.is_ready():
            return merger
    return None


async def get_merger_to_change(
    session: AsyncSession, reference: str, *, by: Caller, binds: Callable[[Merger], Collection[str]] = Merger.codes
) -> Merger:
    """Lock a merger, before the organisations that it concerns, as who acts for those that the act binds.

    Raises MergerNotFound, NotYoursToDecide.
    """
    stated = await session.scalar(
        select(Merger).where(Merger.reference == reference).options(selectinload(Merger.schemes))
    )
    if stated is not None:
        await must_act_for(session, binds(stated), by)
    merger: Merger | None = await session.scalar(
        select(Merger)
        .where(Merger.reference == reference)
        .options(*WHOLE)
        .with_for_update(of=Merger)
        .execution_options(populate_existing=True)
    )
    if merger is None:
        raise MergerNotFound(f"no merger has the reference {reference}")
    return merger


def change_of(
    session: AsyncSession, merger: Merger, *, by: Caller, stated_at: datetime, in_its_place: bool | None = None
) -> AbstractAsyncContextManager[Change]:
    """Change a locked merger and its bodies, after all statements about it; a loader's after its agreement.

    The right to act was asked for before the merger was locked.
    """
    late = by.has(Role.LOADER) if in_its_place is None else in_its_place
    return change(
        session,
        merger.codes(),
        by=by,
        stated_at=stated_at,
        bound=(),
        in_bulk=moving(_parts_of(merger)) if merger.parts else (),
        after=merger.first_stated_at() if late else merger.last_stated_at(),
        in_its_place=in_its_place,
    )


async def carry_out_if_due(now: Change, merger: Merger, *, by_day: date) -> None:
    """Carry the merger out where its day has come and all was ready by then."""
    if merger.status == MergerStatus.AGREED and merger.effective_on <= by_day and merger.is_ready():
        # A late statement is in its place; that the merger took effect comes after everything about it.
        now.at = behind(merger.last_stated_at(), now.at)
        passed = await pass_parts(now, _parts_of(merger), _plan_of(merger)) if merger.parts else []
        merger.carry_out(stated_at=now.at, by=now.by.subject)
        now.publish(_merged(merger, now.at), *passed)


def _plan_of(merger: Merger) -> PartsPlan:
    return PartsPlan(merger.successor, merger.predecessors, Kind(merger.kind), merger.effective_on)


def _parts_of(merger: Merger) -> list[Part]:
    return [Part.model_validate(part) for part in merger.parts]


async def _must_be_possible(
    now: Change,
    successor: str,
    predecessors: Sequence[str],
    effective_on: date,
    *,
    parts: Sequence[Part] = (),
    but: str = "",
    practices: Sequence[str] | None = None,
    areas: Sequence[str] | None = None,
) -> Kind:
    """Return the kind of body that merges. Raises MergerNotAllowed."""
    concerned = [*predecessors, *(part.code for part in parts)]
    codes = {successor, *concerned}
    agreed = await agreed_mergers_of(now.session, codes)
    around = Surroundings(
        now.standings,
        {code: other for code, other in agreed.items() if other[0] != but},
        parts=await agreed_parts_of(now.session, codes, but=but),
    )
    kind = kind_of_merger(concerned, around.standing, effective_on - timedelta(days=1))
    reasons = reasons_against(successor, predecessors, effective_on, around=around, parts=parts)
    if not reasons and parts:
        found = await passing(now.connection, parts, PartsPlan(successor, predecessors, kind, effective_on))
        reasons.extend(reasons_against_lists(parts, found))
    reasons.extend(
        await reasons_against_merger(
            now.connection, successor, predecessors, effective_on, kind=kind, practices=practices, areas=areas
        )
    )
    if reasons:
        raise MergerNotAllowed(as_sentence(reasons), reasons=reasons)
    return kind


def _new(command: MergeCommissioners, kind: Kind, reference: str, application: str | None) -> Merger:
    law = law_on(command.effective_on, kind)
    return Merger(
        reference=reference,
        successor=command.successor,
        successor_name=command.successor_name,
        predecessors=list(command.predecessors),
        status=MergerStatus.AGREED,
        effective_on=command.effective_on,
        rule_pack=law.id if law else "",
        kind=kind,
        application=application,
        parts=[part.model_dump() for part in command.parts],
    )


async def _next_reference(session: AsyncSession, successor: str) -> str:
    earlier = await session.scalar(select(func.count()).select_from(Merger).where(Merger.successor == successor))
    return f"M-{successor}-{earlier + 1}" if earlier else f"M-{successor}"


def add_scheme(merger: Merger, command: NewScheme, *, at: datetime, by: Caller) -> Event:
    """Add a scheme to the locked merger, and return the event that states it.

    Raises SchemeNotAllowed with every reason, SchemeMadeAlready, MergerNotOpen.
    """
    predecessors = command.predecessors or list(merger.predecessors)
    made_on = command.made_on or min(day_of(at), merger.effective_on)
    reasons = [
        Reason(f"{code} is no predecessor in {merger.reference}", f"predecessors.{number}")
        for number, code in enumerate(predecessors)
        if code not in merger.predecessors
    ]
    if len(set(predecessors)) < len(predecessors):
        reasons.append(Reason("a predecessor occurs twice", "predecessors"))
    if made_on > day_of(at):
        reasons.append(Reason(f"{made_on} is still to come", "made_on"))
    if reasons:
        raise SchemeNotAllowed("; ".join(reason.message for reason in reasons), reasons=reasons)
    scheme = merger.make_scheme(
        command.sort, predecessors, nil=command.nil_return, made_on=made_on, stated_at=at, by=by.subject
    )
    return TransferSchemeMade(
        merger=merger.reference,
        scheme=scheme.reference,
        sort=scheme.sort,
        successor=merger.successor,
        predecessors=tuple(scheme.predecessors),
        nil_return=scheme.nil_return,
        effective_on=scheme.made_on,
        stated_at=scheme.stated_at,
    )


def _must_be_ready(merger: Merger) -> None:
    """Raise MergerNotReady, with what is missing, unless all was ready by the merger's day."""
    if merger.is_ready():
        return
    reasons: list[Reason] = [*missing(merger.predecessors, merger.conditions, merger.schemes)]
    if not reasons:
        message = (
            f"what {merger.reference} needs was complete on {merger.ready_on}, after {merger.effective_on}: "
            "it needs a new day by decision, and takes effect on none that is past"
        )
        reasons = [Reason(message, "effective_on")]
    raise MergerNotReady("; ".join(reason.message for reason in reasons), reasons=reasons)


@dataclass(frozen=True, slots=True)
class _Names:
    """The events about mergers of one kind."""

    agreed: type[CCGMergerAgreed | ICBMergerAgreed]
    redated: type[CCGMergerRedated | ICBMergerRedated]
    withdrawn: type[CCGMergerWithdrawn | ICBMergerWithdrawn]
    merged: type[CCGMerged | ICBMerged]


_NAMES: Mapping[str, _Names] = {
    Kind.CCG: _Names(CCGMergerAgreed, CCGMergerRedated, CCGMergerWithdrawn, CCGMerged),
    Kind.ICB: _Names(ICBMergerAgreed, ICBMergerRedated, ICBMergerWithdrawn, ICBMerged),
}


def _proposed(merger: Merger, at: datetime) -> Event:
    """Return the event that the successor is set up in law and does not operate yet."""
    return OrganisationProposed(
        code=merger.successor, name=merger.successor_name, kind=merger.kind, effective_on=day_of(at), stated_at=at
    )


def _agreed(merger: Merger, at: datetime) -> Event:
    """Return the event that a merger is agreed."""
    return _NAMES[merger.kind].agreed(
        merger=merger.reference,
        successor=merger.successor,
        successor_name=merger.successor_name,
        predecessors=tuple(merger.predecessors),
        parts=tuple(part["code"] for part in merger.parts),
        part_shares=tuple(part["share"] or "" for part in merger.parts),
        application=merger.application or "",
        rule_pack=merger.rule_pack,
        effective_on=merger.effective_on,
        stated_at=at,
    )


def _redated(merger: Merger, previously_on: date, effective_on: date, at: datetime) -> Event:
    """Return the event that a merger takes effect on another day."""
    return _NAMES[merger.kind].redated(
        merger=merger.reference,
        successor=merger.successor,
        predecessors=tuple(merger.predecessors),
        previously_on=previously_on,
        effective_on=effective_on,
        stated_at=at,
    )


def _withdrawn(merger: Merger, at: datetime) -> Event:
    """Return the event that a merger will not take place."""
    return _NAMES[merger.kind].withdrawn(
        merger=merger.reference,
        successor=merger.successor,
        predecessors=tuple(merger.predecessors),
        effective_on=day_of(at),
        stated_at=at,
    )


def _merged(merger: Merger, at: datetime) -> Event:
    """Return the event that a merger took effect, with the schemes in the order of the predecessors."""
    return _NAMES[merger.kind].merged(
        merger=merger.reference,
        successor=merger.successor,
        successor_name=merger.successor_name,
        predecessors=tuple(merger.predecessors),
        property_schemes=_in_order(merger, SchemeType.PROPERTY),
        staff_schemes=_in_order(merger, SchemeType.STAFF),
        effective_on=merger.effective_on,
        stated_at=at,
    )


def _in_order(merger: Merger, sort: SchemeType) -> tuple[str, ...]:
    of = {code: one.reference for one in merger.schemes if one.sort == sort for code in one.predecessors}
    return tuple(of[code] for code in merger.predecessors)
