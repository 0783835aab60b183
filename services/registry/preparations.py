"""What is done before a merger takes effect: transfer schemes are made, conditions are met and evidenced."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import Reason
from libs.common.identity import Caller
from services.registry import merger_events
from services.registry.errors import SchemeNotAllowed
from services.registry.mergers import conclude, instant_for, lock_parts
from services.registry.models.mergers import Merger, day_of
from services.registry.organisations import PRINTED, Day
from services.registry.schemes import NewScheme, add_scheme

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
