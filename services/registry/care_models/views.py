"""Answers about new care models."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from services.registry.care_models.models import CareModelStatus, CareModelType, Stated
from services.registry.core.views import View


class CareModelStatementView(View):
    """A statement about a care model."""

    stated: Stated
    effective_on: date = Field(
        description="the day from which it is established or ended; otherwise the day of the statement"
    )
    planned_for: date | None = Field(description="null: no day is given")
    partners: list[str]
    services: str | None = Field(description="null: for its place and partners then")
    offers: list[str]
    excludes: list[str]
    people: int | None
    note: str | None = Field(description="null: for its place and partners then")
    stated_at: datetime
    source: str
    recorded_by: str | None = Field(description="null: for its place and partners then")
    recorded_at: datetime


class CareModelView(BaseModel):
    """A new care model as at a day, as known at an instant."""

    reference: str = Field(examples=["06A-MCP"])
    model: CareModelType
    name: str
    place: str = Field(examples=["06A"])
    status: CareModelStatus = Field(
        description="`live` only once it was stated as established; `delayed`: no date is given"
    )
    planned_for: date | None = Field(description="the day of the plan in force; null: no day is given")
    slipped_from: list[date] = Field(description="other days that were planned before")
    overdue: bool = Field(description="whether the planned day has come without an establishment")
    since: date | None = Field(description="first day as live, or as ended")
    last_day: date | None = Field(description="last day as live, where one is known")
    partners: list[str] = Field(examples=[["RL4"]])
    services: str | None = Field(description="in words; null: for its place and partners")
    offers: list[str] = Field(description="its services as terms", examples=[["community_services"]])
    excludes: list[str] = Field(examples=[["core_primary_care"]])
    people: int | None
    overlaps: list[str] = Field(description="the others at the same place that have not ended")
    version: int


class CareModelInFullView(CareModelView):
    """A new care model with its statements, and the day and instant that they were read for."""

    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
    statements: list[CareModelStatementView]


class OverlapView(BaseModel):
    """A warning about care models at the same place. It refuses nothing."""

    message: str
    references: list[str] = Field(description="the care models that overlap", examples=[["06A-PACS", "06A-PCH"]])


class PlannedView(CareModelView):
    """A care model that was planned, with warnings."""

    warnings: list[OverlapView]

    @classmethod
    def of(cls, model: CareModelView) -> Self:
        """Return a planned care model with a warning where there are others at its place."""
        others = model.overlaps
        warning = OverlapView(message=f"at {model.place} there is also {', '.join(others)}", references=others)
        return cls(
            **model.model_dump(include=set(CareModelView.model_fields)),
            warnings=[warning] if others else [],
        )


class ChangedView(View):
    """A care model after a command."""

    reference: str
    version: int
