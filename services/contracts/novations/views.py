"""Shows a novation: what is proposed, who consented, who has not."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from services.contracts.core.views import View


class NovationState(StrEnum):
    """How a novation stands."""

    AWAITING_CONSENT = "awaiting_consent"
    CONSENTED = "consented"
    """Every party has consented: it can be completed until its day."""
    COMPLETED = "completed"


class ConsentView(View):
    """The consent of one party."""

    party: str
    consented_on: date
    document: str | None
    authority: str | None = Field(description="The minute by which the party decided.")
    stated_at: datetime


class NovationView(View):
    """The latest novation proposed of a contract, as known at an instant."""

    contract: str
    into: str = Field(description="Reference of the contract that begins.")
    role: str = Field(description="`customer` or `supplier`: which party changes.")
    leaving: str
    entering: str
    takes_effect_on: date = Field(description="First day of the contract that begins.")
    state: NovationState
    consents: list[ConsentView]
    missing: list[str] = Field(description="The parties that have not consented.")
    stated_at: datetime
    as_known: datetime | None
