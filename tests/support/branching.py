"""Branches for tests: a branch server in memory, and the process's app over HTTP, beside a running platform."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from deploy.branches.app import create_app
from deploy.branches.lifecycle import Branches, Limits
from deploy.branches.plans.promotion import ServicesOfLife
from deploy.branches.plans.store import PlanStore
from deploy.branches.servers import BranchServer, embedded, running
from deploy.gatherer.chain import Answer, Ask, answer_of
from libs.common.http.tokens import Keys, Verifier
from libs.common.identity import EVERY_ORGANISATION, Caller, Role
from libs.common.service.settings import Settings
from tests.support.databases import room_for_a_server
from tests.support.edge import AUDIENCE, ISSUER, Tokens
from tests.support.platform import Platform
from tests.support.waiting import until

_PATIENCE = 120.0


@contextmanager
def branch_server() -> Iterator[BranchServer]:
    """A branch server of its own, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="branch-server-", dir=room_for_a_server()))
    folder.chmod(0o711)  # as root, PostgreSQL runs as another user, who has to pass
    try:
        with running(embedded(folder / "postgres")) as server:
            yield BranchServer(server.dsn("postgres"), server.programs)
    finally:
        shutil.rmtree(folder)


@dataclass
class Planning:
    """The process of branches, asked over HTTP as a planner."""

    tokens: Tokens
    branches: Branches
    client: httpx.AsyncClient
    app: FastAPI
    roles: tuple[Role, ...] = field(default_factory=lambda: tuple(Role))

    @property
    def everyone(self) -> Caller:
        """A planner for all bodies."""
        return Caller(subject="planner", roles=frozenset({Role.PLANNER}), organisations=frozenset({EVERY_ORGANISATION}))

    async def send(
        self,
        method: str,
        path: str,
        *roles: Role,
        organisations: tuple[str, ...] = ("*",),
        headers: dict[str, str] | None = None,
        **request: Any,
    ) -> httpx.Response:
        """Send a request as a caller with these roles, all if none is named."""
        signed = self.tokens.header(*(roles or self.roles), organisations=organisations)
        return await self.client.request(method, path, headers=signed | (headers or {}), **request)

    async def call(self, method: str, path: str, *roles: Role, expect: int | None = None, **request: Any) -> Any:
        """Send a request, which has to succeed, and return the answer's JSON."""
        answer = await self.send(method, path, *roles, **request)
        good = answer.status_code == expect if expect else answer.is_success
        assert good, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def open(self, name: str, *bodies: str, base: str | None = None, **asked: Any) -> Any:
        """Open a branch for these bodies, and wait until it is open."""
        more = {"base": base} if base else {}
        await self.call("POST", "/branches", json={"name": name, "bodies": list(bodies), **more}, **asked)
        return await self.settled(name)

    async def move(self, name: str, day: str, **asked: Any) -> Any:
        """Move a branch's clock, and wait until it is there."""
        await self.call("PUT", f"/branches/{name}/day", json={"day": day}, **asked)
        moved = await self.settled(name)
        assert (moved["day"], moved["failure"]) == (day, "")
        return moved

    async def settled(self, name: str) -> Any:
        """Wait until a branch is open, and moves no longer: a busy machine answers before."""

        async def at_rest() -> Any:
            found = await self.call("GET", f"/branches/{name}")
            return found if found["state"] != "opening" and not found["progress"] else None

        return await until(at_rest, within=_PATIENCE)


@asynccontextmanager
async def planning(
    platform: Platform, server: BranchServer, limits: Limits | None = None, *, plans_url: str = ""
) -> AsyncIterator[Planning]:
    """Serve branches of a platform; with a database for plans they are promoted too."""

    def settings_of(_: str, url: str) -> Settings:
        return platform.tokens.settings(url, pool_size=2, bulk_pool_size=1, webhook_targets="none")

    async def upgrade(url: str, name: str) -> None:
        """Leave it: the tests' databases are made from the models, and have no version."""

    branches = Branches(platform.urls, server, settings_of, limits, upgrade=upgrade)
    keys = Keys(platform.tokens.settings("postgresql+asyncpg://none").jwks_url)

    def life(signed: str) -> Ask:
        async def ask(service: str, path: str) -> Answer:
            return await answer_of(platform.clients[service].get(path, headers={"Authorization": signed}))

        return ask

    plans = PlanStore(plans_url) if plans_url else None
    verifier = Verifier(issuer=ISSUER, audience=AUDIENCE, keys=keys)
    services = ServicesOfLife(platform.clients, platform.urls)
    app, served = create_app(branches, verifier, life, plans, services)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=served), base_url="http://branches.test") as client,
    ):
        yield Planning(platform.tokens, branches, client, app)
