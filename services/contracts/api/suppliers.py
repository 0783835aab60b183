"""Suppliers and what they can supply, over HTTP."""

from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, commands_router, problems
from services.contracts import errors, reads
from services.contracts.api.views import CatalogueView, FunctionView, SupplierCustomersView
from services.contracts.catalogue import functions_on
from services.contracts.terms import OdsCode

router = commands_router(tags=["Suppliers"])


@router.get("/suppliers/{code}/customers", summary="See whom a supplier serves", responses=problems())
async def list_customers(code: OdsCode, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> SupplierCustomersView:
    """Customers as at the day under active contracts that you may see, and what they pay a year together.

    A supplier need not be in the registry: its status is `unknown` then.
    """
    found = await reads.list_customers_of(rows, code, by=by, as_at=as_at, as_known=as_known)
    return SupplierCustomersView.model_validate(found)


@router.get("/functions", summary="List the functions that can be bought", responses=problems(errors.NoRuleInForce))
async def list_functions(_: By, as_at: AsAt) -> CatalogueView:
    """The catalogue for contracts that start on the day, with the rule pack that lists it."""
    found = functions_on(as_at)
    functions = [FunctionView(code=code, name=name) for code, name in found.names.items()]
    return CatalogueView(rule_pack=found.pack.id, citation=found.pack.citation, functions=functions)
