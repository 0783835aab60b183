"""Context of the work at hand, passed through every layer: its actor, and the request or event that caused it."""

from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of the work at hand. Events and log lines include it.

    `actor` is the caller's opaque subject; `correlation` an id shared by all that follows from one request; `causation`
    the id of the request or event directly before this one; `traceparent` the W3C trace context as received.
    """

    actor: str = "system"
    correlation: str = ""
    causation: str = ""
    traceparent: str = ""


_origin: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039  (frozen, so never shared state)


def origin() -> Origin:
    """Return the origin of the work at hand."""
    return _origin.get()


def begin(new: Origin) -> None:
    """Set the origin of everything that follows in this task."""
    _origin.set(new)


def acting(actor: str) -> None:
    """Set the actor, once the edge knows it."""
    _origin.set(replace(_origin.get(), actor=actor))
