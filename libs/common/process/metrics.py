"""Prometheus metrics of one service, in a registry of its own, so that several services can share a process."""

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from starlette.types import Scope

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counts and times requests by route template, and exposes what is known at the time of a scrape.

    That is the backbone and the sessions, from the database; the pools; and the process: memory, processor time, open
    files and the garbage collector, which services that share a process share.
    """

    def __init__(self, service: str) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "footprint_requests",
            "Number of requests.",
            ["service", "method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "footprint_request_seconds",
            "Duration of requests in seconds.",
            ["service", "method", "route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._backbone = Gauge(
            "footprint_backbone",
            "Numbers of the event backbone from the database, by measure.",
            ["service", "measure"],
            registry=self._registry,
        )
        self._pools = Gauge(
            "footprint_pool",
            "Numbers of the pools of connections, by pool and measure.",
            ["service", "pool", "measure"],
            registry=self._registry,
        )
        self._database = Gauge(
            "footprint_database",
            "Numbers of the service's sessions in its database, by measure.",
            ["service", "measure"],
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self.service = service
        self._webhook_attempts = _webhook_attempts(self._registry)
        self._labelled: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.routes: Mapping[Callable[..., Any] | None, str] = {}
        """The route template of each endpoint."""

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one response. Addresses without a route share one label, so that a scan does not fill the memory."""
        route = self.route_of(scope)
        found = self._labelled.get((route, scope["method"], status))
        if found is None:
            found = (
                self._requests.labels(self.service, scope["method"], route, status),
                self._seconds.labels(self.service, scope["method"], route),
            )
            self._labelled[route, scope["method"], status] = found
        found[0].inc()
        found[1].observe(seconds)

    def route_of(self, scope: Scope) -> str:
        """Return the route template of a request that was routed."""
        return self.routes.get(scope.get("endpoint"), "(none)")

    def webhook_attempted(self, outcome: str) -> None:
        """Count one attempt to deliver to a webhook: `delivered` or `failed`."""
        self._webhook_attempts.labels(self.service, outcome).inc()

    def exposition(
        self,
        backbone: Mapping[str, float],
        pools: Mapping[str, Mapping[str, float]] | None = None,
        database: Mapping[str, float] | None = None,
    ) -> bytes:
        """Return all metrics in Prometheus's text format; a measure of the backbone that is not given is left out."""
        self._backbone.clear()
        for measure, value in backbone.items():
            self._backbone.labels(self.service, measure).set(value)
        for measure, value in (database or {}).items():
            self._database.labels(self.service, measure).set(value)
        for pool, numbers in (pools or {}).items():
            for measure, value in numbers.items():
                self._pools.labels(self.service, pool, measure).set(value)
        return generate_latest(self._registry)


def _webhook_attempts(registry: CollectorRegistry) -> Counter:
    return Counter(
        "footprint_webhook_attempts",
        "Attempts to deliver an event to a webhook, by what came of them.",
        ["service", "outcome"],
        registry=registry,
    )
