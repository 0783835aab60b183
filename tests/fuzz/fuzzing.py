"""Fuzzing one service: it is served on a port, and the schemathesis program goes through its OpenAPI document."""

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import httpx
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from libs.common.http.idempotency import HEADER, LONGEST_KEY
from libs.common.identity import Role
from tests.fuzz.hooks import EXAMPLES, varying
from tests.support.edge import Tokens
from tests.support.sockets import on_a_socket

PROGRAM = Path(sys.executable).with_name("schemathesis")
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
_OF_A_THING = "/v1/things/one".count("/")
ROOT = Path(__file__).parents[2]
_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", EXAMPLES)
"""What the program has of ours: it reads all of its environment twice for each request, in search of proxies."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended: all is well with 0, something was found with 1; `report` says what, and how to see it again."""

    code: int
    report: str


class CarefulCaller:
    """Gives a command the version that a reader finds just then, and a good Idempotency-Key a number of its own.

    What schemathesis makes up would be refused for it, whatever else is wrong with the request. Every eighth goes
    without a version and with the key of the one before; and the versions of the varying operation are its own.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app, self._sent = app, count()
        self._reader = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://reader.test")
        method, path = varying(app.openapi())
        self._varying = method.upper(), compile_path(path)[0]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] == "http" and scope["method"] in {"POST", "PUT", "DELETE"}:
            headers, number = MutableHeaders(scope=scope), next(self._sent)
            (method, path), is_repeated = self._varying, number % 8 == 0
            key = headers.get(HEADER, "")
            if key.strip() and key.isascii() and key.isprintable() and len(key) <= LONGEST_KEY:
                headers[HEADER] = f"request-{number - is_repeated}"
            varies = scope["method"] == method and path.match(scope["path"])
            if not varies and not is_repeated and (version := await self._version(scope, headers)):
                headers["If-Match"] = version
        await self._app(scope, receive, send)

    async def _version(self, scope: Scope, headers: MutableHeaders) -> str | None:
        """The ETag of what a request changes: what is posted goes below that, all else to the thing itself."""
        path = scope["path"].rpartition("/")[0] if scope["method"] == "POST" else scope["path"]
        if path.count("/") < _OF_A_THING:
            return None
        signed = {"Authorization": headers.get("Authorization", "")}
        found = await self._reader.get(quote(path), headers=signed)
        return str(found.headers["ETag"]) if "ETag" in found.headers else None


def lasting_token(tokens: Tokens, *roles: Role) -> str:
    """A token with these roles that outlives a run of hours."""
    return tokens.key.sign({**tokens.claims(*roles), "exp": int(time.time()) + 86_400})


async def fuzz(app: FastAPI, token: str, *, examples: int) -> Outcome:
    """Send every operation of this app so many random requests, and the odd ones that its schema suggests.

    The environment may ask for more, and then they are others in each run; else they are the same in each.
    """
    wanted = os.environ.get(EXAMPLES)
    options = [f"--max-examples={wanted or examples}"] + ([] if wanted else ["--generation-deterministic"])
    async with on_a_socket(CarefulCaller(app)) as address:
        process = await asyncio.create_subprocess_exec(
            *(str(PROGRAM), "--config-file", str(CONFIGURATION), "run", f"{address}/openapi.json", *options),
            cwd=ROOT,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
            | {"FUZZ_TOKEN": token, "COLUMNS": "160"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            told, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
    assert process.returncode is not None
    return Outcome(process.returncode, told.decode(errors="replace"))
