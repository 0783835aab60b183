"""Answers about documents."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.finance.documents.jobs import Format
from services.finance.runs.models import RunState


class WritingView(BaseModel):
    """How far a document is."""

    stage: str = Field(examples=["writing pdf"])


class DocumentView(BaseModel):
    """A document of a report: how far it is. Once it is done its bytes are at `/content` below it."""

    document: UUID
    name: str = Field(description="The name of its file.", examples=["SHARED-1-1.pdf"])
    format: Format
    state: RunState
    digest: str = Field(
        description="SHA-256 of all that it is made of. The same report in the same format is written once."
    )
    requested_at: datetime
    progress: WritingView | None
    reason: str | None = Field(description="Why it failed; of a cancelled one, that its bytes are no longer kept.")
