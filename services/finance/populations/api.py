"""The route of footprints' populations."""

from typing import Annotated, Literal

from fastapi import Query

from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, problems, questions_router
from services.finance.edge import Code
from services.finance.parties.errors import PartyNotFound
from services.finance.populations.queries import get_footprint_population
from services.finance.populations.views import FootprintPopulationView

router = questions_router(tags=["Allowances"])


@router.get(
    "/footprints/{code}/population", summary="Count the people of a footprint", responses=problems(PartyNotFound)
)
async def get_population_of_footprint(
    code: Code,
    rows: Rows,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    basis: Annotated[
        Literal["registered", "weighted", "weighted_primary_care", "resident"],
        Query(description="How the registry counted them."),
    ] = "registered",
) -> FootprintPopulationView:
    """Return the sum and the parts: of each member on the day the registry's count that has precedence then.

    A member that was not counted is named, and is not in the sum. Membership and counts are public.
    """
    return await get_footprint_population(rows, code, basis=basis, as_at=as_at, as_known=as_known)
