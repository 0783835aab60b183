"""Records breaches, and what they came to."""

import uuid
from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from libs.common.temporal.days import WrittenDay
from services.governance.breaches.errors import BreachCodeNotListed, BreachNotFound, BreachToCome, ConcludedAlready
from services.governance.breaches.models import Breach, BreachConclusion
from services.governance.breaches.queries import codes_on
from services.governance.core.acts import must_decide_for, new_act
from services.governance.core.codes import Command, Document, Note, OrganisationCode, PersonId, Sentence
from services.governance.core.errors import PersonNotFound, refuse
from services.governance.core.sight import reads_through
from services.governance.people.queries import find_keeper

Code = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]


class RecordBreach(Command):
    """A breach: of which rule, when it was known, and who found it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"organisation": "14Y", "rule": "declared-late", "known_on": "2018-05-03", "found_by": "audit"}
            ]
        }
    )

    organisation: OrganisationCode
    rule: Annotated[Code, Field(description="Of the rule pack `breaches`.", examples=["declared-late"])]
    known_on: WrittenDay
    found_by: Annotated[Code, Field(description="Of the rule pack `breaches`.", examples=["audit"])]
    person: Annotated[PersonId | None, Field(description="Whose breach it was; published nowhere.")] = None
    about: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$",
            max_length=80,
            description="The entry, item or other thing that it is about; published nowhere.",
        ),
    ] = None
    note: Note = None
    document: Document = None


class ConcludeBreach(Command):
    """What a breach came to, and what is learned from it, which everybody reads."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "consequence": "advice",
                    "lesson": "Members are reminded of the 28 days when they are appointed",
                    "concluded_on": "2018-06-01",
                }
            ]
        }
    )

    consequence: Annotated[Code, Field(description="Of the rule pack `breaches`.", examples=["advice"])]
    lesson: Annotated[Sentence, Field(description="Everybody reads it: it names no person.")]
    concluded_on: WrittenDay
    note: Note = None
    document: Document = None


async def record_breach(
    session: AsyncSession, command: RecordBreach, *, by: Caller, today: date, stated_at: datetime
) -> str:
    """Record a breach in an organisation's register; return its reference.

    Raises NotYoursToDecide, PersonNotFound, BreachCodeNotListed, BreachToCome.
    """
    connection = await raw(session)
    await must_decide_for(connection, command.organisation, by=by, today=today)
    latest = min(today, day_of(stated_at))
    refusals: list[DomainError] = []
    if command.person is not None and await find_keeper(connection, command.person, by=by) is None:
        message = f"there is no person {command.person}"
        refusals.append(PersonNotFound(message, reasons=[Reason(message, "person")]))
    if command.known_on > latest:
        message = f"{command.known_on.isoformat()} lies after {latest.isoformat()}"
        refusals.append(BreachToCome(message, reasons=[Reason(message, "known_on")]))
    refuse(
        [
            *refusals,
            *_unlisted(command.rule, command.known_on, "rules", "rule"),
            *_unlisted(command.found_by, command.known_on, "finders", "found_by"),
        ]
    )
    breach = Breach(
        reference=f"BR-{uuid.uuid4()}",
        **command.model_dump(include={"organisation", "rule", "known_on", "found_by"}),
        person_id=command.person,
        about=command.about or "",
        stated_at=stated_at,
    )
    session.add(breach)
    about = (command, "breach recorded", breach.reference, command.known_on)
    session.add(new_act(*about, organisation=command.organisation, by=by, stated_at=stated_at))
    await session.flush()
    return breach.reference


async def conclude_breach(
    session: AsyncSession, reference: str, command: ConcludeBreach, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State what a breach came to: it is public from then on, without the person.

    Raises BreachNotFound, NotYoursToDecide, ConcludedAlready, BreachCodeNotListed, BreachToCome.
    """
    breach = await session.scalar(select(Breach).where(Breach.reference == reference).with_for_update())
    concluded = breach is not None and await session.get(BreachConclusion, breach.id) is not None
    readable = await reads_through(await raw(session), by)
    if breach is None or not (concluded or readable is None or breach.organisation in readable):
        raise BreachNotFound(f"there is no breach {reference}")
    await must_decide_for(await raw(session), breach.organisation, by=by, today=today)
    day, latest = command.concluded_on, min(today, day_of(stated_at))
    refusals: list[DomainError] = []
    if concluded:
        refusals.append(ConcludedAlready(f"{reference} is concluded"))
    if not breach.known_on <= day <= latest:
        message = f"{day.isoformat()} is not from {breach.known_on.isoformat()} to {latest.isoformat()}"
        refusals.append(BreachToCome(message, reasons=[Reason(message, "concluded_on")]))
    refuse([*refusals, *_unlisted(command.consequence, breach.known_on, "consequences", "consequence")])
    session.add(
        BreachConclusion(
            breach_id=breach.id,
            **command.model_dump(include={"consequence", "lesson", "concluded_on"}),
            stated_at=stated_at,
        )
    )
    about = (command, "breach concluded", reference, day)
    session.add(new_act(*about, organisation=breach.organisation, by=by, stated_at=stated_at))
    await session.flush()


def _unlisted(code: str, day: date, what: str, field: str) -> list[DomainError]:
    listed = codes_on(day, what)
    if code in listed:
        return []
    message = f"{code} is none of the {what} of {day.isoformat()}: {', '.join(listed) or 'none'}"
    return [BreachCodeNotListed(message, reasons=[Reason(message, field)])]
