"""The route that lists what waits for the caller."""

from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, commands_router, problems
from services.contracts.tasks import queries
from services.contracts.tasks.views import TasksView

router = commands_router(tags=["Tasks"])


@router.get("/tasks", summary="List what waits for you", responses=problems())
async def list_tasks(rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> TasksView:
    """List the signatures, acceptances, consents and withdrawals that wait for your organisations, and for those that
    they succeeded.

    What missing it costs most stands first, then what is due; a national body reads what waits for any.
    """
    return await queries.list_tasks(rows, by=by, as_at=as_at, as_known=as_known)
