"""The routes of obstructions and of the radar."""

from typing import Annotated

from fastapi import Depends, Query, Request

from libs.common.http.dependencies import AsAt, AsKnown, By, Page, Paging, Rows, page, problems, questions_router
from services.governance.core.codes import BodyReference
from services.governance.edge import OrganisationFilter
from services.governance.obstructions import queries
from services.governance.obstructions.queries import ObstructionFilter
from services.governance.obstructions.views import ObstructionView, RadarView

router = questions_router(tags=["Obstructions"])


async def _filters(
    about: Annotated[
        str | None, Query(max_length=80, description="Only what stands in the way of this proposal or recommendation.")
    ] = None,
    body: Annotated[BodyReference | None, Query(description="Only what this body stands in the way of.")] = None,
    organisation: OrganisationFilter = None,
    ended: Annotated[bool, Query(description="Those that ended too.")] = False,
) -> ObstructionFilter:
    return ObstructionFilter(about=about, body=body, organisation=organisation, with_ended=ended)


@router.get("/obstructions", summary="List who stands in the way of what", responses=problems())
async def list_obstructions(
    request: Request,
    rows: Rows,
    by: By,
    filters: Annotated[ObstructionFilter, Depends(_filters)],
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
) -> Page[ObstructionView]:
    """List vetoes and inertia on the day, in the order in which they were found.

    A veto is a rejection of what enough of the needed consents accept; inertia is no decision by the due day. You read
    those of proposals and recommendations by which your organisations, or their predecessors, ask or are asked.
    """
    after = paging.key(int)
    found = await queries.list_obstructions(
        rows,
        filters,
        by=by,
        as_at=as_at,
        as_known=as_known,
        after=after[0] if after else None,
        limit=paging.fetch,
    )
    return page(found, key=lambda view: view.obstruction, request=request)


@router.get("/radar", summary="See who blocks what, since when and at what cost", responses=problems())
async def read_radar(
    request: Request, rows: Rows, by: By, paging: Paging, as_at: AsAt, as_known: AsKnown
) -> Page[RadarView]:
    """List what stands in the way on the day, with whole months, the cost a month and to date, and the next step.

    Costs are finance's, on a fixed and on a rolling horizon. A lawful deferral stops the months from its day; what is
    deferred and not obstructed is listed as `deferred`.
    """
    after = paging.key(str, str, str)
    found = await queries.read_radar(rows, by=by, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch)
    return page(found, key=lambda view: (view.about, view.body, view.kind), request=request)
