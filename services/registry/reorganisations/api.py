"""Routes about successions that are stated by hand."""

from datetime import date
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response

from libs.common.codes import numbered
from libs.common.http.dependencies import (
    AsKnown,
    IfMatch,
    Page,
    Paging,
    Rows,
    StatedAt,
    UnreadableVersion,
    Write,
    allowed,
    binds,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, Role
from services.registry.core.codes import Code
from services.registry.edge import Seeing
from services.registry.reorganisations import commands, undoing
from services.registry.reorganisations.errors import SuccessionNotAllowed, SuccessionNotFound, SuccessionNotUndoable
from services.registry.reorganisations.models import StatedShape
from services.registry.reorganisations.queries import get_reorganisation, list_reorganisations
from services.registry.reorganisations.views import ReorganisationView

router = commands_router(tags=["Successions"])

Reference = Annotated[
    str,
    numbered("R", "R-11X"),
    Path(description="the reference given when it was stated", examples=["R-11X"]),
]
Decider = Annotated[Caller, allowed(Role.REGISTRAR, Role.NHS_ENGLAND)]


@router.get(
    "/reorganisations",
    response_model=Page[ReorganisationView],
    summary="Find successions that were stated by hand",
    responses=problems(UnreadableCursor),
)
async def list_all(
    request: Request,
    rows: Rows,
    sight: Seeing,
    paging: Paging,
    as_known: AsKnown,
    code: Annotated[Code | None, Query(description="a predecessor or a successor")] = None,
    shape: Annotated[StatedShape | None, Query(description="only of this shape")] = None,
) -> Page[ReorganisationView]:
    """List splits, acquisitions, boundary changes, abolitions and mergers of trusts, ordered by day.

    The lineage of an organisation has these beside those from files. An undone one stays in this list.
    """
    after = None if paging.after is None else _cursor(paging.after)
    found = await list_reorganisations(
        rows, code=code, shape=shape, as_known=as_known, after=after, limit=paging.fetch, sight=sight
    )
    return page(found, key=lambda one: (one.effective_on, one.reference), request=request)


@router.get(
    "/reorganisations/{reference}",
    response_model=ReorganisationView,
    summary="Get a succession that was stated by hand",
    responses=problems(SuccessionNotFound),
)
async def get_one(
    reference: Reference, rows: Rows, sight: Seeing, response: Response, as_known: AsKnown
) -> ReorganisationView:
    """Return one succession as known at an instant."""
    found = await get_reorganisation(rows, reference, as_known=as_known, sight=sight)
    etag(response, found.version)
    return found


@router.post(
    "/reorganisations",
    status_code=201,
    response_model=ReorganisationView,
    summary="State a succession",
    responses=problems(SuccessionNotAllowed),
)
@binds("predecessors", "successors.code", "commissioners.code")
async def state_succession(
    command: commands.StateSuccession, session: Write, by: Decider, stated_at: StatedAt, response: Response
) -> ReorganisationView:
    """State that organisations are succeeded by others from a day, in any shape but a merger of commissioners.

    Commissioners merge by agreeing a merger. The shares of a split sum to exactly 1. Only trusts and hubs can be
    acquired by an existing body. After an abolition in law the code may continue as another kind of body. List the
    practices and areas that a commissioner leaves behind: a refusal names each that is not listed, with every other
    reason.
    """
    done = await commands.state_succession(session, command, by=by, stated_at=stated_at)
    etag(response, done.version)
    return done


@router.post(
    "/reorganisations/{reference}/undoing",
    response_model=ReorganisationView,
    summary="Undo a succession",
    responses=problems(SuccessionNotFound, SuccessionNotUndoable, PreconditionMissing, StaleVersion, UnreadableVersion),
)
@binds("the predecessors", "the successors", "the commissioners that it moved practices or areas of")
async def undo_succession(
    reference: Reference, session: Write, by: Decider, stated_at: StatedAt, expected: IfMatch, response: Response
) -> ReorganisationView:
    """Undo a succession that was wrong. Everything that it closed or moved becomes as without it.

    Earlier beliefs stay readable, as known until now.
    """
    wrong = await undoing.get_reorganisation_to_change(session, reference, by=by)
    stale(wrong.version, expected)
    undone = await undoing.undo_succession(session, wrong, by=by, stated_at=stated_at)
    etag(response, undone.version)
    return undone


def _cursor(after: tuple[Any, ...]) -> tuple[date, str]:
    """Read the cursor: day and reference. Raises UnreadableCursor."""
    try:
        day, reference = after
        return date.fromisoformat(day), str(reference)
    except (TypeError, ValueError):
        raise UnreadableCursor("after: use the link `next` of the page before") from None
