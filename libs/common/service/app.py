"""Builds a service's FastAPI app: routes, middleware, database, clock and the backbone's background tasks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy import MetaData
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from libs.common.database.connection import Database
from libs.common.http import idempotency, openapi, problems
from libs.common.http.declarations import binding_of
from libs.common.http.examples import read_examples
from libs.common.http.hot_reads import HotReads, hot_reads
from libs.common.http.middleware import Edge
from libs.common.http.tokens import Keys, Verifier
from libs.common.http.transactions import READING, VERSION, CommandRoute, PlacedRouter, QuestionRoute, SteppedRoute
from libs.common.identity import Caller
from libs.common.messaging.bus import Bus
from libs.common.messaging.causes import MadeDue
from libs.common.messaging.consumer import Consumer
from libs.common.messaging.health import Progress
from libs.common.messaging.provenance import Alias, Origin
from libs.common.messaging.rebuild import rebuild_carried_over
from libs.common.messaging.sequencer import Sequencer
from libs.common.messaging.subscriptions import Subscriptions
from libs.common.process import tracing
from libs.common.process.clock import Clock
from libs.common.process.faults import pause
from libs.common.process.metrics import Metrics
from libs.common.process.tasks import Alive, Run, Tasks
from libs.common.service import feed_routes, health_routes, operator_routes, provenance_routes
from libs.common.service.clock_row import forget_moved, read_moved
from libs.common.service.due_work import DoDueWork, DueWork
from libs.common.service.settings import Settings
from libs.common.webhooks import routes as webhook_routes
from libs.common.webhooks.commands import FindWatched
from libs.common.webhooks.sender import Sender
from libs.common.webhooks.targets import Reach

_SWEEP_EVERY_SECONDS = 600
_GZIP_FROM_BYTES = 1_000
_EXPOSED_HEADERS = (
    *("ETag", "Location", "X-Request-Id", "X-Client-Request-Id", "X-Correlation-Id"),
    *("Idempotency-Replayed", "Retry-After", "RateLimit", "RateLimit-Policy"),
)


@dataclass(frozen=True, kw_only=True)
class Service:
    """Everything the common code needs to know about one service."""

    name: str
    title: str
    description: str
    metadata: MetaData
    routers: tuple[APIRouter, ...]
    tags: tuple[Mapping[str, str], ...] = ()
    """OpenAPI tags with descriptions, in the order in which the page shows them."""
    examples: Path | None = None
    """The file of its operations' examples, see `libs.common.http.examples`."""
    subscriptions: Subscriptions | None = None
    hears: tuple[str, ...] = ()
    """The publishers that it subscribes to."""
    due_work: DoDueWork | None = None
    made_due: MadeDue = field(default_factory=MadeDue)
    """What makes its events fall due."""
    documents: Mapping[str, int] = field(default_factory=dict)
    """The most bytes of a body by the paths that take documents; parameters in braces."""
    uploads: frozenset[str] = frozenset()
    """The paths that take files, whose size has a limit of its own."""
    background: Mapping[str, Callable[[Database, Clock, Settings], Run]] = field(default_factory=dict)
    """Tasks of the service's own, by their names in the health."""
    aliases: tuple[Alias, ...] = ()
    """References that are no keys of the events about them, for the provenance."""
    find_fact: Callable[[Database, str, Caller, date], Awaitable[Origin | None]] | None = None
    """Returns what a fact follows from that no event of its log is about, such as a figure."""
    add_to_origin: Callable[[Database, str, Origin, Caller, date], Awaitable[Origin]] | None = None
    """Adds what the service's own tables know to what its log says of a reference: votes, documents, rule packs."""
    predecessors: Callable[[Database, Collection[str]], Awaitable[frozenset[str]]] | None = None
    """Returns the predecessors of the given organisations: whoever acts for a successor sees their events too."""
    watched: FindWatched | None = None
    """Returns what a caller's watch list follows, where the service has watch lists."""


def create_service(service: Service, settings: Settings, bus: Bus) -> FastAPI:
    """Return the service as an app; its lifespan opens the database and runs the backbone's tasks."""
    metrics = Metrics(service.name)
    placed = [route for router in service.routers if isinstance(router, PlacedRouter) for route in router.routes]
    app = FastAPI(
        title=service.title,
        description=service.description,
        version="1",
        openapi_tags=[dict(tag) for tag in service.tags],
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        generate_unique_id_function=lambda route: route.name,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # else it asks for a tracer at each request
        middleware=[
            *_cors(settings),
            _edge(service, settings, metrics),
            Middleware(HotReads, reads=hot_reads(placed)),
        ],
    )
    app.state.service, app.state.metrics = service, metrics
    connect(app, settings, bus)
    problems.register(app)
    common = (
        *(feed_routes.router, webhook_routes.router),
        *(provenance_routes.router, operator_routes.router, operator_routes.stepped),
    )
    for router in (*service.routers, *common):
        if isinstance(router, PlacedRouter):
            app.router.routes.extend(router.routes)
        else:
            app.include_router(router, prefix=VERSION)
    app.include_router(health_routes.router)
    openapi.document(app, token_url=settings.token_url, examples=read_examples(service.examples))
    metrics.routes = _checked_routes(app)
    return app


