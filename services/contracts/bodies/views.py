"""What is shown of a body's tier and of what it may hold."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.views import View


class TariffTierView(View):
    """The tier of a tariff that a body is in, by its registered population as at a day."""

    organisation: str
    people: int | None = Field(description="null where no count is known: there is no tier then.")
    counted_on: date | None
    source: str | None
    tier: str | None = Field(description="`below_minimum` (must share), `cluster`, `scale` or `national`.")
    must_share: bool
    rule_pack: str
    citation: str
    as_at: date
    as_known: datetime | None


class HoldingView(View):
    """Whether a body may hold one form of contract."""

    form: str
    may_hold: str = Field(description="`yes`, `no`, or `not found` where no source speaks.")
    rule_pack: str | None


class HoldingsView(View):
    """Which contracts for primary medical services a body may hold as at a day, by its legal form."""

    organisation: str
    legal_form: str | None = Field(description="By the registry; null where none is known.")
    holdings: list[HoldingView]
    warnings: list[str]
    as_at: date
    as_known: datetime | None
