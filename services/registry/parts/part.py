"""A part of a body that continues, as a caller states it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.registry.core.codes import AreaCode, Code
from services.registry.core.kinds import Kind
from services.registry.core.shares import WHOLE, Share
from services.registry.cover.rules import Listed


class Part(BaseModel):
    """A part of a body that continues: an exact share, or lists of what passes, or both."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(description="an open body of the kind that merges, which is not dissolved", examples=["QNQ"])
    share: Share | None = Field(default=None, description="the exact share of it that passes")
    locations: list[Code] = Field(
        default=[], max_length=300, description="of an ICB: its sub-ICB locations that pass", examples=[["D4U1Y"]]
    )
    practices: list[Code] = Field(
        default=[], max_length=20_000, fail_fast=True, description="its practices that pass", examples=[[]]
    )
    areas: list[AreaCode] = Field(
        default=[], max_length=40_000, fail_fast=True, description="its areas that pass, LSOAs of 2011", examples=[[]]
    )

    @model_validator(mode="after")
    def _is_a_part(self) -> Self:
        if self.share is None and not (self.locations or self.practices or self.areas):
            raise ValueError("state the share that passes, or list the locations, practices or areas")
        if self.share is not None and Fraction(self.share) >= WHOLE:
            raise ValueError(f"all of {self.code} would pass: name it among the predecessors")
        return self


@dataclass(frozen=True, slots=True)
class AgreedPart:
    """A part of a body that passes by another agreed merger."""

    reference: str
    effective_on: date
    share: str | None


@dataclass(frozen=True, slots=True)
class PartsPlan:
    """The plan by which parts pass: the new body, the bodies that it dissolves, their kind, and its day."""

    successor: str
    predecessors: Sequence[str]
    kind: Kind
    effective_on: date


def listed_in(parts: Collection[Part]) -> Listed:
    """Return the practices and areas that these parts list."""
    return Listed(
        practices=frozenset(code for part in parts for code in part.practices),
        areas=frozenset(code for part in parts for code in part.areas),
    )


def moving(parts: Collection[Part]) -> set[str]:
    """Return the organisations whose parent changes on the day: the listed locations and practices."""
    return {code for part in parts for code in (*part.locations, *part.practices)}
