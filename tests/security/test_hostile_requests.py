"""Whatever a client sends cheaply is refused cheaply: no fault, no memory that stays, and health answers beside it."""

import asyncio
import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.security.server import ServedService

MOST_MEMORY = 150_000_000
"""The most bytes that the process may have grown by after a request, whatever it was; a body has a million at most."""

JSON = {"Content-Type": "application/json"}
BODY = {"code": "14Y", "name": "NHS Buckinghamshire CCG", "kind": "ccg", "effective_on": "2018-04-01"}


@dataclass(frozen=True)
class Hostile:
    """One request, and the statuses that it may have."""

    method: str
    path: str
    statuses: frozenset[int]
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Any = None


def post(content: bytes, *statuses: int, path: str = "/v1/organisations", **headers: str) -> Hostile:
    return Hostile("POST", path, frozenset(statuses or {400, 422}), content, {**JSON, **headers})


def get(path: str, *statuses: int, params: Any = None, **headers: str) -> Hostile:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Hostile("GET", path, frozenset(statuses), headers=named, params=params)


KEYS = b"{" + b",".join(b'"%x":1' % number for number in range(100_000)) + b"}"
NUMBERED = json.dumps(BODY).encode()[:-1] + b',"version":'
NESTED = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 5_900).decode().rstrip("=")
REQUESTS = {
    "nested lists": post(b"[" * 100_000 + b"]" * 100_000),
    "nested objects": post(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "nested inside a field": post(b'{"code":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
    "a hundred thousand keys": post(KEYS[:999_000] if len(KEYS) < 999_000 else KEYS[:900_000]),
    "one key many times": post(b"{" + b'"code":"14Y",' * 70_000 + b'"code":"14Y"}'),
    "a list of nothing": post(b'{"codes":[' + b"0," * 450_000 + b"0]}", path="/v1/lookups"),
    "a batch of empty bodies": post(b'{"organisations":[' + b"{}," * 300_000 + b"{}]}", path="/v1/organisations/batch"),
    "a number of 5,000 digits": post(NUMBERED + b"9" * 5_000 + b"}"),
    "an infinite number": post(NUMBERED + b"1e999}"),
    "not a number": post(NUMBERED + b"NaN}"),
    "no JSON": post(b"\x80" * 100_000),
    "a body of gzip": post(gzip.compress(json.dumps(BODY).encode()), 400, 415, 422, **{"Content-Encoding": "gzip"}),
    "many parameters": get("/v1/search", 200, 422, params=[("text", "a")] * 600),
    "many unknown parameters": get("/v1/search", 200, 422, params=[(f"x{number}", "") for number in range(1_000)]),
    "a list of codes": get("/v1/crosswalks", 422, params=[("codes", "14Y")] * 550),
    "a huge limit": get("/v1/organisations", 422, params={"limit": "9" * 4_000}),
    "a huge cursor": get("/v1/organisations", 400, params={"after": "W" * 7_000}),
    "nested cursor": get("/v1/organisations", 400, params={"after": "W1tb" * 1_700}),
    "many versions": get("/v1/organisations/14Y", 404, If_None_Match=", ".join(f'"{n}"' for n in range(3_000))),
    "many languages": get("/v1/organisations/14Y", 404, Accept=",".join(f"text/x{n};q=0.1" for n in range(1_500))),
    "many ranges": get(
        "/docs/assets/swagger/swagger-ui.css", 200, 206, 400, 416, Range="bytes=" + "0-1," * 4_000 + "5-"
    ),
    "a long token": get("/v1/organisations", 401, Authorization="Bearer " + "a" * 20_000),
    "a token of dots": get("/v1/organisations", 401, Authorization="Bearer " + "." * 8_000),
    "a nested token": get("/v1/organisations", 401, Authorization=f"Bearer {NESTED}.e30.e30"),
    "a long path": get("/v1/" + "a/" * 3_900, 404),
    "a path above": get("/docs/assets/..%2f..%2f..%2f..%2fetc/passwd", 404),
    "a regular expression": get("/v1/search", 200, params={"text": "(a+)+$" * 30 + "!"}),
    "wildcards": get("/v1/search", 200, params={"text": "%_" * 100}),
}


async def test_every_hostile_request_is_refused_and_health_answers_beside_it(registry: ServedService) -> None:
    await registry.client.get("/openapi.json")  # what is built once is no growth
    wrong = []
    for name, sent in REQUESTS.items():
        before = registry.memory
        asked = registry.client.request(
            sent.method, sent.path, content=sent.content or None, headers=dict(sent.headers), params=sent.params
        )
        answer, *healths = await asyncio.gather(
            asked, *(registry.client.get(path) for path in ("/health/live", "/health/ready"))
        )
        if answer.status_code not in sent.statuses:
            wrong.append(f"{name}: {answer.status_code} {answer.text[:300]}")
        if len(answer.content) > 100_000 and answer.status_code >= 400:
            wrong.append(f"{name}: an answer of {len(answer.content)} bytes")
        if (grown := registry.memory - before) > MOST_MEMORY:
            wrong.append(f"{name}: {grown} bytes of memory")
        if name == "a hundred thousand keys" and "more than 1000 fields" not in answer.text:
            wrong.append(f"{name}: {answer.text[:300]}")
        if [one.status_code for one in healths] != [200, 200]:
            wrong.append(f"{name}: health {healths}")
    assert not wrong, "\n".join(wrong)
