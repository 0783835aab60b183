"""Populations over HTTP: stated, corrected, read."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status
from pydantic import BaseModel, Field

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsKnown,
    By,
    IfMatchIfAny,
    Page,
    Paging,
    Read,
    StatedAt,
    UnreadableVersion,
    Write,
    allowed,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from libs.common.money import pounds
from libs.common.temporal.days import WrittenDay
from services.finance.allowances import commands, errors, queries
from services.finance.allowances.rates import PACKS
from services.finance.allowances.views import (
    AllowanceView,
    ExplainedView,
    HistoryView,
    allowance_view,
    explained_view,
    history_view,
)
from services.finance.core.permissions import must_see, visible_to
from services.finance.core.years import FinancialYear
from services.finance.edge import Code, OneCode, OneYear, Year

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
    command: commands.StatePopulation,
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
    done = await commands.state_population(
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
    one, version = await queries.get_population(rows, code, year, as_known=as_known)
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


rule_packs_router = APIRouter(tags=["Rule packs"])


class RulePackView(BaseModel):
    """A dated rate, and where it is written."""

    id: str = Field(examples=["rca-2013-14"])
    subject: str = Field(examples=["running-cost-allowance"])
    title: str
    citation: str
    effective_from: date
    effective_to: date | None = Field(description="The last day.")
    weight: str
    status: str
    note: str = Field(description="What else the source says, such as a second figure.")
    rate_pence: int = Field(description="Pence a head.", examples=[2500])
    rate: str = Field(examples=["£25.00"])


@rule_packs_router.get("/rule-packs", summary="List the rates a head, with their sources", responses=problems())
async def list_rule_packs(_: By) -> list[RulePackView]:
    """Every pack, by its first day. A year without one is answered with the last one before, and says so."""
    return [
        RulePackView(
            **pack.model_dump(include=set(RulePackView.model_fields) & set(type(pack).model_fields)),
            rate_pence=pack.values["rate_pence"],
            rate=pounds(pack.values["rate_pence"]),
        )
        for pack in PACKS
    ]


allowances_router = APIRouter(tags=["Allowances"])


@allowances_router.get("/allowances", summary="List allowances", responses=problems(NotYoursToDecide, UnreadableCursor))
async def list_allowances(
    request: Request,
    session: Read,
    by: By,
    paging: Paging,
    as_known: AsKnown,
    organisation: OneCode = None,
    year: OneYear = None,
    as_at: Annotated[WrittenDay | None, Query(description="Only those that have something on this day.")] = None,
) -> Page[AllowanceView]:
    """By organisation and year: those of your organisations and of their predecessors, or all for a national body."""
    rows = await raw(session)
    if organisation is not None:
        await must_see(rows, organisation, by)
    found = await queries.list_allowances(
        rows,
        organisations=[organisation] if organisation else await visible_to(rows, by),
        year=year,
        as_at=as_at,
        as_known=as_known,
        after=_allowance_after(paging.after),
        limit=paging.fetch,
    )
    return page([allowance_view(one) for one in found], key=_allowance_key, request=request)


@allowances_router.get(
    "/allowances/{code}/{year}",
    summary="Explain an allowance",
    responses=problems(NotYoursToDecide, errors.AllowanceNotFound),
)
async def get_allowance(code: Code, year: Year, session: Read, by: By, as_known: AsKnown) -> ExplainedView:
    """Rate, pack, population and source; parts by days; what mergers moved; the support charges inside it."""
    rows = await raw(session)
    await must_see(rows, code, by)
    return explained_view(await queries.get_allowance(rows, code, year, as_known=as_known))


@allowances_router.get(
    "/allowances/{code}/{year}/history",
    summary="Read all that was ever believed of an allowance",
    responses=problems(NotYoursToDecide, errors.AllowanceNotFound),
)
async def get_history(code: Code, year: Year, session: Read, by: By) -> HistoryView:
    """What was set, its parts and what mergers moved, each with the instants from and until which it was known."""
    rows = await raw(session)
    await must_see(rows, code, by)
    return history_view(code, year, await queries.get_history(rows, code, year))


def _allowance_key(view: AllowanceView) -> tuple[str, int]:
    return view.organisation, FinancialYear.parse(view.financial_year).start


def _allowance_after(cursor: tuple[object, ...] | None) -> tuple[str, int]:
    """Return the key after which the page begins. Raises UnreadableCursor on a cursor of another list."""
    match cursor:
        case None:
            return "", 0
        case (str(code), int(start)) if "\x00" not in code and 0 <= start < 10_000:
            return code, start
        case _:
            raise UnreadableCursor("after: use the link that the page before gave")
