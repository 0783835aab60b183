"""What is shown of payments."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field


class PaymentEntryView(BaseModel):
    """Money that was paid, or given back, for an item."""

    sort: Literal["made", "reversed"]
    payer: str = Field(description="Who paid in fact: of a reversal, who gave back.")
    payee: str
    amount_pence: int
    paid_on: date
    stated_at: datetime
    event: str = Field(description="Id of the PaymentMade or PaymentReversed event.")


class MemberPartView(BaseModel):
    """What a period of an alliance came to for one member."""

    organisation: str
    amount_pence: int = Field(description="A gain; negative: a pain.")
    amount: str


class ReckoningView(BaseModel):
    """What a period of an alliance came to, as contracts settled it."""

    contract: str
    period_from: date
    period_to: date
    members: list[MemberPartView]
    total_pence: int
    total: str
    stated_at: datetime = Field(description="When it was settled; a period that is settled again is corrected.")


class ActualView(BaseModel):
    """What a payer paid a supplier in a month, by what it published."""

    payer: str
    supplier: str
    contract: str | None = Field(description="The contract, where that was confirmed; null: not known.")
    month: str = Field(examples=["2020-06"])
    payments: int
    amount_pence: int = Field(description="Reversals taken off; negative where they are more.")
    amount: str
    duplicate_pence: int = Field(description="What of it says exactly what another payment says.")
    source: str = Field(description="The import in contracts that brought the latest of them.")
    stated_at: datetime


class PaymentView(BaseModel):
    """One item of a contract as at a day, as known at an instant: what is planned, due and paid."""

    item: str
    contract: str
    kind: str = Field(
        description="`advance`, `balance`, `gain`, `pain`, `credit` or `termination`; `charge` is reserved."
    )
    payer: str
    payee: str
    status: Literal["planned", "due", "waits", "paid"] = Field(
        description="`waits`: a correction of an item that has not fallen due."
    )
    most_pence: int | None = Field(description="The most that it can be; null where nothing was planned.")
    condition: str | None = Field(description="What it waits for; null for nothing.")
    due_on: date
    due_pence: int | None = Field(description="null while nothing has fallen due.")
    achievement: str | None = Field(description="The exact part that was earned; null where it depends on none.")
    corrects: str | None = Field(description="The item that this one puts right.")
    paid_pence: int = Field(description="What went from payer to payee, less what came back.")
    amount: str = Field(description="What was paid.")
    entries: list[PaymentEntryView]
