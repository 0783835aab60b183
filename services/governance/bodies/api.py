"""Routes about governing bodies and their posts."""

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
from services.governance.bodies import commands, posts
from services.governance.bodies.views import (
    ActView,
    BodySummary,
    BodyView,
    EndingReasonsView,
    PostView,
    ReasonCodeView,
)
from services.governance.core import errors
from services.governance.core import queries as reads
from services.governance.core.acts import list_acts as list_acts_of
from services.governance.core.catalogue import reasons_on
from services.governance.core.codes import BodyReference, OrganisationCode
from services.governance.edge import Lead, OrganisationFilter

router = commands_router(tags=["Bodies"])


@router.get("/bodies", summary="List the governing bodies of a day", responses=problems())
async def list_bodies(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
) -> Page[BodySummary]:
    """List the bodies that exist on a day, ordered by reference."""
    found = await reads.list_bodies(
        rows, organisation, as_at=as_at, as_known=as_known, after=paging.key(str), limit=paging.fetch
    )
    return page([BodySummary.model_validate(row) for row in found], key=lambda view: view.body, request=request)


@router.get("/bodies/{body}", summary="Read a body with its posts", responses=problems(errors.BodyNotFound))
async def get_body(
    body: Annotated[BodyReference, Path(description="Its reference.", examples=["14Y-governing-body"])],
    rows: Rows,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
) -> BodyView:
    """Return a body with every post, its holder as at the day, or why it is vacant."""
    return BodyView.model_validate(await reads.get_body(rows, body, as_at=as_at, as_known=as_known))


@router.post(
    "/bodies",
    status_code=201,
    summary="Establish a governing body",
    responses=problems(
        errors.OrganisationNotOpen,
        errors.DocumentMissing,
        errors.BodyExists,
        errors.PostExists,
        errors.NotInCatalogue,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("organisation", "the body that took it over")
async def establish_body(
    command: commands.EstablishBody, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> BodyView:
    """Establish a body for an open or proposed organisation. Publishes `BodyEstablished`, and `PostFellVacant` a
    post."""
    body = await commands.establish_body(session, command, by=by, today=today, stated_at=stated_at)
    row = await reads.get_body(await raw(session), body.reference, as_at=command.first_day, as_known=None)
    return BodyView.model_validate(row)


@router.post(
    "/posts",
    status_code=201,
    summary="Add a post to a body",
    responses=problems(
        errors.BodyNotFound,
        errors.OrganisationNotOpen,
        errors.DocumentMissing,
        errors.BodyNotStanding,
        errors.PostExists,
        errors.NotInCatalogue,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("organisation", "the body that took it over")
async def create_post(
    command: posts.CreatePost, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> PostView:
    """Add a post with a title of the catalogue, or one in the constitution. Publishes `PostFellVacant`."""
    post = await posts.create_post(session, command, by=by, today=today, stated_at=stated_at)
    wanted = reads.PostFilter(post=post.reference)
    [row] = await reads.list_posts(await raw(session), wanted, as_at=command.first_day, as_known=None)
    return PostView.model_validate(row)


@router.get("/ending-reasons", summary="List the reasons for an ending", responses=problems())
async def list_ending_reasons(_: By, as_at: AsAt) -> EndingReasonsView:
    """List the codes that the ending of an appointment or a decision right on the day can give as its reason.

    Everybody reads the title of the code that was given; an act's own words are a private `note`.
    """
    return EndingReasonsView(
        as_at=as_at,
        appointments=[
            ReasonCodeView(code=code, title=title)
            for code, title in reasons_on(as_at, subject="appointment-endings").items()
        ],
        decision_rights=[
            ReasonCodeView(code=code, title=title)
            for code, title in reasons_on(as_at, subject="decision-right-endings").items()
        ],
    )


@router.get(
    "/acts", summary="Read an organisation's acts with their private words", responses=problems(NotYoursToDecide)
)
async def list_acts(
    request: Request,
    rows: Rows,
    by: Lead,
    paging: Paging,
    organisation: Annotated[OrganisationCode, Query(description="ODS code.")],
) -> Page[ActView]:
    """List who established, appointed, granted and ended what, in the order of recording, with notes and documents.

    For the organisation's own governance leads, and those of a successor, which alone see what was done after its end.
    """
    after = paging.key(int)
    found = await list_acts_of(rows, organisation, by=by, after=int(after[0]) if after else None, limit=paging.fetch)
    return page([ActView.model_validate(row) for row in found], key=lambda view: view.id, request=request)
