"""The routes of recommendations."""

from typing import Annotated

from fastapi import Depends, Path, Request

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
from services.governance.core import errors as core
from services.governance.edge import Lead, OrganisationFilter
from services.governance.proposals.errors import MinuteContradicts
from services.governance.recommendations import commands, errors, queries
from services.governance.recommendations.queries import RecommendationFilter
from services.governance.recommendations.views import RecommendationView

router = commands_router(tags=["Recommendations"])

Recommended = Annotated[
    str,
    Path(
        max_length=60,
        description="The id that `POST /recommendations` returned.",
        examples=["RC-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"],
    ),
]


async def _filters(organisation: OrganisationFilter = None) -> RecommendationFilter:
    return RecommendationFilter(organisation=organisation)


@router.get("/recommendations", summary="List recommendations", responses=problems())
async def list_recommendations(
    request: Request,
    rows: Rows,
    by: By,
    filters: Annotated[RecommendationFilter, Depends(_filters)],
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
) -> Page[RecommendationView]:
    """List the recommendations that your organisations, or their predecessors, made or are asked to answer."""
    after = paging.key(str)
    found = await queries.list_recommendations(
        rows,
        filters,
        by=by,
        as_at=as_at,
        as_known=as_known,
        after=after[0] if after else None,
        limit=paging.fetch,
    )
    return page(found, key=lambda view: view.recommendation, request=request)


@router.get(
    "/recommendations/{recommendation}",
    summary="Read a recommendation",
    responses=problems(errors.RecommendationNotFound),
)
async def get_recommendation(
    recommendation: Recommended, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> RecommendationView:
    """Return it with its replies, who stands in the way, and on which lawful grounds it may be escalated.

    The consents that it needs were fixed when it was made. Silence is neither consent nor rejection.
    """
    return await queries.get_recommendation(rows, recommendation, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/recommendations",
    status_code=201,
    summary="Recommend a decision to bodies",
    responses=problems(
        errors.NotAFootprint,
        core.OrganisationNotOpen,
        core.BodyNotStanding,
        core.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("footprint")
async def make_recommendation(
    command: commands.MakeRecommendation, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> RecommendationView:
    """Record what a footprint's board recommends. It is no application and no decision: the bodies decide.

    Publishes `RecommendationMade`.
    """
    made = await commands.make_recommendation(session, command, by=by, today=today, stated_at=stated_at)
    await session.flush()
    connection = await raw(session)
    return await queries.get_recommendation(connection, made, by=by, as_at=command.made_on, as_known=None)


@router.post(
    "/recommendations/{recommendation}/replies",
    status_code=201,
    summary="Answer a recommendation",
    responses=problems(
        errors.RecommendationNotFound,
        errors.NotAddressed,
        errors.AlreadyAnswered,
        errors.NotItsDecision,
        MinuteContradicts,
        core.ReasonNotListed,
        core.EndsBeforeItBegins,
        core.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("the body's organisation", "the body that took it over")
async def reply_to_recommendation(
    recommendation: Recommended,
    command: commands.ReplyToRecommendation,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> RecommendationView:
    """Give a body's one answer; a successor answers for a body that was abolished. Publishes `RecommendationAnswered`.

    An answer after the last day still counts, and ends the body's inertia. It may not be other than what the body
    decided on that action about the subject, or by the decision that it names.
    """
    await commands.reply_to_recommendation(session, recommendation, command, by=by, today=today, stated_at=stated_at)
    await session.flush()
    connection = await raw(session)
    return await queries.get_recommendation(connection, recommendation, by=by, as_at=command.replied_on, as_known=None)
