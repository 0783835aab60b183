"""Routes about what is done before a merger takes effect: schemes, evidence of conditions, readiness, establishment."""

from typing import Annotated

from fastapi import Path, Response

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    allowed,
    commands_router,
    etag,
    problems,
)
from libs.common.identity import Caller, Role
from services.registry import mergers, preparations
from services.registry.api.merger_views import MergerView, ReadinessView
from services.registry.errors import (
    ConditionMetAlready,
    MergerNotFound,
    MergerNotReady,
    NoSuchCondition,
    NotAgreedAnyMore,
    NotItsDay,
    SchemeMadeAlready,
    SchemeNotAllowed,
)
from services.registry.models.mergers import Merger
from services.registry.readiness import get_readiness
from services.registry.schemes import NewScheme

router = commands_router(tags=["Mergers"])

Reference = Annotated[
    str,
    Path(
        pattern=r"^M-[A-Z0-9]{1,12}(-\d{1,3})?$",
        description="the reference that the agreement gave",
        examples=["M-14Y"],
    ),
]
NHSEngland = Annotated[Caller, allowed(Role.NHS_ENGLAND)]
Preparing = Annotated[Caller, allowed(Role.NHS_ENGLAND, Role.GOVERNANCE_LEAD)]
"""NHS England makes the schemes; whoever keeps a commissioner's governance says so, and gives evidence."""


@router.get(
    "/mergers/{reference}/readiness",
    response_model=ReadinessView,
    summary="What a merger lacks before it can take effect",
    responses=problems(MergerNotFound),
)
async def get_merger_readiness(
    reference: Reference, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown, today: Today
) -> ReadinessView:
    """Day-one readiness, from facts: conditions met and schemes made by a day, as known at an instant."""
    ready = await get_readiness(rows, reference, as_at=as_at, as_known=as_known, today=today)
    return ReadinessView.model_validate(ready)


@router.post(
    "/mergers/{reference}/schemes",
    status_code=201,
    response_model=MergerView,
    summary="Make a transfer scheme, or give a nil return",
    responses=problems(MergerNotFound, NotAgreedAnyMore, SchemeNotAllowed, SchemeMadeAlready),
)
async def make_scheme(
    reference: Reference,
    command: NewScheme,
    session: Write,
    by: Preparing,
    today: Today,
    stated_at: StatedAt,
    response: Response,
) -> Merger:
    """Record that a property or a staff transfer scheme was made (NHS Act 2006 s.14I, s.14Z28), or that none is needed.

    They are two schemes, and every predecessor needs both, or nil returns, by the merger's day.
    """
    merger = await mergers.get_merger_to_change(session, reference)
    await preparations.make_scheme(session, merger, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/conditions/{number}/evidence",
    status_code=201,
    response_model=MergerView,
    summary="Evidence that a condition is met",
    responses=problems(MergerNotFound, NoSuchCondition, NotAgreedAnyMore, ConditionMetAlready, SchemeNotAllowed),
)
async def meet_condition(
    reference: Reference,
    number: Annotated[int, Path(ge=1, le=1000, description="the condition, counted from 1 as it was set")],
    command: preparations.MeetCondition,
    session: Write,
    by: Preparing,
    today: Today,
    stated_at: StatedAt,
    response: Response,
) -> Merger:
    """Record on which day a condition of the approval was met, and by what that shows."""
    merger = await mergers.get_merger_to_change(session, reference)
    await preparations.meet_condition(session, merger, number, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/establishment",
    response_model=MergerView,
    summary="Establish the successor now",
    responses=problems(MergerNotFound, NotAgreedAnyMore, NotItsDay, MergerNotReady),
)
async def establish_successor(
    reference: Reference, session: Write, by: NHSEngland, today: Today, stated_at: StatedAt, response: Response
) -> Merger:
    """Carry a merger out on its day, as due work does by itself. Refused with all that is missing, or came too late."""
    merger = await mergers.get_merger_to_change(session, reference)
    await mergers.establish_successor(session, merger, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger
