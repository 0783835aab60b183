"""Answers about clusters of ICBs."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from services.registry.core.views import View


class ClusterView(View):
    """ICBs that share posts, each a legal body with a board of its own."""

    reference: str = Field(examples=["CL-QMJ"])
    name: str
    icbs: list[str] = Field(examples=[["QMJ", "QRV"]])
    shares: list[str] = Field(examples=[["chair", "chief_executive"]])
    status: Literal["proposed", "refused", "agreed"] = Field(
        description="`agreed` when all of its ICBs have agreed to it; `refused` once one of them has"
    )
    agreed: list[str] = Field(description="the ICBs that have agreed to it", examples=[["QMJ"]])
    first_day: date = Field(description="the first day on which it stands, or would")
    ended_on: date | None = Field(description="the first day without it, where one is known")
    version: int


class ClusteredView(View):
    """One ICB of a cluster: a legal body of its own."""

    code: str
    name: str | None
    status: str
    people: int | None = Field(description="its registered population; null: unknown")


class ClusterInFullView(ClusterView):
    """A cluster with its ICBs as at a day."""

    legal_person: bool = Field(description="always false: a cluster can apply for nothing and own nothing")
    works: bool = Field(description="on that day it has begun, not ended, and at least two of its ICBs are open")
    members: list[ClusteredView]
    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
