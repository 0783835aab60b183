"""Answers about imports of payments."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field


class ImportState(StrEnum):
    """How far an import is."""

    WAITING = "waiting"
    """Another file comes first."""
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    """The file cannot be imported: `reason` says why."""
    FAILED = "failed"


class PaymentImportView(BaseModel):
    """An import of a file of payments: how far it is, and what came of its lines."""

    reference: str = Field(examples=["0f8a3c52-5d0e-4a3f-9b77-2f6f1d9f4c11"])
    file: str = Field(examples=["nel-spend-2020-06.csv"])
    payer: str | None = Field(description="whose payments they are, where it was given", examples=["93C"])
    sha256: str = Field(description="SHA-256 of the bytes that arrived")
    state: ImportState
    asked_at: datetime
    stated_at: datetime | None = Field(description="from when its payments are known")
    progress: str | None = Field(description="how far it is", examples=["20000 lines read"])
    reason: str | None = Field(description="why there is no result")
    lines: int = Field(description="lines with content, without the headings")
    taken: int = Field(description="lines that are new payments, odd ones among them")
    repeated: int = Field(description="lines that an earlier import of the same publication brought")
    refused: int = Field(description="lines that are no payments, each with its reason")


class RefusedLineView(BaseModel):
    """A line of a file that is no payment."""

    line: int
    text: str = Field(description="how it begins")
    reason: str = Field(examples=["it has neither supplier nor day nor number: a total, or a line that is cut off"])
