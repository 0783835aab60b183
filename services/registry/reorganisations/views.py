"""Answers about successions that were stated by hand."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from fractions import Fraction

from pydantic import BaseModel, Field

from libs.organisations.successions import Shape
from services.registry.core.shares import exact_shares
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
    published_shares: list[str] | None = Field(
        description="the shares of the successors as they were stated, where rounding kept their sum from 1, so that "
        "those of `successors` are in exact proportion to them; null: they are what was stated",
        examples=[["0.333333333333333", "0.333333333333333", "0.333333333333333"]],
    )
    closed: list[str] = Field(description="the predecessors that it closed", examples=[[]])
    stated_at: datetime
    stated_by: str | None = Field(description="null: for its predecessors and successors")
    undone_at: datetime | None = Field(description="when it was undone as wrong; null: it holds")
    version: int


def followers(shape: str, successors: Iterable[str], shares: Sequence[str]) -> list[FollowerView]:
    """Return the successors, each with its exact share; an empty share is not stated."""
    exact = exact_shares(shares, of_a_whole=shape != Shape.BOUNDARY_CHANGE)
    return [FollowerView(code=code, share=share or None) for code, share in zip(successors, exact, strict=True)]


def published_shares(shape: str, shares: Sequence[str]) -> list[str] | None:
    """Return the shares as they were stated, None where the exact ones are the same."""
    exact = exact_shares(shares, of_a_whole=shape != Shape.BOUNDARY_CHANGE)
    same = all(not share or Fraction(share) == Fraction(stated) for share, stated in zip(exact, shares, strict=True))
    return None if same else list(shares)
