"""Prometheus metrics of one service, in a registry of its own, so that several services can share a process."""

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import Scope

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counts and times requests by route template, and exposes the backbone's numbers from the database."""

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
        self._service = service
        self._labelled: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.routes: Mapping[Callable[..., Any] | None, str] = {}
        """The route template of each endpoint."""

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one response. Addresses without a route share one label, so that a scan does not fill the memory."""
        route = self.routes.get(scope.get("endpoint"), "(none)")
        found = self._labelled.get((route, scope["method"], status))
        if found is None:
            found = (
                self._requests.labels(self._service, scope["method"], route, status),
                self._seconds.labels(self._service, scope["method"], route),
            )
            self._labelled[route, scope["method"], status] = found
        found[0].inc()
        found[1].observe(seconds)

    def exposition(self, backbone: Mapping[str, float]) -> bytes:
        """Return all metrics in Prometheus's text format."""
        for measure, value in backbone.items():
            self._backbone.labels(self._service, measure).set(value)
        return generate_latest(self._registry)
