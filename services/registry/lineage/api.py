"""Routes about predecessors and successors."""

from typing import Annotated

from fastapi import Query

from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, problems, questions_router
from libs.common.temporal.history import ALWAYS
from services.registry.core.errors import OrganisationNotFound
from services.registry.edge import CodeInPath
from services.registry.lineage import queries
from services.registry.lineage.boundaries import boundaries_of
from services.registry.lineage.views import LineageView

router = questions_router(tags=["Lineage"])


@router.get(
    "/organisations/{code}/lineage",
    response_model=LineageView,
    summary="Get predecessors and successors",
    responses=problems(OrganisationNotFound),
)
async def get_lineage(
    code: CodeInPath,
    rows: Rows,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    direction: Annotated[
        queries.Direction, Query(description="`before`: only predecessors; `after`: only successors")
    ] = ("both"),
) -> LineageView:
    """Return every succession before and after a code, over any number of steps, and its living successors.

    Shares are exact: all of 10G is in D4U1Y, by way of 15D. A share that no source states is null, never guessed. A
    closed organisation for which no source names a successor is listed in `findings`; practices that moved from or to
    it with no succession are in `boundaries`.
    """
    lineage = await queries.get_lineage(rows, code, as_at=as_at, as_known=as_known, direction=direction)
    boundaries = await boundaries_of(rows, code, as_at=as_at, as_known=as_known or ALWAYS)
    return lineage.model_copy(update={"boundaries": boundaries})
