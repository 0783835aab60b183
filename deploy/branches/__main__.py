"""Serves branches beside life: `python -m deploy.branches`; the environment says where life and their server are."""

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from contextlib import nullcontext
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import httpx
import uvicorn
from pydantic import Field

from deploy.branches.app import create_app
from deploy.branches.bases import SERVICES
from deploy.branches.comparison import asking
from deploy.branches.egress import Egress
from deploy.branches.lifecycle import Branches, Limits
from deploy.branches.plans.promotion import ServicesOfLife
from deploy.branches.plans.store import PlanStore
from deploy.branches.servers import BranchServer, embedded, running
from deploy.gatherer.chain import Ask
from libs.common.http.tokens import Keys, Verifier
from libs.common.process import logs
from libs.common.service.protocol import bounded
from libs.common.service.serving import freeze
from libs.common.service.settings import Settings, SettingsRefused

_SECONDS = 60.0
_STOPPING: list[int] = []
"""The signals that arrived before the server took them over."""


class BranchSettings(Settings):
    """Settings of the process of branches; `DATABASE_URL` is of its own server, on which it may make databases."""

    life_urls: dict[str, str] = Field(repr=False)
    """Each service's database in life, as JSON `{"registry": "postgresql+asyncpg://..."}`."""
    services_at: str = "http://{service}:8000"
    """Where life's services answer."""
    plans_url: str = Field("", repr=False)
    """The database of plans, which outlives the branches: best on life's server. Empty: nothing is promoted."""
    branch_idle_days: int = Field(14, ge=1)
    """Days after which a branch that is not used is dropped."""
    branch_most_days: int = Field(90, ge=1)
    """Days after which any branch is dropped, from when its base was copied: what life erases since, it has as long."""
    service_audience: str = "footprint-{service}"
    """A service's name in a token's `aud`, in life as in a branch."""

    def of_service(self, service: str, url: str) -> Settings:
        """Return the settings of a branch's service: life's issuer, its own copy, few connections."""
        return Settings(
            database_url=url,
            bus="direct",
            kafka_bootstrap="",
            token_issuer=self.token_issuer,
            token_audience=self.service_audience.format(service=service),
            jwks_url=self.jwks_url,
            token_url=self.token_url,
            pool_size=2,
            bulk_pool_size=1,
            webhook_targets="none",
            clock_movable=True,
            stop_seconds=5,
        )


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve; what was made until then stays."""
        await super().startup(sockets)
        freeze()


def _client(settings: BranchSettings, service: str) -> httpx.AsyncClient:
    """Return a client of a service of life, which the process holds until it ends."""
    return httpx.AsyncClient(base_url=settings.services_at.format(service=service), timeout=_SECONDS, trust_env=False)


async def serve(settings: BranchSettings, server: BranchServer, listener: socket.socket | None) -> int:
    """Serve until a signal arrives; return the exit code."""
    life = settings.life_urls
    own = [settings.services_at.format(service=service) for service in SERVICES]
    plans = [settings.plans_url] if settings.plans_url else []
    Egress([*life.values(), *plans, server.url, settings.jwks_url, *own]).install()
    verifier = Verifier(issuer=settings.token_issuer, audience=settings.token_audience, keys=Keys(settings.jwks_url))
    client = httpx.AsyncClient(timeout=_SECONDS, trust_env=False)

    def ask_life(signed: str) -> Ask:
        return asking(client, settings.services_at, signed)

    services = ServicesOfLife({service: _client(settings, service) for service in SERVICES}, life)
    limits = Limits(idle=timedelta(days=settings.branch_idle_days), age=timedelta(days=settings.branch_most_days))
    store = PlanStore(settings.plans_url) if settings.plans_url else None
    app, served = create_app(Branches(life, server, settings.of_service, limits), verifier, ask_life, store, services)
    config = uvicorn.Config(
        served,
        host=settings.host,
        port=settings.port,
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        http=bounded(settings),
        ws="none",
        timeout_graceful_shutdown=settings.stop_seconds,
    )
    # A signal is raised again once the server has stopped, and there is more to stop then.
    async with client, app.router.lifespan_context(app):
        running_server = _Server(config)
        running_server.should_exit = bool(_STOPPING)
        await running_server.serve(sockets=[listener] if listener else None)
    return 0 if running_server.started else 1


def main() -> int:
    """Run; with `--folder` on a server of its own there, with `--descriptor` on a socket that the parent listens on."""
    parser = argparse.ArgumentParser(prog="python -m deploy.branches", description=__doc__)
    parser.add_argument("--folder", type=Path, help="run the branch server in this folder")
    parser.add_argument("--descriptor", type=int, help="serve this listening socket, and end when stdin is closed")
    options = parser.parse_args()
    if options.descriptor is not None:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    listener = socket.socket(fileno=options.descriptor) if options.descriptor is not None else None
    for service in SERVICES:
        # Before anything is answered: it takes seconds, in which nothing else could be done.
        import_module(f"services.{service}.app")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda given, _: _STOPPING.append(given))
    own = running(embedded(options.folder)) if options.folder else nullcontext(None)
    try:
        with own as server:
            given = {"database_url": server.dsn("postgres")} if server else {}
            settings = BranchSettings.load(**given)
            logs.configure(level=settings.log_level, style=settings.log_format)
            there = BranchServer(settings.database_url, embedded(Path()).programs)
            return asyncio.run(serve(settings, there, listener))
    except SettingsRefused as refused:
        print(refused, file=sys.stderr)
        return 2


def _end_with_parent() -> None:
    """End like on a signal once the parent has gone, however it went: it holds the other end of our stdin."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
