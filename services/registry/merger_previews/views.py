"""Answers about mergers that might be."""

from datetime import date, datetime

from pydantic import Field

from services.registry.core.views import View
from services.registry.mergers.models import SchemeType
from services.registry.mergers.views import LackView


class BodyTouchedView(View):
    """An organisation that a merger would dissolve; null is unknown."""

    code: str = Field(examples=["10Y"])
    name: str | None
    status: str
    parents: list[str] | None = Field(description="the footprints that it is in, else its STP or ICB, else its parent")
    changes_parent: bool | None = Field(description="the successor has another parent")
    below: list[str] = Field(
        description="the open sub-ICB locations of an ICB, whose figures are in the ICB's", examples=[["06H"]]
    )
    practices: int | None = Field(description="open practices that belong to it, or to a location below it")
    people: int | None = Field(description="its registered population, or else the sum of the locations below it")
    areas: int | None = Field(description="small areas (LSOA) that it, or a location below it, covers")
    local_authorities: list[str] | None


class SchemeNeededView(View):
    """A transfer scheme, or nil return, that is needed before the day."""

    sort: SchemeType
    predecessor: str


class MergerPreviewView(View):
    """What a merger would affect. Null is unknown: the registry lacks the figure for some body."""

    kind: str = Field(examples=["ccg"])
    successor: str | None
    effective_on: date
    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
    bodies: list[BodyTouchedView]
    practices: int | None
    people: int | None
    areas: int | None
    local_authorities: list[str] | None = Field(description="those of which the bodies cover a part")
    local_authorities_crossed: bool | None = Field(description="the bodies lie in more than one local authority")
    parents: list[str] | None = Field(description="the parents of the bodies", examples=[["QOP"]])
    parents_crossed: bool | None = Field(description="the bodies have different parents")
    successor_parents: list[str] | None = Field(description="the stated parents of the successor on the day")
    schemes_needed: list[SchemeNeededView]
    reasons: list[LackView] = Field(description="reasons against this merger now; none: it can be agreed")
    rule_pack: str | None = Field(description="the law of that day", examples=["ccg-merger-s14g-2012"])
