"""CCGs or ICBs merge: agreed by NHS England, perhaps put off or given up, carried out on the day if all is ready."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from libs.common.database.connection import raw
from libs.common.errors import Reason, as_sentence
from libs.common.events import Event
from libs.common.identity import Caller, Role
from libs.common.process.clock import day_of
from services.registry.core import recording
from services.registry.core.change import get_organisations_to_change, next_instant
from services.registry.core.codes import PRINTED, AreaCode, Code, Day, Name
from services.registry.core.kinds import Kind
from services.registry.core.models import Organisation
from services.registry.core.standing import standings
from services.registry.cover.checks import reasons_against_merger
from services.registry.mergers import events as merger_events
from services.registry.mergers.errors import MergerNotAllowed, MergerNotFound, SchemeNotAllowed, WrongEffectiveDate
from services.registry.mergers.models import Merger, MergerStatus
from services.registry.mergers.queries import agreed_mergers_of
from services.registry.mergers.readiness import NewScheme, add_scheme, must_be_ready
from services.registry.mergers.rules import Surroundings, kind_of_merger, law_on, reasons_against


class MergeCommissioners(BaseModel):
    """CCGs or ICBs that are dissolved on a day, and the one established in their place."""

    model_config = ConfigDict(extra="forbid")

    successor: Code = Field(description="a code never used before, or one that was proposed", examples=["14Y"])
    successor_name: Name = Field(examples=["NHS Buckinghamshire CCG"])
    predecessors: list[Code] = Field(description="two or more open CCGs, or ICBs", max_length=50, examples=[["10Y"]])
    effective_on: Day = Field(
        description="the successor's first day; the predecessors' last is the day before", examples=["2018-04-01"]
    )
    practices: list[Code] | None = Field(
        default=None,
        max_length=20_000,
        description="all of the successor's practices; left out, those of its predecessors",
        examples=[None],
    )
    areas: list[AreaCode] | None = Field(
        default=None,
        max_length=40_000,
        description="all of the successor's areas; left out, those of its predecessors",
        examples=[None],
    )
    schemes: list[NewScheme] = Field(
        default=[],
        max_length=100,
        description="transfer schemes or nil returns that are there already; without both sorts of every predecessor a "
        "merger on a day that has come is refused",
    )


class RedateMerger(BaseModel):
    """Another day for an agreed merger, never one that is past."""

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
    conditions: Sequence[str] = (),
) -> Merger:
    """Agree to dissolve the predecessors into a new body on one day, all or none.

    On or after that day it is carried out at once, before it by due work. Until then the successor stands as proposed.
    Raises MergerNotAllowed and MergerNotReady with every reason, SchemeNotAllowed, NotYoursToDecide.
    """
    for code in command.predecessors:
        by.must_act_for([code])
    codes = {command.successor, *command.predecessors}
    held = await get_organisations_to_change(session, codes)
    successor, day = command.successor, command.effective_on
    kind = await _must_be_possible(
        session, successor, command.predecessors, day, practices=command.practices, areas=command.areas
    )
    at = await next_instant(session, codes, stated_at, in_its_place=by.has(Role.LOADER))
    merger = _new(command, kind, await _next_reference(session, command.successor), application)
    merger.agree(conditions, stated_at=at, by=by.subject)
    session.add(merger)
    events: list[Event] = [merger_events.agreed(merger, at)]
    events.extend([add_scheme(merger, scheme, at=at, by=by) for scheme in command.schemes])
    if merger.effective_on <= day_of(at):
        must_be_ready(merger)
    if command.successor not in held:
        await recording.introduce(session, [command.successor])
        if command.effective_on > today or not merger.is_ready():
            events.insert(0, merger_events.proposed(merger, at))
    await conclude(session, merger, events, held, due_by=today, at=at, by=by)
    return merger


async def redate_merger(
    session: AsyncSession, merger: Merger, command: RedateMerger, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Let the locked merger take effect on another day; what was planned before stays in its plans.

    Raises NotAgreedAnyMore, SameDay, MergerNotAllowed with every reason, NotYoursToDecide.
    """
    held = await lock_parts(session, merger, by)
    previously_on = merger.effective_on
    at = await instant_for(session, merger, stated_at, by)
    merger.redate(command.effective_on, stated_at=at, by=by.subject)
    if command.effective_on < day_of(at):
        message = f"{command.effective_on} is past: a merger is put on a day to come, never back"
        raise MergerNotAllowed(message, reasons=[Reason(message, "effective_on")])
    kind = await _must_be_possible(
        session, merger.successor, merger.predecessors, command.effective_on, but=merger.reference
    )
    if law := law_on(command.effective_on, kind):
        merger.rule_pack = law.id
    told = [merger_events.redated(merger, previously_on, at)]
    await conclude(session, merger, told, held, due_by=today, at=at, by=by)


