"""Answers about procurements."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.views import PartyView, View


class StageView(View):
    """A stage with its days, and since when it is known."""

    stage: str
    first_day: date
    last_day: date | None = Field(description="null: until further notice.")
    known_from: datetime


class BidderView(View):
    """A bidder with its days, and since when they are known."""

    bidder: str
    first_day: date
    last_day: date | None = Field(description="null: until further notice.")
    known_from: datetime


class ProcurementView(View):
    """A procurement as at a day, as known at an instant."""

    reference: str
    buyers: list[PartyView]
    run_by: PartyView
    functions: list[str]
    regime: str
    rule_pack: str = Field(description="The rule pack that has the regime.")
    value_pence: int = Field(description="For the whole life of what is bought.")
    begun_on: date
    stage: str | None = Field(description="null before the procurement begins.")
    winner: str | None
    contract: str | None
    bidders: list[BidderView] = Field(description="Who bids as at the day.")
    stages: list[StageView] = Field(description="The stages of all days, as known.")
    as_at: date
    as_known: datetime | None
