"""Gathers the documents of reports: answers with what they were computed from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from libs.common.database.connection import Reads
from services.finance.appraisals.inputs import Inputs
from services.finance.appraisals.sensitivity import USUAL_CHANGE
from services.finance.budgets.queries import sums_by_year
from services.finance.cases import presentation
from services.finance.cases.presentation import CaseVersion, Means, affordability_view, payers_of
from services.finance.cases.queries import get_version as get_case_version
from services.finance.cases.views import AffordabilityView
from services.finance.charts.marks import ReportChart
from services.finance.charts.rules import (
    charts_of_case,
    charts_of_exit,
    charts_of_run,
    charts_of_savings,
    charts_of_shift,
)
from services.finance.core.packs import pack_on
from services.finance.core.sight import Sight
from services.finance.cost_shifts.queries import get_cost_shift
from services.finance.documents.exit_flows import ExitFlows, exit_flows
from services.finance.documents.jobs import DocumentJob, Format
from services.finance.exits.presentation import view_of
from services.finance.exits.queries import assess_version, get_subject, get_version
from services.finance.figures.queries import provenance_of
from services.finance.figures.tracing import Asker, trace_cost_shift, trace_exit, trace_run, trace_savings
from services.finance.funds.queries import drawn_for_case
from services.finance.portfolios.queries import get_run, get_solved, get_statement
from services.finance.reports.views import (
    CaseReportView,
    CostShiftReportView,
    ExitReportView,
    RunReportView,
    SavingsReportView,
)
from services.finance.savings.queries import get_savings

View = TypeVar("View", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Report(Generic[View]):
    """A report: its one document, its title and file name, its charts, and what a workbook computes with."""

    view: View
    title: str
    name: str
    charts: Callable[[Mapping[str, Any]], Sequence[ReportChart]]
    case: Inputs | None = None
    exits: ExitFlows | None = None

    def job(self, form: Format) -> DocumentJob:
        """Return what the process that writes it in a format is asked."""
        document = self.view.model_dump(mode="json")
        is_book = form is Format.XLSX
        return DocumentJob(
            format=form,
            title=self.title,
            name=self.name,
            report=document,
            charts=() if is_book else tuple(self.charts(document)),
            case=self.case if is_book else None,
            exits=self.exits if is_book else None,
        )


async def load_case_report(
    db: Reads, case: str, version: int, *, sight: Sight, as_at: date | None, as_known: datetime | None
) -> Report[CaseReportView]:
    """Return a version of a case with all that is computed from it. Raises what reading the version raises."""
    found = await get_case_version(db, case, version, sight=sight, as_at=as_at, as_known=as_known)
    view = CaseReportView(
        appraisal=presentation.appraisal_view(found),
        comparison=presentation.comparison_view(found, None),
        affordability=await load_affordability(db, found, None, sight=sight),
        losers=presentation.losers_view(found, None, None),
        sensitivity=presentation.sensitivity_view(found, None, change=USUAL_CHANGE, pair=None, lens=None),
    )
    name = f"{found.case}-{found.version}"
    return Report(view, f"{found.content.title} ({name})", name, charts_of_case, found.inputs)


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
) -> Report[ExitReportView]:
    """Return an assessment of exits with its provenance. Raises what reading the assessment raises."""
    as_at, as_known = view.as_at, view.as_known
    stated = await get_version(
        db, contract, sight=view.sight, organisation=organisation, version=version, as_known=as_known
    )
    subject = await get_subject(db, contract, sight=view.sight, as_at=as_at, as_known=as_known)
    assessed = await assess_version(db, stated, subject, as_at=as_at, as_known=as_known)
    shown = view_of(assessed, as_at=as_at, as_known=as_known)
    report = ExitReportView(assessment=shown, provenance=await provenance_of(db, trace_exit(shown), sight=view.sight))
    title = f"When to leave {shown.contract}: version {shown.version} of {shown.organisation}"
    flows = exit_flows(assessed.assessment.exits, assessed.lenses, stated.inputs, assessed.schedule)
    return Report(report, title, f"{shown.contract}-{shown.version}", charts_of_exit, exits=flows)


async def load_run_report(db: Reads, run: str, *, view: Asker) -> Report[RunReportView]:
    """Return what a run found with its provenance. Raises RunNotFound, RunNotDone."""
    solved = await get_solved(db, run, sight=view.sight, as_known=view.as_known)
    stated = await get_statement(db, solved.row.subject, solved.row.version)
    report = RunReportView(
        title=stated.terms.title,
        run=await get_run(db, run, sight=view.sight, as_known=view.as_known),
        explanation=list(solved.answer.explanation),
        curve=list(solved.answer.curve),
        clashes=list(solved.answer.clashes),
        provenance=await provenance_of(db, await trace_run(db, run, view), sight=view.sight),
    )
    return Report(report, f"{report.title} ({report.run.portfolio})", f"run-{run}", charts_of_run)


async def load_savings_report(db: Reads, initiative: str, *, view: Asker) -> Report[SavingsReportView]:
    """Return the savings of an initiative with their provenance. Raises InitiativeNotFound."""
    shown = await get_savings(db, initiative, sight=view.sight, as_at=view.as_at, as_known=view.as_known)
    provenance = await provenance_of(db, trace_savings(shown), sight=view.sight)
    report = SavingsReportView(statement=shown, provenance=provenance)
    return Report(report, f"Savings of {initiative}", f"savings-{initiative}", charts_of_savings)


async def load_cost_shift_report(
    db: Reads, supplier: str, replacements: Mapping[str, int], *, view: Asker
) -> Report[CostShiftReportView]:
    """Return what exits from a supplier shift to others with its provenance. Raises what reading the shift raises."""
    shift = await get_cost_shift(
        db, supplier, replacements, sight=view.sight, as_at=view.as_at, as_known=view.as_known, field="exits"
    )
    traced = trace_cost_shift(shift, {"exits": dict(replacements)})
    report = CostShiftReportView(shift=shift, provenance=await provenance_of(db, traced, sight=view.sight))
    title = f"What exits from {shift.supplier} shift to others"
    return Report(report, title, f"cost-shift-{shift.supplier}", charts_of_shift)
