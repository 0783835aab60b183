"""Answers about shifts of cost, the domino of exits, and the triggers of exits."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class ShiftedCustomerView(BaseModel):
    """What a party of a unit gains in a year by the exits; below zero it loses."""

    code: str
    heads: int | None = Field(description="null for the supplier itself.")
    is_leaving: bool
    gain_pence: int


class OrderOfExitsView(BaseModel):
    """An order in which the customers leave, one a year, and what all parties together then use up."""

    codes: list[str]
    pence: int


class LensNetView(BaseModel):
    """What the members of a lens gain together in a year; below zero they lose."""

    lens: str
    net_pence: int


class CostShiftView(BaseModel):
    """Who gains and who loses in a year when customers leave a supplier, from published costs and lists."""

    supplier: str = Field(examples=["0CX"])
    as_at: date
    as_known: datetime | None
    price_before_pence: int = Field(description="A head.", examples=[1000])
    price_after_pence: int | None = Field(
        description="A head, at which those who stay cover the cost; null where none stays.", examples=[1400]
    )
    deficit_pence: int = Field(description="What the supplier lacks a year at the price before.")
    parties: list[ShiftedCustomerView]
    gainers: list[str]
    losers: list[str]
    is_cost_shift: bool = Field(description="Whether the saving of some is, wholly or in part, the cost of others.")
    counted_saving_pence: int = Field(description="What counts as a saving once the losers' cost is borne.")
    nets: list[LensNetView]
    orders: list[OrderOfExitsView] = Field(description="Of several exits: the orders, the one that costs least first.")
    heads_basis: str = Field(description="By what the supplier's heads are divided among its customers.")
    events: list[str]
    rule_packs: list[str]
    digest: str = Field(description="SHA-256 of the answer, from which the ids of its figures are made.")


class DominoStepView(BaseModel):
    """A round: who leaves together, who stays, and the price a head for them."""

    leaving: list[str]
    staying: list[str]
    price_per_head_pence: int | None = Field(description="null: none stays, the unit closes.")


class DominoView(BaseModel):
    """Who leaves after whom until the price rests or the unit closes."""

    supplier: str
    as_at: date
    as_known: datetime | None
    steps: list[DominoStepView]
    closes: bool
    without_trigger: list[str] = Field(
        description="Customers that are taken to stay at any price, because you read no trigger of theirs."
    )
    events: list[str]


class ExitTriggerView(BaseModel):
    """The price a head above which an organisation would leave a supplier, as at a day."""

    organisation: str
    supplier: str
    price_per_head_pence: int
    first_day: date | None
    last_day: date | None
    version: int


class PublishedCostShiftView(BaseModel):
    """A shift of cost that was published."""

    supplier: str
    version: int
    event: str = Field(description="The id of its CostShiftFound event.")
    stated_at: datetime
    shift: CostShiftView
