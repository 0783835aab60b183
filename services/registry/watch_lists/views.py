"""Answers about watch lists."""

from datetime import datetime

from pydantic import Field

from services.registry.core.views import View


class WatchListView(View):
    """A watch list of the caller's."""

    id: int
    name: str = Field(examples=["North East mergers"])
    codes: list[str] = Field(examples=[["13T", "00P"]])
    footprints: list[str] = Field(examples=[["QHM"]])
    version: int
    made_at: datetime


class WatchedView(View):
    """A watch list, with every code that it follows on a day."""

    id: int
    name: str
    watched: list[str] = Field(
        description="its codes, all below its footprints, and the predecessors and successors of each"
    )
