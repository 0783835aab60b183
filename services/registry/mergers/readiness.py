"""Makes mergers ready for their day: transfer schemes, and evidence that conditions are met."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import Reason
from libs.common.events.registry import MergerConditionMet
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from services.registry.core.terms import titles_of
from services.registry.mergers.commands import NewScheme, add_scheme, carry_out_if_due, change_of
from services.registry.mergers.conditions import MeetCondition
from services.registry.mergers.errors import SchemeNotAllowed
from services.registry.mergers.models import Merger


async def make_scheme(
    session: AsyncSession, merger: Merger, command: NewScheme, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Make a transfer scheme of the locked merger, or give a nil return.

    If it was the last item missing on the merger's own day, the merger takes effect. Raises MergerNotOpen,
    SchemeNotAllowed, SchemeMadeAlready.
    """
    async with change_of(session, merger, by=by, stated_at=stated_at) as now:
        now.publish(add_scheme(merger, command, at=now.at, by=by))
        merger.version += 1
        await carry_out_if_due(now, merger, by_day=today)


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
    """Record the evidence that a condition of the locked merger is met.

    Raises MergerNotOpen, NoSuchCondition, ConditionMetAlready, SchemeNotAllowed, TermUnknown.
    """
    async with change_of(session, merger, by=by, stated_at=stated_at) as now:
        if command.met_on > day_of(now.at):
            message = f"{command.met_on} is still to come"
            raise SchemeNotAllowed(message, reasons=[Reason(message, "met_on")])
        [evidence] = titles_of("merger-evidence", [command.evidence_type], command.met_on, field="evidence_type")
        condition = merger.meet(
            number, command.evidence_type, command.evidence, met_on=command.met_on, stated_at=now.at, by=by.subject
        )
        merger.version += 1
        now.publish(
            MergerConditionMet(
                merger=merger.reference,
                successor=merger.successor,
                predecessors=tuple(merger.predecessors),
                condition=condition.number,
                evidence=evidence,
                effective_on=command.met_on,
                stated_at=now.at,
            )
        )
        await carry_out_if_due(now, merger, by_day=today)
