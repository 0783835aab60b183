"""Answers about findings."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from services.registry.findings.models import MergerFindingKind


class MergerFindingView(BaseModel):
    """Something that needs attention, as at a day, as known at an instant."""

    finding: str = Field(description="Names what was found: the same in events.")
    kind: MergerFindingKind
    about: list[str] = Field(description="References of applications, mergers and schemes; codes of bodies.")
    parties: list[str] = Field(description="The bodies whom it concerns, who alone read it.")
    due_on: date | None = Field(description="The day by which something has to be done; null where there is none.")
    text: str
    raised_on: date = Field(description="The first day on which it was so.")
    raised_at: datetime
    cleared_on: date | None = Field(description="The first day on which it was settled; null while it is open.")
    reason: str | None = Field(description="Why it was cleared, a code.")
