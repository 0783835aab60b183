"""Assembles the four services in one process: databases, settings, tokens and one front."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import httpx
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from console.app import create_console
from console.charts.drawing import Drawing
from console.settings import Settings as ConsoleSettings
from deploy.demo.records import FOLDER
from deploy.demo.services import Services
from deploy.demo.stories.story import read_stories
from deploy.gatherer.app import provenance_route
from deploy.laptop.branches import AUDIENCE, PLANS, BranchProcess
from deploy.laptop.front import front
from deploy.laptop.issuer import Issuer, LoopbackOnly
from deploy.laptop.shown import ask_as_page_user, shown, stories_route
from deploy.laptop.state import BY, SHOWN_AT
from deploy.laptop.users import USERS
from deploy.postgres.server import EmbeddedPostgres
from libs.common.database.migrations import migrate
from libs.common.http.pages import page as secured
from libs.common.messaging.bus import Bus
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.bus.kafka import KafkaBus, create_topic
from libs.common.messaging.bus.kafka_access import KafkaAccess
from libs.common.service.settings import Settings

NAMES = ("registry", "contracts", "finance", "governance")
DEMO_AT = "/demo"
"""The page of what the demo holds, with links to every answer."""


@dataclass(frozen=True)
class Footprint:
    """Everything that is served on the laptop's port."""

    services: Mapping[str, FastAPI]
    console: Starlette
    issuer: Issuer
    buses: Mapping[str, Bus]
    app: Starlette
    asked: Services
    """The services as a client asks them, with a token of any of the demo's users."""
    branches: BranchProcess


def make_databases(postgres: EmbeddedPostgres) -> dict[str, str]:
    """Create each service's role and database if they are missing, and return the URLs."""
    for name in NAMES:
        postgres.ensure_role(name)
        postgres.ensure_database(name, owner=name)
    # Plans outlive the branches that they were made in, and so the branch server.
    postgres.ensure_role(PLANS)
    postgres.ensure_database(PLANS, owner=PLANS)
    return {name: postgres.dsn(name, name) for name in NAMES}


async def migrate_all(urls: Mapping[str, str]) -> None:
    """Migrate every service's database to the newest version."""
    for name, url in urls.items():
        await migrate(url, name)


async def create_topics(kafka: KafkaAccess) -> None:
    """Create every service's topic if it is missing. Raises BusUnavailable, TopicMissing."""
    for name in NAMES:
        await create_topic(kafka, name)


def assemble(
    urls: Mapping[str, str],
    *,
    address: str,
    folder: Path,
    page: Callable[[], Awaitable[str]],
    client: httpx.AsyncClient,
    kafka: KafkaAccess | None = None,
) -> Footprint:
    """Create the four services behind one front at `address`, which `client` asks; `folder` stores the issuer's key.

    Events go through Kafka if access to it is given, otherwise they are read from the publishers' logs.
    """
    issuer = Issuer(url=f"{address}/issuer", folder=folder, audiences=(*NAMES, AUDIENCE), users=USERS)
    buses = _buses(urls, kafka)
    services: dict[str, FastAPI] = {}
    for name in NAMES:
        settings = _settings(name, urls, issuer, kafka)
        services[name] = import_module(f"services.{name}.app").create_app(settings, buses[name])
    origins = services[NAMES[0]].state.settings.cors_origins
    asked = Services(client, lambda name: issuer.token_for(issuer.user(name)))
    branches = BranchProcess(folder, urls, address=address, page_token=lambda: issuer.token_for(issuer.user(BY)))

    async def about(_: Request) -> Response:
        return secured(await page())

    more: list[BaseRoute] = [
        Route(DEMO_AT, about, middleware=[Middleware(LoopbackOnly)]),
        Mount("/issuer", issuer.app(origins)),
        Mount(SHOWN_AT, shown(asked)),
        stories_route(asked, read_stories(FOLDER / "stories")),
        provenance_route(ask_as_page_user(asked)),
        *branches.routes(),
    ]
    console = _console(address, issuer, folder)
    app = front(services, console=LoopbackOnly(console), more=more)
    return Footprint(services, console, issuer, buses, app, asked, branches)


def _settings(name: str, urls: Mapping[str, str], issuer: Issuer, kafka: KafkaAccess | None) -> Settings:
    return Settings(
        database_url=urls[name],
        bus="kafka" if kafka else "direct",
        kafka_bootstrap=kafka.bootstrap if kafka else "",
        log_urls=dict(urls),
        token_issuer=issuer.url,
        token_audience=name,
        jwks_url=f"{issuer.url}/keys",
        # Without a host: the page then uses its own, be that localhost or a forwarded port.
        token_url="/issuer/token",  # noqa: S106 - an address, no secret
        webhook_targets="loopback",
        clock_movable=True,
        stop_seconds=5,
    )


def _console(address: str, issuer: Issuer, folder: Path) -> Starlette:
    """Create the console; it asks the services through the port, as a client anywhere else would."""
    settings = ConsoleSettings(
        registry_url=f"{address}/registry",
        contracts_url=f"{address}/contracts",
        finance_url=f"{address}/finance",
        governance_url=f"{address}/governance",
        provenance_url=address,
        branches_url=address,
        issuer=issuer.url,
        # Without a host, here and for the console itself: a browser may know the port as localhost, or forwarded.
        issuer_shown_at="/issuer",
        session_file=folder / "console" / "sessions.db",
    )
    return create_console(settings, charts=Drawing())


def _buses(urls: Mapping[str, str], kafka: KafkaAccess | None) -> dict[str, Bus]:
    if kafka is None:
        direct = DirectBus(urls)
        return dict.fromkeys(NAMES, direct)
    return {name: KafkaBus(kafka, group=kafka.topic(name)) for name in NAMES}
