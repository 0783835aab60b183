"""Routes about mergers of CCGs."""

from datetime import date
from typing import Annotated

from fastapi import Path, Query, Request, Response

from libs.common.days import WrittenDay
from libs.common.identity import Caller, Role
from libs.common.paging import UnreadableCursor
from libs.common.web import (
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    allowed,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from services.registry import mergers, plans
from services.registry.api.organisations import EDIT_REFUSALS
from services.registry.api.views import MergerInFullView, MergerView, PlanView
from services.registry.errors import CodeTaken, MergerNotAllowed, MergerNotFound, NotAgreedAnyMore, SameDay
from services.registry.models import Merger, MergerStatus
from services.registry.organisations import CODE

router = commands_router(tags=["Mergers"])

Reference = Annotated[str, Path(pattern=r"^M-[A-Z0-9]{1,12}(-\d{1,3})?$", examples=["M-14Y"])]
NHSEngland = Annotated[Caller, allowed(Role.NHS_ENGLAND)]


@router.get("/mergers", response_model=Page[MergerView], summary="Find mergers", responses=problems(UnreadableCursor))
async def list_mergers(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    status: Annotated[MergerStatus | None, Query(description="only those that had come so far")] = None,
    code: Annotated[str | None, Query(description="a predecessor or the successor", pattern=CODE)] = None,
    effective_from: Annotated[WrittenDay | None, Query(description="only on or after this day")] = None,
    effective_to: Annotated[WrittenDay | None, Query(description="only on or before this day")] = None,
) -> Page[MergerView]:
    """Mergers by status, organisation and day, as known at an instant, in the order of their days."""
    after = _place(paging.key(str, str))
    filters = plans.MergerFilters(status, code, effective_from, effective_to)
    found = await plans.list_mergers(rows, filters, as_known=as_known, after=after, limit=paging.fetch)
    return page(
        [MergerView.model_validate(one) for one in found],
        key=lambda one: (one.effective_on, one.reference),
        request=request,
    )


@router.get(
    "/mergers/{reference}",
    response_model=MergerInFullView,
    summary="A merger and everything that was said of it",
    responses=problems(MergerNotFound),
)
async def get_merger(
    reference: Reference, rows: Rows, _: By, response: Response, as_known: AsKnown
) -> MergerInFullView:
    """A merger as known at an instant, with each day that was planned for it and when that was said."""
    merger, said = await plans.get_merger(rows, reference, as_known=as_known)
    etag(response, merger.version)
    return MergerInFullView(
        **MergerView.model_validate(merger).model_dump(), plans=[PlanView.model_validate(one) for one in said]
    )


@router.post(
    "/mergers",
    status_code=201,
    response_model=MergerView,
    summary="Agree a merger",
    responses=problems(MergerNotAllowed, CodeTaken),
)
async def merge_ccgs(
    command: mergers.MergeCCGs, session: Write, by: NHSEngland, today: Today, stated_at: StatedAt, response: Response
) -> Merger:
    """Agree that two or more CCGs are dissolved on a day and another is established (NHS Act 2006 s.14G).

    A day to come: the successor stands as proposed, and the merger is carried out on the day. A day that is past, or
    today: it is carried out at once. A refusal lists every reason.
    """
    merger = await mergers.merge_ccgs(session, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/redating",
    response_model=MergerView,
    summary="Put a merger on another day",
    responses=problems(MergerNotFound, NotAgreedAnyMore, SameDay, MergerNotAllowed, *EDIT_REFUSALS),
)
async def redate_merger(
    reference: Reference,
    command: mergers.RedateMerger,
    session: Write,
    by: NHSEngland,
    today: Today,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> Merger:
    """Let an agreed merger take effect on another day. What was planned before stays visible, as known before."""
    merger = await mergers.get_merger_to_change(session, reference)
    stale(merger.version, expected)
    await mergers.redate_merger(session, merger, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/withdrawal",
    response_model=MergerView,
    summary="Give a merger up",
    responses=problems(MergerNotFound, NotAgreedAnyMore, *EDIT_REFUSALS),
)
async def withdraw_merger(
    reference: Reference,
    session: Write,
    by: NHSEngland,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> Merger:
    """Withdraw an agreed merger. Its predecessors go on, and its successor's code stays proposed."""
    merger = await mergers.get_merger_to_change(session, reference)
    stale(merger.version, expected)
    await mergers.withdraw_merger(session, merger, by=by, stated_at=stated_at)
    etag(response, merger.version)
    return merger


def _place(after: tuple[str, ...] | None) -> tuple[date, str] | None:
    """Return the day and reference after which a page begins. Raises UnreadableCursor."""
    if after is None:
        return None
    day, reference = after
    try:
        return date.fromisoformat(day), reference
    except ValueError as error:
        raise UnreadableCursor("after: use the link that the page before gave") from error
