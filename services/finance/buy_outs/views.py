"""What is shown of buy-outs."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field


class ComponentView(BaseModel):
    """One line of the sum of a voluntary termination."""

    component: Literal["debt", "swap_break", "redundancy", "subcontract", "equity", "balances", "other", "tax_gross_up"]
    nature: Literal["resource", "transfer"] = Field(
        description="`resource`: something is used up; else it changes hands."
    )
    payee: str = Field(
        description="A code, `households`, `exchequer`, or empty: paid to no organisation by the contract."
    )
    amount_pence: int = Field(description="Negative where it is taken off.")
    amount: str


class LensView(BaseModel):
    """What the buy-out costs a set of parties: what they use up, and what leaves them."""

    lens: str = Field(
        description="`customers`: who pays. `public_sector`: with the Exchequer. `uk_society`: transfers net out."
    )
    cost_pence: int
    cost: str


class BuyOutView(BaseModel):
    """What it takes to buy a contract out, as at a day, as known at an instant."""

    contract: str
    kind: Literal["pfi", "lift"]
    buy_out: Literal["available", "not available"] = Field(
        description="`not available`: the contract gives no right of voluntary termination, so there is no sum."
    )
    supplier: str
    customers: list[str]
    equity_method: Literal["base_case_irr", "market_value", "discounted_distributions"] | None
    components: list[ComponentView]
    total_pence: int | None = Field(description="null where a buy-out is not available.")
    total: str | None
    lenses: list[LensView]
    unitary_charge_pence: int = Field(description="A year.")
    term_ends_on: date
    terms_effective_on: date
    terms_stated_at: datetime
    warnings: list[str]
    rule_packs: list[str]
    as_at: date
    as_known: datetime | None
    digest: str = Field(description="SHA-256 of the answer, from which the ids of its figures are made.")


class SavingView(BaseModel):
    """What the customers say that leaving saves."""

    saving_pence: int = Field(description="A year.")
    basis: Literal["gross", "net_of_borrowing"]
    loan_service_pence: int | None
    first_year: int
    last_year: int
    paid_pence: int | None
    stated_at: datetime


class BuyOutAppraisalView(BaseModel):
    """A buy-out weighed against its saving. Every amount is for the customers, discounted to the year of payment."""

    contract: str
    total_pence: int = Field(description="The sum, paid in year 0.")
    saving: SavingView
    gross_saving_pence: int | None = Field(
        description="A year, before loan service; null where it is net of a loan service that was not stated."
    )
    stated_saving_pv_pence: int = Field(description="Present value of the saving as stated.")
    gross_saving_pv_pence: int | None = Field(description="Present value of the gross saving.")
    net_present_value_pence: int | None = Field(description="The gross saving's present value less the sum.")
    verdict: Literal["accept", "reject", "not_comparable"]
    break_even_pence: int = Field(description="The gross saving a year at which the buy-out is worth its sum exactly.")
    paid_pence: int | None
    unexplained_pence: int | None = Field(description="What was paid beyond the components; null if nothing is stated.")
    lens: Literal["customers"] = "customers"
    pack: str = Field(description="The rule pack of the discount rates.", examples=["green-book-2022-standard"])
    explanation: list[str] = Field(
        examples=[["£50,509,552.40 paid in year 0 against £3,900,000.00 a year in the years 1 to 15."]]
    )
    warnings: list[str]
    as_at: date
    as_known: datetime | None
    digest: str = Field(description="SHA-256 of the answer, from which the ids of its figures are made.")
