"""Declares interests, amends and ends them, takes nil returns, and purges what no longer has to be kept."""

import uuid
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, model_validator
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import ANY_CASE, Folded
from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller, Role
from libs.common.process.clock import day_of
from libs.common.temporal.believed import NOW, about, as_known
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement
from libs.organisations.relations import WHOLLY
from services.governance.core.acts import must_decide_for
from services.governance.core.codes import Command, OrganisationCode, PersonId, PrivateWords
from services.governance.core.errors import EndsBeforeItBegins, PersonNotFound, RetentionNotOver, refuse
from services.governance.core.models import Act, Facet, Person
from services.governance.interests.errors import (
    InterestEnded,
    InterestNotFound,
    InterestsInForce,
    NatureNotListed,
    NotAwareYet,
)
from services.governance.interests.models import STANDS, DeclaredInterest, InterestWords, NilReturn, declared
from services.governance.interests.rules import natures_on, retention
from services.governance.interests.walks import InterestType, Relation
from services.governance.lifetimes.standing import days_of, pieces_from, state
from services.governance.people.queries import find_keeper

_A_DAY = timedelta(days=1)

DeclaredRelation = Literal[
    Relation.PARTNER_IN,
    Relation.OWNS,
    Relation.EMPLOYED_BY,
    Relation.DIRECTOR_OF,
    Relation.MEMBER_OF,
    Relation.REGULATES,
    Relation.CLOSE_TO,
]
"""What a person may declare; that the person sits in a body is known from the appointments."""


class Source(StrEnum):
    """From whom an interest is known."""

    PERSON = "person"
    REGISTER = "register"
    THIRD_PARTY = "third_party"


def _is_a_share(text: str) -> str:
    if Fraction(text) > 1:
        raise ValueError("a share is at most the whole: 1/1")
    return text


def _fold_other(code: str) -> str:
    return code if code.startswith("P-") else code.upper()


Share = Annotated[
    str,
    Field(pattern=r"^[1-9][0-9]{0,8}/[1-9][0-9]{0,8}$", description="An exact fraction.", examples=["1/32"]),
    AfterValidator(_is_a_share),
]
Other = Annotated[
    str,
    Field(max_length=42, description="The code of an organisation, or the id of a person.", examples=["A81001"]),
    Folded(rf"{ANY_CASE}|P-[A-Za-z0-9-]{{1,40}}", "an organisation's code, or the id of a person", _fold_other),
]
NatureCode = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40, examples=["shareholder"])]
Words = Annotated[
    PrivateWords | None, Field(description="The person's own words; private, and gone when it is purged.")
]


class DeclareInterest(Command):
    """An interest of a person, for the register of an organisation in which the person sits.

    `relation` ties the person to `other`: a body, or a person who is close. `type` is `indirect` where the interest is
    that of a person who is close and has no id here.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "05T",
                    "person": "P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11",
                    "type": "financial",
                    "relation": "partner_in",
                    "other": "M81001",
                    "nature": "partner",
                    "aware_on": "2016-03-01",
                    "first_day": "2013-04-01",
                }
            ]
        }
    )

    organisation: OrganisationCode
    person: PersonId
    type: InterestType
    relation: DeclaredRelation
    other: Other
    share: Annotated[
        Share | None, Field(description="With `owns`: which part; left out: not known, counted whole.")
    ] = None
    nature: NatureCode
    source: Source = Source.PERSON
    aware_on: Annotated[WrittenDay, Field(description="When the person became aware of it.")]
    first_day: WrittenDay
    last_day: WrittenDay | None = None
    words: Words = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if (self.relation == Relation.CLOSE_TO) != self.other.startswith("P-"):
            raise ValueError("other: close_to names a person's id, every other relation an organisation's code")
        if self.other == self.person:
            raise ValueError("other: the person is no other")
        if self.share is not None and self.relation != Relation.OWNS:
            raise ValueError("share: what is owned has one, nothing else")
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("last_day lies before first_day")
        return self


class AmendInterest(Command):
    """Another share from a day on, or other words."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"first_day": "2016-06-01", "share": "1/16"}]})

    first_day: Annotated[WrittenDay | None, Field(description="With `share`: from when it is this one.")] = None
    share: Share | None = None
    words: Words = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if (self.first_day is None) != (self.share is None):
            raise ValueError("first_day and share belong together")
        if self.share is None and self.words is None:
            raise ValueError("amend the share or the words")
        return self


