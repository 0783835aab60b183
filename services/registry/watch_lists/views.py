"""What the routes about watch lists answer."""

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
    """A watch list, and every code that it follows on a day."""

    id: int
    name: str
    watched: list[str] = Field(description="its codes, all below its footprints, and what came before and after them")