async def withdraw_merger(session: AsyncSession, merger: Merger, *, by: Caller, stated_at: datetime) -> None:
    """Give the locked merger up. Its successor stays proposed, so that a later agreement can take the code up again.

    Raises NotAgreedAnyMore, NotYoursToDecide.
    """
    held = await lock_parts(session, merger, by)
    at = await instant_for(session, merger, stated_at, by)
    merger.withdraw(stated_at=at, by=by.subject)
    await conclude(session, merger, [merger_events.withdrawn(merger, at)], held, due_by=date.min, at=at, by=by)


async def establish_successor(
    session: AsyncSession, merger: Merger, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Carry the locked merger out on its day, as due work would.

    Raises NotAgreedAnyMore, WrongEffectiveDate, MergerNotReady with all that is missing or came late, NotYoursToDecide.
    """
    held = await lock_parts(session, merger, by)
    merger.must_be_agreed()
    if merger.effective_on > today:
        raise WrongEffectiveDate(f"{merger.reference} takes effect on {merger.effective_on}")
    must_be_ready(merger)
    at = await instant_for(session, merger, stated_at, by)
    await conclude(session, merger, [], held, due_by=today, at=at, by=by)


async def carry_out_next_merger(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Carry out the ready merger that has been due longest, if one is due by that day; return how many it was.

    What was checked at the agreement is not checked again: meanwhile no command could close or merge the predecessors.
    A merger that is not ready, or was not by its day, waits for a decision on a new one.
    """
    merger = await _next_due(session, up_to)
    if merger is None:
        return 0
    held = await lock_parts(session, merger, by)
    at = max(
        await next_instant(session, merger.codes(), stated_at, in_its_place=False),
        merger.last_stated_at() + timedelta(microseconds=1),
    )
    await conclude(session, merger, [], held, due_by=up_to, at=at, by=by)
    return 1


async def _next_due(session: AsyncSession, up_to: date) -> Merger | None:
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
        merger = await get_merger_to_change(session, reference)
        # Whoever held the lock may just have put it off, or given it up.
        if merger.status == MergerStatus.AGREED and merger.effective_on <= up_to and merger.is_ready():
            return merger
    return None


async def get_merger_to_change(session: AsyncSession, reference: str) -> Merger:
    """Lock a merger, before the organisations that it concerns. Raises MergerNotFound."""
    merger: Merger | None = await session.scalar(
        select(Merger)
        .where(Merger.reference == reference)
        .options(selectinload(Merger.plans), selectinload(Merger.conditions), selectinload(Merger.schemes))
        .with_for_update(of=Merger)
        .execution_options(populate_existing=True)
    )
    if merger is None:
        raise MergerNotFound(f"no merger has the reference {reference}")
    return merger


async def conclude(
    session: AsyncSession,
    merger: Merger,
    events: Sequence[Event],
    held: dict[str, Organisation],
    *,
    due_by: date,
    at: datetime,
    by: Caller,
) -> None:
    """Tell what was decided, and carry it out where its day has come and all was ready by then."""
    told = list(events)
    if merger.status == MergerStatus.AGREED and merger.effective_on <= due_by and merger.is_ready():
        merger.carry_out(stated_at=at, by=by.subject)
        told.append(merger_events.merged(merger, at))
    for organisation in held.values():
        organisation.version += 1
    await recording.record(session, told, source=recording.COMMAND, by=by.subject)


async def lock_parts(session: AsyncSession, merger: Merger, by: Caller) -> dict[str, Organisation]:
    """Lock the organisations of a locked merger. Raises NotYoursToDecide."""
    for code in merger.predecessors:
        by.must_act_for([code])
    return await get_organisations_to_change(session, merger.codes())


async def instant_for(session: AsyncSession, merger: Merger, stated_at: datetime, by: Caller) -> datetime:
    """Return when the next thing is said of a merger: after what was said of it, also by a loader."""
    at = await next_instant(session, merger.codes(), stated_at, in_its_place=by.has(Role.LOADER))
    return max(at, merger.last_stated_at() + timedelta(microseconds=1))


async def _must_be_possible(
    session: AsyncSession,
    successor: str,
    predecessors: Sequence[str],
    effective_on: date,
    *,
    but: str = "",
    practices: Sequence[str] | None = None,
    areas: Sequence[str] | None = None,
) -> Kind:
    """Return what sort of body merges. Raises MergerNotAllowed."""
    codes = {successor, *predecessors}
    connection = await raw(session)
    agreed = {code: other for code, other in (await agreed_mergers_of(session, codes)).items() if other[0] != but}
    around = Surroundings(await standings(connection, codes), agreed)
    kind = kind_of_merger(predecessors, around.standing, effective_on - timedelta(days=1))
    reasons = [
        *reasons_against(successor, predecessors, effective_on, around=around),
        *await reasons_against_merger(
            connection, successor, predecessors, effective_on, kind=kind, practices=practices, areas=areas
        ),
    ]
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
    )


