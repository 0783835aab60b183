"""Routes about governing bodies and their posts."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Path, Query, Request

from libs.common.database.connection import Reads, raw
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
from services.governance.bodies import closure, commands, deputies, posts, terms
from services.governance.bodies.joint import get_named_body_to_change, get_seat_to_change
from services.governance.bodies.views import (
    ActView,
    BodySummary,
    BodyView,
    EndingReasonsView,
    PostView,
    ReasonCodeView,
    TermsView,
)
from services.governance.core import errors
from services.governance.core import queries as reads
from services.governance.core.acts import list_acts as list_acts_of
from services.governance.core.catalogue import reasons_on
from services.governance.core.codes import BodyReference, OrganisationCode, PostOwner, RoleSlug
from services.governance.core.models import BodyKind
from services.governance.edge import Lead, OrganisationFilter

router = commands_router(tags=["Bodies"])

BodyPath = Annotated[BodyReference, Path(description="Its reference.", examples=["14Y-governing-body"])]


@router.get("/bodies", summary="List the bodies of a day", responses=problems())
async def list_bodies(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
    kind: Annotated[BodyKind | None, Query(description="Of one kind only.")] = None,
) -> Page[BodySummary]:
    """List the bodies that exist on a day, committees and panels too, ordered by reference."""
    found = await reads.list_bodies(
        rows, organisation, as_at=as_at, as_known=as_known, after=paging.key(str), limit=paging.fetch, kind=kind
    )
    return page([BodySummary.model_validate(row) for row in found], key=lambda view: view.body, request=request)


@router.get("/bodies/{body}", summary="Read a body with its posts", responses=problems(errors.BodyNotFound))
async def get_body(body: BodyPath, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown) -> BodyView:
    """Return a body with every post, its holder as at the day, or why it is vacant."""
    return BodyView.model_validate(await reads.get_body(rows, body, as_at=as_at, as_known=as_known))


@router.post(
    "/bodies",
    status_code=201,
    summary="Establish a body",
    responses=problems(
        errors.BodyNotFound,
        errors.BodyNotStanding,
        errors.OrganisationNotOpen,
        errors.DocumentMissing,
        errors.BodyExists,
        errors.PostExists,
        errors.NotInCatalogue,
        errors.NotAMember,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("organisation", "members", "the body that took one over")
async def establish_body(
    command: commands.EstablishBody, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> BodyView:
    """Establish a body of an open or proposed organisation, or a joint body of several, which binds every member.

    Publishes `BodyEstablished`, and `PostFellVacant` a post.
    """
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
        errors.NotAMember,
        errors.HostDominates,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("organisation", "the body that took it over", "every other member of a joint body")
async def create_post(
    command: posts.CreatePost, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> PostView:
    """Add a post with a title of the catalogue, or one in the constitution. Publishes `PostFellVacant`.

    In a joint body a regulator's is recorded without a vote, and a host gets no more votes than its instrument allows.
    """
    post = await posts.create_post(session, command, by=by, today=today, stated_at=stated_at)
    wanted = reads.PostFilter(post=post.reference)
    [row] = await reads.list_posts(await raw(session), wanted, as_at=command.first_day, as_known=None)
    return PostView.model_validate(row)


@router.post(
    "/bodies/{body}/ending",
    status_code=201,
    summary="Dissolve a committee, panel or joint body",
    responses=problems(
        errors.BodyNotFound,
        errors.BodyLeads,
        errors.BodyNotStanding,
        errors.EndsBeforeItBegins,
        errors.ReasonNotListed,
        errors.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("the body's organisation, or every member of a joint body", "the body that took it over")
async def dissolve_body(
    body: BodyPath, command: closure.DissolveBody, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> BodyView:
    """Dissolve it from the day after its last, with the bodies within it, their posts, appointments and rights.

    Publishes `BodyDissolved` for each body, and `AppointmentEnded` and `DecisionRightEnded` for what ends with it.
    """
    found = await get_named_body_to_change(session, body, by=by, today=today)
    await closure.dissolve_body(session, found, command, by=by, today=today, stated_at=stated_at)
    await session.flush()
    return BodyView.model_validate(
        await reads.get_body(await raw(session), body, as_at=command.last_day, as_known=None)
    )


@router.get(
    "/bodies/{body}/terms-of-reference",
    summary="Read a body's terms of reference",
    responses=problems(errors.BodyNotFound, errors.TermsNotFound),
)
async def get_terms(body: BodyPath, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown) -> TermsView:
    """Return how the body is quorate and decides on the day, and from when to when that is so."""
    return await _terms(rows, body, as_at, as_known)


@router.put(
    "/bodies/{body}/terms-of-reference",
    summary="State a body's terms of reference",
    responses=problems(
        errors.BodyNotFound,
        errors.BodyNotStanding,
        errors.RoleWithoutSeat,
        errors.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("the body's organisation, or every member of a joint body", "the body that took it over")
async def state_terms(
    body: BodyPath, command: terms.StateTerms, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> TermsView:
    """State how the body is quorate and decides from a day on. What it was before stays so of the days before."""
    found = await get_named_body_to_change(session, body, by=by, today=today)
    await terms.state_terms(session, found, command, by=by, today=today, stated_at=stated_at)
    await session.flush()
    return await _terms(await raw(session), body, command.first_day, None)


async def _terms(db: Reads, body: str, as_at: date, as_known: datetime | None) -> TermsView:
    found, first_day, last_day = await terms.get_terms(db, body, as_at=as_at, as_known=as_known)
    about = {"body": body, "first_day": first_day, "last_day": last_day, "as_at": as_at, "as_known": as_known}
    return TermsView.model_validate(found.model_dump() | about)


@router.put(
    "/posts/{organisation}/{post}/deputies",
    summary="Name the deputies for a post",
    responses=problems(
        errors.BodyNotFound,
        errors.PostNotFound,
        errors.PersonNotFound,
        errors.PostNotStanding,
        errors.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("the organisation that the post is for", "the body that took it over")
async def name_deputies(
    organisation: Annotated[
        PostOwner, Path(description="Its organisation's code, or its committee's reference.", examples=["14Y"])
    ],
    post: Annotated[RoleSlug, Path(description="The last part of its reference.", examples=["chair"])],
    command: deputies.NameDeputies,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> PostView:
    """Say who may deputise for the holder from a day on: a deputy sits for an absent or recused principal, once.

    No one named before that day is a deputy from then on who is not named again.
    """
    reference = f"{organisation}/{post}"
    found = await get_seat_to_change(session, reference, by=by, today=today)
    code = await posts.organisation_for(session, found)
    await deputies.name_deputies(session, found, command, organisation=code, by=by, today=today, stated_at=stated_at)
    await session.flush()
    wanted = reads.PostFilter(post=reference)
    [row] = await reads.list_posts(await raw(session), wanted, as_at=command.first_day, as_known=None)
    return PostView.model_validate(row)


@router.get("/ending-reasons", summary="List the reasons for an ending", responses=problems())
async def list_ending_reasons(_: By, as_at: AsAt) -> EndingReasonsView:
    """List the codes that the ending of an appointment, a right or a committee on the day can give as its reason.

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
        bodies=[
            ReasonCodeView(code=code, title=title) for code, title in reasons_on(as_at, subject="body-endings").items()
        ],
    )


@router.get(
    "/acts",
    summary="Read an organisation's acts with their private words",
    responses=problems(NotYoursToDecide, RoleMissing),
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
