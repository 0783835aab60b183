"""Answers about offers to end a contract."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from services.contracts.core.views import View
from services.contracts.exits.views import ComponentView


class TerminationView(View):
    """An offer to end a contract, its price, and what came of it."""

    termination: str
    contract: str
    status: Literal["offered", "accepted", "recalled"]
    side: str = Field(description="The side that offered: `customers` or `supplier`.")
    offered_by: str
    last_day: date
    exit_on: date
    reason: str
    components: list[ComponentView] = Field(description="The supplier reads the lines that it pays or is paid.")
    total_pence: int
    unpriced: list[str]
    rule_packs: list[str]
    offered_on: date
    stated_at: datetime


class TerminationsView(View):
    """The offers to end a contract."""

    reference: str
    terminations: list[TerminationView]
    as_at: date
    as_known: datetime | None
