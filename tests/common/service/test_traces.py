"""Traces: what a request publishes carries the span of its command; off, what the caller gave is passed on."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.process import tracing
from libs.common.service.app import create_service
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import url
from tests.support.waiting import until

__all__ = ["tokens", "url"]

CALLERS_TRACE, CALLERS_SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GIVEN = f"00-{CALLERS_TRACE}-{CALLERS_SPAN}-01"


@pytest.fixture
async def client(url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    app = create_service(sample_service.SERVICE, tokens.settings(url), DirectBus({}))
    async with running(app, tokens.header(*Role, subject="olga")) as client:
        yield client


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    with tracing.recording("beacons", SimpleSpanProcessor(exporter)):
        yield exporter


async def light(client: httpx.AsyncClient) -> str:
    """Light a beacon within the caller's trace; return the trace context of the event."""
    lit = await client.post("/v1/beacons", json={"code": "AAA", "name": "AAA"}, headers={"traceparent": GIVEN})
    assert lit.status_code == 201

    async def published() -> list[str]:
        items = (await client.get("/v1/events")).json()["items"]
        return [item["event"]["traceparent"] for item in items]

    first, second = await until(published)
    assert first == second
    return first


async def test_without_a_collector_an_event_carries_what_the_caller_gave(client: httpx.AsyncClient) -> None:
    assert await light(client) == GIVEN


async def test_a_command_is_a_child_of_its_request_and_what_it_publishes_carries_it(
    spans: InMemorySpanExporter, client: httpx.AsyncClient
) -> None:
    carried = await light(client)

    async def finished() -> dict[str, ReadableSpan]:
        named = {
            span.name: span for span in spans.get_finished_spans() if span.context and _trace(span) == CALLERS_TRACE
        }
        return named if {"POST /v1/beacons", "command light_beacon", "append"} <= set(named) else {}

    named = await until(finished)
    request, command, append = (named[name] for name in ("POST /v1/beacons", "command light_beacon", "append"))
    assert [_parent(span) for span in (request, command, append)] == [CALLERS_SPAN, _id(request), _id(command)]
    assert carried == f"00-{CALLERS_TRACE}-{_id(command)}-01"
    assert request.kind is SpanKind.SERVER
    assert dict(request.attributes or {})["http.response.status_code"] == 201
    assert dict(request.resource.attributes)["service.name"] == "footprint-beacons"


async def test_a_fault_is_the_status_of_its_spans_without_its_text(
    spans: InMemorySpanExporter, client: httpx.AsyncClient
) -> None:
    assert (await client.post("/v1/silence")).status_code == 500
    failed = {
        span.name: span.status for span in spans.get_finished_spans() if span.status.status_code is StatusCode.ERROR
    }
    assert {name: status.description for name, status in failed.items()} == {
        "command keep_silent": "RuntimeError",
        "POST /v1/silence": "RuntimeError",
    }
    assert not any(span.events for span in spans.get_finished_spans())


def _trace(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


def _id(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


def _parent(span: ReadableSpan) -> str:
    assert span.parent is not None
    return f"{span.parent.span_id:016x}"
