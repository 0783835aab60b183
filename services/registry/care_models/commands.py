"""New care models at a place: planned, delayed, planned anew, established, ended. Several can be at one place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.events.registry import CareModelStated
from libs.common.identity import Caller, Role
from libs.common.process.clock import LONDON
from services.registry.care_models.errors import CareModelNotFound, CareModelNotPlanned, CareModelTaken, NotEstablished
from services.registry.care_models.models import CareModel, CareModelStatement, CareModelType, Stated
from services.registry.care_models.queries import list_acts
from services.registry.care_models.rules import CareModelAct
from services.registry.core import recording
from services.registry.core.change import get_organisations_to_change
from services.registry.core.codes import PRINTED, Code, Day, Name
from services.registry.core.errors import NoChange, OrganisationNotFound
from services.registry.lineage.permissions import must_act_for

REFERENCE = r"^[A-Z0-9][A-Z0-9-]{0,39}$"
"""What a care model's reference looks like."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=PRINTED)]
Function = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,59}$")]
Partners = Annotated[list[Code], Field(max_length=100)]
People = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]


class PlanCareModel(BaseModel):
    """A new care model that is planned at a place. It is live only once it was said to be established."""

    model_config = ConfigDict(extra="forbid")

    reference: str = Field(pattern=REFERENCE, description="a reference of your own", examples=["06A-MCP"])
    model: CareModelType = Field(examples=["mcp"])
    name: Name = Field(examples=["Wolverhampton multispecialty community provider"])
    place: Code = Field(description="the code of the commissioner or authority whose area it is in", examples=["06A"])
    partners: Partners = Field(default=[], description="codes of those who take part", examples=[["RL4"]])
    services: Text = Field(default="", examples=["community services"])
    excludes: list[Function] = Field(
        default=[], max_length=50, description="functions that it leaves out", examples=[["core_primary_care"]]
    )
    people: People | None = Field(default=None, description="for how many people it is", examples=[262_000])
    planned_for: Day | None = Field(
        default=None, description="the day that it is planned for; null: no day is given", examples=["2017-04-01"]
    )
    note: Text = ""


class DelayCareModel(BaseModel):
    """It will not begin on the day that was planned, and no other day is given."""

    model_config = ConfigDict(extra="forbid")

    note: Text = Field(default="", examples=["a number of milestones are still to be reached"])


class ReplanCareModel(BaseModel):
    """It is planned for another day, or with other partners, services or people; what is left out stays as it was."""

    model_config = ConfigDict(extra="forbid")

    planned_for: Day | None = Field(description="the new day; null: none is given", examples=["2018-04-01"])
    partners: Partners | None = None
    services: Text | None = None
    excludes: list[Function] | None = Field(default=None, max_length=50)
    people: People | None = None
    note: Text = ""


class EstablishCareModel(BaseModel):
    """It began."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(
        description="the first day on which it is live, today at the latest", examples=["2018-04-01"]
    )
    note: Text = ""


class EndCareModel(BaseModel):
    """It ends, or is given up before it began."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(description="the first day without it", examples=["2019-04-01"])
    note: Text = ""


@dataclass(frozen=True, slots=True)
class CareModelTerms:
    """Who takes part in a care model, in what, for how many people."""

    partners: Sequence[str]
    services: str
    excludes: Sequence[str]
    people: int | None


@dataclass(frozen=True, slots=True)
class CareModelCommand:
    """What a command says of a care model. Each tells the details whole, so that a hearer needs no earlier one."""

    stated: Stated
    effective_on: date
    planned_for: date | None
    details: CareModelTerms
    note: str


async def plan_care_model(
    session: AsyncSession, command: PlanCareModel, *, by: Caller, stated_at: datetime
) -> CareModel:
    """Put a planned care model on record. Others at its place are no reason against it.

    Raises OrganisationNotFound naming every unknown code, CareModelTaken, NotYoursToDecide.
    """
    await must_act_for(session, command.place, by)
    await _must_exist(session, {"place": [command.place], "partners": command.partners})
    model = CareModel(reference=command.reference, model=command.model, name=command.name, place=command.place)
    try:
        async with session.begin_nested():
            session.add(model)
    except IntegrityError as error:
        raise CareModelTaken(f"{command.reference} names a care model already") from error
    details = CareModelTerms(command.partners, command.services, command.excludes, command.people)
    said = CareModelCommand(Stated.PLANNED, _day_of(stated_at), command.planned_for, details, command.note)
    await _say(session, model, said, at=stated_at, by=by)
    return model


async def delay_care_model(
    session: AsyncSession, model: CareModel, command: DelayCareModel, *, by: Caller, stated_at: datetime
) -> None:
    """Note that the locked care model is delayed without a date.

    Raises CareModelNotPlanned, NoChange, NotYoursToDecide.
    """
    at, last = await _must_be_waiting(session, model, by, stated_at)
    if last.stated is Stated.DELAYED:
        raise NoChange(f"{model.reference} is delayed without a date")
    said = CareModelCommand(Stated.DELAYED, _day_of(at), None, _details_of(last), command.note)
    await _say(session, model, said, at=at, by=by)


