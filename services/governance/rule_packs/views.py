"""Answers about rule packs."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class RulePackSummary(BaseModel):
    """A dated rule with its source."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["decision-rights-local"])
    subject: str
    title: str
    citation: str = Field(description="Where it is written.")
    effective_from: date
    effective_to: date | None = Field(description="The last day; null while none is known.")
    stated_at: datetime | None = Field(description="From when it is known; null: always.")
    weight: str = Field(description="A `binding` pack refuses, an `advisory` one warns.")
    status: str
    note: str


class RulePackView(RulePackSummary):
    """A rule pack with everything in it."""

    values: dict[str, Any]
