"""Routes about the market of support."""

from datetime import date
from typing import Annotated

from fastapi import Query

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    allowed,
    binds,
    commands_router,
    problems,
)
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from libs.common.temporal.days import WrittenDay
from services.contracts.core.codes import OdsCode
from services.contracts.core.errors import FunctionUnknown, NoRuleInForce
from services.contracts.market import commands, errors, queries
from services.contracts.market.views import AssessmentView, MarketPlanView, OfferView, SafetyNetView, ViabilityView
from services.contracts.suppliers.errors import SupplierNotFound

router = commands_router(tags=["Market"])

Assessor = Annotated[Caller, allowed(Role.NHS_ENGLAND)]
Source = Annotated[Caller, allowed(Role.CONTRACT_LEAD, Role.NHS_ENGLAND)]


@router.get("/market-plan", summary="Count the units of support", responses=problems(NoRuleInForce))
async def get_market_plan(rows: Rows, _: By, as_at: AsAt, as_known: AsKnown) -> MarketPlanView:
    """Count the end-to-end units as at the day beside the plan's range. Niche services are never counted.

    A unit that is closed, withdrawn or was succeeded by the day is not counted; what it lives on in is, once.
    """
    return await queries.market_plan(rows, as_at=as_at, as_known=as_known)


@router.get(
    "/suppliers/{code}/assessments",
    summary="Read a supplier's last assessment",
    responses=problems(errors.AssessmentNotFound),
)
async def get_assessment(code: OdsCode, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> AssessmentView:
    """Return the results, the outcome, and of a stop the customers that you may see and by when they begin."""
    return await queries.get_assessment(rows, code, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/suppliers/{code}/assessments",
    status_code=201,
    summary="Assess a supplier",
    responses=problems(
        errors.CriterionUnknown,
        errors.CriterionUnassessed,
        errors.LastDayAmiss,
        NoRuleInForce,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("{code}")
async def assess_supplier(
    code: OdsCode,
    command: commands.AssessSupplier,
    session: Write,
    by: Assessor,
    today: Today,
    stated_at: StatedAt,
) -> AssessmentView:
    """Record a result for each criterion of the pack of the day, the same for every owner; the worst is the outcome.

    A stop names the last day of service: each customer of that day gets a finding with the day by which it begins.
    The answer is as at `assessed_on`.
    """
    await commands.assess_supplier(session, code, command, by=by, today=today, stated_at=stated_at)
    return await queries.get_assessment(await raw(session), code, by=by, as_at=command.assessed_on, as_known=None)


@router.get(
    "/suppliers/{code}/viability", summary="Read whether customers pay its cost", responses=problems(SupplierNotFound)
)
async def get_viability(code: OdsCode, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> ViabilityView:
    """Return what its customers pay a year less what it costs. No assessment, state or licence is part of the answer.

    The supplier and a national body see every contract; to others the income is not known.
    """
    return await queries.get_viability(rows, code, by=by, as_at=as_at, as_known=as_known)


@router.get(
    "/suppliers/{code}/offers", summary="Read what a supplier would take over", responses=problems(errors.OfferNotFound)
)
async def get_offer(code: OdsCode, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown) -> OfferView:
    """Return functions with the criteria that it meets, and for whom, as at the day."""
    return await queries.get_offer(rows, code, as_at=as_at, as_known=as_known)


@router.post(
    "/suppliers/{code}/offers",
    status_code=201,
    summary="State what a supplier would take over",
    responses=problems(FunctionUnknown, errors.CriterionUnknown, NoRuleInForce, NotYoursToDecide, RoleMissing),
)
@binds("{code}")
async def state_offer(
    code: OdsCode, command: commands.StateOffer, session: Write, by: Source, today: Today, stated_at: StatedAt
) -> OfferView:
    """State what it offers to commissioners whose own supplier fails, from a day on, in the place of the offer before.

    What was stated of a later day stays, also that there is no offer. The answer is as at `effective_on`.
    """
    await commands.state_offer(session, code, command, by=by, today=today, stated_at=stated_at)
    return await queries.offer_as_stated(await raw(session), code, command.effective_on)


@router.get("/safety-net", summary="Ask who could step in", responses=problems(NoRuleInForce))
async def get_safety_net(
    rows: Rows,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    customer: Annotated[OdsCode, Query(description="The commissioner that needs support.")],
    supplier: Annotated[OdsCode | None, Query(description="Its supplier that fails.")] = None,
    function: Annotated[
        list[str] | None,
        Query(description="These functions; without it those of its active contracts with `supplier`.", max_length=100),
    ] = None,
    region: Annotated[
        OdsCode | None, Query(description="The commissioner's region in the registry: its units come first.")
    ] = None,
    starts_on: Annotated[
        WrittenDay | None, Query(description="First day of the new support; default: `as_at`.")
    ] = None,
) -> SafetyNetView:
    """List for each function the units hosted by the Board on the day that offer it to this commissioner.

    Those that stop before they could begin, or are below the minimum standard, are shown apart with the reason.
    """
    asked = queries.Fallback(customer, supplier, function or (), region, _first_day(starts_on, as_at))
    return await queries.safety_net(rows, asked, by=by, as_at=as_at, as_known=as_known)


def _first_day(starts_on: date | None, as_at: date) -> date:
    return as_at if starts_on is None else max(starts_on, as_at)
