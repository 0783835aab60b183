"""States the population of an organisation for a financial year, which sets its running-cost allowance."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

import asyncpg
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.finance import AllowanceSet
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from libs.common.temporal.believed import NOW, as_known
from libs.common.text import visible
from libs.organisations.statements import Facet
from libs.organisations.successions import Shape
from services.finance.allowances.errors import (
    AllowanceFromPredecessors,
    NoRateYet,
    OrganisationNotKnown,
    OrganisationNotOpen,
    SuccessorHasItsOwn,
)
from services.finance.allowances.rates import Rate, allowance_pence, rate_of
from services.finance.allowances.restatement import lock_tied, restate_allowances
from services.finance.core.models import Allowance, StatedPopulation, known
from services.finance.core.years import FinancialYear, days_of

_INSTANT = timedelta(microseconds=1)

_LIFE = """
SELECT b.value, lower(b.valid) AS first_day, b.valid && daterange($3, $4, '[]') AS in_year
  FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id
 WHERE o.code = $1 AND b.facet = $2 AND upper_inf(b.known)
 ORDER BY b.valid
"""

# What a boundary change brought stands beside an allowance of the body's own.
_RESTATED = f"""
SELECT r.merger, r.predecessors
  FROM allowance a JOIN restatement r ON r.allowance_id = a.id
 WHERE a.organisation_code = $1 AND a.financial_year = $2 AND upper_inf(r.known)
   AND EXISTS (SELECT FROM {known.successions.beliefs} s
                WHERE s.successor = $1 AND s.code = ANY(r.predecessors) AND {as_known("s", NOW)}
                  AND s.shape <> '{Shape.BOUNDARY_CHANGE}')
 ORDER BY r.merger
"""  # noqa: S608  (names of ours)

_PUBLISHED = "SELECT EXISTS (SELECT FROM published_allowance WHERE allowance_id = $1 AND since <= $2)"

_OF_THEIR_OWN = """
SELECT organisation_code FROM allowance
 WHERE organisation_code = ANY($1) AND financial_year = $2 AND version > 0
 ORDER BY organisation_code
"""


class StatePopulation(BaseModel):
    """A commissioner's population for a financial year, with its source."""

    model_config = ConfigDict(extra="forbid")

    population: Annotated[
        int, Field(strict=True, ge=1, le=100_000_000, description="People, a whole number.", examples=[856_000])
    ]
    source: Annotated[
        str,
        Field(
            min_length=1,
            max_length=500,
            pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$",
            description="The source of the number: not blank, on one line.",
            examples=["GP registered lists, moderated to ONS projections"],
        ),
        AfterValidator(visible),
    ]


@dataclass(frozen=True, slots=True)
class Population:
    """A population as stated for an organisation's year, with the version of that statement."""

    organisation: str
    year: FinancialYear
    version: int
    stated: StatedPopulation
    is_new: bool


async def state_population(
    session: AsyncSession,
    command: StatePopulation,
    *,
    code: str,
    year: FinancialYear,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Callable[[int], None],
) -> Population:
    """State or correct a population, set the allowance by it, and restate its successors' allowances.

    `expect` is called with the version that a correction would change (0: nothing was stated yet), and raises where the
    caller read another one. A repetition of what was known at `stated_at` changes nothing and is no correction. A body
    that closed before the year can be corrected, but gets no first statement: an allowance set in advance passed to its
    successor, and so does the correction.

    The caller acts for the organisation, and for the body that took it over, whose allowance changes too.

    Raises NotYoursToDecide, OrganisationNotKnown, and with every reason at once OrganisationNotOpen, NoRateYet,
    AllowanceFromPredecessors, SuccessorHasItsOwn.
    """
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    await known.must_act_for(connection, await known.deciders(connection, [code], today=today), by=by)
    await lock_tied(connection, [code])
    await known.must_act_for(connection, await known.deciders(connection, [code], today=today), by=by)
    life = await _get_life(connection, code, year)
    allowance = await _get_allowance_to_change(session, code, year)
    earlier = await _statements(session, allowance)
    stated_at = _place(stated_at, earlier, by)
    repeated = next((one for one in earlier if one.known.contains(stated_at)), None)
    if repeated and (repeated.population, repeated.source) == (command.population, command.source):
        return Population(code, year, allowance.version, repeated, is_new=False)
    expect(allowance.version)
    rate = await _check(connection, code, year, life, stated_at, is_correction=bool(earlier))
    first_day = earlier[0].first_day if earlier else _first_day_open(year, life)
    new = _statement(allowance, command, year, rate, first_day, stated_at, by)
    await _put_in_place(session, new, earlier)
    allowance.version += 1
    # Below the registry's count it is on record, and sets nothing that would be published.
    if not await connection.fetchval(_PUBLISHED, allowance.id, stated_at):
        new.event = await outbox.add(session, _event(code, year, new, life), version=allowance.version)
    await restate_allowances(session, [code], years=(year.start, year.start))
    return Population(code, year, allowance.version, new, is_new=not earlier)


async def _get_life(connection: asyncpg.Connection, code: str, year: FinancialYear) -> list[asyncpg.Record]:
    """Return the statuses of an organisation with their days, as known now, and those within the year."""
    life = await connection.fetch(_LIFE, code, Facet.LIFE, year.first_day, year.last_day)
    if not life:
        raise OrganisationNotKnown(f"{code}: no organisation of this code is known")
    return list(life)