class EndInterest(Command):
    """The last day of an interest, from which it is public and kept as the rule pack says."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"last_day": "2016-06-30"}]})

    last_day: WrittenDay


class ReturnNil(Command):
    """That a person has nothing to declare, or nothing beyond what is declared (`confirms`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"organisation": "05T", "person": "P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11", "confirms": True}]
        }
    )

    organisation: OrganisationCode
    person: PersonId
    confirms: Annotated[StrictBool, Field(description="What is declared is still right and whole.")] = False


_IN_FORCE = f"""
SELECT d.reference FROM declared_interest d
  JOIN declared_interest_belief b ON b.subject_id = d.id AND {about("b", STANDS)} AND {as_known("b", NOW)}
 WHERE d.person_id = $1 AND b.valid @> $2::date ORDER BY d.id
"""  # noqa: S608  (only names of ours are put in)


async def declare_interest(
    session: AsyncSession, command: DeclareInterest, *, by: Caller, today: date, stated_at: datetime
) -> DeclaredInterest:
    """Enter an interest in a register. Raises NotYoursToDecide, PersonNotFound, NatureNotListed, NotAwareYet."""
    declared_on = min(today, day_of(stated_at))
    await lock_person(session, command.organisation, command.person, by=by, today=today)
    if command.relation == Relation.CLOSE_TO and await session.get(Person, command.other) is None:
        message = f"there is no person {command.other}"
        raise PersonNotFound(message, reasons=[Reason(message, "other")])
    refusals: list[Conflict] = []
    listed = natures_on(declared_on)
    if command.nature not in listed:
        message = f"{command.nature} is no nature on {declared_on}; the natures are: {', '.join(listed) or 'none'}"
        refusals.append(NatureNotListed(message, reasons=[Reason(message, "nature")]))
    if command.aware_on > declared_on:
        message = f"aware on {command.aware_on}, declared on {declared_on}"
        refusals.append(NotAwareYet(message, reasons=[Reason(message, "aware_on")]))
    refuse(refusals)
    interest = DeclaredInterest(
        reference=f"IN-{uuid.uuid4()}",
        person_id=command.person,
        organisation=command.organisation,
        type=command.type,
        relation=command.relation,
        other=command.other,
        nature=command.nature,
        source=command.source,
        aware_on=command.aware_on,
        declared_on=declared_on,
        stated_at=stated_at,
    )
    session.add(interest)
    await session.flush()
    if command.words is not None:
        session.add(InterestWords(interest_id=interest.id, words=command.words))
    days = days_of(command.first_day, command.last_day)
    await _state(session, interest, command.share or WHOLLY, days, by=by, stated_at=stated_at)
    session.add(_act(interest, "interest declared", command.first_day, by, stated_at))
    await session.flush()
    return interest


async def amend_interest(
    session: AsyncSession, interest: DeclaredInterest, command: AmendInterest, *, by: Caller, stated_at: datetime
) -> DeclaredInterest:
    """State another share of a locked interest from a day on, or replace its words. Raises InterestEnded."""
    days = await _days(session, interest)
    if command.share is not None and command.first_day is not None:
        if interest.relation != Relation.OWNS:
            message = f"{interest.reference} is no share"
            raise InterestEnded(message, reasons=[Reason(message, "share")])
        if command.first_day not in days:
            message = f"{interest.reference} is not in force on {command.first_day}"
            raise InterestEnded(message, reasons=[Reason(message, "first_day")])
        await _state(session, interest, command.share, Days(command.first_day, days.end), by=by, stated_at=stated_at)
    if command.words is not None:
        await session.execute(delete(InterestWords).where(InterestWords.interest_id == interest.id))
        session.add(InterestWords(interest_id=interest.id, words=command.words))
    interest.version += 1
    session.add(_act(interest, "interest amended", command.first_day or day_of(stated_at), by, stated_at))
    await session.flush()
    return interest


async def end_interest(
    session: AsyncSession, interest: DeclaredInterest, command: EndInterest, *, by: Caller, stated_at: datetime
) -> DeclaredInterest:
    """Set the last day of a locked interest, earlier or later than the one it had. Raises EndsBeforeItBegins."""
    days, end = await _days(session, interest), command.last_day + _A_DAY
    if end <= days.start:
        message = f"{command.last_day} lies before {days.start}, the first day"
        raise EndsBeforeItBegins(message, reasons=[Reason(message, "last_day")])
    if end == days.end:
        return interest
    if end < days.end:
        await _state(session, interest, None, Days(end, days.end), by=by, stated_at=stated_at)
    else:
        share = await _share_at_the_end(session, interest)
        await _state(session, interest, share, Days(days.end, end), by=by, stated_at=stated_at)
    interest.version += 1
    session.add(_act(interest, "interest ended", end, by, stated_at))
    await session.flush()
    return interest