async def replan_care_model(
    session: AsyncSession, model: CareModel, command: ReplanCareModel, *, by: Caller, stated_at: datetime
) -> None:
    """Plan the locked care model anew. What had been planned stays known.

    Raises CareModelNotPlanned, OrganisationNotFound, NotYoursToDecide.
    """
    at, last = await _must_be_waiting(session, model, by, stated_at)
    await _must_exist(session, {"partners": command.partners or []})
    details = CareModelTerms(
        last.partners if command.partners is None else command.partners,
        last.services if command.services is None else command.services,
        last.excludes if command.excludes is None else command.excludes,
        last.people if command.people is None else command.people,
    )
    said = CareModelCommand(Stated.REPLANNED, _day_of(at), command.planned_for, details, command.note)
    await _say(session, model, said, at=at, by=by)


async def establish_care_model(
    session: AsyncSession, model: CareModel, command: EstablishCareModel, *, by: Caller, stated_at: datetime
) -> None:
    """Note that the locked care model began: from that day it is live.

    Raises CareModelNotPlanned, NotEstablished for a day ahead, NotYoursToDecide.
    """
    at, last = await _must_be_waiting(session, model, by, stated_at)
    if command.effective_on > _day_of(at):
        raise NotEstablished(f"{command.effective_on} lies ahead: plan for it, and establish it when it begins")
    said = CareModelCommand(Stated.ESTABLISHED, command.effective_on, last.planned_for, _details_of(last), command.note)
    await _say(session, model, said, at=at, by=by)


async def end_care_model(
    session: AsyncSession, model: CareModel, command: EndCareModel, *, by: Caller, stated_at: datetime
) -> None:
    """Note that the locked care model ends, or is given up before it began.

    Raises CareModelNotPlanned where it has ended, NotEstablished where it would end before it began, NotYoursToDecide.
    """
    at, words = await _said(session, model, by, stated_at)
    if any(word.stated is Stated.ENDED for word in words):
        raise CareModelNotPlanned(f"{model.reference} has ended already")
    began = [word.effective_on for word in words if word.stated is Stated.ESTABLISHED]
    if began and command.effective_on <= began[-1]:
        raise NotEstablished(f"{model.reference} is live from {began[-1]}, and cannot end by then")
    said = CareModelCommand(
        Stated.ENDED, command.effective_on, words[-1].planned_for, _details_of(words[-1]), command.note
    )
    await _say(session, model, said, at=at, by=by)


async def get_care_model_to_change(session: AsyncSession, reference: str) -> CareModel:
    """Lock one care model. Raises CareModelNotFound."""
    found = await session.scalar(
        select(CareModel)
        .where(CareModel.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise CareModelNotFound(f"no care model has the reference {reference}")
    return found


async def _said(
    session: AsyncSession, model: CareModel, by: Caller, stated_at: datetime
) -> tuple[datetime, Sequence[CareModelAct]]:
    """Return when this command states, and what had been said by then; a loader's word stands in its place."""
    await must_act_for(session, model.place, by)
    connection = await raw(session)
    if by.has(Role.LOADER):
        return stated_at, await list_acts(connection, model.reference, as_known=stated_at)
    acts = await list_acts(connection, model.reference, as_known=None)
    return max(stated_at, acts[-1].stated_at + timedelta(microseconds=1)), acts


async def _must_be_waiting(
    session: AsyncSession, model: CareModel, by: Caller, stated_at: datetime
) -> tuple[datetime, CareModelAct]:
    at, words = await _said(session, model, by, stated_at)
    gone = next((word for word in words if word.stated in {Stated.ESTABLISHED, Stated.ENDED}), None)
    if gone is not None:
        raise CareModelNotPlanned(f"{model.reference} is {gone.stated} on {gone.effective_on}")
    return at, words[-1]


async def _say(session: AsyncSession, model: CareModel, said: CareModelCommand, *, at: datetime, by: Caller) -> None:
    details = said.details
    session.add(
        CareModelStatement(
            care_model_id=model.id,
            stated=said.stated,
            effective_on=said.effective_on,
            planned_for=said.planned_for,
            partners=list(details.partners),
            services=details.services,
            excludes=list(details.excludes),
            people=details.people,
            note=said.note,
            stated_at=at,
            source=recording.COMMAND,
            recorded_by=by.subject,
        )
    )
    if said.stated is not Stated.PLANNED:
        model.version += 1
    told = CareModelStated(
        reference=model.reference,
        stated=said.stated,
        model=model.model,
        name=model.name,
        place=model.place,
        partners=tuple(details.partners),
        services=details.services,
        excludes=tuple(details.excludes),
        people=details.people,
        planned_for=said.planned_for,
        effective_on=said.effective_on,
        stated_at=at,
    )
    await recording.record(session, [told], source=recording.COMMAND, by=by.subject)


def _details_of(word: CareModelAct) -> CareModelTerms:
    return CareModelTerms(word.partners, word.services, word.excludes, word.people)


async def _must_exist(session: AsyncSession, codes: dict[str, list[str]]) -> None:
    held = await get_organisations_to_change(session, [code for several in codes.values() for code in several])
    reasons = [
        Reason(f"no organisation has the code {code}", field if field == "place" else f"{field}.{number}")
        for field, several in codes.items()
        for number, code in enumerate(several)
        if code not in held
    ]
    if reasons:
        raise OrganisationNotFound("; ".join(reason.message for reason in reasons), reasons=reasons)


def _day_of(instant: datetime) -> date:
    return instant.astimezone(LONDON).date()
