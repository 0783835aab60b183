"""Health routes: liveness and readiness for everybody, Prometheus metrics for operators."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from libs.common.http.dependencies import allowed, problems
from libs.common.http.query_parameters import StrictRoute
from libs.common.identity import Caller, Role
from libs.common.messaging.health import BackboneHealth, backbone_health, session_numbers
from libs.common.process.faults import is_passing
from libs.common.process.metrics import CONTENT_TYPE
from libs.common.process.tasks import Tasks
from libs.common.webhooks.queries import webhook_numbers

STUCK_SECONDS = 60
"""Seconds after which an event shows that none works: in the outbox, or at a consumer that is applying no batch."""

router = APIRouter(tags=["Health"], route_class=StrictRoute)


class Alive(BaseModel):
    """The process responds."""

    alive: bool = True


class Readiness(BaseModel):
    """Whether this service works, without numbers: anybody may ask. Operators read `/v1/operations/backbone`."""

    ready: bool
    reasons: list[str]
    waiting: list[str] = Field(
        default=[], description="What waits for an operator while the service works.", examples=[[]]
    )


@router.get("/health/live", summary="Is it alive?")
async def tell_alive() -> Alive:
    """Return whether the process responds: restart it if this fails."""
    return Alive()


@router.get(
    "/health/ready",
    summary="Is it ready?",
    responses={503: {"model": Readiness, "description": "It is not ready, for these reasons."}},
)
async def tell_ready(request: Request, response: Response) -> Readiness:
    """Return whether the service works: its database responds, its tasks run, its events are published."""
    tasks: Tasks = request.app.state.tasks
    reasons = [f"the {name} died: {death.error.partition(':')[0]}" for name, death in sorted(tasks.dead.items())]
    waiting: list[str] = []
    try:
        numbers = await numbers_of(request)
        reasons += _what_stands(request, numbers)
        if numbers.newer_events:
            reasons.append("events wait for a newer version of this service")
        if not await request.app.state.database.has_room():
            reasons.append("the disk of the database is full")
        if numbers.parked_events:
            waiting.append("events are parked")
    except Exception as error:
        if not (isinstance(error, OSError) or is_passing(error)):
            raise
        reasons.append(f"the database does not answer: {type(error).__name__}")
    response.status_code = 503 if reasons else 200
    return Readiness(ready=not reasons, reasons=reasons, waiting=waiting)


def _what_stands(request: Request, numbers: BackboneHealth) -> list[str]:
    """Return where events wait for too long and nothing moves."""
    stand: list[str] = []
    if numbers.oldest_outbox_seconds > STUCK_SECONDS:
        stand.append("events wait in the outbox for too long")
    unmoved = request.app.state.progress.unmoved_seconds(numbers.published_position)
    if min(numbers.unpublished_seconds, unmoved) > STUCK_SECONDS:
        stand.append("events wait to be published for too long")
    return stand + [
        f"events of {source} wait to be consumed for too long"
        for source, seconds in sorted(numbers.consumer_waiting_seconds.items())
        if seconds > STUCK_SECONDS and source not in numbers.consumers_at_work
    ]


@router.get("/metrics", summary="Metrics for Prometheus", responses=problems(), response_class=Response)
async def tell_metrics(request: Request, by: Annotated[Caller, allowed(Role.OPERATOR)]) -> Response:  # noqa: ARG001
    """Return counts and durations of requests, and the present numbers of backbone, database, pools and process."""
    numbers = await numbers_of(request)
    state = request.app.state
    measures: dict[str, float] = {
        "outbox_events": numbers.outbox_events,
        "oldest_outbox_seconds": numbers.oldest_outbox_seconds,
        "last_position": numbers.last_position,
        "published_lag": numbers.published_lag,
        "parked_events": numbers.parked_events,
        "parked_keys": numbers.parked_keys,
        "newer_events": sum(numbers.newer_events.values()),
        "unpublished_seconds": numbers.unpublished_seconds,
        "dead_tasks": len(state.tasks.dead),
    }
    measures |= {f"consumer_waiting_seconds_{source}": s for source, s in numbers.consumer_waiting_seconds.items()}
    measures |= {f"consumer_position_{source}": at for source, at in numbers.consumer_position.items()}
    measures |= {f"consumer_lag_{source}": lag for source, lag in numbers.consumer_lag.items() if lag is not None}
    measures |= await webhook_numbers(state.database)
    pools = {name: asdict(pool) for name, pool in state.database.pools().items()}
    sessions = await session_numbers(state.database)
    return Response(state.metrics.exposition(measures, pools, sessions), media_type=CONTENT_TYPE)


async def numbers_of(request: Request) -> BackboneHealth:
    """Return the backbone's present numbers. Raises database errors."""
    state = request.app.state
    return await backbone_health(state.database, state.bus, state.service.hears)
