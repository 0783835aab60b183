"""Routes about suppliers."""

from typing import Annotated

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
    binds_one_of,
    commands_router,
    problems,
)
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.contracts.core.codes import OdsCode
from services.contracts.suppliers import commands, errors, queries
from services.contracts.suppliers.views import SupplierCustomersView, SupplierView

router = commands_router(tags=["Suppliers"])

Source = Annotated[Caller, allowed(Role.CONTRACT_LEAD, Role.NHS_ENGLAND)]


@router.get("/suppliers/{code}", summary="Read a supplier", responses=problems(errors.SupplierNotFound))
async def get_supplier(code: OdsCode, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> SupplierView:
    """Return state, host, owner and sector of a supplier, each with its source, as at the day, as known at the instant.

    What it states itself, or NHS England, stands above the registry's relations. Its costs are shown to itself and to
    its customers as at the day, as far as those know them.
    """
    return await queries.get_supplier(rows, code, by=by, as_at=as_at, as_known=as_known)


@router.get("/suppliers/{code}/customers", summary="List the customers of a supplier", responses=problems())
async def list_customers(code: OdsCode, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> SupplierCustomersView:
    """List customers as at the day under active contracts that you may see, and their total charge a year.

    A supplier need not be in the registry: its status is `unknown` then.
    """
    return await queries.list_customers_of(rows, code, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/suppliers/{code}/states",
    status_code=201,
    summary="State what a supplier is",
    responses=problems(
        errors.SupplierHasEnded, errors.CheckpointUnknown, errors.NoLifeCycle, NotYoursToDecide, RoleMissing
    ),
)
@binds_one_of("{code}", "its host", because="a host states that it hosts it, or no longer does")
async def state_supplier(
    code: OdsCode, command: commands.StateSupplier, session: Write, by: Source, today: Today, stated_at: StatedAt
) -> SupplierView:
    """State the state, host, owner or sector of a supplier from a day on. No customer states them.

    A later statement supersedes an earlier one on its days; a state lasts until the next one stated. The answer is as
    at `effective_on`.
    """
    await commands.state_supplier(session, code, command, by=by, today=today, stated_at=stated_at)
    return await queries.get_supplier(await raw(session), code, by=by, as_at=command.effective_on, as_known=None)


@router.post(
    "/suppliers/{code}/costs",
    status_code=201,
    summary="State what a supplier costs and charges",
    responses=problems(NotYoursToDecide, RoleMissing),
)
@binds("{code}")
async def state_costs(
    code: OdsCode, command: commands.StateCosts, session: Write, by: Source, today: Today, stated_at: StatedAt
) -> SupplierView:
    """State fixed cost, cost a head, heads and price a head from a day on; what is left out stays as it was.

    The answer is as at `effective_on`.
    """
    await commands.state_costs(session, code, command, by=by, today=today, stated_at=stated_at)
    return await queries.get_supplier(await raw(session), code, by=by, as_at=command.effective_on, as_known=None)
