"""Plans, delays, replans, establishes and ends new care models. There may be several at one place."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Folded
from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.events.registry import CareModelStated
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from services.registry.care_models.errors import CareModelNotFound, CareModelNotPlanned, CareModelTaken, NotEstablished
from services.registry.care_models.models import CareModel, CareModelStatement, CareModelType, Stated
from services.registry.care_models.queries import list_acts
from services.registry.care_models.rules import CareModelAct
from services.registry.core.change import Change, change
from services.registry.core.codes import Code, Day, Name, Note
from services.registry.core.errors import NoChange, OrganisationNotFound
from services.registry.core.permissions import must_act_for
from services.registry.core.recording import COMMAND
from services.registry.core.terms import Term, titles_of

REFERENCE = Folded("[A-Za-z0-9][A-Za-z0-9-]{0,39}", "a reference has up to 40 letters, digits and hyphens")
"""The form of a care model's reference."""

Function = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,59}$")]
Offers = Annotated[list[Term], Field(max_length=20, examples=[["community_services"]])]
Partners = Annotated[list[Code], Field(max_length=100)]
People = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]


class PlanCareModel(BaseModel):
    """A new care model that is planned at a place. It is live only once it is stated as established."""

    model_config = ConfigDict(extra="forbid")

    reference: Annotated[str, REFERENCE] = Field(description="a reference of your own", examples=["06A-MCP"])
    model: CareModelType = Field(examples=["mcp"])
    name: Name = Field(examples=["Wolverhampton multispecialty community provider"])
    place: Code = Field(description="the code of the commissioner or authority in whose area it is", examples=["06A"])
    partners: Partners = Field(default=[], description="codes of the organisations that take part", examples=[["RL4"]])
    services: Note = Field(
        default="", description="in words, for its place and partners alone", examples=["community services"]
    )
    offers: Offers = Field(default=[], description="its services as terms, which everyone reads")
    excludes: list[Function] = Field(
        default=[], max_length=50, description="functions that it leaves out", examples=[["core_primary_care"]]
    )
    people: People | None = Field(default=None, description="how many people it serves", examples=[262_000])
    planned_for: Day | None = Field(
        default=None, description="the planned day; null: no day is given", examples=["2017-04-01"]
    )
    note: Note = ""


class DelayCareModel(BaseModel):
    """A delay: it will not begin on the planned day, and no other day is given."""

    model_config = ConfigDict(extra="forbid")

    note: Note = Field(default="", examples=["a number of milestones are still to be reached"])


class ReplanCareModel(BaseModel):
    """A new plan: another day, partners, services or people. What is left out is unchanged."""

    model_config = ConfigDict(extra="forbid")

    planned_for: Day | None = Field(description="the new day; null: none is given", examples=["2018-04-01"])
    partners: Partners | None = None
    services: Note | None = None
    offers: Offers | None = None
    excludes: list[Function] | None = Field(default=None, max_length=50)
    people: People | None = None
    note: Note = ""


class EstablishCareModel(BaseModel):
    """The establishment of a care model."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(
        description="the first day on which it is live, today at the latest", examples=["2018-04-01"]
    )
    note: Note = ""


class EndCareModel(BaseModel):
    """The end of a care model, or its abandonment before it began."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(description="the first day without it", examples=["2019-04-01"])
    note: Note = ""


@dataclass(frozen=True, slots=True)
class CareModelTerms:
    """Who takes part in a care model, in what, for how many people."""

    partners: Sequence[str]
    services: str
    offers: Sequence[str]
    excludes: Sequence[str]
    people: int | None


@dataclass(frozen=True, slots=True)
class CareModelCommand:
    """What a command states of a care model. Each has all the terms, so that a consumer needs no earlier one."""

    stated: Stated
    effective_on: date
    planned_for: date | None
    details: CareModelTerms
    note: str


async def plan_care_model(
    session: AsyncSession, command: PlanCareModel, *, by: Caller, stated_at: datetime
) -> CareModel:
    """Record a planned care model. Others at its place are no reason against it. It binds the place and the partners.

    Raises OrganisationNotFound naming every unknown code, CareModelTaken, TermUnknown, NotYoursToDecide.
    """
    model = CareModel(reference=command.reference, model=command.model, name=command.name, place=command.place)
    concerned = {"place": [command.place], "partners": command.partners}
    bodies = {command.place, *command.partners}
    async with change(session, (), by=by, stated_at=stated_at, bound=bodies, checks=bodies) as now:
        _must_exist(now, concerned)
        try:
            async with session.begin_nested():
                session.add(model)
        except IntegrityError as error:
            raise CareModelTaken(f"{command.reference} names a care model already") from error
        details = CareModelTerms(command.partners, command.services, command.offers, command.excludes, command.people)
        _state(
            now,
            model,
            CareModelCommand(Stated.PLANNED, day_of(now.at), command.planned_for, details, command.note),
        )
    return model


async def delay_care_model(
    session: AsyncSession, model: CareModel, command: DelayCareModel, *, by: Caller, stated_at: datetime
) -> None:
    """Note that the locked care model is delayed without a date.

    Raises CareModelNotPlanned, NoChange.
    """
    async with change(session, (), by=by, stated_at=stated_at) as now:
        last = await _must_be_waiting(now, model)
        if last.stated is Stated.DELAYED:
            raise NoChange(f"{model.reference} is delayed without a date")
        delayed = CareModelCommand(Stated.DELAYED, day_of(now.at), None, _details_of(last), command.note)
        _state(now, model, delayed)


