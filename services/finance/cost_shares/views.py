"""What is shown of cost shares."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field


class CountedView(BaseModel):
    """The count of people by which a customer's share is reckoned."""

    people: int
    effective_on: date
    source: str
    stated_at: datetime


class CostShareView(BaseModel):
    """What one customer pays of a contract's charge."""

    organisation: str
    share: str = Field(description="Exact.", examples=["41/136"])
    annual_pence: int
    annual: str
    counted: CountedView | None = Field(description="null where the shares are as the customers stated them.")


class CostSharesView(BaseModel):
    """How the charge of a contract is divided on a day, as known at an instant."""

    contract: str
    basis: str = Field(
        description="`stated`, `population:registered`, `population:weighted`, `usage`; `equal` without an agreement."
    )
    rule: Literal["counted", "stated"] = Field(
        description="`counted`: by the registry's counts. `stated`: by the shares that the customers stated."
    )
    annual_pence: int = Field(description="The parts sum to it, to the penny: largest remainders get the pennies.")
    tiers: dict[str, str] = Field(
        description="The tier of the tariff by function, as contracts placed the customers; empty: not known.",
        examples=[{"hr": "cluster"}],
    )
    parts: list[CostShareView]
    warnings: list[str]
    as_at: date
    as_known: datetime | None
