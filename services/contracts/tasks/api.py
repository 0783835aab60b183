"""The route that lists what waits for the caller."""

from fastapi import Request

from libs.common.http.dependencies import AsAt, AsKnown, By, Page, Paging, Rows, commands_router, page, problems
from services.contracts.tasks import queries
from services.contracts.tasks.views import TaskView

router = commands_router(tags=["Tasks"])


@router.get("/tasks", summary="List what waits for you", responses=problems())
async def list_tasks(
    request: Request, rows: Rows, by: By, paging: Paging, as_at: AsAt, as_known: AsKnown
) -> Page[TaskView]:
    """List the signatures, acceptances, consents and withdrawals that wait for your organisations, and for those that
    they succeeded.

    What missing it costs most stands first, then what is due; a national body reads what waits for any.
    """
    after = paging.key(int, int, str, str, str, str)
    found = await queries.list_tasks(rows, by=by, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch)
    return page(found, key=queries.key_of, request=request)
