"""The route of figures' origins."""

from typing import Annotated

from fastapi import Path, Query

from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, problems, questions_router
from services.finance.core.sight import sight_of
from services.finance.figures.errors import FigureNotFound
from services.finance.figures.queries import get_figure
from services.finance.figures.tracing import Asker
from services.finance.figures.views import FigureView

router = questions_router(tags=["Reports"])


@router.get(
    "/figures/{figure}/provenance", summary="Read where a figure comes from", responses=problems(FigureNotFound)
)
async def get_provenance(
    figure: Annotated[
        str,
        Path(
            pattern=r"^[0-9a-f]{64}~[A-Za-z0-9_.-]{1,200}$",
            description="The digest of an answer, a tilde, and the figure's JSON pointer with dots for slashes.",
        ),
    ],
    rows: Rows,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    answer: Annotated[
        str | None,
        Query(
            max_length=400,
            pattern=r"^/v1/",
            description="The path of the answer, with what it was asked for beside `as_at` and `as_known`. Left out: "
            "one that was published, which its digest alone finds.",
            examples=["/v1/initiatives/HR-2018/savings"],
        ),
    ] = None,
) -> FigureView:
    """Return the packs, the lens, the inputs as known and the events that a figure was computed from.

    Of published cases, assessments of exits, runs, shifts of cost and delays the digest is enough. Of an answer that
    was not published name its path, with `as_at` and `as_known` as they were asked: it is computed again, and has the
    figure where it has the same digest.
    """
    view = Asker(await sight_of(rows, by), as_at, as_known)
    return await get_figure(rows, figure, address=answer, view=view)
