"""Decides on authorisations, and lifts their conditions by evidence; both by NHS England."""

import uuid
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StrictBool, StrictInt, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, DomainError, Reason
from libs.common.events.governance import AuthorisationDecided, ConditionLifted
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.rulepacks import RulePack
from libs.common.temporal.days import WrittenDay
from services.governance.assurance.errors import (
    AuthorisationNotFound,
    AuthorisationNotKnown,
    LaterDecisionStands,
    LiftedAlready,
    NotACondition,
)
from services.governance.assurance.models import Authorisation, AuthorisationCondition, ConditionLift
from services.governance.assurance.rules import Condition, outcome, pack_for, refusals
from services.governance.bodies.organisations import organisation_refusals
from services.governance.core.acts import must_decide_for, new_act, paper_refusals
from services.governance.core.codes import Action, Command, Document, Note, OrganisationCode
from services.governance.core.errors import EndsBeforeItBegins, OrganisationNotOpen, refuse
from services.governance.core.models import known
from services.governance.core.sight import reads_through

Criterion = Annotated[StrictInt, Field(ge=1, le=1_000, description="The number of the criterion.", examples=[17])]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the paper.", examples=["0" * 64])]


class NewCondition(Command):
    """A criterion that is unmet, the level of support, and what directions move."""

    criterion: Criterion
    domain: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40, examples=["governance"])]
    level: Annotated[StrictInt, Field(ge=1, le=20, description="Of support: 1 to 6.", examples=[1])]
    functions: Annotated[
        tuple[Action, ...], Field(max_length=20, description="What legal directions move, or stop.")
    ] = ()
    exercised_by: Annotated[
        OrganisationCode | None, Field(description="Who exercises the functions instead; left out: they are stopped.")
    ] = None
    rectify_by: Annotated[WrittenDay | None, Field(description="By when the rectification plan meets it.")] = None

    @model_validator(mode="after")
    def _moves_something(self) -> Self:
        if self.exercised_by is not None and not self.functions:
            raise ValueError("functions: name what is exercised by the other organisation")
        return self

    @property
    def condition(self) -> Condition:
        """The condition, as a rule computes with it."""
        return Condition(
            criterion=self.criterion,
            domain=self.domain,
            level=self.level,
            functions=self.functions,
            exercised_by=self.exercised_by or "",
        )


class DecideAuthorisation(Command):
    """A decision on a CCG's authorisation: the criteria that are unmet, each a condition, or that it is deferred."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "14Y",
                    "wave": 1,
                    "decided_on": "2012-12-10",
                    "conditions": [
                        {"criterion": 17, "domain": "plans", "level": 1, "rectify_by": "2013-03-31"},
                        {
                            "criterion": 41,
                            "domain": "governance",
                            "level": 4,
                            "functions": ["contract.award"],
                            "exercised_by": "10Q",
                        },
                    ],
                    "document": "Board paper of 5 December 2012",
                }
            ]
        }
    )

    organisation: OrganisationCode
    wave: Annotated[StrictInt | None, Field(ge=1, le=20, description="In which wave of applications.")] = None
    decided_on: WrittenDay
    deferred: Annotated[StrictBool, Field(description="It is decided later; there are no conditions then.")] = False
    conditions: Annotated[tuple[NewCondition, ...], Field(max_length=1_000)] = ()
    note: Note = None
    document: Document = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.deferred and self.conditions:
            raise ValueError("conditions: what is deferred has none")
        if len({one.criterion for one in self.conditions}) < len(self.conditions):
            raise ValueError("conditions: a criterion is named twice")
        if any(one.rectify_by is not None and one.rectify_by < self.decided_on for one in self.conditions):
            raise ValueError("conditions: rectify_by lies before decided_on")
        if any(one.exercised_by == self.organisation for one in self.conditions):
            raise ValueError("conditions: a direction moves a function to another organisation")
        return self


class LiftCondition(Command):
    """The evidence by which a criterion is met from a day on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"lifted_on": "2013-03-28", "sha256": "0" * 64, "document": "Plan for 2013-14, signed off"}]
        }
    )

    lifted_on: WrittenDay
    sha256: Sha256
    note: Note = None
    document: Document = None


