"""Shows overlaps, and what a merger moves or would move."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.views import PartyView, View
from services.contracts.mergers.plans import MergerStatus


class SuppliedView(View):
    """A function under one contract."""

    contract: str
    supplier: str
    function: str
    annual_pence: int = Field(description="What the function costs a year under this contract, for all its customers.")


class OverlapView(View):
    """A function that one body buys under several contracts on the day."""

    organisation: str
    function: str
    contracts: list[SuppliedView]
    annual_pence: int = Field(description="What the function costs a year under all of them.")


class OverlapsView(View):
    """The overlaps of a body as at a day, among the contracts that the caller reads."""

    organisation: PartyView
    overlaps: list[OverlapView]
    offered: list[str] = Field(description="The contracts to consolidate: `replaces` of `POST /consolidations`.")
    as_at: date
    as_known: datetime | None


class MovedContractView(View):
    """A contract whose parties a merger changes, as at the merger's day."""

    reference: str
    supplier: str
    supplier_after: str
    customers: list[str]
    customers_after: list[str]
    annual_pence: int
    schemes: list[str] = Field(
        description="The property schemes made so far for the customers that leave, in their order; empty: none yet."
    )


class AgreementToRemakeView(View):
    """An agreement of a body that ends: no merger moves it."""

    agreement: str
    kind: str = Field(description="`section_75`, `data_sharing` or `other`.")
    merger: str = Field(description="The merger, or who follows whom where it has no reference.")
    state: str = Field(description="`expected` while the merger is only agreed, then `due`.")
    predecessors: list[str] = Field(description="Its parties that end.")
    successor: str
    effective_on: date
    stated_at: datetime
    outcome: str | None = Field(description="`remade`, `saved` or `ended`; null: not settled.")
    into: str | None = Field(description="The agreement made in its place.")
    scheme: str | None = Field(description="The transfer scheme that saves it.")
    document: str | None
    settled_at: datetime | None


class AgreementsToRemakeView(View):
    """The agreements to be made again that the caller reads as at a day."""

    agreements: list[AgreementToRemakeView]
    as_at: date
    as_known: datetime | None


class MergerPreviewView(View):
    """What a merger of CCGs or ICBs moves, among the contracts that the caller reads."""

    merger: str
    status: MergerStatus
    successor: str
    successor_name: str
    predecessors: list[str]
    effective_on: date = Field(description="The day agreed, or that on which it was carried out.")
    contracts: list[MovedContractView] = Field(description="Empty where the merger was withdrawn or undone.")
    overlaps: list[OverlapView] = Field(description="Of the successor, from the day of the merger on.")
    offered: list[str] = Field(description="The contracts to consolidate: `replaces` of `POST /consolidations`.")
    agreements: list[AgreementToRemakeView] = Field(description="Flagged and never moved, settled or not.")
    as_known: datetime | None