def connect(app: FastAPI, settings: Settings, bus: Bus) -> None:
    """Connect an app to its database and bus, with a new clock; not while its lifespan runs.

    The middleware keeps the settings that the app was created with. Tests connect one app to many databases.
    """
    app.state.settings, app.state.bus = settings, bus
    app.state.clock, app.state.stopping, app.state.progress = Clock(), asyncio.Event(), Progress()
    app.state.database = Database(
        settings.database_url,
        application_name=f"footprint-{app.state.service.name}",
        pool_size=settings.pool_size,
        bulk_pool_size=settings.bulk_pool_size,
        bulk_seconds=settings.bulk_seconds,
    )


def _edge(service: Service, settings: Settings, metrics: Metrics) -> Middleware:
    keys = Keys(settings.jwks_url)
    return Middleware(
        Edge,
        metrics=metrics,
        verifier=Verifier(issuer=settings.token_issuer, audience=settings.token_audience, keys=keys),
        max_body_bytes=settings.max_body_bytes,
        uploads=dict.fromkeys(service.uploads, settings.max_upload_bytes) | dict(service.documents),
        requests_a_minute=settings.requests_a_minute,
        packed_from=_GZIP_FROM_BYTES,
    )


def _cors(settings: Settings) -> list[Middleware]:
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=_EXPOSED_HEADERS,
        )
    ]


def _checked_routes(app: FastAPI) -> dict[Callable[..., Any] | None, str]:
    """Return each endpoint's route template.

    Raises TypeError if a write is no command, declares nothing of whom it binds, or has a name that is used twice.
    """
    templates: dict[Callable[..., Any] | None, str] = {}
    names: set[str] = set()
    for found in iter_route_contexts(app.routes):
        if found.endpoint is None or found.path_format is None:
            continue
        templates[found.endpoint] = found.path_format
        if found.methods and found.methods <= READING:
            continue
        if not isinstance(found.original_route, CommandRoute | SteppedRoute | QuestionRoute):
            raise TypeError(f"{found.path_format} writes, but its router was not created by commands_router")
        if binding_of(found.endpoint) is None and not isinstance(found.original_route, QuestionRoute):
            raise TypeError(
                f"{found.name} does not declare which organisations it binds: see libs.common.http.declarations"
            )
        if found.name in names:
            raise TypeError(f"two writing routes are named {found.name}: their Idempotency-Keys would be mixed up")
        names.add(str(found.name))
    return templates


def stop(app: FastAPI) -> None:
    """End this app's long polls now. Whoever runs the server calls it before waiting for open requests."""
    app.state.stopping.set()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    async with tracing.exporting(app.state.service.name, settings.otlp_endpoint, settings.trace_ratio), _running(app):
        yield


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    database: Database = app.state.database
    tasks = app.state.tasks = Tasks()
    await database.open()
    try:
        if not app.state.settings.clock_movable:
            # A copy of a demonstration's database may have a day of its own, which SQL would take for today.
            await forget_moved(database)
        await _read_clock(app)
        _prepare_due_work(app)
        if app.state.settings.background:
            if app.state.service.subscriptions is not None:
                await rebuild_carried_over(database, app.state.bus, app.state.service.subscriptions)
            _start(app, tasks)
        yield
    finally:
        stop(app)
        await tasks.close()
        await database.close()


def _prepare_due_work(app: FastAPI) -> None:
    """Let operators do due work here, whichever process does it by itself."""
    state, service = app.state, app.state.service
    state.due_work = None
    if service.due_work is not None:
        state.due_work = DueWork(
            state.database,
            state.clock,
            service.name,
            service.due_work,
            made_due=service.made_due,
            before_looking=lambda: _read_clock(app),
        )


def _start(app: FastAPI, tasks: Tasks) -> None:
    """Start the background tasks: sequencer, publisher, consumers, due work, webhooks, sweeping of idempotency keys."""
    state, service = app.state, app.state.service
    database, bus = state.database, state.bus
    tasks.start("sequencer", Sequencer(database, service.name).run)
    if (publisher := bus.publisher(service.name, database)) is not None:
        tasks.start("publisher", publisher.run)
    if service.subscriptions is not None:
        for source in service.hears:
            tasks.start(f"consumer of {source}", Consumer(database, bus, service.subscriptions, source).run)
    if state.due_work is not None:
        tasks.start("due work", state.due_work.run)
    if (reach := Reach(state.settings.webhook_targets)) != Reach.NONE:
        tasks.start("sender of webhooks", _sender(app, reach).run)
    for name, task_of in service.background.items():
        tasks.start(name, task_of(database, state.clock, state.settings))
    tasks.start("sweeping of idempotency keys", partial(_sweep, database, state.settings.idempotency_hours))


def _sender(app: FastAPI, reach: Reach) -> Sender:
    state, service = app.state, app.state.service
    return Sender(
        state.database,
        state.clock,
        reach=reach,
        predecessors=service.predecessors,
        watched=service.watched,
        attempted=state.metrics.webhook_attempted,
    )


async def _read_clock(app: FastAPI) -> None:
    if app.state.settings.clock_movable:
        await read_moved(app.state.database, app.state.clock)


async def _sweep(database: Database, hours: int, stop: asyncio.Event, alive: Alive) -> None:
    while not stop.is_set():
        await idempotency.sweep(database, hours=hours)
        alive()
        await pause(_SWEEP_EVERY_SECONDS, stop)
