"""Routes about watch lists."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Read,
    Rows,
    Write,
    binds_none,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.messaging import event_log
from libs.common.messaging.event_log import EpochEnded, EventFilter
from libs.common.service.feed_routes import Feed
from services.registry.core.errors import OrganisationNotFound
from services.registry.edge import EDIT_REFUSALS
from services.registry.watch_lists import commands, queries
from services.registry.watch_lists.errors import WatchListNotFound, WatchListTaken
from services.registry.watch_lists.models import WatchList
from services.registry.watch_lists.views import WatchedView, WatchListView

router = commands_router(tags=["Search"])

OWN = "a watch list is its owner's, and names the organisations of others to follow them"

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="the list's number", examples=[1])]


@router.get("/watch-lists", response_model=Page[WatchListView], summary="List your watch lists")
async def list_watch_lists(request: Request, session: Read, by: By, paging: Paging) -> Page[WatchListView]:
    """List the caller's own watch lists, ordered by creation."""
    [after] = paging.key(int) or [0]
    found = await queries.list_watch_lists(session, by=by, after=after, limit=paging.fetch)
    return page(found, key=lambda one: one.id, request=request)


@router.post(
    "/watch-lists",
    status_code=201,
    response_model=WatchListView,
    summary="Create a watch list",
    responses=problems(OrganisationNotFound, WatchListTaken),
)
@binds_none(because=OWN)
async def make_watch_list(command: commands.Watch, session: Write, by: By, response: Response) -> WatchList:
    """Create a list of codes and footprints, under a name of the caller's."""
    made = await commands.make_watch_list(session, command, by=by)
    await session.refresh(made)
    etag(response, made.version)
    return made


@router.get(
    "/watch-lists/{number}",
    response_model=WatchListView,
    summary="Get a watch list",
    responses=problems(WatchListNotFound),
)
async def get_watch_list(number: Number, session: Read, by: By, response: Response) -> WatchList:
    """Return one of the caller's watch lists. Other callers' lists give 404."""
    found = await queries.get_watch_list(session, number, by=by)
    etag(response, found.version)
    return found


@router.put(
    "/watch-lists/{number}",
    response_model=WatchListView,
    summary="Change a watch list",
    responses=problems(WatchListNotFound, OrganisationNotFound, WatchListTaken, *EDIT_REFUSALS),
)
@binds_none(because=OWN)
async def change_watch_list(
    number: Number, command: commands.Watch, session: Write, by: By, expected: IfMatch, response: Response
) -> WatchList:
    """Replace the name, the codes and the footprints of a list."""
    watched = await commands.get_watch_list_to_change(session, number, by=by)
    stale(watched.version, expected)
    await commands.change_watch_list(session, watched, command, by=by)
    etag(response, watched.version)
    return watched


@router.delete(
    "/watch-lists/{number}",
    status_code=204,
    summary="Delete a watch list",
    responses=problems(WatchListNotFound, *EDIT_REFUSALS),
)
@binds_none(because=OWN)
async def end_watch_list(number: Number, session: Write, by: By, expected: IfMatch) -> None:
    """Delete a list. Events about its organisations stay in the feed."""
    watched = await commands.get_watch_list_to_change(session, number, by=by)
    stale(watched.version, expected)
    await session.delete(watched)
    await session.flush()


@router.get(
    "/watch-lists/{number}/bodies",
    response_model=WatchedView,
    summary="List the organisations that a watch list follows",
    responses=problems(WatchListNotFound),
)
async def list_watched(
    number: Number, session: Read, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> WatchedView:
    """Return its codes, everything below its footprints on the day, and the predecessors and successors of each."""
    found = await queries.get_watch_list(session, number, by=by)
    watched = await queries.watched_codes(rows, found.codes, found.footprints, as_at=as_at, as_known=as_known)
    return WatchedView(id=found.id, name=found.name, watched=watched)


@router.get(
    "/watch-lists/{number}/changes",
    response_model=Feed,
    summary="Read the events about a watch list",
    responses=problems(WatchListNotFound, EpochEnded),
)
async def follow_watch_list(
    number: Number,
    session: Read,
    rows: Rows,
    by: By,
    as_at: AsAt,
    after: Annotated[
        int, Query(ge=0, le=2**63 - 1, description="The position that you have read up to; 0: from the start.")
    ] = 0,
    epoch: Annotated[str | None, Query(description="The `epoch` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="The most events to return.")] = 100,
) -> Response:
    """Return the events about the organisations of a list, after a position, in order. Continue with `after=next`.

    The position never expires: all events are retained. After a restore from a backup, an `epoch` that ended is
    refused.
    """
    found = await queries.get_watch_list(session, number, by=by)
    about = await queries.watched_codes(rows, found.codes, found.footprints, as_at=as_at)
    asked = EventFilter(about=frozenset(about))
    changes = await event_log.feed(rows, after=after, epoch=epoch, limit=limit, visible_to=by, asked=asked)
    return Response(changes.encode(), media_type="application/json", headers={"Cache-Control": "no-store"})
