"""The route that lists findings."""

from typing import Annotated

from fastapi import Depends, Query, Request

from libs.common.findings import FindingFilter
from libs.common.http.dependencies import AsAt, AsKnown, By, Page, Paging, Rows, problems, questions_router
from libs.common.http.findings import finding_page, position_after
from services.finance.edge import OneCode
from services.finance.findings import queries
from services.finance.findings.models import FindingKind
from services.finance.findings.views import FindingView

router = questions_router(tags=["Findings"])


async def _filters(
    kind: Annotated[FindingKind | None, Query(description="Only findings of this kind.")] = None,
    about: Annotated[
        str | None,
        Query(max_length=200, description="Only what is about this decision, contract, payment, run or case."),
    ] = None,
    party: OneCode = None,
    cleared: Annotated[bool, Query(description="Those that were cleared too.")] = False,
) -> FindingFilter:
    return FindingFilter(kind=kind, about=about, party=party, with_cleared=cleared)


@router.get("/findings", summary="List what needs attention", responses=problems())
async def list_findings(
    request: Request,
    rows: Rows,
    by: By,
    filters: Annotated[FindingFilter, Depends(_filters)],
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
) -> Page[FindingView]:
    """List the findings that concern your organisations or their predecessors; all for a national body.

    Those that were open on the day, the one that is due first in front; those without a day last.
    """
    found = await queries.list_findings(
        rows,
        filters,
        by=by,
        as_at=as_at,
        as_known=as_known,
        after=position_after(paging.key(str, int)),
        limit=paging.fetch,
    )
    return finding_page(FindingView, found, request=request)
