"""A target of webhooks in this process, that answers as it is told, and a service whose events go there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.sequencer import Sequencer
from libs.common.process.clock import Clock
from libs.common.process.tasks import Tasks
from libs.common.service.app import connect, create_service
from libs.common.webhooks.sender import Sender, SenderLimits
from libs.common.webhooks.targets import Reach
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import url
from tests.support.waiting import until

__all__ = ["tokens", "url"]

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
QUICK = SenderLimits(attempt=20, poll=0.05, schedule=(0.01, 0.02))
"""Three attempts within a moment."""

Behaviour = Callable[[int, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Taken:
    """One request that a target took."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> str:
        """The id of the event."""
        return self.headers["webhook-id"]


@dataclass
class Target:
    """A server that takes requests and answers them as `behave` does; it gets the number of the request."""

    address: str = ""
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    behave: Behaviour | None = None
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def silent(self, *_: object) -> None:
        """Answer nothing, for as long as it lives."""
        await self.closed.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                self.taken.append(Taken(first.split()[1], headers, body))
                if self.behave is None:
                    writer.write(OK)
                else:
                    await self.behave(len(self.taken), writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answers(self, *statuses: int, then: int = 204) -> None:
        """Answer the requests from now with these statuses, and all after them with another."""
        before = len(self.taken)

        async def behave(number: int, writer: asyncio.StreamWriter) -> None:
            at = number - before - 1
            status = statuses[at] if at < len(statuses) else then
            writer.write(f"HTTP/1.1 {status} As Told\r\nContent-Length: 0\r\n\r\n".encode())

        self.behave = behave

    async def takes(self, number: int) -> list[Taken]:
        """Wait until it has taken so many requests."""

        async def has_taken() -> bool:
            return len(self.taken) >= number

        await until(has_taken)
        return self.taken


async def listening(target: Target, **options: Any) -> asyncio.Server:
    """Have a target listen on a port of this machine."""
    server = await asyncio.start_server(target.serve, "127.0.0.1", 0, **options)
    target.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    return server


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    """A target that takes everything."""
    made = Target()
    server = await listening(made)
    yield made
    made.closed.set()
    server.close()


@pytest.fixture
async def other() -> AsyncIterator[Target]:
    """Another target."""
    made = Target()
    server = await listening(made)
    yield made
    made.closed.set()
    server.close()


@dataclass
class Stage:
    """A service of beacons without background tasks of its own, with a sequencer and a sender that tests direct."""

    app: FastAPI
    client: httpx.AsyncClient
    tokens: Tokens
    tasks: Tasks

    def send(self, limits: SenderLimits = QUICK, *, named: str = "sender", **others: Any) -> Sender:
        """Start a sender with these limits."""
        sender = Sender(
            self.app.state.database,
            Clock(),
            reach=Reach.LOOPBACK,
            attempted=self.app.state.metrics.webhook_attempted,
            limits=limits,
            **others,
        )
        self.tasks.start(named, sender.run)
        return sender

    async def light(self, *codes: str) -> None:
        """Light beacons; each publishes two events: one for all, and one for its keepers."""
        for code in codes:
            lit = await self.client.post("/v1/beacons", json={"code": code, "name": "a beacon"})
            assert lit.status_code == 201, lit.text

    async def published(self, events: int) -> None:
        """Wait until the log has so many events."""

        async def are_published() -> bool:
            return bool((await self.client.get("/v1/events")).json()["next"] >= events)

        await until(are_published)

    async def register(
        self, target: str, *, expect: int = 201, caller: dict[str, str] | None = None, **body: Any
    ) -> Any:
        """Register a webhook that begins with the first event, unless told otherwise."""
        given = {"url": target, "after": 0, **body}
        made = await self.client.post("/v1/webhooks", json=given, headers=caller)
        assert made.status_code == expect, made.text
        return made.json()

    async def state(self, number: int) -> Any:
        """What the service says of a webhook."""
        return (await self.client.get(f"/v1/webhooks/{number}")).json()

    async def reaches(self, number: int, **values: Any) -> Any:
        """Wait until a webhook has these values."""

        async def has_reached() -> Any:
            found = await self.state(number)
            return found if values.items() <= found.items() else None

        return await until(has_reached)


@pytest.fixture(scope="module")
def app(tokens: Tokens) -> FastAPI:
    """The service, which is made once and connected to the database of each test."""
    return create_service(sample_service.SERVICE, tokens.settings("postgresql://nowhere"), DirectBus({}))


@pytest.fixture
async def stage(app: FastAPI, url: str, tokens: Tokens) -> AsyncIterator[Stage]:
    """The service with a database of its own."""
    connect(app, tokens.settings(url, webhook_targets="loopback", background=False), DirectBus({}))
    tasks = Tasks()
    async with running(app, tokens.header(Role.REGISTRAR, Role.PARTNER)) as client:
        tasks.start("sequencer", Sequencer(app.state.database, "beacons").run)
        try:
            yield Stage(app, client, tokens, tasks)
            assert not tasks.dead
        finally:
            await tasks.close()
