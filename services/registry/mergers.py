"""CCGs merge: agreed by NHS England, perhaps put off or given up, carried out on the day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from libs.common.clock import LONDON
from libs.common.database import raw
from libs.common.events import Event
from libs.common.events.registry import (
    CCGMerged,
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    OrganisationProposed,
)
from libs.common.identity import Caller, Role
from services.registry import facts
from services.registry.errors import MergerNotAllowed, MergerNotFound
from services.registry.kinds import Kind
from services.registry.merger_rules import law_on, reasons_against
from services.registry.models import Merger, MergerStatus, Organisation
from services.registry.organisations import Code, Day, Name, agreed_mergers_of
from services.registry.standings import get_organisations_to_change, next_instant, standings


class MergeCCGs(BaseModel):
    """CCGs that are dissolved on a day, and the one established in their place."""

    model_config = ConfigDict(extra="forbid")

    successor: Code = Field(description="a code never used before, or one that was proposed", examples=["14Y"])
    successor_name: Name = Field(examples=["NHS Buckinghamshire CCG"])
    predecessors: list[Code] = Field(description="two or more open CCGs", max_length=50, examples=[["10Y", "10H"]])
    effective_on: Day = Field(
        description="the successor's first day; the predecessors' last is the day before", examples=["2018-04-01"]
    )


class RedateMerger(BaseModel):
    """Another day for an agreed merger."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(description="the successor's new first day", examples=["2018-04-01"])


async def merge_ccgs(
    session: AsyncSession, command: MergeCCGs, *, by: Caller, today: date, stated_at: datetime
) -> Merger:
    """Agree to dissolve the predecessors into a new CCG on one day, all or none (NHS Act 2006 s.14G).

    On or after that day it is carried out at once, before it by due work. Until then the successor stands as proposed.
    Raises MergerNotAllowed with every reason, NotYoursToDecide.
    """
    for code in command.predecessors:
        by.must_act_for([code])
    codes = {command.successor, *command.predecessors}
    held = await get_organisations_to_change(session, codes)
    await _must_be_possible(session, command.successor, command.predecessors, command.effective_on)
    at = await next_instant(session, codes, stated_at, in_its_place=by.has(Role.LOADER))
    merger = Merger(
        reference=await _next_reference(session, command.successor),
        successor=command.successor,
        successor_name=command.successor_name,
        predecessors=list(command.predecessors),
        status=MergerStatus.AGREED,
        effective_on=command.effective_on,
        rule_pack=law.id if (law := law_on(command.effective_on)) else "",
    )
    merger.agree(stated_at=at, by=by.subject)
    session.add(merger)
    events: list[Event] = [_agreed(merger, at)]
    if command.successor not in held:
        await facts.introduce(session, [command.successor])
        if command.effective_on > today:
            events.insert(0, _proposed(merger, at))
    await _conclude(session, merger, events, held, due_by=today, at=at, by=by)
    return merger


