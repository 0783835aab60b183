"""The event feed for partners: a service's events after a cursor, with long polling."""

import time
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from libs.common.codes import Code
from libs.common.http.dependencies import Rows, allowed, problems
from libs.common.http.query_parameters import StrictRoute
from libs.common.identity import Caller, Role
from libs.common.messaging import event_log
from libs.common.messaging.event_log import EpochEnded, EventFilter
from libs.common.messaging.wakeup import log_signal
from libs.common.webhooks.commands import TypeName

LONGEST_WAIT = 30
"""Maximum seconds of a long poll."""
_LOOK_AGAIN = 1.0
"""Seconds after which a long poll reads again, in case another process has published."""
_MOST_EVENTS = 500
_MOST_TYPES, _MOST_CODES = 100, 500

Types = Annotated[
    list[TypeName] | None,
    Query(
        alias="type",
        max_length=_MOST_TYPES,
        description="Only events of these types: names, or CloudEvents types.",
        examples=["CCGMerged"],
    ),
]
Organisations = Annotated[
    list[Code] | None,
    Query(
        alias="organisation",
        max_length=_MOST_CODES,
        description="Only events that name one of these organisations.",
        examples=["14Y"],
    ),
]

router = APIRouter(tags=["Events"], route_class=StrictRoute)


class FeedItem(BaseModel):
    """One event. `previous` must be the position you have reached: any other value means a gap."""

    previous: int = Field(examples=[41])
    event: dict[str, Any] = Field(description="A CloudEvents 1.0 event, exactly as in the log.")


class Feed(BaseModel):
    """Events after a position. Continue with `after=next`: events that you may not see advance it too."""

    epoch: str
    items: list[FeedItem]
    next: int = Field(examples=[57])


@router.get("/events", response_model=Feed, summary="Follow this service's events", responses=problems(EpochEnded))
async def follow_events(
    request: Request,
    rows: Rows,
    by: Annotated[Caller, allowed(Role.PARTNER)],
    after: Annotated[
        int,
        Query(ge=0, le=2**63 - 1, description="Your cursor: the position that you have read up to; 0 from the start."),
    ] = 0,
    epoch: Annotated[str | None, Query(description="The `epoch` of your last response.")] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST_EVENTS, description="Maximum number of events.")] = 100,
    types: Types = None,
    organisations: Organisations = None,
    wait: Annotated[
        float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for an event, if there is none yet.")
    ] = 0,
) -> Response:
    """Return events after a position, in order; `wait` delays the response until there is an event.

    Events restricted to their parties are returned only to callers who act for one of them. Filters leave events out
    as restrictions do: `next` and `previous` skip them.
    """
    deadline = time.monotonic() + wait
    grown, stopping = log_signal(rows.url), request.app.state.stopping
    viewer = await with_predecessors(by, request)
    asked = EventFilter(frozenset(types or ()), frozenset(organisations) if organisations else None)
    while True:
        seen = grown.count
        page = await event_log.feed(rows, after=after, epoch=epoch, limit=limit, visible_to=viewer, asked=asked)
        left = deadline - time.monotonic()
        if page.items or left <= 0 or stopping.is_set():
            # The exact bytes of the log, so that hashes which partners store remain valid.
            return Response(page.encode(), media_type="application/json")
        # No connection is in use while waiting: a thousand partners may wait.
        await grown.wait(seen, within=min(left, _LOOK_AGAIN), stop=stopping)


async def with_predecessors(by: Caller, request: Request) -> Caller:
    """Return the caller as also acting for the predecessors of its organisations."""
    predecessors = request.app.state.service.predecessors
    if predecessors is None or by.is_national:
        return by
    return replace(
        by, organisations=by.organisations | await predecessors(request.app.state.database, by.organisations)
    )