async def replan_care_model(
    session: AsyncSession, model: CareModel, command: ReplanCareModel, *, by: Caller, stated_at: datetime
) -> None:
    """Replan the locked care model. Its earlier plans stay known.

    Raises CareModelNotPlanned, OrganisationNotFound.
    """
    partners = command.partners or []
    async with change(session, (), by=by, stated_at=stated_at, checks=partners) as now:
        last = await _must_be_waiting(now, model)
        _must_exist(now, {"partners": partners})
        details = CareModelTerms(
            last.partners if command.partners is None else command.partners,
            last.services if command.services is None else command.services,
            last.offers if command.offers is None else command.offers,
            last.excludes if command.excludes is None else command.excludes,
            last.people if command.people is None else command.people,
        )
        replanned = CareModelCommand(Stated.REPLANNED, day_of(now.at), command.planned_for, details, command.note)
        _state(now, model, replanned)


async def establish_care_model(
    session: AsyncSession, model: CareModel, command: EstablishCareModel, *, by: Caller, stated_at: datetime
) -> None:
    """Note that the locked care model began: from that day it is live.

    Raises CareModelNotPlanned, NotEstablished for a day ahead.
    """
    day = command.effective_on
    async with change(session, (), by=by, stated_at=stated_at) as now:
        last = await _must_be_waiting(now, model)
        if day > day_of(now.at):
            raise NotEstablished(f"{day} lies ahead: plan for it, and establish it when it begins")
        begun = CareModelCommand(Stated.ESTABLISHED, day, last.planned_for, _details_of(last), command.note)
        _state(now, model, begun)


async def end_care_model(
    session: AsyncSession, model: CareModel, command: EndCareModel, *, by: Caller, stated_at: datetime
) -> None:
    """Note that the locked care model ends, or is abandoned before it began.

    Raises CareModelNotPlanned where it has ended, NotEstablished where it would end before it began.
    """
    day = command.effective_on
    async with change(session, (), by=by, stated_at=stated_at) as now:
        acts = await _acts_of(now, model)
        if any(act.stated is Stated.ENDED for act in acts):
            raise CareModelNotPlanned(f"{model.reference} has ended already")
        began = [act.effective_on for act in acts if act.stated is Stated.ESTABLISHED]
        if began and day <= began[-1]:
            raise NotEstablished(f"{model.reference} is live from {began[-1]}, and cannot end by then")
        last = acts[-1]
        ended = CareModelCommand(Stated.ENDED, day, last.planned_for, _details_of(last), command.note)
        _state(now, model, ended)


async def get_care_model_to_change(
    session: AsyncSession, reference: str, *, by: Caller, partners: Collection[str] = ()
) -> CareModel:
    """Lock one care model, as who acts for its place, for the partners that it has, and for new `partners`.

    Raises CareModelNotFound, NotYoursToDecide.
    """

    async def must_be_theirs(model: CareModel) -> None:
        [*_, last] = await list_acts(await raw(session), reference, as_known=None)
        await must_act_for(session, {model.place, *last.partners, *partners}, by)

    stated = await session.scalar(select(CareModel).where(CareModel.reference == reference))
    if stated is not None:
        await must_be_theirs(stated)
    found = await session.scalar(
        select(CareModel)
        .where(CareModel.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise CareModelNotFound(f"no care model has the reference {reference}")
    # It may have got another partner while this waited for the lock.
    await must_be_theirs(found)
    return found


async def _acts_of(now: Change, model: CareModel) -> Sequence[CareModelAct]:
    """Return what was stated of the care model before, which this change follows; a loader stands in its place."""
    acts = await list_acts(now.connection, model.reference, as_known=now.at if now.in_its_place else None)
    now.follow(acts[-1].stated_at)
    return acts


async def _must_be_waiting(now: Change, model: CareModel) -> CareModelAct:
    """Return the latest act of a care model that has not begun or ended. Raises CareModelNotPlanned."""
    acts = await _acts_of(now, model)
    gone = next((act for act in acts if act.stated in {Stated.ESTABLISHED, Stated.ENDED}), None)
    if gone is not None:
        raise CareModelNotPlanned(f"{model.reference} is {gone.stated} on {gone.effective_on}")
    return acts[-1]


def _state(now: Change, model: CareModel, stated: CareModelCommand) -> None:
    """Add a statement to the care model's log, and publish it. Raises TermUnknown."""
    details = stated.details
    offers = titles_of("care-model-service", details.offers, day_of(now.at), field="offers.{}")
    now.session.add(
        CareModelStatement(
            care_model_id=model.id,
            stated=stated.stated,
            effective_on=stated.effective_on,
            planned_for=stated.planned_for,
            partners=list(details.partners),
            services=details.services,
            offers=list(details.offers),
            excludes=list(details.excludes),
            people=details.people,
            note=stated.note,
            stated_at=now.at,
            source=COMMAND,
            recorded_by=now.by.subject,
        )
    )
    if stated.stated is not Stated.PLANNED:
        model.version += 1
    now.publish(
        CareModelStated(
            reference=model.reference,
            stated=stated.stated,
            model=model.model,
            name=model.name,
            place=model.place,
            partners=tuple(details.partners),
            services="; ".join(offers),
            excludes=tuple(details.excludes),
            people=details.people,
            planned_for=stated.planned_for,
            effective_on=stated.effective_on,
            stated_at=now.at,
        )
    )


def _details_of(act: CareModelAct) -> CareModelTerms:
    return CareModelTerms(act.partners, act.services, act.offers, act.excludes, act.people)


def _must_exist(now: Change, codes: Mapping[str, Sequence[str]]) -> None:
    reasons = [
        Reason(f"no organisation has the code {code}", field if field == "place" else f"{field}.{number}")
        for field, several in codes.items()
        for number, code in enumerate(several)
        if code not in now.organisations
    ]
    if reasons:
        raise OrganisationNotFound("; ".join(reason.message for reason in reasons), reasons=reasons)