async def redate_merger(
    session: AsyncSession, merger: Merger, command: RedateMerger, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Let the locked merger take effect on another day; what was planned before stays in its plans.

    Raises NotAgreedAnyMore, SameDay, MergerNotAllowed with every reason, NotYoursToDecide.
    """
    held = await _lock_parts(session, merger, by)
    previously_on = merger.effective_on
    at = await _next_instant(session, merger, stated_at, by)
    merger.redate(command.effective_on, stated_at=at, by=by.subject)
    await _must_be_possible(session, merger.successor, merger.predecessors, command.effective_on, but=merger)
    if law := law_on(command.effective_on):
        merger.rule_pack = law.id
    redated = CCGMergerRedated(
        merger=merger.reference,
        successor=merger.successor,
        predecessors=tuple(merger.predecessors),
        previously_on=previously_on,
        effective_on=merger.effective_on,
        stated_at=at,
    )
    await _conclude(session, merger, [redated], held, due_by=today, at=at, by=by)


async def withdraw_merger(session: AsyncSession, merger: Merger, *, by: Caller, stated_at: datetime) -> None:
    """Give the locked merger up. Its successor stays proposed, so that a later agreement can take the code up again.

    Raises NotAgreedAnyMore, NotYoursToDecide.
    """
    held = await _lock_parts(session, merger, by)
    at = await _next_instant(session, merger, stated_at, by)
    merger.withdraw(stated_at=at, by=by.subject)
    withdrawn = CCGMergerWithdrawn(
        merger=merger.reference,
        successor=merger.successor,
        predecessors=tuple(merger.predecessors),
        effective_on=at.astimezone(LONDON).date(),
        stated_at=at,
    )
    await _conclude(session, merger, [withdrawn], held, due_by=date.min, at=at, by=by)


async def carry_out_next_merger(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Carry out the agreed merger that has been due longest, if one is due by that day; return how many it was.

    What was checked at the agreement is not checked again: meanwhile no command could close or merge the predecessors.
    """
    merger = await _next_due(session, up_to)
    if merger is None:
        return 0
    held = await _lock_parts(session, merger, by)
    at = max(
        await next_instant(session, merger.codes(), stated_at, in_its_place=False),
        merger.last_stated_at() + timedelta(microseconds=1),
    )
    await _conclude(session, merger, [], held, due_by=up_to, at=at, by=by)
    return 1


async def _next_due(session: AsyncSession, up_to: date) -> Merger | None:
    due = (
        select(Merger.reference)
        .where(Merger.status == MergerStatus.AGREED, Merger.effective_on <= up_to)
        .order_by(Merger.effective_on, Merger.reference)
        .limit(1)
    )
    while (reference := await session.scalar(due)) is not None:
        merger = await get_merger_to_change(session, reference)
        # Whoever held the lock may just have put it off, or given it up.
        if merger.status == MergerStatus.AGREED and merger.effective_on <= up_to:
            return merger
    return None


async def get_merger_to_change(session: AsyncSession, reference: str) -> Merger:
    """Lock a merger, before the organisations that it concerns. Raises MergerNotFound."""
    merger: Merger | None = await session.scalar(
        select(Merger)
        .where(Merger.reference == reference)
        .options(selectinload(Merger.plans))
        .with_for_update(of=Merger)
        .execution_options(populate_existing=True)
    )
    if merger is None:
        raise MergerNotFound(f"no merger has the reference {reference}")
    return merger


async def _conclude(
    session: AsyncSession,
    merger: Merger,
    events: Sequence[Event],
    held: dict[str, Organisation],
    *,
    due_by: date,
    at: datetime,
    by: Caller,
) -> None:
    """Tell what was decided, and carry it out where its day has come."""
    told = list(events)
    if merger.status == MergerStatus.AGREED and merger.effective_on <= due_by:
        merger.carry_out(stated_at=at, by=by.subject)
        told.append(merged(merger, at))
    for organisation in held.values():
        organisation.version += 1
    await facts.tell(session, told, source=facts.COMMAND, by=by.subject)


def merged(merger: Merger, stated_at: datetime) -> CCGMerged:
    """Return what is told when a merger takes effect."""
    return CCGMerged(
        merger=merger.reference,
        successor=merger.successor,
        successor_name=merger.successor_name,
        predecessors=tuple(merger.predecessors),
        effective_on=merger.effective_on,
        stated_at=stated_at,
    )


def _agreed(merger: Merger, stated_at: datetime) -> CCGMergerAgreed:
    return CCGMergerAgreed(
        merger=merger.reference,
        successor=merger.successor,
        successor_name=merger.successor_name,
        predecessors=tuple(merger.predecessors),
        effective_on=merger.effective_on,
        stated_at=stated_at,
    )


def _proposed(merger: Merger, stated_at: datetime) -> OrganisationProposed:
    return OrganisationProposed(
        code=merger.successor,
        name=merger.successor_name,
        kind=Kind.CCG,
        effective_on=stated_at.astimezone(LONDON).date(),
        stated_at=stated_at,
    )


async def _must_be_possible(
    session: AsyncSession, successor: str, predecessors: Sequence[str], effective_on: date, *, but: Merger | None = None
) -> None:
    codes = {successor, *predecessors}
    agreed = await agreed_mergers_of(session, codes)
    if but is not None:
        agreed = {code: other for code, other in agreed.items() if other[0] != but.reference}
    reasons = reasons_against(
        successor, predecessors, effective_on, standing=await standings(await raw(session), codes), agreed=agreed
    )
    if reasons:
        raise MergerNotAllowed("; ".join(reason.message for reason in reasons), reasons=reasons)


async def _lock_parts(session: AsyncSession, merger: Merger, by: Caller) -> dict[str, Organisation]:
    for code in merger.predecessors:
        by.must_act_for([code])
    return await get_organisations_to_change(session, merger.codes())


async def _next_instant(session: AsyncSession, merger: Merger, stated_at: datetime, by: Caller) -> datetime:
    """Return when the next thing is said of a merger: after what was said of it, also by a loader."""
    at = await next_instant(session, merger.codes(), stated_at, in_its_place=by.has(Role.LOADER))
    return max(at, merger.last_stated_at() + timedelta(microseconds=1))


async def _next_reference(session: AsyncSession, successor: str) -> str:
    earlier = await session.scalar(select(func.count()).select_from(Merger).where(Merger.successor == successor))
    return f"M-{successor}-{earlier + 1}" if earlier else f"M-{successor}"
