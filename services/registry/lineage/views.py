"""What the routes about lineage answer."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from libs.organisations.statements import Status
from services.registry.core.views import View


class StepView(View):
    """One succession on the way, and how many steps it is away from the code asked about."""

    code: str = Field(examples=["10G"])
    successor: str = Field(examples=["15D"])
    effective_on: date
    shape: str = Field(description="empty where no source says it", examples=["merger"])
    share: str = Field(description="the exact fraction of `code`, empty where no source states it", examples=["1/3"])
    merger: str | None
    source: str
    known_from: datetime = Field(description="since when this is known")
    distance: int = Field(description="1: of the code itself", ge=1)


class EndView(BaseModel):
    """A body that the code lives on in on the day asked about."""

    code: str = Field(examples=["D4U1Y"])
    name: str | None
    status: Status
    share: str | None = Field(description="exact fraction of the code asked about; null: no source states it")


class LineageNoteView(BaseModel):
    """Something that a reader has to know of the answer."""

    finding: str = Field(examples=["no-source-says"])
    message: str


class LineageView(BaseModel):
    """What came before a code, what came of it, and where it lives on."""

    code: str
    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
    before: list[StepView]
    after: list[StepView]
    resolves_to: list[str] = Field(
        description="the codes that it lives on in on the day asked about; itself where nothing followed it",
        examples=[["D4U1Y"]],
    )
    living: list[EndView]
    origins: list[str] = Field(description="the first predecessors; itself where nothing came before it")
    findings: list[LineageNoteView]
    because: list[str] = Field(description="the way, in words")
