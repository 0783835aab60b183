"""Health routes: liveness, readiness and Prometheus metrics, read from the service's database."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from libs.common.http.dependencies import allowed, problems
from libs.common.identity import Caller, Role
from libs.common.messaging.health import BackboneHealth, backbone_health
from libs.common.process.faults import is_passing
from libs.common.process.metrics import CONTENT_TYPE
from libs.common.process.tasks import Tasks

STUCK_SECONDS = 60
"""Seconds after which an event waiting in the outbox shows that no sequencer works."""

router = APIRouter(tags=["Health"])


class Alive(BaseModel):
    """The process responds."""

    alive: bool = True


class Readiness(BaseModel):
    """Whether this service works, and the numbers behind that. A long lag alone does not make it unready."""

    ready: bool
    reasons: list[str]
    outbox_events: int | None = None
    oldest_outbox_seconds: float | None = None
    last_position: int | None = None
    published_lag: int | None = None
    consumer_lag: dict[str, int | None] = {}
    parked_events: int | None = None
    parked_keys: int | None = None


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
    reasons = [f"the {name} died: {death.error}" for name, death in sorted(tasks.dead.items())]
    numbers = None
    try:
        numbers = await _numbers(request)
    except Exception as error:
        if not (isinstance(error, OSError) or is_passing(error)):
            raise
        reasons.append(f"the database does not answer: {type(error).__name__}")
    if numbers is not None:
        reasons += _stuck(numbers)
    response.status_code = 503 if reasons else 200
    readiness = Readiness(ready=not reasons, reasons=reasons)
    return readiness.model_copy(update=_shown(numbers)) if numbers else readiness


def _stuck(numbers: BackboneHealth) -> list[str]:
    if numbers.oldest_outbox_seconds > STUCK_SECONDS:
        return [f"an event has been waiting in the outbox for {numbers.oldest_outbox_seconds:.0f} s"]
    return []


def _shown(numbers: BackboneHealth) -> dict[str, object]:
    names = set(Readiness.model_fields) - {"ready", "reasons"}
    return {name: getattr(numbers, name) for name in names}


@router.get("/metrics", summary="Metrics for Prometheus", responses=problems(), response_class=Response)
async def tell_metrics(request: Request, by: Annotated[Caller, allowed(Role.OPERATOR)]) -> Response:  # noqa: ARG001
    """Return counts and durations of requests, and the backbone's present numbers from the database."""
    numbers = await _numbers(request)
    measures: dict[str, float] = {
        "outbox_events": numbers.outbox_events,
        "oldest_outbox_seconds": numbers.oldest_outbox_seconds,
        "last_position": numbers.last_position,
        "published_lag": numbers.published_lag,
        "parked_events": numbers.parked_events,
        "parked_keys": numbers.parked_keys,
        "dead_tasks": len(request.app.state.tasks.dead),
    }
    measures |= {f"consumer_lag_{source}": lag for source, lag in numbers.consumer_lag.items() if lag is not None}
    return Response(request.app.state.metrics.exposition(measures), media_type=CONTENT_TYPE)


async def _numbers(request: Request) -> BackboneHealth:
    state = request.app.state
    return await backbone_health(state.database, state.bus, state.service.hears)
