"""Answers about plans to consolidate."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.codes import Line
from services.contracts.core.views import PartyView, View
from services.contracts.plans.models import ExitChoice, PlanState, Preparation


class PlanMemberView(View):
    """A member of a plan, and what it pays of the shared service."""

    organisation: PartyView
    share: str = Field(description="Its part of the charge, an exact fraction.", examples=["3/5"])
    annual_pence: int = Field(description="What it pays a year once all have joined.")
    has_entered: bool
    accepts: bool = Field(description="Whether its acceptance counts for the current revision.")


class PlanView(View):
    """A plan for one shared service in the place of several contracts, as at a day, as known at an instant."""

    plan: str
    state: PlanState
    revision: int = Field(description="The current revision, for If-Match.")
    reference: str = Field(description="Of the shared contract.")
    title: str
    supplier: PartyView
    option: str
    members: list[PlanMemberView]
    contracts: list[str] = Field(description="The contracts that it replaces, of members that have entered.")
    lines: list[Line]
    go_live_on: date
    last_day: date
    annual_pence: int
    previous_annual_pence: int = Field(description="The charges a year of the contracts that it replaces.")
    saving_pence: int = Field(description="Old charges less the new one, a year.")
    tolerance: str | None = Field(description="As submitted; null before.")
    stated_at: datetime
    as_at: date
    as_known: datetime | None


class ContractOptionsView(View):
    """How one contract can be left: two options, to wait or to pay; no day of the plan moves by itself."""

    contract: str
    is_free: bool = Field(description="Whether it can be left for the plan's first day without payment.")
    earliest_exit_on: date = Field(description="Earliest last day of service without payment, by notice served now.")
    notice_by: date | None = Field(description="Last day on which to serve that notice; null: it ends by itself.")
    waits_until: date = Field(description="First day of the shared service for who waits.")
    delay_months: int = Field(description="Whole months by which waiting delays it.")
    price_pence: int | None = Field(description="What leaving for the plan's first day costs; null: unpriced.")
    unpriced: list[str] = Field(description="The terms that are missing for a price.")


class FeasibilityView(View):
    """Whether every contract of a plan can be left for its first day, and how."""

    plan: str
    revision: int
    go_live_on: date
    is_free: bool = Field(description="Whether all can, without payment.")
    contracts: list[ContractOptionsView]
    rule: str = Field(default="EXIT-1, EXIT-2", description="The rules by which notice and terms are counted.")
    as_at: date


class StepView(View):
    """How and when one contract moves, what was prepared, and whether it has."""

    contract: str
    choice: ExitChoice
    exit_on: date = Field(description="First day without the old service.")
    move_on: date = Field(description="First day of the shared service.")
    price_pence: int | None
    unpriced: list[str]
    prepared: dict[Preparation, str] = Field(description="The document of what was prepared and not recalled.")
    state: str = Field(description="`planned`, `committed` or `moved`.")


class StepsView(View):
    """The steps of a plan's current revision."""

    plan: str
    state: PlanState
    revision: int
    steps: list[StepView]
