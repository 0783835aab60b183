"""Allowances over HTTP: listed, explained, and as they were known."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from libs.common.database.connection import raw
from libs.common.http.dependencies import AsKnown, By, Page, Paging, Read, page, problems
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import NotYoursToDecide
from libs.common.temporal.days import WrittenDay
from services.finance import allowances, errors
from services.finance.api.parameters import Code, OneCode, OneYear, Year
from services.finance.api.permissions import must_see, visible_to
from services.finance.api.views import (
    AllowanceView,
    ExplainedView,
    HistoryView,
    allowance_view,
    explained_view,
    history_view,
)
from services.finance.years import FinancialYear

router = APIRouter(tags=["Allowances"])


@router.get("/allowances", summary="List allowances", responses=problems(NotYoursToDecide, UnreadableCursor))
async def list_allowances(
    request: Request,
    session: Read,
    by: By,
    paging: Paging,
    as_known: AsKnown,
    organisation: OneCode = None,
    year: OneYear = None,
    as_at: Annotated[WrittenDay | None, Query(description="Only those that have something on this day.")] = None,
) -> Page[AllowanceView]:
    """By organisation and year: those of your organisations and of their predecessors, or all for a national body."""
    rows = await raw(session)
    if organisation is not None:
        await must_see(rows, organisation, by)
    found = await allowances.list_allowances(
        rows,
        organisations=[organisation] if organisation else await visible_to(rows, by),
        year=year,
        as_at=as_at,
        as_known=as_known,
        after=_after(paging.after),
        limit=paging.fetch,
    )
    return page([allowance_view(one) for one in found], key=_key, request=request)


@router.get(
    "/allowances/{code}/{year}",
    summary="Explain an allowance",
    responses=problems(NotYoursToDecide, errors.AllowanceNotFound),
)
async def get_allowance(code: Code, year: Year, session: Read, by: By, as_known: AsKnown) -> ExplainedView:
    """Rate, pack, population and source; parts by days; what mergers moved; the support charges inside it."""
    rows = await raw(session)
    await must_see(rows, code, by)
    return explained_view(await allowances.get_allowance(rows, code, year, as_known=as_known))


@router.get(
    "/allowances/{code}/{year}/history",
    summary="Read all that was ever believed of an allowance",
    responses=problems(NotYoursToDecide, errors.AllowanceNotFound),
)
async def get_history(code: Code, year: Year, session: Read, by: By) -> HistoryView:
    """What was set, its parts and what mergers moved, each with the instants from and until which it was known."""
    rows = await raw(session)
    await must_see(rows, code, by)
    return history_view(code, year, await allowances.get_history(rows, code, year))


def _key(view: AllowanceView) -> tuple[str, int]:
    return view.organisation, FinancialYear.parse(view.financial_year).start


def _after(cursor: tuple[object, ...] | None) -> tuple[str, int]:
    """Return the key after which the page begins. Raises UnreadableCursor on a cursor of another list."""
    match cursor:
        case None:
            return "", 0
        case (str(code), int(start)) if "\x00" not in code and 0 <= start < 10_000:
            return code, start
        case _:
            raise UnreadableCursor("after: use the link that the page before gave")
