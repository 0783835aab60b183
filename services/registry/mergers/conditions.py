"""Conditions of an approval, and the evidence that one is met, as a caller states them."""

from pydantic import BaseModel, ConfigDict, Field

from services.registry.core.codes import Day, Words
from services.registry.core.terms import Term


class ApprovalCondition(BaseModel):
    """A condition of an approval: a term that everyone reads, and words that its parties read."""

    model_config = ConfigDict(extra="forbid")

    condition: Term = Field(description="a term of the packs in force", examples=["constitution"])
    words: Words = Field(examples=["All member practices have signed the constitution"])


class MeetCondition(BaseModel):
    """Evidence that a condition of the approval is met."""

    model_config = ConfigDict(extra="forbid")

    met_on: Day = Field(description="a day that has come", examples=["2020-03-20"])
    evidence_type: Term = Field(description="a term of the packs in force, which everyone reads", examples=["minute"])
    evidence: Words = Field(
        description="for the parties of the merger alone", examples=["Constitution signed off by all members, minute 7"]
    )
