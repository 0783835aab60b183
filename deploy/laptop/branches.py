"""Passes `/branches` and `/comparisons` on to the process of branches, started at the first such request."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import httpx
from sqlalchemy.engine import make_url
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from deploy.branches.servers import embedded
from deploy.laptop.issuer import is_local
from libs.common.errors import Reason
from libs.common.http.problems import Unavailable, refusal

AUDIENCE = "branches"
PLANS = "plans"
"""The database of plans, and its owner, on life's server."""
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_STOP_SECONDS = 15.0
_ANSWER_SECONDS = 180.0
"""Longer than it takes to start, and than the longest poll."""
_OF_ONE_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade"})


class BranchProcess:
    """The process of branches of one data folder, with a PostgreSQL of its own below it.

    `address` is the laptop's own. The process ends when this one does, however it ends: it holds the other end of a
    pipe. Its socket is listened on from here, so that the first request waits until it is taken.
    """

    def __init__(self, folder: Path, urls: Mapping[str, str], *, address: str, page_token: Callable[[], str]) -> None:
        self._folder, self._urls, self._address, self._page_token = folder, dict(urls), address, page_token
        self._process: subprocess.Popen[bytes] | None = None
        self._client: httpx.AsyncClient | None = None
        self._starting = asyncio.Lock()

    def routes(self) -> list[Route]:
        """Return the routes that are passed on."""
        paths = ("/branches", "/branches/{below:path}", "/comparisons", "/plans", "/plans/{below:path}")
        return [Route(path, self._pass_on, methods=_METHODS) for path in paths]

    async def stop(self) -> None:
        """End the process and its server; does nothing where neither was started."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(process.wait, _STOP_SECONDS)
            process.kill()
            process.wait()
        await asyncio.to_thread(stop_branch_server, self._folder)

    async def _pass_on(self, request: Request) -> Response:
        client = await self._started()
        headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _OF_ONE_HOP]
        if "authorization" not in request.headers and request.method in ("GET", "HEAD") and is_local(request.scope):
            # As for the other pages: whoever reads them on this machine has no token.
            headers.append((b"authorization", f"Bearer {self._page_token()}".encode()))
        path = httpx.URL(raw_path=request.scope["raw_path"] + (b"?" + request.scope["query_string"]).rstrip(b"?"))
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        content = request.stream() if has_body else None
        passed = client.build_request(request.method, path, headers=headers, content=content)
        try:
            answer = await client.send(passed, stream=True)
        except httpx.HTTPError as error:
            message = f"the process of branches does not answer: {type(error).__name__}"
            return refusal(request.url.path, Unavailable(message, reasons=[Reason(message)]))
        response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
        own = _OF_ONE_HOP | {b"date"}  # the laptop's server dates what it sends
        response.raw_headers = [(name, value) for name, value in answer.headers.raw if name.lower() not in own]
        return response

    async def _started(self) -> httpx.AsyncClient:
        async with self._starting:
            if self._client is None or self._process is None or self._process.poll() is not None:
                listener = socket.create_server(("127.0.0.1", 0), backlog=256)
                with listener:
                    self._process = await asyncio.to_thread(self._start, listener.fileno())
                    port = listener.getsockname()[1]
                # It listens by now, in the process: a connection waits until that is ready to take it.
                self._client = httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}", timeout=_ANSWER_SECONDS, trust_env=False
                )
        return self._client

    def _start(self, descriptor: int) -> subprocess.Popen[bytes]:
        """Start the process, whose log is beside the laptop's."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "KAFKA"))}
        environment |= {
            "LIFE_URLS": json.dumps(self._urls),
            "PLANS_URL": _url_of_plans(self._urls["registry"]),
            "SERVICES_AT": f"{self._address}/{{service}}",
            "SERVICE_AUDIENCE": "{service}",
            "TOKEN_AUDIENCE": AUDIENCE,
            "TOKEN_ISSUER": f"{self._address}/issuer",
            "JWKS_URL": f"{self._address}/issuer/keys",
            "TOKEN_URL": "/issuer/token",
        }
        options = ("--folder", str(_folder_of_server(self._folder)), "--descriptor", str(descriptor))
        with (self._folder / "branches.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own module and arguments, no shell
                [sys.executable, "-m", "deploy.branches", *options],
                env=environment,
                cwd=Path(__file__).parents[2],
                pass_fds=(descriptor,),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def stop_branch_server(folder: Path) -> None:
    """Stop the PostgreSQL of branches in a data folder; does nothing where it does not run."""
    embedded(_folder_of_server(folder)).stop()


def _url_of_plans(beside: str) -> str:
    """Return the URL of the plans, on the server of a service's database."""
    url = make_url(beside).set(username=PLANS, database=PLANS)
    return url.render_as_string(hide_password=False)


def _folder_of_server(folder: Path) -> Path:
    return folder / "branches"
