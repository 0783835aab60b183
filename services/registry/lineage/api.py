"""Routes about who followed whom."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Query

from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, problems, questions_router
from libs.common.temporal.history import ALWAYS
from services.registry.core import queries as answers
from services.registry.core.errors import OrganisationNotFound
from services.registry.edge import CodeInPath
from services.registry.lineage import queries
from services.registry.lineage.views import EndView, LineageNoteView, LineageView, StepView

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
    direction: Annotated[Literal["before", "after", "both"], Query(description="only what came before, or after")] = (
        "both"
    ),
) -> LineageView:
    """Every succession before and after a code, however many steps away, and what it lives on in, with exact shares.

    10G lives on in D4U1Y, by way of 15D, with all of it. What no source states is null, never guessed; where nobody
    says what became of a closed body, the answer says so.
    """
    await answers.get_organisation(rows, code, as_at=as_at, as_known=as_known)
    found = await queries.lineage_of(rows, code, as_at=as_at, as_known=as_known or ALWAYS)
    living = await _living(rows, found, as_known=as_known, as_at=as_at)
    return LineageView(
        code=code,
        as_at=as_at,
        as_known=as_known,
        before=[] if direction == "after" else [StepView.model_validate(step) for step in found.before],
        after=[] if direction == "before" else [StepView.model_validate(step) for step in found.after],
        resolves_to=list(found.resolves_to),
        living=living,
        origins=list(found.origins),
        findings=_findings(living),
        because=[queries.sentence_of(step) for step in (*found.before, *found.after)],
    )


async def _living(rows: Rows, found: queries.Lineage, *, as_at: date, as_known: datetime | None) -> list[EndView]:
    """Return what a code lives on in, with the names and statuses of the day."""
    ends = await answers.list_organisations(
        rows,
        answers.OrganisationFilter(codes=found.resolves_to),
        as_at=as_at,
        as_known=as_known,
        after=None,
        limit=10_000,
    )
    standing = {one.code: one for one in ends}
    return [
        EndView(
            code=end,
            name=standing[end].name if end in standing else None,
            status=standing[end].status if end in standing else "unknown",
            share=EndView.share_of(share),
        )
        for end, share in found.living
    ]


def _findings(living: list[EndView]) -> list[LineageNoteView]:
    found = [
        LineageNoteView(
            finding="no-source-says", message=f"{end.code} is closed, and no source says what became of what it had"
        )
        for end in living
        if end.status == "closed"
    ]
    unstated = [end.code for end in living if end.share is None]
    if unstated:
        message = f"no source states what share went to {', '.join(unstated)}"
        found.append(LineageNoteView(finding="share-not-stated", message=message))
    return found
