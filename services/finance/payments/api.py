"""Routes of payments."""

from typing import Annotated

from fastapi import Query, Request

from libs.common.database.connection import raw
from libs.common.http.dependencies import AsAt, AsKnown, By, Page, Paging, Read, page, problems, questions_router
from libs.common.http.paging import UnreadableCursor
from services.finance.core.codes import ContractReference
from services.finance.core.sight import sight_of
from services.finance.edge import OneCode
from services.finance.payments import queries
from services.finance.payments.views import ActualView, PaymentView, ReckoningView

router = questions_router(tags=["Payments"])

Item = Annotated[
    str | None,
    Query(max_length=200, description="One item.", examples=["NETWORKS-2013/advance/NET0"]),
]


@router.get("/payments", summary="List payments", responses=problems(UnreadableCursor))
async def list_payments(
    request: Request,
    session: Read,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    contract: Annotated[ContractReference | None, Query()] = None,
    organisation: OneCode = None,
    item: Item = None,
) -> Page[PaymentView]:
    """List the items under contracts that you pay or are paid, by item: planned, due, and paid entry by entry.

    Contracts says what is due and when; each item is paid once, by due work on its day.
    """
    rows = await raw(session)
    [after] = paging.key(str) or [""]
    found = await queries.list_payments(
        rows,
        sight=await sight_of(rows, by),
        as_at=as_at,
        as_known=as_known,
        contract=contract,
        organisation=organisation,
        item=item,
        after=after,
        limit=paging.fetch,
    )
    return page(found, key=lambda view: view.item, request=request)


@router.get("/reckonings", summary="List what alliances came to", responses=problems(UnreadableCursor))
async def list_reckonings(
    request: Request,
    session: Read,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    contract: Annotated[ContractReference | None, Query()] = None,
    organisation: OneCode = None,
) -> Page[ReckoningView]:
    """List what each period of an alliance came to for its members, as contracts settled it: gains and pains.

    Read by the members and by who pays them.
    What is paid of it are the items of kind `gain` and `pain` among the payments of the contract.
    """
    rows = await raw(session)
    [after] = paging.key(str) or [""]
    found = await queries.list_reckonings(
        rows,
        sight=await sight_of(rows, by),
        as_at=as_at,
        as_known=as_known,
        contract=contract,
        organisation=organisation,
        after=after,
        limit=paging.fetch,
    )
    shown = page(found, key=lambda one: one[0], request=request)
    return Page[ReckoningView](items=[view for _, view in shown.items], next=shown.next)


@router.get("/actuals", summary="List what was paid in fact", responses=problems(UnreadableCursor))
async def list_actuals(
    request: Request,
    session: Read,
    by: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    payer: OneCode = None,
    supplier: OneCode = None,
    contract: Annotated[ContractReference | None, Query()] = None,
) -> Page[ActualView]:
    """List by payer, supplier, contract and month what you paid or were paid, by what payers published.

    Beside the charges that contracts state and the items that fall due: it is added to none of them, nor to budgets or
    savings.
    """
    rows = await raw(session)
    [after] = paging.key(str) or [""]
    found = await queries.list_actuals(
        rows,
        sight=await sight_of(rows, by),
        as_at=as_at,
        as_known=as_known,
        payer=payer,
        supplier=supplier,
        contract=contract,
        after=after,
        limit=paging.fetch,
    )
    shown = page(found, key=lambda one: one[0], request=request)
    return Page[ActualView](items=[view for _, view in shown.items], next=shown.next)
