"""Routes that read what mergers move, and the functions that a body then has twice."""

from typing import Annotated

from fastapi import Path, Query

from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, commands_router, problems
from services.contracts.core.codes import OdsCode
from services.contracts.transfers import queries
from services.contracts.transfers.errors import MergerNotFound
from services.contracts.transfers.views import MergerPreviewView, OverlapsView

router = commands_router(tags=["Transfers"])

MergerReference = Annotated[
    str, Path(max_length=40, description="The registry's reference of the merger.", examples=["M-14Y"])
]


@router.get("/overlaps", summary="List the functions that a body buys twice", responses=problems())
async def list_overlaps(
    rows: Rows,
    by: By,
    organisation: Annotated[OdsCode, Query(description="ODS code of the customer.")],
    as_at: AsAt,
    as_known: AsKnown,
) -> OverlapsView:
    """List each function for which a body has several contracts that run on the day, of those that you may see.

    A merger brings them about: `offered` are the contracts to put into one shared service.
    """
    return await queries.list_overlaps(rows, organisation, by=by, as_at=as_at, as_known=as_known)


@router.get("/merger-previews/{merger}", summary="Preview what a merger moves", responses=problems(MergerNotFound))
async def get_merger_preview(merger: MergerReference, rows: Rows, by: By, as_known: AsKnown) -> MergerPreviewView:
    """Return the contracts that a merger moves on its day, and the overlaps of the merged body, of those you may see.

    From the agreement of the merger on; nothing moves before it is carried out. Its day may be moved and the merger
    withdrawn: the preview follows. Once it is carried out, no contract is left to move; their histories have them.
    """
    return await queries.get_merger_preview(rows, merger, by=by, as_known=as_known)
