"""The answer about what waits for the caller."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from services.contracts.core.views import View


class TaskKind(StrEnum):
    """What is waited for."""

    SIGNATURE = "signature"
    ACCEPTANCE = "acceptance"
    CONSENT = "consent"
    WITHDRAWAL = "withdrawal"


class TaskView(View):
    """One act that waits for an organisation of the caller."""

    kind: TaskKind
    subject: str = Field(description="The contract, plan, offer or notice that it is about.")
    organisation: str = Field(description="Who has to act.")
    path: str = Field(description="Where it is done, by POST.", examples=["/contracts/CSU-BUCKS-2017/signature"])
    due_on: date | None = Field(description="The day from which it is too late; null: none is set.")
    exposure_pence: int | None = Field(description="What missing it costs; null where that is not known.")
