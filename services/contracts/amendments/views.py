"""Answers about amendments."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.codes import Line
from services.contracts.core.conditions import ExitConditions
from services.contracts.core.views import View


class AmendmentView(View):
    """A change of a contract from a day, with why it was made."""

    amendment: str
    effective_on: date
    lines: list[Line] | None = Field(description="All lines from the day; null where they stay.")
    conditions: ExitConditions | None = Field(
        description="Its notice, exit terms, guarantors and hosts from the day; null where they stay."
    )
    rationale: str
    grounds: str | None = Field(description="A code of the rule pack; null where no pack governs the procurement.")
    rule_pack: str | None = Field(description="The pack of the day on which the contract's procurement began.")
    change_pence: int = Field(description="The change of the charge from the day to the contract's last one.")
    customers: list[str] = Field(description="The customers that agreed it.")
    authority: str | None = Field(description="The minute by which they decided it.")
    document: str | None
    stated_at: datetime


class AmendmentsView(View):
    """The amendments of a contract, in the order in which they were stated."""

    reference: str
    amendments: list[AmendmentView]
    as_at: date
    as_known: datetime | None
