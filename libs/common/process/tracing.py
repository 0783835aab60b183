"""Traces by OpenTelemetry, from a request to every reaction: off, and next to free, unless a collector is set.

A span stands in the context of the work at hand (`context.Origin`) by its `traceparent`. So the events that are
published within it carry it through outbox, log and bus, and what another service does because of them is its child.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from libs.common.process import context

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

REQUEST, REACTION, BUS, WITHIN = SpanKind.SERVER, SpanKind.CONSUMER, SpanKind.PRODUCER, SpanKind.INTERNAL

_MOST_TRACES = 128
"""The most traces of which one batch of work has a span in each."""
_SECONDS = 5
"""How long sending to the collector may take, also when a service stops."""

_HEADER = "traceparent"
_propagator = TraceContextTextMapPropagator()
_tracers: dict[str, Tracer] = {}
"""By service: several may share a process."""
_OFF: AbstractContextManager[None] = nullcontext()


def traced(
    service: str, name: str, *, kind: SpanKind = WITHIN, **attributes: str | int
) -> AbstractContextManager[Span | None]:
    """Have a span around the block, a child of what the work at hand is about; yield it, or None where tracing is off.

    An error that leaves the block is its status.
    """
    tracer = _tracers.get(service)
    return _OFF if tracer is None else _traced(tracer, name, kind, attributes)


def traced_in_each(
    service: str, name: str, traceparents: Iterable[str], *, kind: SpanKind = WITHIN
) -> AbstractContextManager[object]:
    """Have a span around the block in each of the traces that a batch is about, up to a number."""
    tracer = _tracers.get(service)
    return _OFF if tracer is None else _traced_in_each(tracer, name, kind, traceparents)


@asynccontextmanager
async def exporting(service: str, endpoint: str, ratio: float) -> AsyncIterator[None]:
    """Send the service's spans to this OTLP/HTTP address during the block; do nothing where it is empty.

    `ratio` is the share of the traces that begin here; the others are as their callers have it.
    """
    if not endpoint:
        yield
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    with recording(service, BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=_SECONDS)), ratio) as end:
        try:
            yield
        finally:
            await asyncio.to_thread(end)


@contextmanager
def recording(service: str, processor: "SpanProcessor", ratio: float = 1.0) -> Iterator[Any]:
    """Have this service's spans go to the processor during the block; yield what sends the last ones and closes it."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

    resource = Resource.create({"service.name": f"footprint-{service}"})
    provider = TracerProvider(sampler=ParentBasedTraceIdRatio(ratio), resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    _tracers[service] = provider.get_tracer("footprint")
    try:
        yield provider.shutdown
    finally:
        del _tracers[service]


@contextmanager
def _traced(tracer: Tracer, name: str, kind: SpanKind, attributes: Mapping[str, str | int]) -> Iterator[Span]:
    before = context.origin()
    with _started(tracer, name, kind, before.traceparent, attributes) as span:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier, set_span_in_context(span, Context()))
        context.begin(replace(before, traceparent=carrier[_HEADER]))
        try:
            yield span
        finally:
            context.begin(replace(context.origin(), traceparent=before.traceparent))  # the caller is known by now


@contextmanager
def _traced_in_each(tracer: Tracer, name: str, kind: SpanKind, traceparents: Iterable[str]) -> Iterator[None]:
    with ExitStack() as spans:
        for traceparent in islice(dict.fromkeys(each for each in traceparents if each), _MOST_TRACES):
            spans.enter_context(_started(tracer, name, kind, traceparent, {}))
        yield


@contextmanager
def _started(
    tracer: Tracer, name: str, kind: SpanKind, traceparent: str, attributes: Mapping[str, str | int]
) -> Iterator[Span]:
    parent = _propagator.extract({_HEADER: traceparent}, Context()) if traceparent else Context()
    span = tracer.start_span(name, context=parent, kind=kind, attributes=dict(attributes))
    try:
        yield span
    except Exception as error:
        span.set_status(StatusCode.ERROR, type(error).__name__)  # its text may name a person
        raise
    finally:
        span.end()
