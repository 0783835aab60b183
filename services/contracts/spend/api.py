"""Routes about published payments, what they add up to, and the names under which bodies are published."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Request

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
    allowed,
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from libs.common.temporal.days import WrittenDay
from services.contracts.core.codes import OdsCode
from services.contracts.spend import commands, errors, queries
from services.contracts.spend.models import Flag
from services.contracts.spend.queries import SpendBy
from services.contracts.spend.views import AliasView, PublishedPaymentView, SpendGroupView, SuggestionsView

router = commands_router(tags=["Spend"])

Source = Annotated[Caller, allowed(Role.CONTRACT_LEAD, Role.NHS_ENGLAND)]
FirstDay = Annotated[WrittenDay | None, Query(description="Only payments from this day on.", examples=["2020-04-01"])]
LastDay = Annotated[WrittenDay | None, Query(description="Only payments up to this day.", examples=["2021-03-31"])]
_REFERENCE = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


async def _payment_filters(
    payer: Annotated[
        str | None, Query(max_length=300, description="The payer's code, or its name as published.")
    ] = None,
    supplier: Annotated[OdsCode | None, Query(description="The supplier's code, by an alias of the day.")] = None,
    supplier_name: Annotated[str | None, Query(max_length=300, description="The supplier's name as published.")] = None,
    import_reference: Annotated[
        str | None,
        Query(
            alias="import",
            pattern=_REFERENCE,
            description="The import that brought them.",
            examples=["0f8a3c52-5d0e-4a3f-9b77-2f6f1d9f4c11"],
        ),
    ] = None,
    flag: Annotated[Flag | None, Query(description="Only those of which this is odd.")] = None,
    first_day: FirstDay = None,
    last_day: LastDay = None,
) -> queries.PaymentFilter:
    return queries.PaymentFilter(
        payer=payer,
        supplier=supplier,
        supplier_name=supplier_name,
        import_reference=import_reference,
        flag=flag,
        first_day=first_day,
        last_day=last_day,
    )


async def _spend_filters(
    by: Annotated[SpendBy, Query(description="What payments are added up by.")] = SpendBy.PAYER,
    payers_on: Annotated[
        WrittenDay | None,
        Query(
            description="Group each payer by the body in which it lives on that day, as known; left out: as published.",
            examples=["2021-04-01"],
        ),
    ] = None,
    payer: Annotated[str | None, Query(max_length=300, description="Only this payer, as grouped.")] = None,
    supplier: Annotated[list[OdsCode] | None, Query(max_length=100, description="Only payments to these.")] = None,
    first_day: FirstDay = None,
    last_day: LastDay = None,
) -> queries.SpendFilter:
    return queries.SpendFilter(
        by=by, payers_on=payers_on, payer=payer, suppliers=supplier, first_day=first_day, last_day=last_day
    )


@router.get("/published-payments", summary="List published payments", responses=problems())
async def list_published_payments(
    request: Request,
    rows: Rows,
    _: By,
    filters: Annotated[queries.PaymentFilter, Depends(_payment_filters)],
    paging: Paging,
    as_known: AsKnown,
) -> Page[PublishedPaymentView]:
    """List payments as published and as read, each with what is odd about it. They are public, so you read all.

    Payer and supplier have a code as published, or by an alias that holds on the payment's day.
    """
    [after] = paging.key(int) or [0]
    found = await queries.list_payments(rows, filters, as_known=as_known, after=after, limit=paging.fetch)
    return page(found, key=lambda one: one.id, request=request)


@router.get("/spend", summary="Add published payments up", responses=problems())
async def list_spend(
    request: Request,
    rows: Rows,
    by: By,
    filters: Annotated[queries.SpendFilter, Depends(_spend_filters)],
    paging: Paging,
    today: Today,
    as_known: AsKnown,
) -> Page[SpendGroupView]:
    """Add payments up by payer, supplier, month, contract, or all of them, with what is odd and what is missing.

    A payer is as published; with `payers_on` it is grouped with those that live on in the same body on that day, and
    each keeps its own figures beside the group's. Payments are those of a contract that was confirmed for payer and
    supplier and signed, on the days of its term; contracts of which you read no party are not named.
    """
    [after] = paging.key(str) or [None]
    found = await queries.list_spend(
        rows, filters, by=by, today=today, as_known=as_known, after=after, limit=paging.fetch
    )
    return page(found, key=lambda one: one.key, request=request)


@router.get("/aliases", summary="List names under which bodies are published", responses=problems())
async def list_aliases(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    name: Annotated[str | None, Query(max_length=300, description="Only this name.", examples=["NHS NEL CSU"])] = None,
    code: Annotated[OdsCode | None, Query(description="Only names of this body.")] = None,
) -> Page[AliasView]:
    """List names in alphabetical order, each with the body that it means and its days."""
    key = paging.key(str, str)
    after = None if key is None else (key[0], _day_in(key[1]))
    found = await queries.list_aliases(rows, name=name, code=code, as_known=as_known, after=after, limit=paging.fetch)
    return page(found, key=lambda one: (one.name, str(one.first_day)), request=request)


@router.post(
    "/aliases",
    status_code=201,
    summary="State whose name it is",
    responses=problems(errors.AliasPeriodAmiss, NotYoursToDecide, RoleMissing),
)
@binds("code")
async def state_alias(
    command: commands.StateAlias, session: Write, by: Source, today: Today, stated_at: StatedAt
) -> Page[AliasView]:
    """State that a name in publications is that of a body, from a day on. Payments of before are resolved anew.

    A national body states it, since it changes what everybody reads; the body itself only of a name that it has
    already, in the registry or by an alias. A last day ends the name, though it was stated for longer. The answer lists
    the name's days.
    """
    await commands.state_alias(session, command, by=by, today=today, stated_at=stated_at)
    found = await queries.list_aliases(
        await raw(session), name=command.name, code=None, as_known=None, after=None, limit=100
    )
    return Page(items=found)


@router.get("/alias-suggestions", summary="Suggest whose name it may be", responses=problems())
async def suggest_aliases(
    rows: Rows,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    name: Annotated[
        str, Query(min_length=1, max_length=300, description="As published.", examples=["TRUST NHS NEL CSU"])
    ],
) -> SuggestionsView:
    """Suggest bodies whose name is like this one. Nothing is resolved by a suggestion: `POST /aliases` does that."""
    return await queries.suggest(rows, name, as_at=as_at, as_known=as_known)


def _day_in(key: str) -> date:
    """Return the day of a cursor; one that is none is that of another list."""
    try:
        return date.fromisoformat(key)
    except ValueError:
        raise UnreadableCursor("after: use the link `next` of the page before") from None
