"""States an organisation's level of co-commissioning: 1 influence, 2 jointly with NHS England, 3 delegated."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StrictInt
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.governance import CoCommissioningLevelSet
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.rulepacks import RulePack, in_force
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.organisations import lock_bodies, organisation_on, organisation_refusals
from services.governance.co_commissioning.errors import FunctionNotDelegated, LevelNotKnown
from services.governance.core.acts import new_act, paper_refusals
from services.governance.core.catalogue import PACKS
from services.governance.core.chains import covers
from services.governance.core.codes import Action, Command, Document, Note
from services.governance.core.errors import SafeguardsMissing, refuse
from services.governance.core.levels import Level, version_of
from services.governance.core.models import CoCommissioning, Facet, level_time
from services.governance.lifetimes.standing import state, until_next


class SetLevel(Command):
    """A level of co-commissioning from a day on, with the safeguards against conflicts that come with it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "level": 3,
                    "first_day": "2015-04-01",
                    "safeguards": [
                        "lay-and-executive-majority",
                        "lay-chair",
                        "public-meetings",
                        "register-published",
                    ],
                    "document": "Delegation agreement of 26 March 2015",
                }
            ]
        }
    )

    level: Annotated[StrictInt, Field(ge=1, le=3, description="1 influence, 2 jointly, 3 delegated.")]
    first_day: WrittenDay
    functions: Annotated[
        tuple[Action, ...], Field(max_length=50, description="Left out: those that the rule pack of the day lists.")
    ] = ()
    safeguards: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=60)], ...], Field(max_length=20)
    ] = ()
    note: Note = None
    document: Document = None


async def set_level(
    session: AsyncSession,
    organisation: str,
    command: SetLevel,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Callable[[int], None],
) -> None:
    """State an organisation's level from a day on, up to the first day of one that was stated for later.

    Raises LevelNotKnown, SafeguardsMissing, FunctionNotDelegated, OrganisationNotOpen, DocumentMissing; what `expect`
    raises of the version that is there, 0 where no level is stated yet.
    """
    day = command.first_day
    await lock_bodies(session, organisation, by=by, today=today)
    connection = await raw(session)
    expect(await version_of(connection, organisation))
    refusals: list[DomainError] = [
        *paper_refusals(day, field="first_day", document=command.document, today=today, stated_at=stated_at),
        *await organisation_refusals(connection, organisation, day, None, today=today),
    ]
    kind = (await organisation_on(connection, organisation, day)).kind
    pack = next(iter(_packs_of(kind, day)), None)
    if pack is None:
        message = f"no levels of co-commissioning of a {kind} on {day.isoformat()}"
        refuse([*refusals, LevelNotKnown(message, reasons=[Reason(message, "first_day")])])
        raise AssertionError  # refuse has raised
    refuse([*refusals, *_refusals(command, pack)])

    subject = await _changed(session, organisation)
    functions = tuple(sorted(set(command.functions or pack.values["delegated"])))
    level = Level(command.level, functions, tuple(sorted(set(command.safeguards))))
    until = await until_next(connection, level_time, Facet.STANDS, subject.id, day)
    change = NewStatement(subject.id, Facet.STANDS, level.text, Days(day, until), stated_at)
    [stated] = await state(connection, level_time, [change], by=by.subject)
    about = (command, "co-commissioning level set", organisation, day)
    session.add(new_act(*about, organisation=organisation, by=by, stated_at=stated_at))
    await outbox.add(session, _level_set(organisation, level, day, stated.stated_at))


def _packs_of(kind: str, day: date) -> list[RulePack]:
    packs = in_force(PACKS, day, subject="co-commissioning-levels")
    return [pack for pack in packs if kind in pack.values["kinds"]]


def _level_set(organisation: str, level: Level, day: date, stated_at: datetime) -> CoCommissioningLevelSet:
    return CoCommissioningLevelSet(
        organisation=organisation,
        level=level.level,
        functions=level.functions,
        safeguards=level.safeguards,
        effective_on=day,
        stated_at=stated_at,
    )


def _refusals(command: SetLevel, pack: RulePack) -> list[DomainError]:
    """Return a refusal for each safeguard that the level needs, and each function that the pack delegates not."""
    found: list[DomainError] = []
    [needs] = [one["needs"] for one in pack.values["levels"] if one["level"] == command.level]
    for code in sorted(set(needs) - set(command.safeguards)):
        message = f"{code} is missing: level {command.level} needs it by {pack.id}"
        found.append(SafeguardsMissing(message, reasons=[Reason(message, "safeguards")]))
    for function in command.functions:
        if not any(covers(one, function) for one in pack.values["delegated"]):
            message = f"{function} is not delegated by {pack.id}"
            found.append(FunctionNotDelegated(message, reasons=[Reason(message, "functions")]))
    return found


async def _changed(session: AsyncSession, organisation: str) -> CoCommissioning:
    """Return the subject of an organisation's levels, a new one or the next version of it."""
    subject = await session.scalar(select(CoCommissioning).where(CoCommissioning.organisation == organisation))
    if subject is None:
        subject = CoCommissioning(organisation=organisation)
        session.add(subject)
    else:
        subject.version += 1
    await session.flush()
    return subject
