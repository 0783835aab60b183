"""Answers about successions that were stated by hand."""

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel, Field

from services.registry.reorganisations.models import StatedShape


class FollowerView(BaseModel):
    """A successor."""

    code: str = Field(examples=["QSL"])
    share: str | None = Field(description="exact; null where none is stated", examples=["1"])


class ReorganisationView(BaseModel):
    """A succession that was stated by hand."""

    reference: str = Field(examples=["R-11X"])
    shape: StatedShape
    effective_on: date = Field(examples=["2022-07-01"])
    predecessors: list[str] = Field(examples=[["11X"]])
    successors: list[FollowerView]
    closed: list[str] = Field(description="the predecessors that it closed", examples=[[]])
    stated_at: datetime
    stated_by: str | None = Field(description="null: for its predecessors and successors")
    undone_at: datetime | None = Field(description="when it was undone as wrong; null: it holds")
    version: int


def followers(successors: Iterable[str], shares: Iterable[str]) -> list[FollowerView]:
    """Return the successors, each with its share; an empty share is not stated."""
    return [FollowerView(code=code, share=share or None) for code, share in zip(successors, shares, strict=True)]
