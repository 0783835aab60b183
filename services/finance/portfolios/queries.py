"""Reads portfolios as at a day and as known at an instant, what their exits are worth, and the runs of them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import asyncpg

from libs.common.database.connection import Reads
from services.finance.core.sight import Sight
from services.finance.plans.problem import Problem
from services.finance.portfolios.errors import PortfolioNotFound, RunNotDone, RunNotFound
from services.finance.portfolios.jobs import WorkerJob
from services.finance.portfolios.terms import PortfolioTerms
from services.finance.portfolios.views import Answer, PlanView, PortfolioLine, PortfolioView, Progress, RunView
from services.finance.runs import queue
from services.finance.runs.models import RunKind
from services.finance.runs.queue import RunRow

KIND = RunKind.PORTFOLIO
_LAST = 2**62
_ALWAYS = datetime.max.replace(tzinfo=UTC)

_COLUMNS = "p.reference, p.organisations, s.version, s.content, s.effective_on, s.stated_at"
# Of two statements of one day the one stated later counts, then the later version.
_LATEST = f"""
SELECT DISTINCT ON (p.reference) {_COLUMNS}
  FROM portfolio p JOIN portfolio_statement s ON s.portfolio_id = p.id
 WHERE s.effective_on <= $1 AND s.stated_at <= $2 AND ($3::text[] IS NULL OR p.organisations && $3)
"""  # noqa: S608  (only what stands above is put in)
_ORDER = " ORDER BY p.reference, s.effective_on DESC, s.stated_at DESC, s.version DESC"
_ONE = f"{_LATEST} AND p.reference = $4 {_ORDER}"
_LIST = f"{_LATEST} AND p.reference > $4 {_ORDER} LIMIT $5"
_STATEMENT = f"""
SELECT {_COLUMNS} FROM portfolio p JOIN portfolio_statement s ON s.portfolio_id = p.id
 WHERE p.reference = $1 AND s.version = $2
"""  # noqa: S608  (only what stands above is put in)
_VERSION = "SELECT version FROM portfolio WHERE reference = $1"
_OWNERS = "SELECT organisations FROM portfolio WHERE reference = $1"


@dataclass(frozen=True, slots=True)
class Solved:
    """A run that is done, with its answer and what it was computed from."""

    row: RunRow
    answer: Answer


async def get_portfolio(
    db: Reads, reference: str, *, sight: Sight, as_at: date, as_known: datetime | None
) -> PortfolioView:
    """Return a portfolio as at a day. Raises PortfolioNotFound."""
    codes = sight.among(None)
    rows = await db.fetch(_ONE, as_at, as_known or _ALWAYS, codes, reference)
    if not rows:
        raise PortfolioNotFound(f"no portfolio {reference} is known")
    return _view(rows[0])


async def get_version(db: Reads, reference: str) -> int:
    """Return the present version of a portfolio."""
    rows = await db.fetch(_VERSION, reference)
    return int(rows[0]["version"])


async def get_statement(db: Reads, reference: str, version: int) -> PortfolioView:
    """Return one statement of a portfolio."""
    rows = await db.fetch(_STATEMENT, reference, version)
    return _view(rows[0])


async def list_portfolios(
    db: Reads, *, sight: Sight, as_at: date, as_known: datetime | None, after: str, limit: int
) -> list[PortfolioLine]:
    """Return the portfolios of these organisations (None: of all) as at a day, by reference."""
    rows = await db.fetch(_LIST, as_at, as_known or _ALWAYS, sight.among(None), after, limit)
    views = [_view(row) for row in rows]
    return [
        PortfolioLine(
            portfolio=view.portfolio,
            title=view.terms.title,
            version=view.version,
            organisations=view.organisations,
            effective_on=view.effective_on,
            stated_at=view.stated_at,
            items=len(view.terms.items),
        )
        for view in views
    ]


def _view(row: asyncpg.Record) -> PortfolioView:
    return PortfolioView(
        portfolio=row["reference"],
        version=row["version"],
        organisations=row["organisations"],
        effective_on=row["effective_on"],
        stated_at=row["stated_at"],
        terms=PortfolioTerms.model_validate_json(row["content"]),
    )


async def get_run_row(db: Reads, run: str, *, sight: Sight, as_known: datetime | None = None) -> RunRow:
    """Return a run that the caller may read, requested by an instant. Raises RunNotFound."""
    row = await queue.find_run(db, run, KIND)
    if row is not None and row.requested_at <= (as_known or _ALWAYS):
        owners = await db.fetch(_OWNERS, row.subject)
        if any(sight.sees(code) for code in owners[0]["organisations"]):
            return row
    raise RunNotFound(f"no run {run} is known")


async def get_run(db: Reads, run: str, *, sight: Sight, as_known: datetime | None = None) -> RunView:
    """Return a run, with its plan once it is done. Raises RunNotFound."""
    return _run(await get_run_row(db, run, sight=sight, as_known=as_known))


async def get_solved(db: Reads, run: str, *, sight: Sight, as_known: datetime | None) -> Solved:
    """Return a run with its whole answer. Raises RunNotFound, RunNotDone."""
    row = await get_run_row(db, run, sight=sight, as_known=as_known)
    if row.result is None:
        raise RunNotDone(f"{run} is {row.state}")
    return Solved(row, Answer.model_validate_json(row.result))


async def get_problem(db: Reads, row: RunRow) -> Problem:
    """Return the problem that a run solved."""
    return WorkerJob.model_validate_json(await queue.get_inputs(db, row.reference)).problem


async def list_runs(
    db: Reads, reference: str, *, sight: Sight, as_at: date, as_known: datetime | None, before: int | None, limit: int
) -> list[tuple[int, RunView]]:
    """Return the runs of a portfolio that were requested by an instant, the latest first. Raises PortfolioNotFound."""
    await get_portfolio(db, reference, sight=sight, as_at=as_at, as_known=as_known)
    rows = await queue.list_runs(
        db,
        kind=KIND,
        subject=reference,
        as_known=as_known or _ALWAYS,
        before=_LAST if before is None else before,
        limit=limit,
    )
    return [(row.id, _run(row)) for row in rows]


def _run(row: RunRow) -> RunView:
    answer = None if row.result is None else Answer.model_validate_json(row.result)
    plan = None if answer is None else PlanView.model_validate(answer.model_dump(include=set(PlanView.model_fields)))
    return RunView(
        run=row.reference,
        portfolio=row.subject,
        version=row.version,
        state=row.state,
        digest=row.digest,
        requested_at=row.requested_at,
        progress=None if row.progress is None else Progress.model_validate_json(row.progress),
        reason=row.reason,
        plan=plan,
    )
