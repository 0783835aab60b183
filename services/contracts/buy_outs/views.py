"""What is shown of buy-out terms."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.views import View


class BuyOutAmountsView(View):
    """The terms of a voluntary termination, in pence. The sum is the finance service's question."""

    equity_method: str = Field(description="`base_case_irr`, `market_value` or `discounted_distributions`.")
    debt_pence: int
    swap_break_pence: int = Field(description="Negative where breaking the swap is a gain.")
    redundancy_pence: int
    subcontract_pence: int
    distributions_pence: list[int] = Field(
        description="Base-case distributions by year; with `market_value` the one value of shares and junior debt."
    )
    irr: str = Field(description="The exact base-case rate; empty where the method needs none.")
    balances_pence: int = Field(description="Taken off the sum.")
    other_pence: int
    tax_gross_up_pence: int


class BuyOutTermsView(View):
    """What a contract says of a buy-out as at a day, as known at an instant."""

    contract: str
    kind: str = Field(description="`pfi` or `lift`.")
    buy_out: str = Field(description="`available`, or `not available` where the contract gives no voluntary right.")
    terms: BuyOutAmountsView | None = Field(description="null where a buy-out is not available: no sum is made up.")
    unitary_charge_pence: int = Field(description="A year.")
    term_ends_on: date
    effective_on: date = Field(description="The day from which the terms hold.")
    document: str | None
    as_at: date
    as_known: datetime | None