async def _next_reference(session: AsyncSession, successor: str) -> str:
    earlier = await session.scalar(select(func.count()).select_from(Merger).where(Merger.successor == successor))
    return f"M-{successor}-{earlier + 1}" if earlier else f"M-{successor}"


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=PRINTED)]


class MeetCondition(BaseModel):
    """Evidence that a condition of the approval is met."""

    model_config = ConfigDict(extra="forbid")

    met_on: Day = Field(description="a day that has come", examples=["2020-03-20"])
    evidence: Words = Field(examples=["Constitution signed off by all members, minute 7"])


async def make_scheme(
    session: AsyncSession, merger: Merger, command: NewScheme, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Make a transfer scheme of the locked merger, or give a nil return.

    What was the last thing missing on the merger's own day lets it take effect.
    Raises NotAgreedAnyMore, SchemeNotAllowed, SchemeMadeAlready, NotYoursToDecide.
    """
    held = await lock_parts(session, merger, by)
    at = await instant_for(session, merger, stated_at, by)
    made = add_scheme(merger, command, at=at, by=by)
    merger.version += 1
    await conclude(session, merger, [made], held, due_by=today, at=at, by=by)


async def meet_condition(
    session: AsyncSession,
    merger: Merger,
    number: int,
    command: MeetCondition,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Keep the evidence that a condition of the locked merger is met.

    Raises NotAgreedAnyMore, NoSuchCondition, ConditionMetAlready, SchemeNotAllowed, NotYoursToDecide.
    """
    held = await lock_parts(session, merger, by)
    at = await instant_for(session, merger, stated_at, by)
    if command.met_on > day_of(at):
        message = f"{command.met_on} is still to come"
        raise SchemeNotAllowed(message, reasons=[Reason(message, "met_on")])
    condition = merger.meet(number, command.evidence, met_on=command.met_on, stated_at=at, by=by.subject)
    merger.version += 1
    met = merger_events.condition_met(merger, condition, command.met_on, at)
    await conclude(session, merger, [met], held, due_by=today, at=at, by=by)
