"""What a client can do with bare sockets: each is bounded, answered as a problem where HTTP allows, and closed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import pytest

from tests.security.server import ServedService, served
from tests.support.databases import OWNER, Databases
from tests.support.edge import Tokens
from tests.support.platform import schema
from tests.support.waiting import until

pytestmark = pytest.mark.xdist_group("connections")  # whose servers are started once

LIMITS = {
    "HEADER_SECONDS": "1",
    "BODY_SECONDS": "1",
    "READING_SECONDS": "1",
    "MAX_OPEN_CONNECTIONS": "20",
}
POST = b"POST /v1/organisations HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
async def url(templates: Databases) -> AsyncIterator[str]:
    """A registry database for both servers: what is sent here changes nothing in it."""
    name = await templates.create(await templates.template_for("registry", schema("registry")))
    yield templates.server.dsn(name, OWNER)
    await templates.drop(name)


@pytest.fixture(scope="module")
async def registry(url: str, tokens: Tokens) -> AsyncIterator[ServedService]:
    """The registry as it is delivered, one for all tests: a start takes longer than any of them."""
    async with served("registry", url, tokens) as service:
        yield service


@pytest.fixture(scope="module")
async def hurried(url: str, tokens: Tokens) -> AsyncIterator[ServedService]:
    """The registry with low limits, so that no test waits long for one; one for all tests that count no connections."""
    async with served("registry", url, tokens, **LIMITS) as service:
        yield service


@pytest.fixture
async def unused(registry_url: str, tokens: Tokens) -> AsyncIterator[ServedService]:
    """The same for one test, which counts connections: none of another test is left in it."""
    async with served("registry", registry_url, tokens, **LIMITS) as service:
        yield service


def problem(answer: bytes) -> tuple[int, str]:
    """Return the status of a raw answer and the type of its problem."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, answer[:500]
    assert b"connection: close" in head.lower(), answer[:500]
    document = json.loads(body)
    assert document["request_id"]
    return int(head.split()[1]), document["type"].rpartition("/")[2]


def signed(service: ServedService) -> bytes:
    return f"Authorization: {service.client.headers['Authorization']}\r\n".encode()


async def flooded(service: ServedService, beginning: bytes, part: bytes = b"a" * 50_000, *, most: int) -> int:
    """Send a request without an end until the server closes the connection; return how many bytes it took."""
    sent = len(beginning)
    async with service.connect() as (reader, writer):
        writer.write(beginning)
        with suppress(ConnectionError):
            while sent < most and not reader.at_eof():
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
                sent += len(part)
    return sent


@pytest.mark.parametrize(
    "beginning", [b"GET / HTTP/1.1\r\nX-Long: ", b"GET /", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 10], ids=repr
)
async def test_headers_without_an_end_are_refused_and_take_no_memory(registry: ServedService, beginning: bytes) -> None:
    before = registry.memory
    assert await flooded(registry, beginning, most=60_000_000) < 60_000_000
    assert registry.memory - before < 20_000_000


