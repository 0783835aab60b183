"""Answers about the market."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.views import PartyView, View


class MarketUnitView(View):
    """A unit of the market on the day."""

    supplier: PartyView
    state: str | None = Field(description="Its state of the life cycle; null where none is stated.")


class UnitNotCountedView(View):
    """A unit that is not counted, and why."""

    code: str
    reason: str


class MarketPlanView(View):
    """The units of a day beside the plan, as known at an instant."""

    end_to_end: list[MarketUnitView] = Field(description="Units that offer the whole of commissioning support.")
    niche: list[MarketUnitView] = Field(description="Units that offer one service: they are never counted.")
    scope_not_stated: list[MarketUnitView] = Field(description="Not counted: it is not known what they offer.")
    not_counted: list[UnitNotCountedView] = Field(description="Closed, withdrawn or succeeded by the day.")
    count: int = Field(description="Of the end-to-end units.")
    least: int
    most: int
    is_in_range: bool = Field(description="Both bounds are in the plan.")
    rule_pack: str
    as_at: date
    as_known: datetime | None


class CriterionResultView(View):
    """What an assessment found of one criterion."""

    criterion: str
    title: str
    result: str = Field(description="`met`, `at_risk` or `not_met`.")


class ReplaceByView(View):
    """By when a customer begins to replace the supplier on one route."""

    route: str
    title: str
    months: int
    begin_by: date = Field(description="The last day on which the new service is there when the old one stops.")


class AssessmentView(View):
    """What a supplier's last assessment by the day found, as known at the instant."""

    supplier: PartyView
    assessed_on: date
    criteria: list[CriterionResultView]
    outcome: str = Field(description="`proceed`, `manage` or `stop`: the worst result gives it.")
    last_day: date | None = Field(description="The last day of service, of a stop.")
    replace_by: list[ReplaceByView] = Field(description="Of a stop: when its customers begin, by route.")
    customers: list[str] = Field(description="Those of a stop, on its last day, as far as you may know.")
    caution: str
    source: str
    rule_packs: list[str]
    as_at: date
    as_known: datetime | None


class ViabilityView(View):
    """Whether a supplier's customers pay what it costs, in pence a year: from customers and costs alone."""

    supplier: PartyView
    customers: int = Field(description="Under active contracts as at the day, as far as you may know.")
    income_pence: int | None = Field(description="null: you may not see every contract.")
    cost_pence: int | None = Field(description="null: its costs are not stated, or not yours to know.")
    margin_pence: int | None
    is_viable: bool | None = Field(description="null: not known. No assessment makes it true.")
    not_known: list[str] = Field(description="What is missing for an answer.")
    as_at: date
    as_known: datetime | None


class OfferView(View):
    """What a supplier would take over, as at a day, as known at an instant."""

    supplier: PartyView
    functions: dict[str, list[str]] = Field(
        description="Each function with the criteria that it meets; empty: nothing is offered."
    )
    commissioners: list[str]
    regions: list[str]
    first_day: date | None
    source: str | None = Field(description="`supplier` or `nhs_england`; null: nothing is offered.")
    as_at: date
    as_known: datetime | None


class StepInView(View):
    """A unit that could take over a function."""

    supplier: PartyView
    is_same_region: bool
    state: str | None


class StepInExcludedView(View):
    """A unit that offers a function and could not take it over."""

    supplier: PartyView
    reason: str
    below: list[str] = Field(description="Criteria of the minimum standard that it does not meet.")


class CoveredFunctionView(View):
    """Who could take over one function."""

    function: str
    is_covered: bool
    offered_by: list[StepInView] = Field(description="Those of the commissioner's region first, then by code.")
    excluded: list[StepInExcludedView]


class SafetyNetView(View):
    """Who could take over a commissioner's functions from a day on, as known at an instant."""

    customer: PartyView
    supplier: PartyView | None = Field(description="The one that fails, where one was named.")
    contracts: list[str] = Field(description="Active ones of the two as at the day, that you may see.")
    functions: list[CoveredFunctionView]
    uncovered: list[str] = Field(description="Functions with no unit to take them over.")
    starts_on: date
    rule_packs: list[str]
    as_at: date
    as_known: datetime | None
