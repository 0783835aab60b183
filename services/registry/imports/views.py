"""Answers about the preview of an import."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from services.registry.core.kinds import Kind
from services.registry.core.views import View


class Verdict(StrEnum):
    """What a file changes of one organisation."""

    ADDED = "added"
    """The registry has no such organisation yet."""
    CHANGED = "changed"
    CLOSED = "closed"
    AGREES = "agrees"
    """The file states what the registry believes, or the successors of it."""
    CONTRADICTS = "contradicts"
    """The file names another parent than the registry expects: see `parting`."""


class Parting(StrEnum):
    """Why the parent in the file differs from the expected one."""

    MOVE = "move"
    """It joined the parent after the day of the latest source about it: it moved in between."""
    RESTATEMENT = "restatement"
    """It joined the parent by that day: the file contradicts an earlier source about the same days."""


class DifferenceView(View):
    """One difference that the file would make."""

    about: str = Field(examples=["parent"])
    before: str | None = Field(examples=["01V"])
    after: str | None = Field(examples=["01T"])


class BodyPreviewView(View):
    """What the file would change of one organisation."""

    code: str = Field(examples=["Y03794"])
    name: str | None
    kind: Kind
    verdict: Verdict
    parting: Parting | None = Field(
        description="why the parent in the file differs from the expected one: `move`, it joined after the day of the "
        "latest source about it; `restatement`, the file contradicts an earlier source about the same days"
    )
    joined_on: date | None = Field(
        description="the day on which it joined the parent in the file", examples=["2021-05-01"]
    )
    expected: list[str] = Field(
        description="the parent believed before, or its successors by the day of the file", examples=[["01V"]]
    )
    differences: list[DifferenceView]


class VerdictCountView(BaseModel):
    """The number of organisations of one verdict."""

    verdict: Verdict
    bodies: int


class RefusedLineView(View):
    """A line that cannot be imported."""

    line: int
    code: str
    reason: str


class OddView(View):
    """Something odd in the file, which would be imported as it is."""

    sort: str = Field(examples=["not named any more"])
    code: str
    words: str = Field(examples=["the file before this one names it: absent is not closed"])


class PreviewState(StrEnum):
    """How far a preview is."""

    RECEIVED = "received"
    """Its file is arriving."""
    WAITING = "waiting"
    """Another preview, or an import, comes first."""
    RUNNING = "running"
    DONE = "done"
    """`result` says what the import would change."""
    REFUSED = "refused"
    """The file cannot be imported: `reason` says why."""
    FAILED = "failed"


class PreviewResultView(BaseModel):
    """What the import of a file would change, in numbers. Its lists are read in pages."""

    form: str = Field(examples=["practices (epraccur)"])
    stated_on: date
    lines: int
    facts: int = Field(description="the number of events that would be published")
    verdicts: list[VerdictCountView]
    compared: int = Field(description="organisations open under a CCG, both before and by the file", examples=[10041])
    as_expected: int = Field(description="those of them whose parent in the file is the expected one", examples=[10034])
    not_taken: int = Field(description="the number of lines that cannot be imported")
    odd: int = Field(description="the number of findings about what would be imported as it is")


class ImportPreviewView(BaseModel):
    """A preview of the import of a file. Nothing of the registry is changed."""

    reference: str = Field(examples=["0f8a3c52-5d0e-4a3f-9b77-2f6f1d9f4c11"])
    file: str = Field(examples=["epraccur_2021-11.csv.gz"])
    state: PreviewState
    asked_at: datetime
    progress: str | None = Field(
        description="how far it is", examples=["250000 lines read, 500000 statements to record"]
    )
    reason: str | None = Field(description="why there is no result")
    result: PreviewResultView | None


class ImportFormView(View):
    """A format of files that can be imported."""

    key: str = Field(description="its name where a format is given", examples=["epraccur"])
    title: str = Field(examples=["practices (epraccur)"])
    family: str = Field(description="the family of its source: see `GET /v1/sources`", examples=["ods-epraccur"])
    by: str = Field(description="what a file of it is recognised by")
    day: date | None = Field(description="the day of such a file, unless its name or the caller gives one")


class ImportFormsView(BaseModel):
    """Every format of files that can be imported."""

    forms: list[ImportFormView]