async def _get_allowance_to_change(session: AsyncSession, code: str, year: FinancialYear) -> Allowance:
    key = {"organisation_code": code, "financial_year": year.start}
    await session.execute(insert(Allowance).values(**key, version=0).on_conflict_do_nothing())
    query = select(Allowance).filter_by(**key).with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one()


async def _statements(session: AsyncSession, allowance: Allowance) -> list[StatedPopulation]:
    """Return the statements for an allowance, ordered by instant."""
    query = select(StatedPopulation).filter_by(allowance_id=allowance.id).order_by(StatedPopulation.known)
    return list((await session.scalars(query.execution_options(populate_existing=True))).all())


def _place(stated_at: datetime, earlier: list[StatedPopulation], by: Caller) -> datetime:
    """Return the instant of a new statement: after every other one, or for a loader its source's own."""
    instants = {one.since for one in earlier}
    if instants and not by.has(Role.LOADER):
        stated_at = max(stated_at, max(instants) + _INSTANT)
    return stated_at


async def _check(
    connection: asyncpg.Connection,
    code: str,
    year: FinancialYear,
    life: list[asyncpg.Record],
    stated_at: datetime,
    *,
    is_correction: bool,
) -> Rate:
    """Return the year's rate as known when it is stated, or raise the first refusal with the reasons of all of them."""
    refusals: list[DomainError] = []
    rate = None
    try:
        rate = rate_of(year, as_known=stated_at)
    except NoRateYet as refusal:
        refusals.append(refusal)
    if not is_correction:
        refusals += await _refusals_to_begin(connection, code, year, life)
    if refusals or rate is None:
        raise type(refusals[0])(refusals[0].message, reasons=[Reason(one.message) for one in refusals])
    return rate


async def _refusals_to_begin(
    connection: asyncpg.Connection, code: str, year: FinancialYear, life: list[asyncpg.Record]
) -> list[DomainError]:
    """Return the reasons why an organisation cannot have a first allowance of its own for a year."""
    refusals: list[DomainError] = []
    if not any(row["value"] == "open" and row["in_year"] for row in life):
        refusals.append(OrganisationNotOpen(_why_not_open(code, year, life)))
    refusals += [
        AllowanceFromPredecessors(
            f"{code}: its allowance of {year} comes from {', '.join(row['predecessors'])} by merger "
            f"{row['merger']}; correct their populations instead"
        )
        for row in await connection.fetch(_RESTATED, code, year.start)
    ]
    successors = await known.successors(connection, [code])
    refusals += [
        SuccessorHasItsOwn(
            f"{row['organisation_code']}, which succeeded {code}, has a population of its own stated for {year}"
        )
        for row in await connection.fetch(_OF_THEIR_OWN, sorted(successors), year.start)
    ]
    return refusals


def _why_not_open(code: str, year: FinancialYear, life: list[asyncpg.Record]) -> str:
    for row in life:
        if row["value"] == "open" and row["first_day"] and row["first_day"] > year.last_day:
            return f"{code} opens on {row['first_day']}, after {year}"
    state = [row for row in life if row["first_day"] is None or row["first_day"] <= year.last_day]
    if not state:
        return f"{code} does not exist yet in {year}"
    last = state[-1]
    since = f" since {last['first_day']}" if last["first_day"] else ""
    return f"{code} is {last['value']}{since}, and so not open in {year}"


def _first_day_open(year: FinancialYear, life: list[asyncpg.Record]) -> date:
    """Return the first day of the year on which the organisation is open."""
    days = [row["first_day"] or year.first_day for row in life if row["value"] == "open" and row["in_year"]]
    return max(days[0], year.first_day)


def _statement(
    allowance: Allowance,
    command: StatePopulation,
    year: FinancialYear,
    rate: Rate,
    first_day: date,
    stated_at: datetime,
    by: Caller,
) -> StatedPopulation:
    days = days_of(first_day, year.last_day)
    return StatedPopulation(
        allowance_id=allowance.id,
        population=command.population,
        source=command.source,
        first_day=first_day,
        rate_pence=rate.pence,
        rate_found=rate.found,
        pack=rate.pack.id,
        amount_pence=allowance_pence(rate.pence, command.population, year, days),
        known=Range(stated_at, None),
        recorded_by=by.subject,
    )


async def _put_in_place(session: AsyncSession, new: StatedPopulation, earlier: list[StatedPopulation]) -> None:
    """Add a statement between those that were stated before and after it."""
    stated_at = new.since
    while stated_at in {one.since for one in earlier}:
        stated_at += _INSTANT  # two different statements cannot have one instant: the later to arrive counts as later
    before = [one for one in earlier if one.since < stated_at]
    after = [one for one in earlier if one.since > stated_at]
    if before:
        before[-1].known = Range(before[-1].since, stated_at)
        await session.flush()
    new.known = Range(stated_at, after[0].since if after else None)
    session.add(new)
    await session.flush()


def _is_open(life: list[asyncpg.Record], day: date) -> bool:
    """Return whether the organisation is open on a day, as known now."""
    until = [row for row in life if row["first_day"] is None or row["first_day"] <= day]
    return bool(until) and until[-1]["value"] == "open"


def _event(code: str, year: FinancialYear, stated: StatedPopulation, life: list[asyncpg.Record]) -> AllowanceSet:
    return AllowanceSet(
        effective_on=stated.first_day,
        stated_at=stated.since,
        organisation=code,
        financial_year=str(year),
        last_day=year.last_day,
        population=stated.population,
        rate_pence=stated.rate_pence,
        amount_pence=stated.amount_pence,
        pack=stated.pack,
        indicative=not _is_open(life, day_of(stated.since)),
    )
