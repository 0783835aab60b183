"""What reports are made of."""

from pydantic import BaseModel, Field

from services.finance.cases.views import (
    AffordabilityView,
    AppraisalView,
    ComparisonView,
    LosersView,
    SensitivityView,
)
from services.finance.cost_shifts.views import CostShiftView
from services.finance.exits.views import ExitAssessmentView
from services.finance.figures.views import OriginView
from services.finance.portfolios.views import Clash, CurvePoint, ItemExplanation, RunView
from services.finance.savings.views import InitiativeSavingsView


class CaseReportView(BaseModel):
    """A version of a case as one document."""

    appraisal: AppraisalView
    comparison: ComparisonView
    affordability: AffordabilityView
    losers: LosersView
    sensitivity: SensitivityView


class ExitReportView(BaseModel):
    """When to leave a contract, as one document."""

    assessment: ExitAssessmentView
    provenance: OriginView


class RunReportView(BaseModel):
    """The plan that a run found for a portfolio, as one document."""

    title: str = Field(description="The portfolio's.")
    run: RunView
    explanation: list[ItemExplanation]
    curve: list[CurvePoint]
    clashes: list[Clash]
    provenance: OriginView


class SavingsReportView(BaseModel):
    """What an initiative was to save and what arrived, as one document."""

    statement: InitiativeSavingsView
    provenance: OriginView


class CostShiftReportView(BaseModel):
    """What exits from a supplier shift to others, as one document."""

    shift: CostShiftView
    provenance: OriginView
