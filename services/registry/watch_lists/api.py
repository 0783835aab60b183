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
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.messaging import event_log
from libs.common.messaging.event_log import EpochEnded
from libs.common.service.feed_routes import Feed
from services.registry.core.errors import OrganisationNotFound
from services.registry.edge import EDIT_REFUSALS
from services.registry.watch_lists import commands, queries
from services.registry.watch_lists.errors import WatchListNotFound, WatchListTaken
from services.registry.watch_lists.models import WatchList
from services.registry.watch_lists.views import WatchedView, WatchListView

router = commands_router(tags=["Search"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="the list's number", examples=[1])]


@router.get("/watch-lists", response_model=Page[WatchListView], summary="Your watch lists")
async def list_watch_lists(request: Request, session: Read, by: By, paging: Paging) -> Page[WatchListView]:
    """The caller's own lists, in the order in which they were made."""
    [after] = paging.key(int) or [0]
    found = await queries.list_watch_lists(session, by=by, after=after, limit=paging.fetch)
    return page(found, key=lambda one: one.id, request=request)


@router.post(
    "/watch-lists",
    status_code=201,
    response_model=WatchListView,
    summary="Watch bodies and footprints",
    responses=problems(OrganisationNotFound, WatchListTaken),
)
async def make_watch_list(command: commands.Watch, session: Write, by: By, response: Response) -> WatchList:
    """Keep a list of codes and footprints, under a name that is the caller's own."""
    made = await commands.make_watch_list(session, command, by=by)
    await session.refresh(made)
    etag(response, made.version)
    return made


@router.get(
    "/watch-lists/{number}",
    response_model=WatchListView,
    summary="One of your watch lists",
    responses=problems(WatchListNotFound),
)
async def get_watch_list(number: Number, session: Read, by: By, response: Response) -> WatchList:
    """What it watches. Somebody else's list is not found."""
    found = await queries.get_watch_list(session, number, by=by)
    etag(response, found.version)
    return found


@router.put(
    "/watch-lists/{number}",
    response_model=WatchListView,
    summary="Watch something else",
    responses=problems(WatchListNotFound, OrganisationNotFound, WatchListTaken, *EDIT_REFUSALS),
)
async def change_watch_list(
    number: Number, command: commands.Watch, session: Write, by: By, expected: IfMatch, response: Response
) -> WatchList:
    """Replace the name and what is watched."""
    watched = await commands.get_watch_list_to_change(session, number, by=by)
    stale(watched.version, expected)
    await commands.change_watch_list(session, watched, command, by=by)
    etag(response, watched.version)
    return watched


@router.delete(
    "/watch-lists/{number}",
    status_code=204,
    summary="Watch it no more",
    responses=problems(WatchListNotFound, *EDIT_REFUSALS),
)
async def end_watch_list(number: Number, session: Write, by: By, expected: IfMatch) -> None:
    """Remove the list. What was told about its bodies stays in the feed."""
    watched = await commands.get_watch_list_to_change(session, number, by=by)
    stale(watched.version, expected)
    await session.delete(watched)
    await session.flush()


@router.get(
    "/watch-lists/{number}/bodies",
    response_model=WatchedView,
    summary="Which bodies a list follows on a day",
    responses=problems(WatchListNotFound),
)
async def list_watched(
    number: Number, session: Read, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> WatchedView:
    """Its codes, everything below its footprints on the day, and what came before and after each of them."""
    found = await queries.get_watch_list(session, number, by=by)
    watched = await queries.watched_codes(rows, found.codes, found.footprints, as_at=as_at, as_known=as_known)
    return WatchedView(id=found.id, name=found.name, watched=watched)


@router.get(
    "/watch-lists/{number}/changes",
    response_model=Feed,
    summary="What was told about the bodies of a list",
    responses=problems(WatchListNotFound, EpochEnded),
)
async def follow_watch_list(
    number: Number,
    session: Read,
    rows: Rows,
    by: By,
    as_at: AsAt,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="How far you have come; 0 from the start.")] = 0,
    epoch: Annotated[str | None, Query(description="The `epoch` of your last answer.")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="How many events at most.")] = 100,
) -> Response:
    """Events that concern a body of the list, after a position, in order. Ask again with `after=next`.

    The position never expires: all events are kept. After a restore from a backup, an `epoch` that ended is refused.
    """
    found = await queries.get_watch_list(session, number, by=by)
    about = await queries.watched_codes(rows, found.codes, found.footprints, as_at=as_at)
    changes = await event_log.feed(rows, after=after, epoch=epoch, limit=limit, visible_to=by, about=about)
    return Response(changes.encode(), media_type="application/json", headers={"Cache-Control": "no-store"})
