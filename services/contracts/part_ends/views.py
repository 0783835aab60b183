"""Answers about parts of contracts that have ended."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.views import View
from services.contracts.exits.views import ComponentView, MoreView


class PartEndView(View):
    """A part of a contract that ended, by a notice or an accepted offer, and its price."""

    cause: str = Field(description="The id of the notice or the offer.")
    functions: list[str]
    leaving: list[str]
    last_day: date
    components: list[ComponentView] = Field(description="The supplier reads the lines that it pays or is paid.")
    total_pence: int
    unpriced: list[str]
    respread_pence: list[MoreView]
    stranded_if_pence: int | None
    rule_packs: list[str]
    stated_at: datetime
