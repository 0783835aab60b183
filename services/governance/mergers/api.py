"""Routes about mergers: what the registry published, what each would end, and what waits to be made again."""

from typing import Annotated

from fastapi import Path, Query, Request

from libs.common.http.dependencies import AsAt, AsKnown, By, Page, Paging, Rows, commands_router, page, problems
from libs.common.http.paging import UnreadableCursor
from services.governance.core.codes import OrganisationCode
from services.governance.edge import OrganisationFilter
from services.governance.mergers import queries, to_remake
from services.governance.mergers.errors import MergerNotFound
from services.governance.mergers.views import MergerPreviewView, MergerView, ToRemakeView

router = commands_router(tags=["Mergers"])

Reference = Annotated[
    str,
    Path(
        pattern=r"^[AaMm]-[A-Za-z0-9-]{3,20}$",
        description="The application's or the merger's, as the registry gave it.",
        examples=["M-14Y"],
    ),
]


@router.get("/mergers", summary="Find mergers", responses=problems(UnreadableCursor))
async def list_mergers(
    request: Request, rows: Rows, _: By, paging: Paging, as_known: AsKnown, organisation: OrganisationFilter = None
) -> Page[MergerView]:
    """List applications to merge, and mergers that no one applied for, as the registry published them."""
    [after] = paging.key(str) or (None,)
    found = await queries.list_mergers(rows, organisation, as_known=as_known, after=after, limit=paging.fetch)
    keys = {id(view): key for key, view in found}
    return page([view for _key, view in found], key=lambda view: keys[id(view)], request=request)


@router.get("/mergers/{merger}", summary="Get a merger", responses=problems(MergerNotFound))
async def get_merger(merger: Reference, rows: Rows, _: By, as_known: AsKnown) -> MergerView:
    """Return an application with NHS England's determination, its conditions, and the merger that it became."""
    return await queries.get_merger(rows, merger.upper(), as_known=as_known)


@router.get("/mergers/{merger}/preview", summary="Preview what a merger would end", responses=problems(MergerNotFound))
async def preview_merger(merger: Reference, rows: Rows, _: By, as_known: AsKnown) -> MergerPreviewView:
    """Return which bodies, posts and rights would end on the day, which posts one person holds in all, and instruments.

    It follows the merger to another day, and is empty once it is withdrawn or carried out.
    """
    return await queries.preview_merger(rows, merger.upper(), as_known=as_known)


@router.get("/to-remake", summary="List what waits to be made again", responses=problems(UnreadableCursor))
async def list_to_remake(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    successor: Annotated[OrganisationCode | None, Query(description="Only what this organisation has to make.")] = None,
) -> Page[ToRemakeView]:
    """List what ended with a merger, and what the successor has not made again.

    Rights, terms of reference, deputies, seats in joint bodies; instruments whose paper or fund names a body that is
    gone.

    A right is made again by a grant that names it (`remakes`); until then no one decides by it. An instrument's paper
    is contracts': once that is settled there, the instrument binds again.
    """
    found = await to_remake.list_to_remake(
        rows, successor, as_at=as_at, as_known=as_known, after=paging.key(str, str, str), limit=paging.fetch
    )
    views = [ToRemakeView.model_validate(row) for row in found]
    return page(views, key=lambda one: (one.successor, one.kind, one.reference), request=request)
