"""What travels with a piece of work through every layer: who began it, and which request or event caused it."""

from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the work at hand comes from. Events carry it, log lines show it.

    `actor` is the caller's opaque subject; `correlation` one id for all that follows from one request; `causation` the
    id of the request or event directly before this; `traceparent` as the W3C trace context came in.
    """

    actor: str = "system"
    correlation: str = ""
    causation: str = ""
    traceparent: str = ""


_origin: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039  (frozen, so never shared state)


def origin() -> Origin:
    """Return where the work at hand comes from."""
    return _origin.get()


def begin(new: Origin) -> None:
    """Say where all that follows in this task comes from."""
    _origin.set(new)


def acting(actor: str) -> None:
    """Name the actor once the edge knows it."""
    _origin.set(replace(_origin.get(), actor=actor))
