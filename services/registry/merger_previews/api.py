"""The route that previews a merger."""

from typing import Annotated

from fastapi import Query

from libs.common.http.dependencies import AsAt, AsKnown, By, Read, commands_router
from services.registry.core.codes import Code, Day
from services.registry.merger_previews.queries import preview
from services.registry.merger_previews.views import MergerPreviewView

router = commands_router(tags=["Mergers"])


@router.get("/merger-previews", response_model=MergerPreviewView, summary="Preview a merger")
async def preview_merger(
    session: Read,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    predecessors: Annotated[
        list[Code],
        Query(alias="predecessor", min_length=1, max_length=50, description="the organisations to dissolve, each once"),
    ],
    effective_on: Annotated[Day, Query(description="the successor's first day")],
    successor: Annotated[Code | None, Query(description="the proposed code of the successor")] = None,
) -> MergerPreviewView:
    """Return the practices, people and areas, boundaries crossed, schemes needed, and every reason against it.

    Figures are as at a day, as known at an instant; null where the registry has none.
    """
    return await preview(session, predecessors, successor, effective_on, as_at=as_at, as_known=as_known)
