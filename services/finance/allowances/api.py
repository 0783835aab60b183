"""Routes about populations, allowances and the rates that set them."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Path, Query, Request, Response, status

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsKnown,
    By,
    IfMatchIfAny,
    Page,
    Paging,
    Read,
    StatedAt,
    Today,
    UnreadableVersion,
    Versions,
    Write,
    allowed,
    binds,
    commands_router,
    etag,
    page,
    problems,
    questions_router,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from libs.common.money import pounds
from libs.common.temporal.days import WrittenDay
from services.finance.allowances import commands, errors, queries
from services.finance.allowances.indicative import get_indicative
from services.finance.allowances.views import (
    AllowanceHistoryView,
    AllowanceView,
    ExplainedView,
    IndicativeView,
    RulePackView,
    StatedPopulationView,
    WholePackView,
)
from services.finance.core.sight import sight_of
from services.finance.core.years import FinancialYear
from services.finance.edge import Code, OfOne, OfYear, OneCode, OneYear, Year

router = commands_router(tags=["Populations"])


def _expectation(version_read: Versions | None) -> Callable[[int], None]:
    """Return a check that raises unless If-Match names the version; the first statement needs none."""

    def expect(version: int) -> None:
        if version_read is not None:
            stale(version, version_read)
        elif version:
            raise PreconditionMissing(
                f"a population is stated already, at version {version}: correct it with If-Match and the ETag you read"
            )

    return expect


@router.put(
    "/organisations/{code}/populations/{year}",
    summary="State or correct a population, and so set the allowance",
    responses={
        201: {"model": StatedPopulationView, "description": "Stated for the first time."},
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
@binds("{code}")
async def state_population(
    code: Code,
    year: Year,
    command: commands.StatePopulation,
    response: Response,
    session: Write,
    by: Annotated[Caller, allowed(Role.FINANCE_LEAD)],
    today: Today,
    stated_at: StatedAt,
    version_read: IfMatchIfAny,
) -> StatedPopulationView:
    """State a population. The first statement needs no If-Match; a correction does. Earlier statements stay readable.

    The allowance of the year is rate times population. A correction for a body that has merged also changes the
    allowance of its successor. Repeating the known population changes nothing.
    """
    done = await commands.state_population(
        session,
        command,
        code=code,
        year=year,
        by=by,
        today=today,
        stated_at=stated_at,
        expect=_expectation(version_read),
    )
    if done.is_new:
        response.status_code = status.HTTP_201_CREATED
    etag(response, done.version)
    stated = done.stated
    return StatedPopulationView(
        organisation=code,
        financial_year=str(year),
        population=stated.population,
        source=stated.source,
        first_day=stated.first_day,
        rate_pence=stated.rate_pence,
        rate_found=stated.rate_found,
        pack=stated.pack,
        amount_pence=stated.amount_pence,
        amount=pounds(stated.amount_pence),
        stated_at=stated.since,
        version=done.version,
        event=stated.event,
    )


@router.get(
    "/organisations/{code}/populations/{year}",
    summary="Read the population stated for a year",
    responses=problems(errors.PopulationNotFound),
)
async def get_population(
    code: Code, year: Year, response: Response, session: Read, by: By, as_known: AsKnown
) -> StatedPopulationView:
    """Return the population as known at an instant. The ETag is the current version, which a correction names."""
    rows = await raw(session)
    sight = await sight_of(rows, by)
    population = await queries.get_population(rows, code, year, sight=sight, as_known=as_known)
    etag(response, population.version)
    return population


rule_packs_router = questions_router(tags=["Rule packs"])


@rule_packs_router.get("/rule-packs", summary="List the rates a head, with their sources", responses=problems())
async def list_rule_packs(_: By) -> list[RulePackView]:
    """List every pack by its first day. A year without a pack uses the one before it, and says so."""
    return queries.list_rule_packs()


@rule_packs_router.get(
    "/rule-packs/{pack}", summary="Read a rule pack with its values", responses=problems(errors.RulePackNotFound)
)
async def get_rule_pack(
    _: By,
    pack: Annotated[
        str,
        Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", description="As an answer names it.", examples=["qaly-2022"]),
    ],
) -> WholePackView:
    """Return a pack on any subject: where it is written, from when it is known and in force, and its values."""
    return queries.get_rule_pack(pack)


allowances_router = questions_router(tags=["Allowances"])


@allowances_router.get("/allowances", summary="List allowances", responses=problems(UnreadableCursor))
async def list_allowances(
    request: Request,
    session: Read,
    by: By,
    paging: Paging,
    as_known: AsKnown,
    organisation: OneCode = None,
    year: OneYear = None,
    as_at: Annotated[WrittenDay | None, Query(description="Only those with an allowance on this day.")] = None,
) -> Page[AllowanceView]:
    """List allowances of your organisations and their predecessors, by organisation and year; all for a national
    body."""
    rows = await raw(session)
    found = await queries.list_allowances(
        rows,
        sight=await sight_of(rows, by),
        organisation=organisation,
        year=year,
        as_at=as_at,
        as_known=as_known,
        after=_allowance_after(paging.after),
        limit=paging.fetch,
    )
    return page(found, key=_allowance_key, request=request)


@allowances_router.get(
    "/allowances/indicative",
    summary="Get what an allowance would be",
    responses=problems(errors.NoRateYet, errors.PopulationNotFound),
)
async def get_indicative_allowance(
    organisation: OfOne,
    year: OfYear,
    session: Read,
    _: By,
    today: Today,
    as_known: AsKnown,
    population: Annotated[
        int | None, Query(ge=1, le=100_000_000, description="People; left out, those whom the registry counted.")
    ] = None,
) -> IndicativeView:
    """Return rate times people for a body that is not open yet, as known: a range where a draft stated one.

    The count is the registry's latest up to the year's first day, or to the day that is asked about.
    """
    rows = await raw(session)
    return await get_indicative(rows, organisation, year, population=population, today=today, as_known=as_known)


@allowances_router.get(
    "/allowances/{code}/{year}",
    summary="Explain an allowance",
    responses=problems(errors.AllowanceNotFound),
)
async def get_allowance(code: Code, year: Year, session: Read, by: By, as_known: AsKnown) -> ExplainedView:
    """Return rate, pack, population and source, the parts by days, the moves by mergers, and support charges.

    Of a move a predecessor reads what it released itself.
    """
    rows = await raw(session)
    return await queries.get_allowance(rows, code, year, sight=await sight_of(rows, by), as_known=as_known)


@allowances_router.get(
    "/allowances/{code}/{year}/history",
    summary="Read the history of an allowance",
    responses=problems(errors.AllowanceNotFound),
)
async def get_allowance_history(code: Code, year: Year, session: Read, by: By) -> AllowanceHistoryView:
    """Return the allowances set, their parts and restatements, each with the instants between which it was known."""
    rows = await raw(session)
    return await queries.get_history(rows, code, year, sight=await sight_of(rows, by))


def _allowance_key(view: AllowanceView) -> tuple[str, int]:
    return view.organisation, FinancialYear.parse(view.financial_year).start


def _allowance_after(cursor: tuple[object, ...] | None) -> tuple[str, int]:
    """Read the cursor. Raises UnreadableCursor on a cursor of another list."""
    match cursor:
        case None:
            return "", 0
        case (str(code), int(start)) if "\x00" not in code and 0 <= start < 10_000:
            return code, start
        case _:
            raise UnreadableCursor("after: use the link `next` of the page before")
