"""Asks a hot read in every way that we think of, once of the short way and once of FastAPI's route alone."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from libs.common.http.hot_reads import HotReads
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.support.edge import Tokens

_VALUES = (
    *("", "x", "true", "0", "2018-04-01", "2018-04-01T10:00:00Z", "2018-04-01T10:00:00", "0001-01-01", "2999-01-01"),
    *("\x00", "\ud7ff\U0001f600", "a" * 300),
)
_WRONG: tuple[Any, ...] = (None, "x", -1, 1.5, [], "\ud800", 10**30)
_DOCUMENTS = Path(__file__).parents[2] / "docs/openapi"
_OF_THIS_REQUEST = frozenset({"x-request-id", "x-correlation-id"})


@dataclass(frozen=True)
class Asked:
    """One request; `headers` beside the caller's."""

    path: str
    method: str = "GET"
    params: Sequence[tuple[str, str]] = ()
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class TwoWays:
    """The same service twice on one database: as it is served, and without the short way."""

    ours: httpx.AsyncClient
    route_alone: httpx.AsyncClient
    left: list[bool] = field(default_factory=list)
    """Of each request of ours, whether it was left to the route."""

    async def agree(self, asked: Asked) -> httpx.Response:
        """Ask both, expect one answer of them but for the ids of the request, and return it."""
        answers = []
        for client in (self.ours, self.route_alone):
            request = client.build_request(
                asked.method, asked.path, params=list(asked.params), content=asked.body, headers=dict(asked.headers)
            )
            answers.append(await client.send(request))
        shown = [_shown(answer) for answer in answers]
        assert shown[0] == shown[1], asked
        return answers[0]


def _shown(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], Any]:
    headers = sorted(pair for pair in answer.headers.multi_items() if pair[0] not in _OF_THIS_REQUEST)
    content = answer.content
    if answer.headers.get("content-type") == "application/problem+json" and content:
        document = answer.json()
        del document["request_id"]
        return answer.status_code, [pair for pair in headers if pair[0] not in ("etag", "content-length")], document
    return answer.status_code, headers, content


@asynccontextmanager
async def two_ways(name: str, app: FastAPI, tokens: Tokens, url: str) -> AsyncIterator[TwoWays]:
    """Give both ways to a running service."""
    alone = import_module(f"services.{name}.app").create_app(tokens.settings(url), DirectBus({}))
    alone.user_middleware = [one for one in alone.user_middleware if one.cls is not HotReads]
    alone.state = app.state
    left: list[bool] = []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)
        left.append("fastapi_inner_astack" in scope)

    header = tokens.header(Role.PARTNER)
    async with (
        httpx.AsyncClient(
            transport=httpx.ASGITransport(watched), base_url="http://service.test", headers=header
        ) as ours,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(alone), base_url="http://service.test", headers=header
        ) as other,
    ):
        yield TwoWays(ours, other, left)


def with_each_parameter(name: str, asked: Asked, template: str) -> Iterator[Asked]:
    """Vary a good request by its query: each parameter with each value, twice, and misspelt."""
    document = json.loads((_DOCUMENTS / f"{name}.json").read_text())
    operation = document["paths"][template][asked.method.lower()]
    for parameter in operation["parameters"]:
        if parameter["in"] == "query":
            alias = parameter["name"]
            given = [pair for pair in asked.params if pair[0] != alias]
            for pairs in (*([(alias, value)] for value in _VALUES), [(alias, "x")] * 2, [(f"{alias}s", "x")]):
                yield Asked(asked.path, asked.method, [*given, *pairs], asked.body, asked.headers)


def with_each_header(asked: Asked) -> Iterator[Asked]:
    """Vary a good request by its headers."""
    for name, value in (
        *(("Accept-Encoding", "gzip"), ("Accept-Encoding", "gzip;q=0"), ("If-None-Match", "*"), ("Accept", "text/csv")),
        *(("Authorization", ""), ("X-Request-Id", "mine"), ("Idempotency-Key", "k"), ("Stated-At", "2018-04-01")),
    ):
        yield Asked(asked.path, asked.method, asked.params, asked.body, {**asked.headers, name: value})


def with_each_body(asked: Asked) -> Iterator[Asked]:
    """Vary a good request by its body: each field, and what is no JSON, or no JSON of this kind."""
    assert asked.body is not None
    good: dict[str, Any] = json.loads(asked.body)
    fields = [{**good, name: value} for name in good for value in _WRONG]
    without = [{key: value for key, value in good.items() if key != name} for name in good]
    for changed in (*fields, *without, {**good, "unknown": 1}, [], "x", None, {}, [good]):
        yield Asked(asked.path, asked.method, asked.params, json.dumps(changed).encode(), asked.headers)
    of_many = json.dumps({**good, **{f"f{n}": n for n in range(1_001)}}).encode()
    raw = (b"", b"{", b"\xff", b"[" * 100_000, b"NaN", asked.body + b"x", b" " * 2_000_000, of_many, b'{"a":1,"a":2}')
    for body in raw:
        yield Asked(asked.path, asked.method, asked.params, body, asked.headers)
    for media in ("text/plain", "application/json; charset=utf-8", "application/vnd.x+json", "APPLICATION/JSON", ""):
        yield Asked(asked.path, asked.method, asked.params, asked.body, {"Content-Type": media})
