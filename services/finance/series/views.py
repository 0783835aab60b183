"""What is shown of series and of the bridges between them."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class SeriesRowView(BaseModel):
    """A figure of a body in a financial year."""

    organisation: str = Field(examples=["14Y"])
    financial_year: str = Field(examples=["2017-18"])
    account: str = Field(description="Of the national chart; empty for people, and where a code is not mapped.")
    amount: int = Field(description="Whole pence, or people.", examples=[1_520_000_000])


class BridgeLineView(BaseModel):
    """One reason why the two series differ, and by how much."""

    kind: str = Field(description="merger, split, boundary_change, remapped_account or price_base.")
    account: str
    body: str = Field(description="The body from which the amount came, or to which it went.")
    share: str = Field(description="The exact share of the body's figure.", examples=["1/10"])
    effective_on: date | None
    merger: str
    amount: int = Field(description="Negative where it went.")


class AbsorbedView(BaseModel):
    """What a predecessor had on the day before the merger."""

    organisation: str
    net_assets_pence: int


class AbsorptionView(BaseModel):
    """A successor's gain, or loss, on absorption: what its predecessors had, at their own figures."""

    merger: str
    effective_on: date
    predecessors: list[AbsorbedView]
    gain_pence: int = Field(description="Negative: a loss.")
    gain: str


class UnstatedView(BaseModel):
    """A succession that could not be followed: its share is not stated, and the figure stays."""

    organisation: str
    successor: str
    effective_on: date
    shape: str


class BridgeView(BaseModel):
    """From a body's statutory figure of a year to its management figure: the lines sum to the difference."""

    organisation: str
    financial_year: str
    measure: str
    boundaries_on: date
    statutory: int
    lines: list[BridgeLineView]
    management: int
    absorptions: list[AbsorptionView] = Field(description="Of the mergers of the year, in the statutory series.")
    not_restated: list[UnstatedView]
    prices: str | None = Field(description="The year in whose prices the management figure is.")
    packs: list[str] = Field(description="The rule packs that were used.")
    as_known: datetime | None
