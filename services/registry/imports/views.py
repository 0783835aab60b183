"""What the preview of a file answers."""

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, Field

from services.registry.core.kinds import Kind
from services.registry.core.views import View


class Verdict(StrEnum):
    """What a file does to one body."""

    ADDED = "added"
    """The registry knows nothing of it yet."""
    CHANGED = "changed"
    CLOSED = "closed"
    AGREES = "agrees"
    """The file says what the registry holds, carried along the successions since."""
    CONTRADICTS = "contradicts"
    """The file names another parent than the registry expects: see `move`."""


class Parting(StrEnum):
    """How the file's parent came to be another one than was expected."""

    MOVE = "move"
    """The body joined it after the day of the source that was last heard of it: it moved in between."""
    RESTATEMENT = "restatement"
    """It is said to have joined it by that day: the file says otherwise of days that were spoken of already."""


class DifferenceView(View):
    """One thing that the file would change."""

    about: str = Field(examples=["parent"])
    before: str | None = Field(examples=["01V"])
    after: str | None = Field(examples=["01T"])


class BodyPreviewView(View):
    """What the file would do to one body."""

    code: str = Field(examples=["Y03794"])
    name: str | None
    kind: Kind
    verdict: Verdict
    parting: Parting | None = Field(
        description="how the file's parent came to be another than was expected: `move`, it joined after the day of "
        "the source that was last heard of it; `restatement`, that day was spoken of already"
    )
    joined_on: date | None = Field(description="since when it belongs to the file's parent", examples=["2021-05-01"])
    expected: list[str] = Field(description="where its parent went, by the successions since", examples=[["01V"]])
    differences: list[DifferenceView]


class VerdictCountView(BaseModel):
    """How many bodies there are of one verdict."""

    verdict: Verdict
    bodies: int


class RefusedLineView(View):
    """A line that cannot be taken."""

    line: int
    code: str
    reason: str


class OddView(View):
    """Something odd about the file, which would be taken as it says."""

    sort: str = Field(examples=["not named any more"])
    code: str
    words: str = Field(examples=["the file before this one names it: absent is not closed"])


class ImportPreviewView(BaseModel):
    """What a file would change, and nothing of it done."""

    file: str
    form: str
    stated_on: date
    lines: int
    facts: int = Field(description="how many facts would be told")
    verdicts: list[VerdictCountView]
    compared: int = Field(
        description="bodies that operate under a CCG by what was held and by the file", examples=[10041]
    )
    as_expected: int = Field(
        description="those of them that are where the successions would have them", examples=[10034]
    )
    bodies: list[BodyPreviewView]
    bodies_left_out: int = Field(description="how many more there are of the verdicts asked for")
    not_taken: list[RefusedLineView]
    odd: list[OddView] = Field(description="what is odd about the file, as far as the limit allows")
    odd_left_out: int
