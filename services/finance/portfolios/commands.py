"""States and restates portfolios, requests runs of them and cancels runs."""

from collections.abc import Callable
from datetime import date, datetime

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Code
from libs.common.database.connection import raw
from libs.common.errors import DomainError
from libs.common.events.finance import PortfolioSolved
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from libs.common.temporal.days import WrittenDay
from services.finance.allowances.errors import OrganisationNotKnown
from services.finance.core.errors import refuse
from services.finance.core.models import known
from services.finance.core.sight import Sight
from services.finance.plans.problem import digest
from services.finance.portfolios import queries
from services.finance.portfolios.errors import PortfolioNotFound, PortfolioReferenceTaken, PortfolioUnsound
from services.finance.portfolios.jobs import WorkerJob
from services.finance.portfolios.models import Portfolio, PortfolioStatement
from services.finance.portfolios.terms import PortfolioTerms, Reference, contradictions
from services.finance.portfolios.valuation import Viewpoint, valued
from services.finance.portfolios.views import Answer, Verdict
from services.finance.runs import queue
from services.finance.runs.queue import Requested, RunJob

MOST_SECONDS = 600
_MODEL = 2
"""The version of the formulation: another one gives the same inputs another digest."""

_EXISTING = "SELECT code FROM known_organisation WHERE code = ANY($1)"


class RestatePortfolio(PortfolioTerms):
    """A portfolio's items and rules, from a day on."""

    effective_on: WrittenDay | None = Field(default=None, description="The day from which it holds; today if left out.")


class StatePortfolio(RestatePortfolio):
    """A portfolio of the organisations whose money it is."""

    reference: Reference
    organisations: list[Code] = Field(min_length=1, max_length=100, description="Whose non-recurrent money it is.")


class RequestRun(BaseModel):
    """How much may be spent on a portfolio: the gap that is enough, seconds, threads."""

    model_config = ConfigDict(extra="forbid")

    gap: str = Field(
        default="0.0001", pattern=r"^(0|1|0\.[0-9]{1,8})$", max_length=10, description="Enough, as a part of the value."
    )
    seconds: int = Field(
        default=60, strict=True, ge=1, le=MOST_SECONDS, description="For the plan; the curve is extra."
    )
    threads: int = Field(default=1, strict=True, ge=1, le=4)
    curve: StrictBool = Field(default=True, description="Also solve it with less and with more money.")


async def state_portfolio(
    session: AsyncSession, command: StatePortfolio, *, by: Caller, sight: Sight, today: date, stated_at: datetime
) -> str:
    """State a portfolio and return its reference. Raises RoleMissing, NotYoursToDecide, and all reasons at once.

    Its exits are valued as known now, so that an item without terms is refused before anything waits for it.
    """
    organisations = sorted(set(command.organisations))
    await _must_decide(session, organisations, by=by, today=today)
    connection = await raw(session)
    existing = {row["code"] for row in await connection.fetch(_EXISTING, organisations)}
    unknown = [code for code in organisations if code not in existing]
    found: list[DomainError] = [
        OrganisationNotKnown(f"{code}: no organisation of this code is known") for code in unknown
    ]
    refuse([*found, *_unsound(command)])
    await valued(connection, command, Viewpoint(tuple(organisations), sight, today, None))
    portfolio = Portfolio(reference=command.reference, organisations=organisations)
    try:
        async with session.begin_nested():
            session.add(portfolio)
    except IntegrityError as error:
        raise PortfolioReferenceTaken(f"{command.reference} is taken") from error
    terms = PortfolioTerms(**command.model_dump(exclude={"reference", "organisations", "effective_on"}))
    _state(session, portfolio, terms, command.effective_on, by=by, today=today, stated_at=stated_at)
    await session.flush()
    return portfolio.reference


async def restate_portfolio(
    session: AsyncSession,
    reference: str,
    command: RestatePortfolio,
    *,
    by: Caller,
    sight: Sight,
    today: date,
    stated_at: datetime,
    expect: Callable[[int], None],
) -> None:
    """State a portfolio anew from a day on; what was stated before stays readable as known then."""
    portfolio = await _get_portfolio_to_change(session, reference, by=by, sight=sight, today=today)
    expect(portfolio.version)
    refuse(_unsound(command))
    question = Viewpoint(tuple(portfolio.organisations), sight, today, None)
    await valued(await raw(session), command, question)
    portfolio.version += 1
    terms = PortfolioTerms(**command.model_dump(exclude={"effective_on"}))
    _state(session, portfolio, terms, command.effective_on, by=by, today=today, stated_at=stated_at)
    await session.flush()


