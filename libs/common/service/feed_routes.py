"""The event feed for partners: what a service told, after a position, waiting for more where there is none yet."""

import time
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from libs.common.http.dependencies import Rows, allowed, problems
from libs.common.identity import Caller, Role
from libs.common.messaging import event_log
from libs.common.messaging.event_log import EpochEnded
from libs.common.messaging.wakeup import log_signal

LONGEST_WAIT = 30
"""Seconds that a long poll may ask for."""
_LOOK_AGAIN = 1.0
"""Seconds until a long poll looks again at what another process may have told."""
_MOST_EVENTS = 500

router = APIRouter(tags=["Events"])


class FeedItem(BaseModel):
    """One event. `previous` is the position that you must have come to: another one would be a gap."""

    previous: int = Field(examples=[41])
    event: dict[str, Any] = Field(description="A CloudEvents 1.0 event, as it stands in the log.")


class Feed(BaseModel):
    """Events after a position. Ask again with `after=next`: what you may not see moves it too."""

    epoch: str
    items: list[FeedItem]
    next: int = Field(examples=[57])


@router.get("/events", response_model=Feed, summary="Follow what this service tells", responses=problems(EpochEnded))
async def follow_events(
    request: Request,
    rows: Rows,
    by: Annotated[Caller, allowed(Role.PARTNER, Role.OPERATOR)],
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="How far you have come; 0 from the start.")] = 0,
    epoch: Annotated[str | None, Query(description="The `epoch` of your last answer.")] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST_EVENTS, description="How many events at most.")] = 100,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the next one.")] = 0,
) -> Response:
    """Return events after a position, in order; with `wait`, hold the answer back until there is one.

    Events that concern named parties only are shown to those who act for one of them.
    """
    deadline = time.monotonic() + wait
    grown, stopping = log_signal(rows.url), request.app.state.stopping
    viewer = await _with_predecessors(by, request)
    while True:
        seen = grown.count
        page = await event_log.feed(rows, after=after, epoch=epoch, limit=limit, visible_to=viewer)
        left = deadline - time.monotonic()
        if page.items or left <= 0 or stopping.is_set():
            # The bytes of the log as they are, so that hashes which partners keep stay right.
            return Response(page.encode(), media_type="application/json", headers={"Cache-Control": "no-store"})
        # No connection is held here: a thousand partners may wait.
        await grown.wait(seen, within=min(left, _LOOK_AGAIN), stop=stopping)


async def _with_predecessors(by: Caller, request: Request) -> Caller:
    """Return the caller as one who acts for the organisations too that live on in its own."""
    predecessors = request.app.state.service.predecessors
    if predecessors is None or by.is_national:
        return by
    return replace(
        by, organisations=by.organisations | await predecessors(request.app.state.database, by.organisations)
    )
