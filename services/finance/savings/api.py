"""Routes about savings of initiatives, and the realisation rates learned from them."""

from typing import Annotated

from fastapi import Path, Query, status

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Read,
    StatedAt,
    Today,
    Write,
    allowed,
    binds,
    commands_router,
    problems,
)
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.finance.budgets.errors import StatedOutOfOrder
from services.finance.cases.errors import CaseUnknown
from services.finance.core.sight import sight_of
from services.finance.savings import case_forecasts, commands, errors, queries
from services.finance.savings.views import InitiativeSavingsView, RateView

router = commands_router(tags=["Savings"])

Lead = Annotated[Caller, allowed(Role.FINANCE_LEAD)]
Initiative = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="The initiative: the plan's, as contracts published it, or the bodies' own.",
        examples=["HR-2018"],
    ),
]


@router.get(
    "/initiatives/{ref}/savings",
    summary="Read the savings of an initiative",
    responses=problems(errors.InitiativeNotFound),
)
async def get_savings(ref: Initiative, session: Read, by: By, as_at: AsAt, as_known: AsKnown) -> InitiativeSavingsView:
    """Return what was forecast, contracted, reduced in budgets and realised, by body, function and year.

    Each body's savings are read by who acts for it or its successor, and by a national body.
    """
    rows = await raw(session)
    return await queries.get_savings(rows, ref, sight=await sight_of(rows, by), as_at=as_at, as_known=as_known)


@router.post(
    "/initiatives/{ref}/savings",
    status_code=status.HTTP_201_CREATED,
    summary="State what an initiative is to save",
    responses=problems(RoleMissing, NotYoursToDecide, errors.LineOfAnotherBudget, StatedOutOfOrder),
)
@binds("organisation")
async def state_saving(
    ref: Initiative, command: commands.StateSaving, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> InitiativeSavingsView:
    """State a forecast in place of the one before. What the saving costs others of the footprint does not count."""
    await commands.state_saving(session, ref, command, by=by, today=today, stated_at=stated_at)
    rows = await raw(session)
    return await queries.get_savings(rows, ref, sight=await sight_of(rows, by), as_at=today, as_known=None)


@router.post(
    "/initiatives/{ref}/savings/case",
    status_code=status.HTTP_201_CREATED,
    summary="Forecast the savings of an initiative from a case",
    responses=problems(
        *(RoleMissing, NotYoursToDecide, CaseUnknown, errors.CaseNotFrozen, errors.CaseSavesNothing),
        StatedOutOfOrder,
    ),
)
@binds("organisation")
async def forecast_from_case(
    ref: Initiative,
    command: case_forecasts.ForecastFromCase,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> InitiativeSavingsView:
    """State by year the cash-releasing benefits that a frozen case has for the body, under the digest of its inputs.

    They take the place of what a case forecast for the initiative, body and function before: a year that the case no
    longer has is forecast at nothing. Amounts are those of the preferred option, in prices of its base year.
    """
    await case_forecasts.forecast_from_case(session, ref, command, by=by, today=today, stated_at=stated_at)
    rows = await raw(session)
    return await queries.get_savings(rows, ref, sight=await sight_of(rows, by), as_at=today, as_known=None)


@router.post(
    "/initiatives/{ref}/savings/claims",
    status_code=status.HTTP_201_CREATED,
    summary="Claim what a budget line falls by",
    responses=problems(
        RoleMissing,
        NotYoursToDecide,
        errors.SavingNotStated,
        errors.LineOfAnotherBudget,
        errors.ClaimAboveSaving,
        errors.ReductionClaimed,
        StatedOutOfOrder,
    ),
)
@binds("organisation")
async def claim_saving(
    ref: Initiative, command: commands.ClaimSaving, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> InitiativeSavingsView:
    """Claim for a saving what a line of the body's budget of the year falls by after the saving was stated.

    What other initiatives claimed before is refused and named; what the line has not fallen by yet is awaited.
    """
    await commands.claim_saving(session, ref, command, by=by, today=today, stated_at=stated_at)
    rows = await raw(session)
    return await queries.get_savings(rows, ref, sight=await sight_of(rows, by), as_at=today, as_known=None)


@router.get("/realisation-rates", summary="Read what of forecast savings is realised", responses=problems())
async def list_realisation_rates(
    session: Read,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    function: Annotated[
        str | None, Query(max_length=40, description="Only this function.", examples=["payroll"])
    ] = None,
) -> list[RateView]:
    """Return rates by function with count and spread, from the savings that you read in years that have ended."""
    rows = await raw(session)
    return await queries.list_rates(rows, function, sight=await sight_of(rows, by), as_at=as_at, as_known=as_known)
