"""Routes about shifts of cost at suppliers, the domino of exits, and exit triggers."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Query, Request, Response, status

from libs.common import codes
from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatchIfAny,
    Page,
    Paging,
    Read,
    StatedAt,
    Today,
    UnreadableVersion,
    Versions,
    Write,
    allowed,
    binds,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.finance.core.errors import NoPackInForce
from services.finance.core.sight import own_sight_of, sight_of
from services.finance.cost_shifts import commands, errors, queries
from services.finance.cost_shifts.views import CostShiftView, DominoView, ExitTriggerView, PublishedCostShiftView
from services.finance.edge import Code, OneCode, PlannedExits, SupplierCode, replacements_in
from services.finance.parties.errors import PartyUnknown

router = commands_router(tags=["Suppliers"])

Leaving = Annotated[
    list[codes.Code], Query(min_length=1, max_length=100, description="The customers that leave first.")
]


def _expectation(version_read: Versions | None) -> Callable[[int], None]:
    """Return a check that raises unless If-Match names the version; a new trigger needs none."""

    def expect(version: int) -> None:
        if version_read is not None:
            stale(version, version_read)
        elif version:
            raise PreconditionMissing(f"a trigger is stated, at version {version}: send If-Match with the ETag")

    return expect


@router.get(
    "/suppliers/{code}/cost-shift",
    summary="Read what exits from a supplier shift to others",
    responses=problems(
        errors.SupplierPriceNotFound,
        errors.SupplierCustomerUnknown,
        errors.HeadsUnknown,
        errors.TooManyExits,
        NoPackInForce,
    ),
)
async def get_cost_shift(
    code: SupplierCode, session: Read, by: By, as_at: AsAt, as_known: AsKnown, exits: PlannedExits
) -> CostShiftView:
    """Return who gains and who loses in a year when customers leave, and of several exits which order costs least.

    Read by the supplier and its customers. Costs and prices are those that contracts published.
    """
    rows = await raw(session)
    sight = await sight_of(rows, by)
    return await queries.get_cost_shift(
        rows, code, replacements_in(exits), sight=sight, as_at=as_at, as_known=as_known, field="exits"
    )


@router.get(
    "/suppliers/{code}/domino",
    summary="Read who leaves a supplier after whom",
    responses=problems(errors.SupplierPriceNotFound, errors.SupplierCustomerUnknown, errors.HeadsUnknown),
)
async def get_domino(
    code: SupplierCode, session: Read, by: By, as_at: AsAt, as_known: AsKnown, leaving: Leaving
) -> DominoView:
    """Return round by round who leaves as the price rises, until it rests or the unit closes.

    Only the triggers that you read are used: of your own organisations. A customer leaves when the price is above its
    trigger; all such leave at once.
    """
    rows = await raw(session)
    sight, own = await sight_of(rows, by), await own_sight_of(rows, by)
    return await queries.get_domino(rows, code, set(leaving), sight=sight, own=own, as_at=as_at, as_known=as_known)


@router.post(
    "/suppliers/{code}/cost-shifts",
    status_code=status.HTTP_201_CREATED,
    summary="Publish what exits from a supplier shift to others",
    responses=problems(
        RoleMissing,
        NotYoursToDecide,
        errors.SupplierPriceNotFound,
        errors.SupplierCustomerUnknown,
        errors.HeadsUnknown,
        errors.TooManyExits,
        NoPackInForce,
    ),
)
@binds("exits.organisation")
async def publish_cost_shift(
    code: SupplierCode,
    command: commands.PublishCostShift,
    session: Write,
    by: Annotated[Caller, allowed(Role.FINANCE_LEAD)],
    today: Today,
    stated_at: StatedAt,
) -> PublishedCostShiftView:
    """Publish the shift of cost as at today, as CostShiftFound, to those who gain and who lose by it."""
    return await commands.publish_cost_shift(session, code, command, by=by, today=today, stated_at=stated_at)


@router.get("/exit-triggers", summary="List exit triggers", responses=problems(UnreadableCursor))
async def list_exit_triggers(
    request: Request,
    session: Read,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OneCode = None,
) -> Page[ExitTriggerView]:
    """List the triggers of your own organisations as at the day. No other body reads them, a national one neither."""
    rows = await raw(session)
    sight = await own_sight_of(rows, by)
    found = await queries.list_triggers(
        rows,
        codes=sight.among(None if organisation is None else [organisation]),
        supplier=None,
        as_at=as_at,
        as_known=as_known,
        after=paging.key(str, str) or ("", ""),
        limit=paging.fetch,
    )
    return page(found, key=lambda one: (one.organisation, one.supplier), request=request)


@router.put(
    "/exit-triggers/{code}/{supplier}",
    summary="State above which price an organisation would leave a supplier",
    responses={
        201: {"model": list[ExitTriggerView], "description": "Stated for the first time."},
        **problems(PartyUnknown, NotYoursToDecide, RoleMissing, StaleVersion, PreconditionMissing, UnreadableVersion),
    },
)
@binds("{code}")
async def state_exit_trigger(
    code: Code,
    supplier: SupplierCode,
    command: commands.StateExitTrigger,
    response: Response,
    session: Write,
    by: Annotated[Caller, allowed(Role.FINANCE_LEAD)],
    today: Today,
    stated_at: StatedAt,
    version_read: IfMatchIfAny,
) -> list[ExitTriggerView]:
    """State the trigger from a day on, and return it through time. A first one needs no If-Match; a change does."""
    version = await commands.state_exit_trigger(
        session,
        command,
        organisation=code,
        supplier=supplier,
        by=by,
        today=today,
        stated_at=stated_at,
        expect=_expectation(version_read),
    )
    if version == 1:
        response.status_code = status.HTTP_201_CREATED
    etag(response, version)
    rows = await raw(session)
    return await queries.trigger_periods(rows, code, supplier, as_known=None)


@router.get(
    "/exit-triggers/{code}/{supplier}",
    summary="Read an exit trigger",
    responses=problems(errors.ExitTriggerNotFound),
)
async def get_exit_trigger(
    code: Code, supplier: SupplierCode, response: Response, session: Read, by: By, as_known: AsKnown
) -> list[ExitTriggerView]:
    """Return a trigger of your own organisation through time, as known at the instant. The ETag is its version."""
    rows = await raw(session)
    found = await queries.get_trigger(rows, code, supplier, sight=await own_sight_of(rows, by), as_known=as_known)
    etag(response, found[0].version)
    return found
