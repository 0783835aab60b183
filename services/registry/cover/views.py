"""Answers about cover."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from libs.common.http.paging import Page
from services.registry.core.views import View

CoverSubject = Literal["practice", "area"]

CoverFinding = Literal["none", "several", "unknown"]
"""The fault of a practice or an area: in no commissioner, in several, or nothing is stated about the day."""


class CoverOfView(View):
    """The size of a commissioner's cover after the command."""

    code: str = Field(examples=["16C"])
    practices: int | None = Field(description="null: the command left its practices unchanged", examples=[83])
    areas: int | None = Field(description="null: the command left its areas unchanged", examples=[416])
    practices_gained: int = Field(description="number that it did not cover before", examples=[1])
    areas_gained: int = Field(examples=[4])


class CoverStatedView(View):
    """What a command about cover changed."""

    effective_on: date
    rule_pack: str | None = Field(
        description="the rule pack that cover was checked by on that day", examples=["cover-ccg-s14a-2012"]
    )
    commissioners: list[CoverOfView]


class CoverView(View):
    """The size of a commissioner's cover on a day."""

    code: str = Field(examples=["16C"])
    name: str | None = Field(examples=["NHS Tees Valley CCG"])
    practices: int = Field(description="open general practices", examples=[83])
    areas: int | None = Field(description="LSOAs of 2011; null: unknown on that day", examples=[416])
    people: int | None = Field(description="its registered population; null: unknown on that day", examples=[712000])


class CoveredView(BaseModel):
    """A practice or an area that a commissioner covers."""

    code: str = Field(examples=["A81001"])


class CoveredPage(Page[CoveredView]):
    """A page of what a commissioner covers."""

    known: bool = Field(description="false: nothing is stated about the areas that it covers on that day")


class BreachView(View):
    """A practice or an area that is not covered exactly once on a day."""

    about: CoverSubject
    code: str = Field(examples=["E01012018"])
    finding: CoverFinding = Field(description="`unknown`: nothing is stated about that day", examples=["none"])
    holders: list[str] = Field(description="the commissioners that cover it, where there are several")
    stated: str | None = Field(description="the body stated for it, which need not be open", examples=["00W"])


class FindingsPage(Page[BreachView]):
    """A page of what is not covered exactly once, with totals."""

    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
    rule_pack: str | None = Field(
        description="null: no law on cover was in force on that day", examples=["cover-ccg-s14a-2012"]
    )
    practices: int = Field(description="practices on all pages", examples=[0])
    areas: int = Field(description="areas on all pages", examples=[0])
