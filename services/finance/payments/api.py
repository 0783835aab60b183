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
from services.finance.payments.views import PaymentView

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
