"""Populations over HTTP: stated, corrected, read."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from fastapi import Response, status
from pydantic import BaseModel, Field

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsKnown,
    By,
    IfMatchIfAny,
    Read,
    StatedAt,
    UnreadableVersion,
    Write,
    allowed,
    commands_router,
    etag,
    problems,
    stale,
)
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from libs.common.money import pounds
from services.finance import allowances, errors, populations
from services.finance.api.parameters import Code, Year
from services.finance.api.permissions import must_see

router = commands_router(tags=["Populations"])


def _expectation(version_read: int | None) -> Callable[[int], None]:
    """Return what raises unless a statement may be made on top of a version: the first needs no If-Match."""

    def expect(version: int) -> None:
        if version_read is not None:
            stale(version, version_read)
        elif version:
            raise PreconditionMissing(
                f"a population is stated already, at version {version}: correct it with If-Match and the ETag you read"
            )

    return expect


class PopulationView(BaseModel):
    """A population as stated for a year, and the allowance that it sets."""

    organisation: str = Field(examples=["06H"])
    financial_year: str = Field(examples=["2013-14"])
    population: int = Field(examples=[856_000])
    source: str
    first_day: date = Field(description="The first day of the year on which the organisation was open.")
    rate_pence: int = Field(description="Pence a head.", examples=[2500])
    rate_found: bool = Field(description="false: no national rate was found for the year; the pack is the one before.")
    pack: str = Field(description="The rule pack that was used.", examples=["rca-2013-14"])
    amount_pence: int = Field(description="Rate times population, as set, in pence.", examples=[2_140_000_000])
    amount: str = Field(examples=["£21,400,000.00"])
    stated_at: datetime
    version: int = Field(description="What If-Match wants for a correction.", examples=[1])
    event: str | None = Field(description="Id of the AllowanceSet that tells it.")


@router.put(
    "/organisations/{code}/populations/{year}",
    summary="State or correct a population, and so set the allowance",
    responses={
        201: {"model": PopulationView, "description": "Stated for the first time."},
        **problems(
            RoleMissing,
            NotYoursToDecide,
            errors.OrganisationNotKnown,
            errors.OrganisationNotOpen,
            errors.NoRateYet,
            errors.AllowanceFromPredecessors,
            errors.SuccessorHasItsOwn,
            StaleVersion,
            PreconditionMissing,
            UnreadableVersion,
        ),
    },
)
async def state_population(
    code: Code,
    year: Year,
    command: populations.StatePopulation,
    response: Response,
    session: Write,
    by: Annotated[Caller, allowed(Role.FINANCE_LEAD)],
    stated_at: StatedAt,
    version_read: IfMatchIfAny,
) -> PopulationView:
    """The first statement needs no If-Match; a correction does. What was stated before stays, as known at its time.

    The allowance of the year is rate times population. A correction for a body that has merged flows on to its
    successor. To repeat what is known changes nothing.
    """
    done = await populations.state_population(
        session, command, code=code, year=year, by=by, stated_at=stated_at, expect=_expectation(version_read)
    )
    if done.is_new:
        response.status_code = status.HTTP_201_CREATED
    etag(response, done.version)
    one = done.stated
    return PopulationView(
        organisation=code,
        financial_year=str(year),
        amount=pounds(one.amount_pence),
        stated_at=one.since,
        version=done.version,
        **{name: getattr(one, name) for name in _SAME},
    )


@router.get(
    "/organisations/{code}/populations/{year}",
    summary="Read the population stated for a year",
    responses=problems(NotYoursToDecide, errors.PopulationNotFound),
)
async def get_population(
    code: Code, year: Year, response: Response, session: Read, by: By, as_known: AsKnown
) -> PopulationView:
    """The ETag is the version that a correction names, also where the answer shows what was known earlier."""
    rows = await raw(session)
    await must_see(rows, code, by)
    one, version = await allowances.get_population(rows, code, year, as_known=as_known)
    etag(response, version)
    return PopulationView(
        organisation=code,
        financial_year=str(year),
        amount=pounds(one["amount_pence"]),
        stated_at=one["known_from"],
        version=version,
        **{name: one[name] for name in _SAME},
    )


_SAME = ("population", "source", "first_day", "rate_pence", "rate_found", "pack", "amount_pence", "event")
