"""Gathers the documents of reports: answers with what they were computed from."""

from datetime import date

from libs.common.database.connection import Reads
from services.finance.budgets.queries import sums_by_year
from services.finance.cases.presentation import CaseVersion, Means, affordability_view, payers_of
from services.finance.cases.views import AffordabilityView
from services.finance.core.packs import pack_on
from services.finance.core.sight import Sight
from services.finance.exits.presentation import view_of
from services.finance.exits.queries import assess_version, get_subject, get_version
from services.finance.figures.queries import provenance_of
from services.finance.figures.tracing import Asker, trace_exit, trace_run, trace_savings
from services.finance.funds.queries import drawn_for_case
from services.finance.portfolios.queries import get_run, get_solved, get_statement
from services.finance.reports.views import ExitReportView, RunReportView, SavingsReportView
from services.finance.savings.queries import get_savings


async def load_affordability(db: Reads, version: CaseVersion, option: str | None, *, sight: Sight) -> AffordabilityView:
    """Return what an option means to the books, against the budgets and draws on funds that the caller reads.

    Raises InputNotFound, NoPackInForce.
    """
    first, payers = version.inputs.base_year, payers_of(version)
    pack = pack_on(date(first, 4, 1), subject="capital-charges")
    last = first + version.inputs.years - 1
    budgets = await sums_by_year(db, payers, first=first, last=last, sight=sight, as_known=version.as_known)
    drawn = await drawn_for_case(db, version.case, payers, sight=sight, as_known=version.as_known)
    means = Means(budgets, drawn, frozenset(filter(sight.sees, payers)))
    return affordability_view(version, option, pack=pack, means=means)


async def load_exit_report(
    db: Reads, contract: str, *, organisation: str | None, version: int | None, view: Asker
) -> ExitReportView:
    """Return an assessment of exits with its provenance. Raises what reading the assessment raises."""
    as_at, as_known = view.as_at, view.as_known
    stated = await get_version(
        db, contract, sight=view.sight, organisation=organisation, version=version, as_known=as_known
    )
    subject = await get_subject(db, contract, sight=view.sight, as_at=as_at, as_known=as_known)
    assessed = await assess_version(db, stated, subject, as_at=as_at, as_known=as_known)
    shown = view_of(assessed, as_at=as_at, as_known=as_known)
    return ExitReportView(assessment=shown, provenance=await provenance_of(db, trace_exit(shown), sight=view.sight))


async def load_run_report(db: Reads, run: str, *, view: Asker) -> RunReportView:
    """Return what a run found with its provenance. Raises RunNotFound, RunNotDone."""
    solved = await get_solved(db, run, sight=view.sight, as_known=view.as_known)
    stated = await get_statement(db, solved.row.subject, solved.row.version)
    return RunReportView(
        title=stated.terms.title,
        run=await get_run(db, run, sight=view.sight, as_known=view.as_known),
        explanation=list(solved.answer.explanation),
        curve=list(solved.answer.curve),
        clashes=list(solved.answer.clashes),
        provenance=await provenance_of(db, await trace_run(db, run, view), sight=view.sight),
    )


async def load_savings_report(db: Reads, initiative: str, *, view: Asker) -> SavingsReportView:
    """Return the savings of an initiative with their provenance. Raises InitiativeNotFound."""
    shown = await get_savings(db, initiative, sight=view.sight, as_at=view.as_at, as_known=view.as_known)
    return SavingsReportView(
        statement=shown, provenance=await provenance_of(db, trace_savings(shown), sight=view.sight)
    )
