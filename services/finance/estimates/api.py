"""The route of estimates."""

from datetime import date, datetime
from fractions import Fraction
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator

from libs.common.database.connection import Reads
from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, problems, questions_router
from libs.common.identity import Caller
from libs.common.rulepacks import in_force
from services.finance.case_contents.content import at_most_whole
from services.finance.core.codes import MOST_PENCE
from services.finance.core.packs import PACKS
from services.finance.core.sight import sight_of
from services.finance.estimates.presentation import estimate_view
from services.finance.estimates.rules import SUBJECT, Realisation
from services.finance.estimates.views import EstimateView
from services.finance.savings.queries import learned_by_function

router = questions_router(tags=["Estimates"])


def _each_once(given: list[str]) -> list[str]:
    functions = [one.partition(":")[0].lower() for one in given]
    if len(set(functions)) != len(functions):
        raise ValueError("each function is named once")
    if any(int(one.partition(":")[2]) > MOST_PENCE for one in given):
        raise ValueError(f"a baseline is at most {MOST_PENCE} pence")
    return given


def _part(given: str) -> str:
    return given if given == "learned" else at_most_whole(given)


@router.get("/estimates", summary="Estimate what sharing would save", responses=problems())
async def get_estimate(
    rows: Rows,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    baseline: Annotated[
        list[Annotated[str, Query(pattern=r"^[A-Za-z_]{1,40}:[0-9]{1,14}$")]],
        Query(
            min_length=1,
            max_length=60,
            description="A function and its cost a year in pence; again for each function.",
            examples=["hr:120000000"],
        ),
        AfterValidator(_each_once),
    ],
    realisation: Annotated[
        str,
        Query(
            pattern=r"^(learned|1|0(\.[0-9]{1,9})?|[0-9]{1,9}/[1-9][0-9]{0,8})$",
            description="The part that arrives, or `learned`: of each function what has arrived in years that ended, "
            "of the savings that you read.",
            examples=["7/10"],
        ),
        AfterValidator(_part),
    ] = "1",
) -> EstimateView:
    """Return low, middle and high savings by function, from the benchmarks in force on a day, as known.

    A function without a benchmark is shown as such. The realisation is an input of its own: the whole unless
    a part is named, or learned from the savings ledger, with count and spread.
    """
    packs = in_force(PACKS, as_at, subject=SUBJECT, as_known=as_known)
    amounts = {one.partition(":")[0].lower(): int(one.partition(":")[2]) for one in baseline}
    part = await _realisation(rows, by, realisation, as_at, as_known)
    return estimate_view(amounts, packs[0] if packs else None, realisation=part, as_at=as_at, as_known=as_known)


async def _realisation(rows: Reads, by: Caller, given: str, as_at: date, as_known: datetime | None) -> Realisation:
    if given != "learned":
        return Realisation(Fraction(given))
    rates = await learned_by_function(rows, None, sight=await sight_of(rows, by), as_at=as_at, as_known=as_known)
    return Realisation(learned={rate.function.lower(): rate for rate in rates})
