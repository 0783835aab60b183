"""The route that lists what waits for the caller."""

from typing import Annotated

from fastapi import Query, Request

from libs.common.http.dependencies import AsAt, AsKnown, By, Page, Paging, Rows, page, problems, questions_router
from services.governance.edge import OrganisationFilter
from services.governance.tasks import queries
from services.governance.tasks.views import AwaitedAct, GovernanceTaskView

router = questions_router(tags=["Tasks"])


@router.get("/tasks", summary="List what waits for you", responses=problems())
async def list_tasks(
    request: Request,
    rows: Rows,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    kind: Annotated[AwaitedAct | None, Query(description="Only what waits for acts of this kind.")] = None,
    organisation: OrganisationFilter = None,
) -> Page[GovernanceTaskView]:
    """List what waits for your organisations and those that they succeeded, the first due day in front.

    A proposal waits for a `vote` once it is on the agenda of a called meeting, until then for a `consent`, unless it
    is lawfully deferred. A `declaration` is missing from the first day in a post, and due again from the day of the
    register's next check. What has no due day comes last; a national body reads what waits for any.
    `organisation` finds what waits for one and for those that it succeeded.
    """
    found = await queries.list_tasks(
        rows,
        kind,
        organisation,
        by=by,
        as_at=as_at,
        as_known=as_known,
        after=paging.key(str, str, str, str, str),
        limit=paging.fetch,
    )
    return page(found, key=queries.key_of, request=request)
