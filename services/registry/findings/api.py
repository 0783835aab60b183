"""The route that lists findings."""

from typing import Annotated

from fastapi import Depends, Query, Request

from libs.common.findings import FindingFilter
from libs.common.http.dependencies import AsAt, AsKnown, By, Page, Paging, Rows, problems, questions_router
from libs.common.http.findings import finding_page, position_after
from services.registry.core.codes import Code
from services.registry.core.sight import sight_of
from services.registry.findings.models import FINDINGS, MergerFindingKind
from services.registry.findings.views import MergerFindingView

router = questions_router(tags=["Findings"])


async def _filters(
    kind: Annotated[MergerFindingKind | None, Query(description="Only findings of this kind.")] = None,
    about: Annotated[
        str | None, Query(max_length=200, description="Only what is about this application, merger, scheme or body.")
    ] = None,
    party: Annotated[Code | None, Query(description="Only what concerns this body.")] = None,
    cleared: Annotated[bool, Query(description="Those that were cleared too.")] = False,
) -> FindingFilter:
    return FindingFilter(kind=kind, about=about, party=party, with_cleared=cleared)


@router.get("/mergers/findings", summary="List what of mergers needs attention", responses=problems())
async def list_merger_findings(
    request: Request,
    rows: Rows,
    by: By,
    filters: Annotated[FindingFilter, Depends(_filters)],
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
) -> Page[MergerFindingView]:
    """List the findings that concern your organisations or their predecessors; all for a national body.

    Those that were open on the day, the one that is due first in front; those without a day last.
    """
    seen = (await sight_of(rows, by)).closed_from
    found = await FINDINGS.list_all(
        rows,
        filters,
        codes=None if seen is None else sorted(seen),
        as_at=as_at,
        as_known=as_known,
        after=position_after(paging.key(str, int)),
        limit=paging.fetch,
    )
    return finding_page(MergerFindingView, found, request=request)
