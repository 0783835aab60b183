"""What the answers about new care models look like."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.registry.care_models.models import CareModelType, Stated
from services.registry.care_models.queries import CareModelAsAt
from services.registry.edge import View


class CareModelStatementView(View):
    """Something that was said of it."""

    stated: Stated
    effective_on: date = Field(description="the day from which it is established or ended; else the day of the word")
    planned_for: date | None = Field(description="null: no day is given")
    partners: list[str]
    services: str
    excludes: list[str]
    people: int | None
    note: str
    stated_at: datetime
    source: str
    recorded_by: str
    recorded_at: datetime


class CareModelView(BaseModel):
    """A new care model as at a day, as known at an instant."""

    reference: str = Field(examples=["06A-MCP"])
    model: CareModelType
    name: str
    place: str = Field(examples=["06A"])
    status: Literal["planned", "delayed", "live", "ended"] = Field(
        description="`live` only after it was said to be established; `delayed`: without a date"
    )
    planned_for: date | None = Field(description="the day of the plan that holds; null: no day is given")
    slipped_from: list[date] = Field(description="other days that had been planned before")
    overdue: bool = Field(description="whether the planned day has come and nobody said that it was established")
    since: date | None = Field(description="first day as live, or as ended")
    last_day: date | None = Field(description="last day as live, where one is known")
    partners: list[str] = Field(examples=[["RL4"]])
    services: str
    excludes: list[str] = Field(examples=[["core_primary_care"]])
    people: int | None
    overlaps: list[str] = Field(description="the others at the same place that have not ended")
    version: int


class CareModelInFullView(CareModelView):
    """A new care model, the question that was answered, and what was said of it."""

    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
    statements: list[CareModelStatementView]


class OverlapView(BaseModel):
    """Something to look at; it refuses nothing."""

    message: str
    references: list[str] = Field(description="the care models that overlap", examples=[["06A-PACS", "06A-PCH"]])


class PlannedView(CareModelView):
    """A care model that was put on record, and what there is to look at."""

    warnings: list[OverlapView]


class ChangedView(View):
    """A care model of which something was said."""

    reference: str
    version: int


def shown(found: CareModelAsAt) -> dict[str, Any]:
    """Return what a view shows of it."""
    state, word = found.state, found.state.word
    return {
        **{name: getattr(found, name) for name in ("reference", "model", "name", "place", "version", "overlaps")},
        **{
            name: getattr(state, name)
            for name in ("status", "planned_for", "slipped_from", "overdue", "since", "last_day")
        },
        **{name: getattr(word, name) for name in ("partners", "services", "excludes", "people")},
    }
