"""Answers about findings."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from services.finance.findings.models import FindingKind


class FindingView(BaseModel):
    """Something that needs attention, as at a day, as known at an instant."""

    finding: str = Field(description="Names what was found: the same in events.")
    kind: FindingKind
    about: list[str] = Field(description="References of decisions, contracts, payments, runs, proposals and cases.")
    parties: list[str] = Field(description="The bodies whom it concerns, who alone read it.")
    due_on: date | None = Field(description="The day by which something has to be done; null where there is none.")
    exposure_pence: int | None = Field(description="What it is about, in pence; null: not known.")
    text: str
    raised_on: date = Field(description="The first day on which it was so.")
    raised_at: datetime
    cleared_on: date | None = Field(description="The first day on which it was settled; null while it is open.")
    reason: str | None = Field(description="Why it was cleared, a code.")
