"""The route of delays."""

from typing import Annotated

from fastapi import Query, Request

from libs.common.http.dependencies import AsAt, AsKnown, By, Page, Paging, Rows, page, problems, questions_router
from libs.common.http.paging import UnreadableCursor
from services.finance.core.sight import sight_of
from services.finance.delays.queries import list_delays
from services.finance.delays.views import DelayView

router = questions_router(tags=["Delays"])


@router.get("/delays", summary="List what delays of decisions cost", responses=problems(UnreadableCursor))
async def get_delays(
    request: Request,
    rows: Rows,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    proposal: Annotated[
        str | None, Query(max_length=80, description="One proposal alone.", examples=["P-2017-9"])
    ] = None,
) -> Page[DelayView]:
    """List bodies' delays of proposals, with months, cost a month and cost to date, on a fixed and a rolling horizon.

    A lawful deferral stops the clock from its day, and from its end on its months count again. A proposal without
    a frozen case is listed without a price. You read those of your organisations.
    """
    after = paging.key(str, str) or ("", "")
    found = await list_delays(
        rows,
        sight=await sight_of(rows, by),
        as_at=as_at,
        as_known=as_known,
        proposal=proposal,
        after=(after[0], after[1]),
        limit=paging.fetch,
    )
    return page(found, key=lambda view: (view.proposal, view.body), request=request)
