"""The route of flips."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query

from libs.common.http.dependencies import AsKnown, By, Rows, problems, questions_router
from services.finance.cases.errors import InputNotFound
from services.finance.core.sight import sight_of
from services.finance.flips.queries import list_flips, pack_called
from services.finance.flips.views import FlipsView

router = questions_router(tags=["Flips"])


@router.get("/flips", summary="List the decisions that another pack would change", responses=problems(InputNotFound))
async def get_flips(
    rows: Rows,
    by: By,
    as_known: AsKnown,
    pack: Annotated[
        str,
        Query(
            max_length=60,
            description="A pack of discount rates, deflators, a benchmark, values of a unit, optimism bias.",
            examples=["discount-rate-review-2026"],
        ),
    ],
    after: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=100, description="Versions that are appraised for a page.")] = 50,
) -> FlipsView:
    """Appraise the frozen versions that you read under another pack, and list those whose decision would be another.

    A version that has nothing of the pack's subject does not change by it. Nothing is changed: each decision stays
    under the pack in force on its date.
    """
    known = as_known or datetime.max.replace(tzinfo=UTC)
    found = pack_called(pack)
    return await list_flips(rows, found, sight=await sight_of(rows, by), known=known, after=after, limit=limit)
