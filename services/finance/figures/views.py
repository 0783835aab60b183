"""What is shown of a figure's origin."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field


class PackUsedView(BaseModel):
    """A rule pack that an answer was computed with."""

    subject: str
    pack: str
    title: str
    citation: str


class CausingEventView(BaseModel):
    """An event that an answer follows from, and where its publisher's feed has it."""

    id: str = Field(description="The CloudEvents id.")
    type: str = Field(examples=["uk.nhs.footprint.ExitTermsStated.v1"])
    source: str = Field(description="The publisher.", examples=["/contracts"])
    time: datetime = Field(description="When its publisher recorded it.")
    stated_at: datetime = Field(description="When its source stated it.")
    keys: list[str]
    position: int = Field(description="Its place in the publisher's log.")
    feed: str = Field(
        description="Where the publisher's feed has it, a path of that service.",
        examples=["/v1/events?after=41&limit=1"],
    )


class OriginView(BaseModel):
    """What an answer was computed from."""

    answer: str = Field(
        description="`appraisal`, `simulation`, `exit-assessment`, `run`, `cost-shift`, `delay`, `savings`, "
        "`allowance`, `buy-out`.",
        examples=["exit-assessment"],
    )
    digest: str = Field(description="Of the answer: the first part of the id of each of its figures.")
    lens: str | None = Field(description="Whose money it is, where the answer has one lens.")
    packs: list[PackUsedView]
    conventions: list[str]
    inputs: dict[str, Any] = Field(description="What was put in, as known, beside the events.")
    as_at: date | None
    as_known: datetime | None = Field(description="null: as known when it was asked for.")
    published_as: str | None = Field(description="Id of the event that published it; null for what was not published.")
    stated_at: datetime | None
    causes: list[str] = Field(description="The events, by name, keys and instant.")
    events: list[CausingEventView] = Field(description="The same with their ids and places, those that you may read.")


class FigureView(OriginView):
    """One figure of an answer, and all that it comes from."""

    figure: str
    pointer: str = Field(description="The JSON pointer of the figure in the answer.")
    value: Any = Field(description="The figure, as the answer has it.")
    case: str | None = Field(description="Of an appraisal.")
    version: int | None = Field(description="Of an appraisal or assessment, the version.")
    inputs_digest: str | None
    case_appraised: str | None = Field(description="Id of the event CaseAppraised.")
    frozen_by: str | None = Field(description="Id of the event that froze the version, or of the request.")
    proposal: str | None
