"""Answers about exit plans and settlements."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from services.contracts.core.views import View


class StepDoneView(View):
    """That a step was done."""

    done_on: date
    document: str | None


class ExitStepView(View):
    """Something that one party does by a day."""

    step: str
    title: str
    owner: str
    due_on: date
    done: StepDoneView | None = Field(description="null until its owner has marked it done.")


class ReceiptView(View):
    """The receipt for what was returned."""

    received_on: date
    sha256: str = Field(description="Of the document that lists what was returned.")
    uploaded: bool = Field(description="Whether the contract's documents have it: `GET` it there by its SHA-256.")
    document: str | None


class ReturnView(View):
    """Data that one party returns to a customer."""

    item: str
    title: str
    owner: str
    receiver: str
    due_on: date
    receipt: ReceiptView | None = Field(description="null until the receiver has acknowledged it.")


class ExitPlanView(View):
    """The plan of an exit, with what is done of it."""

    reference: str
    exit_on: date | None = Field(description="The first day without service; null where no plan was stated.")
    steps: list[ExitStepView]
    returns: list[ReturnView]
    missing: list[str] = Field(description="The items without a receipt.")
    stated_at: datetime | None
    as_at: date
    as_known: datetime | None


class FinalLineView(View):
    """What was paid in the end of one line of the agreed price."""

    component: str
    payer: str
    payee: str
    agreed_pence: int
    customers_pence: int | None = Field(description="As the customers stated it; null until they do.")
    supplier_pence: int | None = Field(description="As the supplier stated it; null until it does, or not its line.")


class SettlementView(View):
    """The final amounts of an end, by each side."""

    termination: str
    status: Literal["agreed", "settled"] = Field(
        description="`settled` once the sides have stated the same amounts of all lines that both pay or are paid."
    )
    lines: list[FinalLineView] = Field(description="The supplier reads the lines that it pays or is paid.")
    total_pence: int = Field(description="By the customers' amounts where stated, else as agreed.")
    settled_at: datetime | None
    as_at: date
    as_known: datetime | None
