"""Answers about offers to end a contract."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from services.contracts.core.views import View
from services.contracts.exits.views import ComponentView, MoreView
from services.contracts.part_ends.views import PartEndView


class TerminationView(View):
    """An offer to end a contract, its price, and what came of it."""

    termination: str
    contract: str
    status: Literal["offered", "accepted", "recalled"]
    side: str = Field(description="The side that offered: `customers` or `supplier`.")
    offered_by: str
    last_day: date
    exit_on: date
    functions: list[str] = Field(description="What ends; empty: every line.")
    leaving: list[str] = Field(description="The customers whose own part ends; empty: all.")
    reason: str
    components: list[ComponentView] = Field(description="The supplier reads the lines that it pays or is paid.")
    total_pence: int
    unpriced: list[str]
    respread_pence: list[MoreView] = Field(description="The ended part's overhead, spread over what stays, a year.")
    stranded_if_pence: int | None = Field(description="What would be stranded instead, where the contract is silent.")
    rule_packs: list[str]
    offered_on: date
    stated_at: datetime


class TerminationsView(View):
    """The offers to end a contract, and the parts of it that have ended."""

    reference: str
    terminations: list[TerminationView]
    ended_parts: list[PartEndView]
    as_at: date
    as_known: datetime | None
