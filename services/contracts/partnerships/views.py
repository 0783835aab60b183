"""Answers about comparisons of routes."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.views import View


class OtherReasonView(View):
    """A reason other than price, with the value that is stated for it."""

    reason: str
    value_pence: int


class RouteView(View):
    """A route with its quote."""

    route: str
    title: str
    cost_pence: int = Field(description="Net present cost.")


class RouteComparisonView(View):
    """What a project costs on each route, which one was chosen, and what the rule says of the partnership's."""

    reference: str
    organisation: str
    partnership: str
    project: str
    routes: list[RouteView]
    reasons: list[OtherReasonView]
    best_alternative: str | None
    better_by_pence: int | None = Field(
        description="By how much the partnership is better than it, reasons counted; negative: worse; null: no quote."
    )
    is_open: bool = Field(description="Whether the partnership's route may be chosen.")
    chosen: str
    decided_on: date
    document: str | None
    rule_pack: str
    stated_at: datetime