async def decide_authorisation(
    session: AsyncSession, command: DecideAuthorisation, *, by: Caller, today: date, stated_at: datetime
) -> str:
    """Record a decision on authorisation; return its id. What it comes to follows from its conditions.

    Raises RoleMissing, NotYoursToDecide, AuthorisationNotKnown, CriterionNotListed, DirectionNeedsItsLevel,
    OrganisationNotOpen, DocumentMissing. Publishes AuthorisationDecided.
    """
    day, code = command.decided_on, command.organisation
    await _lock(session, code, *(one.exercised_by or "" for one in command.conditions), by=by, today=today)
    connection = await raw(session)
    kind = (await known.status(connection, code, as_at=day)).kind
    pack = pack_for(kind, day)
    conditions = [one.condition for one in command.conditions]
    refuse(
        [
            *await organisation_refusals(connection, code, day, None, today=today),
            *_not_known(pack, kind, day),
            *paper_refusals(day, field="decided_on", document=command.document, today=today, stated_at=stated_at),
            *(refusals(pack, conditions, command.wave) if pack is not None else []),
            *await _not_open(session, command),
        ]
    )
    if pack is None:
        raise AssertionError  # refuse has raised
    made = Authorisation(
        reference=f"AU-{uuid.uuid4()}",
        organisation=code,
        wave=command.wave,
        decided_on=day,
        deferred=command.deferred,
        pack=pack.id,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(made)
    await session.flush()
    session.add_all(_rows(made.id, command))
    about = (command, "authorisation decided", made.reference, day)
    session.add(new_act(*about, organisation=code, by=by, stated_at=stated_at))
    await session.flush()
    await outbox.add(session, _decided(made, pack, conditions))
    return made.reference


def _rows(decision: int, command: DecideAuthorisation) -> list[AuthorisationCondition]:
    return [
        AuthorisationCondition(
            authorisation_id=decision,
            criterion=one.criterion,
            domain=one.domain,
            level=one.level,
            functions=sorted(set(one.functions)),
            exercised_by=one.exercised_by or "",
            rectify_by=one.rectify_by,
        )
        for one in command.conditions
    ]


def _decided(made: Authorisation, pack: RulePack, conditions: list[Condition]) -> AuthorisationDecided:
    in_order = sorted(conditions, key=lambda one: one.criterion)
    moved = [(function, one.exercised_by) for one in in_order for function in sorted(set(one.functions))]
    return AuthorisationDecided(
        effective_on=made.decided_on,
        stated_at=made.stated_at,
        authorisation=made.reference,
        organisation=made.organisation,
        outcome=outcome(pack, conditions, deferred=made.deferred, on=made.decided_on),
        conditions=tuple(str(one.criterion) for one in in_order),
        support_levels=tuple(one.level for one in in_order),
        directions=tuple(function for function, _ in moved),
        exercised_by=tuple(code for _, code in moved),
        pack=pack.id,
    )


def _not_known(pack: RulePack | None, kind: str, day: date) -> list[DomainError]:
    if pack is not None:
        return []
    message = f"no rule pack authorises a body of the kind {kind} on {day.isoformat()}"
    return [AuthorisationNotKnown(message, reasons=[Reason(message, "decided_on")])]


async def _not_open(session: AsyncSession, command: DecideAuthorisation) -> list[Conflict]:
    """Return a refusal for each body that is to exercise functions and is neither open nor proposed."""
    fields: dict[str, str] = {}
    for number, one in enumerate(command.conditions):
        if one.exercised_by is not None:
            fields.setdefault(one.exercised_by, f"conditions.{number}.exercised_by")
    statuses = await known.statuses(await raw(session), sorted(fields), as_at=command.decided_on)
    day = command.decided_on.isoformat()
    messages = [
        (f"{code} is {found.status} on {day}", fields[code])
        for code, found in statuses.items()
        if found.status not in ("open", "proposed")
    ]
    return [OrganisationNotOpen(message, reasons=[Reason(message, field)]) for message, field in messages]


async def lift_condition(
    session: AsyncSession,
    authorisation: str,
    criterion: int,
    command: LiftCondition,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Lift a condition by evidence from a day on, and with it what its directions moved.

    Raises RoleMissing, AuthorisationNotFound, NotYoursToDecide, NotACondition, LiftedAlready, LaterDecisionStands,
    EndsBeforeItBegins, DocumentMissing. Publishes ConditionLifted.
    """
    found = await _get_to_change(session, authorisation, by=by, today=today)
    day = command.lifted_on
    refuse(
        [
            *await _not_to_lift(session, found, criterion, day),
            *_too_early(found, day),
            *paper_refusals(day, field="lifted_on", document=command.document, today=today, stated_at=stated_at),
        ]
    )
    lift = ConditionLift(
        reference=f"EV-{uuid.uuid4()}",
        authorisation_id=found.id,
        criterion=criterion,
        lifted_on=day,
        sha256=command.sha256,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(lift)
    about = (command, "condition lifted", authorisation, day)
    session.add(new_act(*about, organisation=found.organisation, by=by, stated_at=stated_at))
    await session.flush()
    await outbox.add(session, _lifted(found, lift))


def _lifted(found: Authorisation, lift: ConditionLift) -> ConditionLifted:
    return ConditionLifted(
        effective_on=lift.lifted_on,
        stated_at=lift.stated_at,
        authorisation=found.reference,
        organisation=found.organisation,
        condition=str(lift.criterion),
        evidence=lift.reference,
    )


async def _get_to_change(session: AsyncSession, authorisation: str, *, by: Caller, today: date) -> Authorisation:
    by.must_have(Role.NHS_ENGLAND)
    found = await session.scalar(select(Authorisation).where(Authorisation.reference == authorisation))
    readable = await reads_through(await raw(session), by)
    if found is None or (readable is not None and found.organisation not in readable):
        raise AuthorisationNotFound(f"there is no authorisation {authorisation}")
    await _lock(session, found.organisation, by=by, today=today)
    return found


async def _not_to_lift(session: AsyncSession, found: Authorisation, criterion: int, day: date) -> list[DomainError]:
    """Return why a condition is not lifted from a day on: it is none, was lifted, or a later decision stands then."""
    refusals: list[DomainError] = []
    if await session.get(AuthorisationCondition, (found.id, criterion)) is None:
        message = f"{found.reference} has no condition {criterion}"
        refusals.append(NotACondition(message, reasons=[Reason(message, "criterion")]))
    of_it = (ConditionLift.authorisation_id == found.id, ConditionLift.criterion == criterion)
    if (lifted_on := await session.scalar(select(ConditionLift.lifted_on).where(*of_it))) is not None:
        message = f"condition {criterion} was lifted from {lifted_on.isoformat()} on"
        refusals.append(LiftedAlready(message, reasons=[Reason(message, "criterion")]))
    own = (found.decided_on, found.stated_at, found.id)
    by_then = (Authorisation.organisation == found.organisation, Authorisation.decided_on <= day)
    in_order = (Authorisation.decided_on.desc(), Authorisation.stated_at.desc(), Authorisation.id.desc())
    last = await session.scalar(select(Authorisation).where(*by_then).order_by(*in_order).limit(1))
    if last is not None and (last.decided_on, last.stated_at, last.id) > own:
        message = f"{last.reference} of {last.decided_on.isoformat()} took its place"
        refusals.append(LaterDecisionStands(message, reasons=[Reason(message, "authorisation")]))
    return refusals


def _too_early(found: Authorisation, day: date) -> list[Conflict]:
    if day >= found.decided_on:
        return []
    message = f"{day.isoformat()} lies before {found.decided_on.isoformat()}, the day of the decision"
    return [EndsBeforeItBegins(message, reasons=[Reason(message, "lifted_on")])]


async def _lock(session: AsyncSession, organisation: str, *others: str, by: Caller, today: date) -> None:
    """Lock the known organisation: decisions on its authorisation, and what is lifted, come one after the other.

    With it others whose status is checked.
    """
    by.must_have(Role.NHS_ENGLAND)
    connection = await raw(session)
    await must_decide_for(connection, organisation, by=by, today=today)
    await known.lock(connection, {organisation, *others})