async def purge_interest(
    session: AsyncSession, interest: DeclaredInterest, *, by: Caller, today: date, stated_at: datetime
) -> DeclaredInterest:
    """Erase the words of a locked interest, and take it out of every register. Raises RetentionNotOver.

    Who held what on which days stays under opaque ids: past decisions rest on it.
    """
    days = await _days(session, interest)
    if days.end == LAST_DAY:
        raise RetentionNotOver(f"{interest.reference} is in force")
    last_day = days.end - _A_DAY
    kept = retention(last_day)
    if kept is None:
        raise RetentionNotOver(f"no rule pack says how long {interest.reference}, expired on {last_day}, is kept")
    if not kept.may_be_purged_on(today):
        raise RetentionNotOver(
            f"{interest.reference} expired on {last_day} and is kept up to and including {kept.kept_until} "
            f"by {kept.pack}; it is {today}"
        )
    await session.execute(delete(InterestWords).where(InterestWords.interest_id == interest.id))
    interest.purged_on = today
    interest.version += 1
    session.add(_act(interest, "interest purged", today, by, stated_at))
    await session.flush()
    return interest


async def return_nil(
    session: AsyncSession, command: ReturnNil, *, by: Caller, today: date, stated_at: datetime
) -> NilReturn:
    """Record that a person has nothing more to declare. Raises NotYoursToDecide, PersonNotFound, InterestsInForce."""
    on = min(today, day_of(stated_at))
    await lock_person(session, command.organisation, command.person, by=by, today=today)
    rows = await (await raw(session)).fetch(_IN_FORCE, command.person, on)
    if rows and not command.confirms:
        message = f"in force on {on}: {', '.join(row['reference'] for row in rows)}"
        raise InterestsInForce(message, reasons=[Reason(message, "confirms")])
    nil = NilReturn(
        reference=f"NR-{uuid.uuid4()}",
        person_id=command.person,
        organisation=command.organisation,
        returned_on=on,
        confirms=bool(rows),
        stated_at=stated_at,
    )
    session.add(nil)
    session.add(
        Act(
            organisation=command.organisation,
            operation="nil return",
            subject=nil.reference,
            effective_on=on,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
    await session.flush()
    return nil


async def get_interest_to_change(session: AsyncSession, reference: str, *, by: Caller, today: date) -> DeclaredInterest:
    """Lock an interest of a register that the caller keeps. Raises InterestNotFound, RoleMissing, NotYoursToDecide."""
    by.must_have(Role.GOVERNANCE_LEAD)
    found = await session.scalar(
        select(DeclaredInterest)
        .where(DeclaredInterest.reference == reference, DeclaredInterest.purged_on.is_(None))
        .with_for_update(),
        execution_options={"populate_existing": True},
    )
    if found is None:
        raise InterestNotFound(f"there is no interest {reference}")
    await must_decide_for(await raw(session), found.organisation, by=by, today=today)
    return found


async def lock_person(session: AsyncSession, organisation: str, person: str, *, by: Caller, today: date) -> None:
    """Lock a person whose name the caller may read: that of an officer of its organisation, or of its records."""
    by.must_have(Role.GOVERNANCE_LEAD)
    connection = await raw(session)
    await must_decide_for(connection, organisation, by=by, today=today)
    if await find_keeper(connection, person, by=by) is None:
        message = f"there is no person {person}"
        raise PersonNotFound(message, reasons=[Reason(message, "person")])
    await session.get_one(Person, person, with_for_update=True, populate_existing=True)


async def _state(
    session: AsyncSession, interest: DeclaredInterest, value: str | None, days: Days, *, by: Caller, stated_at: datetime
) -> None:
    change = NewStatement(interest.id, STANDS, value, days, stated_at)
    await state(await raw(session), declared, [change], by=by.subject)


async def _days(session: AsyncSession, interest: DeclaredInterest) -> Days:
    pieces = await pieces_from(await raw(session), declared, Facet.STANDS, [interest.id], FIRST_DAY)
    return Days(pieces[0].days.start, pieces[-1].days.end)


async def _share_at_the_end(session: AsyncSession, interest: DeclaredInterest) -> str:
    pieces = await pieces_from(await raw(session), declared, Facet.STANDS, [interest.id], FIRST_DAY)
    return pieces[-1].value


def _act(interest: DeclaredInterest, operation: str, day: date, by: Caller, stated_at: datetime) -> Act:
    return Act(
        organisation=interest.organisation,
        operation=operation,
        subject=interest.reference,
        effective_on=day,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
