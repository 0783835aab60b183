"""Answers about lineage."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from libs.organisations.statements import Status
from services.registry.core.views import View


class StepView(View):
    """One succession of the lineage, with its distance from the requested code."""

    code: str = Field(examples=["10G"])
    successor: str = Field(examples=["15D"])
    effective_on: date
    shape: str = Field(description="empty where no source states it", examples=["merger"])
    share: str = Field(description="the exact fraction of `code`, empty where no source states it", examples=["1/3"])
    merger: str | None
    source: str
    known_from: datetime = Field(description="the instant from which it is known")
    distance: int = Field(description="steps from the requested code; 1: the code itself", ge=1)


class EndView(BaseModel):
    """A living successor of the code on the day."""

    code: str = Field(examples=["D4U1Y"])
    name: str | None
    status: Status
    share: str | None = Field(description="exact fraction of the requested code; null: no source states it")


class LineageNoteView(BaseModel):
    """A note on what the lineage does not show."""

    finding: str = Field(
        description="`no-source-says`, `share-not-stated`, `followed-and-still-open`, `closed-before-it-was-followed`",
        examples=["no-source-says"],
    )
    message: str


class LineageView(BaseModel):
    """The predecessors, the successors and the living successors of a code."""

    code: str
    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
    before: list[StepView]
    after: list[StepView]
    resolves_to: list[str] = Field(
        description="the codes of its living successors on the day; the code itself where it has none",
        examples=[["D4U1Y"]],
    )
    living: list[EndView]
    origins: list[str] = Field(
        description="the first predecessors, with a body that was there before it acquired others; the code itself "
        "where it has none"
    )
    findings: list[LineageNoteView]
    because: list[str] = Field(description="each succession as a sentence")
