"""Routes about who followed whom."""

from typing import Annotated

from fastapi import Query

from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, problems, questions_router
from services.registry.core.errors import OrganisationNotFound
from services.registry.edge import CodeInPath
from services.registry.lineage import queries
from services.registry.lineage.views import LineageView

router = questions_router(tags=["Lineage"])


@router.get(
    "/organisations/{code}/lineage",
    response_model=LineageView,
    summary="What came before it and what became of it",
    responses=problems(OrganisationNotFound),
)
async def get_lineage(
    code: CodeInPath,
    rows: Rows,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    direction: Annotated[queries.Direction, Query(description="only what came before, or after")] = ("both"),
) -> LineageView:
    """Every succession before and after a code, however many steps away, and what it lives on in, with exact shares.

    10G lives on in D4U1Y, by way of 15D, with all of it. What no source states is null, never guessed; where nobody
    says what became of a closed body, the answer says so.
    """
    return await queries.get_lineage(rows, code, as_at=as_at, as_known=as_known, direction=direction)