async def request_run(
    session: AsyncSession,
    reference: str,
    command: RequestRun,
    *,
    by: Caller,
    sight: Sight,
    today: date,
    as_at: date,
    as_known: datetime | None,
    stated_at: datetime,
) -> Requested:
    """Queue the computation of a portfolio with what is known of its contracts, unless the same was requested before.

    Raises PortfolioNotFound, NotYoursToDecide, ItemWithoutTerms, TooManyRuns.
    """
    await _get_portfolio_to_change(session, reference, by=by, sight=sight, today=today)
    connection = await raw(session)
    portfolio = await queries.get_portfolio(connection, reference, sight=sight, as_at=as_at, as_known=as_known)
    question = Viewpoint(tuple(portfolio.organisations), sight, as_at, as_known)
    problem = await valued(connection, portfolio.terms, question)
    job = WorkerJob(
        problem=problem,
        gap=command.gap,
        seconds=command.seconds,
        threads=command.threads,
        curve=command.curve,
    )
    effort = f"model {_MODEL}, gap {command.gap}, {command.seconds} s, {command.threads} threads, curve {command.curve}"
    return await queue.request(
        connection,
        kind=queries.KIND,
        subject=reference,
        version=portfolio.version,
        digest=digest(problem, f"{effort}, lens {portfolio.terms.lens}"),
        inputs=job.model_dump_json(),
        organisations=portfolio.organisations,
        by=by,
        at=stated_at,
        as_at=as_at,
        as_known=as_known,
    )


async def cancel_run(session: AsyncSession, run: str, *, by: Caller, sight: Sight, today: date) -> None:
    """Cancel a run; nothing happens where it has ended. Raises RunNotFound, NotYoursToDecide."""
    connection = await raw(session)
    found = await queries.get_run_row(connection, run, sight=sight)
    await _get_portfolio_to_change(session, found.subject, by=by, sight=sight, today=today)
    await queue.cancel(connection, run)


async def publish_solved(
    session: AsyncSession, job: RunJob, result: str, today: date, now: datetime, _: Caller
) -> None:
    """Publish a plan that a run found; of one without a plan there is nothing to publish."""
    answer = Answer.model_validate_json(result)
    if answer.value_pence is None or answer.bound_pence is None:
        return
    stated = await queries.get_statement(await raw(session), job.subject, job.version)
    await outbox.add(
        session,
        PortfolioSolved(
            effective_on=today,
            stated_at=now,
            run=job.reference,
            portfolio=job.subject,
            organisations=tuple(stated.organisations),
            lens=stated.terms.lens,
            items=tuple(item.item for item in answer.items),
            years=tuple(item.year or "" for item in answer.items),
            value_pence=answer.value_pence,
            bound_pence=answer.bound_pence,
            gap=answer.gap or "",
            granularity_pence=answer.granularity_pence,
            proven=answer.verdict is Verdict.OPTIMAL,
            digest=job.digest,
        ),
    )


def _unsound(terms: PortfolioTerms) -> list[DomainError]:
    if reasons := contradictions(terms):
        return [PortfolioUnsound("; ".join(reason.message for reason in reasons[:20]), reasons=reasons)]
    return []


async def _must_decide(session: AsyncSession, codes: list[str], *, by: Caller, today: date) -> None:
    """Raise RoleMissing or NotYoursToDecide unless a finance lead acts for all of these organisations."""
    by.must_have(Role.FINANCE_LEAD)
    connection: asyncpg.Connection = await raw(session)
    await known.must_act_for(connection, await known.deciders(connection, codes, today=today), by=by)


async def _get_portfolio_to_change(
    session: AsyncSession, reference: str, *, by: Caller, sight: Sight, today: date
) -> Portfolio:
    query = select(Portfolio).filter_by(reference=reference).with_for_update().execution_options(populate_existing=True)
    portfolio = (await session.execute(query)).scalar_one_or_none()
    if portfolio is None or not any(sight.sees(code) for code in portfolio.organisations):
        raise PortfolioNotFound(f"no portfolio {reference} is known")
    await _must_decide(session, portfolio.organisations, by=by, today=today)
    return portfolio


def _state(
    session: AsyncSession,
    portfolio: Portfolio,
    terms: PortfolioTerms,
    effective_on: date | None,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    # The statement's key needs the portfolio's, which the database gives.
    assert portfolio.id is not None
    session.add(
        PortfolioStatement(
            portfolio_id=portfolio.id,
            version=portfolio.version,
            content=terms.model_dump_json(),
            effective_on=effective_on or min(today, day_of(stated_at)),
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
