"""Routes of tariffs, and of a contract's lines beside them."""

from typing import Annotated

from fastapi import Path, Query, Request

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.contracts.core import errors
from services.contracts.core.codes import OdsCode, Reference
from services.contracts.edge import Lead
from services.contracts.tariffs import commands, queries
from services.contracts.tariffs.errors import LineUnknown, TariffUnknown
from services.contracts.tariffs.views import ContractTariffView, TariffsView, TariffView

router = commands_router(tags=["Tariffs"])

Publisher = Annotated[OdsCode | None, Query(description="ODS code of the publisher.")]
Function = Annotated[str | None, Query(max_length=40, description="Only tariffs of this function.")]
InPath = Annotated[str, Path(max_length=40, pattern="^[a-z_]+$", description="The line's.", examples=["payroll"])]


@router.get("/tariffs", summary="List tariffs", responses=problems())
async def list_tariffs(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    function: Function = None,
    tier: Annotated[commands.Tier | None, Query(description="Only tariffs of this tier.")] = None,
    publisher: Publisher = None,
) -> Page[TariffView]:
    """List the prices a head in force on the day, as known at the instant, by function, tier and publisher."""
    found = await queries.list_tariffs(
        rows,
        function=function,
        tier=tier,
        publisher=publisher,
        as_at=as_at,
        as_known=as_known,
        after=paging.key(str, str, str),
        limit=paging.fetch,
    )
    return page(found.items, key=lambda view: (view.function, view.tier, view.publisher), request=request)


@router.post(
    "/tariffs",
    status_code=201,
    summary="Publish a tariff",
    responses=problems(errors.FunctionUnknown, errors.NoRuleInForce, NotYoursToDecide, RoleMissing),
)
@binds("publisher")
async def publish_tariff(
    command: commands.PublishTariff, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> TariffsView:
    """State a price a head from a day on, for its publisher. One stated later supersedes it from its own day on."""
    await commands.publish_tariff(session, command, by=by, today=today, stated_at=stated_at)
    return await queries.list_tariffs(
        await raw(session),
        function=command.function,
        tier=command.tier,
        publisher=command.publisher,
        as_at=command.effective_on,
        as_known=None,
    )


@router.get(
    "/contracts/{reference}/tariff",
    summary="Compare a contract's lines with a tariff",
    responses=problems(errors.ContractNotFound, errors.NoRuleInForce),
)
async def get_contract_tariff(
    reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown, publisher: Publisher = None
) -> ContractTariffView:
    """Return each line with what the tariff gives for the people that the customers have together, and the difference.

    A line that is priced by a tariff is compared with that one, the others with the tariff of `publisher`.
    """
    return await queries.get_contract_tariff(
        rows, reference, publisher=publisher, by=by, as_at=as_at, as_known=as_known
    )


@router.put(
    "/contracts/{reference}/tariff/{function}",
    summary="State by which tariff a line is priced",
    responses=problems(
        LineUnknown,
        TariffUnknown,
        errors.ChangingHands,
        errors.ContractNotFound,
        errors.ProposalUnconfirmed,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("the contract's customers")
async def price_line(
    reference: Reference,
    function: InPath,
    command: commands.PriceLine,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> ContractTariffView:
    """State the publisher by whose tariff a line is priced from a day on. The charge stays as it was agreed."""
    await commands.price_line(session, reference, function, command, by=by, today=today, stated_at=stated_at)
    return await queries.get_contract_tariff(
        await raw(session), reference, publisher=None, by=by, as_at=today, as_known=None
    )
