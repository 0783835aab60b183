"""Routes that record people, correct their names, and give names out on the record."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsKnown,
    IfMatch,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    binds_none,
    commands_router,
    etag,
    problems,
    stale,
)
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.http.transactions import SteppedRoute
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.core import errors, models
from services.governance.core.codes import Command, PersonId
from services.governance.edge import Lead
from services.governance.people import accounts, commands, queries
from services.governance.people.views import NamesView, PersonRecordView, PersonView

router = commands_router(tags=["People"])
names_router = APIRouter(tags=["People"], route_class=SteppedRoute)
"""Reads that record themselves: the transaction of each is its own, committed before the name is sent."""

Person = Annotated[PersonId, Path()]


class LookUpNames(Command):
    """The ids of the persons whose names a list shows."""

    persons: Annotated[list[PersonId], Field(min_length=1, max_length=200)]


@router.post("/people", status_code=201, summary="Register a person", responses=problems(NotYoursToDecide, RoleMissing))
@binds("organisation", "the body that took it over")
async def register_person(
    command: commands.RegisterPerson, response: Response, session: Write, by: Lead, today: Today
) -> PersonRecordView:
    """Record a person under an id of the service's own. Events and lists show the id alone, never the name."""
    return _shown(await commands.register_person(session, command, by=by, today=today), response)


@router.put(
    "/people/{person}",
    summary="Correct a person's name",
    responses=problems(errors.PersonNotFound, NotYoursToDecide, RoleMissing, StaleVersion, PreconditionMissing),
)
@binds("the organisation that keeps the person's record", "the body that took it over")
async def correct_name(
    person: Person,
    command: commands.CorrectName,
    response: Response,
    session: Write,
    by: Lead,
    if_match: IfMatch,
    today: Today,
) -> PersonRecordView:
    """Replace the name by the right one, for the organisation that keeps the record. The earlier name is gone."""
    found = await commands.get_person_to_change(session, person, by=by, today=today)
    stale(found.version, if_match)
    return _shown(await commands.correct_name(session, found, command, by=by), response)


@router.put(
    "/people/{person}/account",
    summary="Record a person's account",
    responses=problems(errors.PersonNotFound, accounts.AccountTaken, NotYoursToDecide, RoleMissing),
)
@binds("the organisation that keeps the person's record", "the body that took it over")
async def state_account(
    person: Person, command: accounts.StateAccount, response: Response, session: Write, by: Lead, today: Today
) -> PersonRecordView:
    """Say which token stands for the person, who then reads the own interests and papers. No read gives it out."""
    found = await commands.get_person_to_change(session, person, by=by, today=today)
    return _shown(await accounts.state_account(session, found, command, by=by), response)


@router.put(
    "/people/{person}/restriction",
    summary="Restrict who reads a person's name",
    responses=problems(
        errors.PersonNotFound,
        errors.ReasonNotListed,
        NotYoursToDecide,
        RoleMissing,
        StaleVersion,
        PreconditionMissing,
    ),
)
@binds("the organisation that keeps the person's record", "the body that took it over")
async def restrict_name(
    person: Person,
    command: commands.RestrictName,
    response: Response,
    session: Write,
    by: Lead,
    if_match: IfMatch,
    today: Today,
    stated_at: StatedAt,
) -> PersonRecordView:
    """Stop giving out the name, for a listed reason, until the reason is null again. The record stays."""
    found = await commands.get_person_to_change(session, person, by=by, today=today)
    stale(found.version, if_match)
    restricted = await commands.restrict_name(session, found, command, by=by, today=today, stated_at=stated_at)
    return _shown(restricted, response)


@names_router.get(
    "/people/{person}", summary="Read a person with the name", responses=problems(errors.PersonNotFound, RoleMissing)
)
async def get_person(person: Person, response: Response, rows: Rows, by: Lead, as_known: AsKnown) -> PersonView:
    """Return the name of now with every appointment known at the instant, past ones too, and record who read it.

    For an organisation that keeps the record, or in which the person holds or held a post, or a successor of one. The
    ETag is the record's version.
    """
    async with rows.begin() as session:
        view = await queries.read_person(await raw(session), person, by=by, as_known=as_known)
    etag(response, view.version)
    return view


@names_router.post("/people/lookups", summary="Look up names", responses=problems(RoleMissing))
@binds_none(because="it gives out the names that the caller may read, and changes only the record of that")
async def look_up_names(command: LookUpNames, rows: Rows, by: Lead) -> NamesView:
    """Return the names of up to 200 persons that the caller may read, and record who read them.

    Persons whose name it may not read are left out, as those are who do not exist. Nothing else is changed.
    """
    async with rows.begin() as session:
        names = await queries.read_names(await raw(session), command.persons, by=by)
    return NamesView(people=names)


def _shown(person: models.Person, response: Response) -> PersonRecordView:
    etag(response, person.version)
    return PersonRecordView(person=person.id, organisation=person.organisation, version=person.version)
