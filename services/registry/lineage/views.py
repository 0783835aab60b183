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
    source: str = Field(description="who first stated that it holds, and on this day")
    shape_source: str | None = Field(default=None, description="who states the shape; null: no source does")
    share_source: str | None = Field(default=None, description="who states the share; null: no source does")
    merger_source: str | None = Field(default=None, description="who states the merger; null: no source does")
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
        description="`no-source-says`, `share-not-stated`, `followed-and-still-open`, `closed-before-it-was-followed`, "
        "`sources-disagree` about who followed, or when",
        examples=["no-source-says"],
    )
    message: str


class BoundaryView(View):
    """Practices that moved between the code and another body on a day, and no succession says so."""

    day: date = Field(description="the first day in the other body")
    from_code: str = Field(examples=["01H"])
    to_code: str = Field(examples=["01K"])
    practices: int = Field(examples=[36])
    people: int | None = Field(
        description="on the lists of those of them that have one, of the day nearest to the move; null: none has"
    )


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
    boundaries: list[BoundaryView] = Field(
        description="moves of practices that no succession states: the code names another area before than after"
    )
    findings: list[LineageNoteView]
    because: list[str] = Field(description="each succession as a sentence")
