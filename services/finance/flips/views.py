"""What is shown of flips."""

from pydantic import BaseModel, Field


class FlipView(BaseModel):
    """A frozen version whose decision would be another one under a pack."""

    case: str
    version: int
    organisation: str
    measure: str = Field(description="`benchmark`: the option passes or fails it. `option`: another is best.")
    pack_from: str
    pack_to: str
    option_from: str
    option_to: str
    bcr_from: str | None
    bcr_to: str | None
    passes_from: bool
    passes_to: bool
    npv_from_pence: int
    npv_to_pence: int


class FlipsView(BaseModel):
    """The decisions that change under a pack; the version stays under the pack in force on its date."""

    pack: str
    title: str
    citation: str
    status: str
    looked_at: int = Field(description="How many frozen versions were appraised under it for this page.")
    items: list[FlipView]
    next: int | None = Field(description="Ask again with `after` set to this; null on the last page.")
