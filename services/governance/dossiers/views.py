"""What the routes of dossiers answer with."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from services.governance.core.views import View


class MissingStepView(View):
    """A step that a dossier lacks."""

    step: str
    title: str
    about: Annotated[str, Field(description="The contract, scheme or condition that it lacks; empty where it is one.")]


class PartView(View):
    """A part of a dossier: a later one continues from the head of the one before."""

    part: int
    opened_on: date
    entries: Annotated[int, Field(description="How many entries there are up to the end of this part.")]
    previous: Annotated[str, Field(description="The head of the part before it, in hex; empty for the first one.")]
    head: Annotated[str | None, Field(description="The hash of its last entry, as `DossierSealed` gives it.")]
    sealed_at: datetime | None


class DossierView(View):
    """The dossier of a decision: open while a step is missing, else sealed with a head that was published."""

    decision: str
    proposal: str
    state: Literal["open", "sealed"]
    pack: Annotated[str | None, Field(description="The rule pack that names the steps.")]
    missing: list[MissingStepView]
    entries: int
    parts: list[PartView]


class EntryView(View):
    """An entry. `hash` is SHA-256 of the hash before it and of `line`, byte for byte."""

    number: int
    kind: str
    key: str
    effective_on: date
    stated_at: datetime
    fields: Annotated[
        dict[str, Any],
        Field(description="Codes, references and figures. A personal value is SHA-256(salt and value)."),
    ]
    hash: str
    line: Annotated[str, Field(description="The canonical JSON (RFC 8785) of which the hash is made.")]