async def test_large_headers_are_refused(registry: ServedService) -> None:
    headers = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1_000) for number in range(40))
    answer = await registry.send_raw(b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
    assert problem(answer) == (431, "headers-too-large")


async def test_a_body_is_no_header(registry: ServedService) -> None:
    body = b'{"codes":[' + b'"14Y",' * 30_000 + b'"14Y"]}'
    head = b"POST /v1/lookups HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
    content = head + signed(registry) + b"Content-Length: %d\r\n\r\n" % len(body) + body
    assert (await registry.send_raw(content))[9:12] == b"422"  # too many codes, and nothing else


CHUNKED = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"


@pytest.mark.parametrize("part", [b"0\r\n", b"0\r\nX-Long: ", b"2;"], ids=["trailers", "a trailer", "an extension"])
async def test_what_follows_a_chunk_without_an_end_is_refused_and_takes_no_memory(
    registry: ServedService, part: bytes
) -> None:
    before = registry.memory
    lines = b"a:b\r\n" * 10_000 if part == b"0\r\n" else b"a" * 50_000
    assert await flooded(registry, POST + signed(registry) + CHUNKED + part, lines, most=20_000_000) < 20_000_000
    assert registry.memory - before < 20_000_000


async def test_trailers_are_no_headers(registry: ServedService) -> None:
    answer = await registry.send_raw(POST + CHUNKED + b"0\r\n" + signed(registry) + b"Connection: close\r\n\r\n")
    assert answer[9:12] == b"401"


async def test_a_long_url_is_refused(registry: ServedService) -> None:
    answer = await registry.send_raw(b"GET /v1/search?text=" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert problem(answer) == (414, "url-too-long")


async def test_what_is_no_http_is_a_problem_too(registry: ServedService) -> None:
    assert problem(await registry.send_raw(b"\x16\x03\x01 hello\r\n\r\n")) == (400, "malformed-request")


async def test_who_sends_no_headers_is_disconnected(hurried: ServedService) -> None:
    assert await hurried.send_raw(b"") == b""
    assert problem(await hurried.send_raw(b"GET / HTTP/1.1\r\nHost: x\r\n")) == (408, "request-too-slow")
    assert problem(await hurried.send_raw(b"\r\n")) == (408, "request-too-slow")


async def test_who_sends_no_body_is_disconnected_also_on_a_connection_that_was_used(hurried: ServedService) -> None:
    body = b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    assert problem(await hurried.send_raw(POST + signed(hurried) + body)) == (408, "request-too-slow")
    async with hurried.connect() as (reader, writer):
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b'{"alive":true}' in await reader.readuntil(b"}")
        writer.write(POST + signed(hurried) + body)
        assert problem(await reader.read()) == (408, "request-too-slow")


@pytest.mark.parametrize(
    "after", [b"\x16\x03\x01 hello\r\n\r\n", POST + b"Content-Length: 100\r\n\r\n{"], ids=["no HTTP", "a slow body"]
)
async def test_no_request_gets_the_refusal_of_a_later_one(hurried: ServedService, after: bytes) -> None:
    poll = b"GET /v1/events?wait=2 HTTP/1.1\r\nHost: x\r\n" + signed(hurried) + b"\r\n"
    assert (await hurried.send_raw(poll + after))[9:12] in (b"", b"200")


async def test_a_request_that_was_answered_before_its_body_came_gets_no_second_answer(hurried: ServedService) -> None:
    answer = await hurried.send_raw(POST + b"Content-Length: 100\r\n\r\n{")
    assert (answer[9:12], answer.count(b"HTTP/1.1")) == (b"401", 1)


async def test_many_requests_at_once_on_a_connection_are_refused_and_take_no_memory(registry: ServedService) -> None:
    before = registry.memory
    poll = b"GET /v1/events?wait=2 HTTP/1.1\r\nHost: x\r\n" + signed(registry) + b"\r\n"
    async with AsyncExitStack() as stack:
        for _ in range(10):
            reader, writer = await stack.enter_async_context(registry.connect())
            writer.write(poll + b"GET /health/live HTTP/1.1\r\n\r\n" * 9_000)
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        assert registry.memory - before < 20_000_000


async def test_who_does_not_read_an_answer_is_disconnected(unused: ServedService) -> None:
    async with unused.connect() as (reader, writer):
        await unused.client.get("/health/live")
        connected = unused.sockets
        writer.write(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        await writer.drain()

        async def is_gone() -> bool:
            return unused.sockets < connected

        await until(is_gone, within=30)
        assert (await unused.client.get("/health/live")).status_code == 200
        assert not reader.at_eof()


async def test_more_connections_than_may_be_are_refused_and_the_others_served(unused: ServedService) -> None:
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(unused.connect()) for _ in range(30)]
        for reader, _ in opened[20:]:
            assert problem(await reader.read()) == (503, "too-many-connections")

    async def serves() -> bool:
        asked = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        return b" 200 " in (await unused.send_raw(asked))[:20]

    await until(serves)


async def test_a_body_that_is_too_large_is_refused_at_its_announcement(registry: ServedService) -> None:
    content = b"Content-Length: 100000000\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    answer = await registry.send_raw(POST + signed(registry) + content)
    assert problem(answer) == (413, "request-entity-too-large")


async def test_a_body_that_grows_too_large_is_refused(registry: ServedService) -> None:
    chunk = b"186a0\r\n" + b" " * 100_000 + b"\r\n"
    content = b"Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n" + chunk * 10 + b"1\r\n \r\n"
    answer = await registry.send_raw(POST + signed(registry) + b"Connection: close\r\n" + content)
    assert problem(answer) == (413, "request-entity-too-large")
