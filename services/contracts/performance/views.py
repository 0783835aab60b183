"""What is shown of obligations, milestones, measures and documents."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.views import View


class DutyView(View):
    """An obligation or a milestone as it was stated last."""

    code: str
    title: str
    owed_by: str
    due_on: date
    state: str = Field(description="As at the day: `due`, `overdue` or `fulfilled`.")
    fulfilled_on: date | None
    document: str | None
    stated_at: datetime


class DutiesView(View):
    """The obligations or milestones of a contract as at a day, as known at an instant, in the order of their days."""

    contract: str
    items: list[DutyView]
    as_at: date
    as_known: datetime | None


class ResultView(View):
    """What was reached in a period, and the credit that is due for it."""

    period_from: date
    period_to: date
    reached: str
    is_reached: bool
    credit_pence: int = Field(description="0 where the target was reached.")
    document: str | None
    stated_at: datetime


class MeasureView(View):
    """A measure as at the day, with its results."""

    code: str
    title: str
    unit: str
    target: str
    better: str = Field(description="`higher` or `lower`.")
    credit_pence: int = Field(description="For each period in which the target is missed.")
    effective_on: date
    results: list[ResultView]


class MeasuresView(View):
    """The measures of a contract as at a day, as known at an instant."""

    contract: str
    items: list[MeasureView]
    as_at: date
    as_known: datetime | None


class DocumentView(View):
    """A document of a contract; its bytes are under its SHA-256."""

    sha256: str
    name: str
    media_type: str
    size: int = Field(description="In bytes.")
    stated_at: datetime


class DocumentsView(View):
    """The documents of a contract, in the order in which they were put there."""

    contract: str
    items: list[DocumentView]
