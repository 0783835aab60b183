"""Routes that read how contracts may be left, and what that would cost."""

from typing import Annotated, Literal

from fastapi import Query, Response

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    binds_one_of,
    commands_router,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.contracts.agreements.parts import WHOLE, part_of
from services.contracts.core import errors
from services.contracts.core.codes import Day, OdsCode, Reference
from services.contracts.edge import Lead
from services.contracts.exits import commands, queries
from services.contracts.exits.calendars import as_ical, calendar_of
from services.contracts.exits.prices import estimates
from services.contracts.exits.prices.redundancy import information_due_on
from services.contracts.exits.rules import ONE_DAY
from services.contracts.exits.views import (
    EstimatesView,
    ExitCalendarView,
    ExitsView,
    PriceView,
    StaffListView,
    StaffView,
)

router = commands_router(tags=["Contracts"])

ExitOn = Annotated[Day | None, Query(description="The first day without service that you have in mind.")]


@router.get(
    "/contracts/{reference}/exits",
    summary="Read how a contract may be left",
    responses=problems(errors.ContractNotFound, errors.ExitOutsideTerm, errors.NoRuleInForce),
)
async def get_exits(
    reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown, exit_on: ExitOn = None
) -> ExitsView:
    """Return the contract's ends and notice days as at the day: present end, last notice day, earliest free exit,
    and whether a window was missed.

    With `exit_on` it shows the ways out for that day: by notice, else to wait for the next free end, or to pay.
    """
    seen, view = await queries.get_exits(rows, reference, by=by, as_at=as_at, as_known=as_known)
    if exit_on is not None:
        estimates.must_be_in(seen, exit_on - ONE_DAY, WHOLE)
        staff = await estimates.staff_of(rows, reference, by=by, as_at=as_at, as_known=as_known)
        with_prices = await estimates.reads_prices(rows, seen, by=by)
        view.ways_out = estimates.ways_out_of(
            seen, exit_on, as_at=as_at, as_known=as_known, staff=staff, with_prices=with_prices
        )
    return view


@router.get(
    "/contracts/{reference}/termination",
    summary="Estimate what leaving a contract would cost",
    responses=problems(
        errors.ContractNotFound,
        errors.NoRuleInForce,
        errors.ExitOutsideTerm,
        errors.PartUnknown,
        NotYoursToDecide,
    ),
)
async def estimate_termination(
    reference: Reference,
    rows: Rows,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    exit_on: ExitOn = None,
    function: Annotated[
        list[Annotated[str, Query(max_length=40)]] | None,
        Query(max_length=100, description="Only these lines end; left out: all."),
    ] = None,
    leaving: Annotated[
        list[OdsCode] | None, Query(max_length=250, description="Only the part of these customers ends.")
    ] = None,
) -> EstimatesView:
    """Return the price of an end by component: of the day asked about, or of each that the terms offer.

    A component for which the contract states no term is named in `unpriced`, never shown as nothing. Its customers
    read estimates, its supplier none.
    """
    seen = await queries.get_seen(rows, reference, by=by, as_at=as_at, as_known=as_known)
    await estimates.must_read_prices(rows, seen, by=by)
    staff = await estimates.staff_of(rows, reference, by=by, as_at=as_at, as_known=as_known)
    part = part_of(function or (), leaving or ())
    estimates.must_be_in(seen, exit_on - ONE_DAY if exit_on else None, part)
    days = [exit_on - ONE_DAY] if exit_on is not None else estimates.days_offered(seen, as_at)
    found = estimates.estimates_of(seen, days, as_at=as_at, as_known=as_known, staff=staff, part=part)
    return EstimatesView(reference=reference, estimates=found, as_at=as_at, as_known=as_known)


@router.post(
    "/contracts/{reference}/termination-estimates",
    status_code=201,
    summary="Publish what leaving a contract would cost",
    responses=problems(
        errors.ContractNotFound,
        errors.ProposalUnconfirmed,
        errors.NoRuleInForce,
        errors.NotSigned,
        errors.ExitOutsideTerm,
        errors.PartUnknown,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds_one_of("the contract's customers", because=commands.OWN_CASE)
async def publish_estimate(
    reference: Reference,
    command: commands.PublishEstimate,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> PriceView:
    """Publish the price of an end to the contract's customers, and to those with whom they plan; not to its supplier.

    An estimate of the same end replaces the one before. `GET .../termination` shows a price without publishing it.
    """
    price = await commands.publish_estimate(session, reference, command, by=by, today=today, stated_at=stated_at)
    return estimates.shown(price)


@router.get(
    "/contracts/{reference}/staff-list",
    summary="Read who works for a contract",
    responses=problems(errors.ContractNotFound, errors.NoRuleInForce),
)
async def get_staff_list(
    reference: Reference,
    rows: Rows,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    transfer_on: Annotated[Day | None, Query(description="The day of a transfer of the undertaking.")] = None,
) -> StaffListView:
    """Return the staff of the day by id, and with `transfer_on` by when they are to be named to the next employer."""
    await queries.get_seen(rows, reference, by=by, as_at=as_at, as_known=as_known)
    staff = await estimates.staff_of(rows, reference, by=by, as_at=as_at, as_known=as_known)
    due = information_due_on(transfer_on) if transfer_on is not None else (None, None)
    listed = [
        StaffView(
            id=one.id,
            annual_pay_pence=one.annual_pay_pence,
            years=one.years,
            week_pay_pence=one.week_pay_pence,
            whole_time=str(one.whole_time),
            function=one.function,
            moves=one.moves,
        )
        for one in staff or ()
    ]
    return StaffListView(
        reference=reference,
        staff=listed,
        information_due_on=due[0],
        rule_pack=due[1],
        as_at=as_at,
        as_known=as_known,
    )


@router.get(
    "/exit-calendars/{organisation}",
    summary="List the notice days and ends of an organisation's contracts",
    response_model=ExitCalendarView,
    responses={**problems(), 200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}},
)
async def get_exit_calendar(
    organisation: OdsCode,
    rows: Rows,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    form: Annotated[
        Literal["json", "ics"], Query(alias="format", description="`ics`: an iCalendar file, to subscribe to.")
    ] = "json",
) -> ExitCalendarView | Response:
    """List the last notice day and the end of each running contract that you may see, as at the day.

    An entry keeps its uid when its day changes, and its sequence grows, so that a calendar moves it.
    """
    entries = await calendar_of(rows, organisation, by=by, as_at=as_at, as_known=as_known)
    if form == "ics":
        return Response(as_ical(entries, organisation, as_at=as_at), media_type="text/calendar")
    return ExitCalendarView(organisation=organisation, entries=entries, as_at=as_at, as_known=as_known)
