"""Judges and determines applications, as NHS England. An approval creates the merger."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import Reason
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from services.registry.applications.commands import (
    change_of,
    content_of,
    must_be_whole,
    note_step,
    titles_of_conditions,
)
from services.registry.applications.content import Determination, JudgementOf
from services.registry.applications.criteria import judged_by_people
from services.registry.applications.errors import ApplicationNotAllowed
from services.registry.applications.models import Application, ApplicationAct, ApplicationStatus
from services.registry.applications.procedures import procedures_on
from services.registry.core.codes import Day, Words
from services.registry.core.kinds import Kind
from services.registry.mergers.commands import MergeCommissioners, NewScheme, merge_commissioners
from services.registry.mergers.conditions import ApprovalCondition
from services.registry.mergers.models import Merger

Outcome = Literal["approved", "approved_with_conditions", "rejected", "deferred"]


class Determine(BaseModel):
    """NHS England's decision."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome = Field(examples=["approved_with_conditions"])
    reasons: list[Words] = Field(default=[], max_length=50)
    conditions: list[ApprovalCondition] = Field(
        default=[],
        max_length=50,
        description="conditions to be met, each with evidence, before the merger takes effect",
    )
    deferred_to: Day | None = Field(default=None, description="the later day of a deferral", examples=["2021-04-01"])
    schemes: list[NewScheme] = Field(
        default=[], max_length=100, description="transfer schemes or nil returns that are made already"
    )

    @model_validator(mode="after")
    def _fits_the_outcome(self) -> "Determine":
        if bool(self.conditions) != (self.outcome == "approved_with_conditions"):
            raise ValueError("conditions belong to approved_with_conditions, which has at least one")
        if (self.deferred_to is None) == (self.outcome == "deferred"):
            raise ValueError("deferred_to belongs to deferred, which names the day")
        return self


async def judge_application(
    session: AsyncSession, application: Application, command: JudgementOf, *, by: Caller, stated_at: datetime
) -> None:
    """Record NHS England's judgement by one criterion. It replaces an earlier judgement by that criterion.

    Raises DeterminedAlready, NotApplicants, ApplicationNotAllowed where no procedure has such a criterion to judge.
    """
    application.must_be_open()
    must_be_whole(application)
    filed_on = content_of(application).filed_on or application.drafted_on
    procedures = procedures_on(filed_on, Kind(application.kind))
    if command.criterion not in judged_by_people(one.pack for one in procedures):
        message = f"{command.criterion} is no criterion that NHS England judges of what was filed on that day"
        raise ApplicationNotAllowed(message, reasons=[Reason(message, "criterion")])
    before = content_of(application)
    others = [one for one in before.judgements if one.criterion != command.criterion]
    kept = before.model_copy(update={"judgements": [*others, command]})
    async with change_of(session, application, by=by, stated_at=stated_at) as now:
        note_step(now, application, ApplicationAct.JUDGED, kept)


async def determine_application(
    session: AsyncSession, application: Application, command: Determine, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Determine the locked application, as NHS England. Approval creates the merger; a deferral can be decided later.

    Raises DeterminedAlready, NotApplicants, ApplicationNotAllowed, TermUnknown, and what refuses the merger itself.
    """
    application.must_be_open()
    must_be_whole(application)
    before = content_of(application)
    decided = Determination(
        outcome=command.outcome,
        decided_on=day_of(stated_at),
        reasons=command.reasons,
        conditions=command.conditions,
        deferred_to=command.deferred_to,
    )
    if command.deferred_to is not None and command.deferred_to <= before.effective_on:
        message = f"a deferral is to a later day than {before.effective_on}"
        raise ApplicationNotAllowed(message, reasons=[Reason(message, "deferred_to")])
    async with change_of(session, application, by=by, stated_at=stated_at) as now:
        # Refused here, where a condition's number is that of the request.
        titles_of_conditions(command.conditions, decided.decided_on)
        if command.outcome in {"approved", "approved_with_conditions"}:
            merger = await _merge(session, application, command, by=by, today=today, stated_at=stated_at)
            decided = decided.model_copy(update={"merger": merger.reference})
        kept = before.model_copy(
            update={"determination": decided, "effective_on": command.deferred_to or before.effective_on}
        )
        note_step(now, application, ApplicationAct.DETERMINED, kept, status=ApplicationStatus(command.outcome))


async def _merge(
    session: AsyncSession, application: Application, command: Determine, *, by: Caller, today: date, stated_at: datetime
) -> Merger:
    """Agree the merger that was applied for, on the conditions of its approval."""
    applied = content_of(application)
    return await merge_commissioners(
        session,
        MergeCommissioners(
            successor=application.successor,
            successor_name=applied.successor_name,
            predecessors=application.applicants,
            effective_on=applied.effective_on,
            schemes=command.schemes,
        ),
        by=by,
        today=today,
        stated_at=stated_at,
        application=application.reference,
        conditions=command.conditions,
    )
