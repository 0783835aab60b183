"""Context of the work at hand, passed through every layer: its actor, what caused it, and the rights it has used."""

from collections.abc import Collection
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of the work at hand. Events and log lines include it.

    `actor` is the caller's opaque subject; `correlation` an id shared by all that follows from one request; `causation`
    the id of the request or event directly before this one, which a service gives itself; `causation_source` the
    service whose log has that event, empty for a request; `traceparent` the W3C trace context, as received or of our
    own span; `client_request` the id that the client gave its request, for the log alone.
    """

    actor: str = "system"
    correlation: str = ""
    causation: str = ""
    causation_source: str = ""
    traceparent: str = ""
    client_request: str = ""


_origin: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039  (frozen, so never shared state)


def origin() -> Origin:
    """Return the origin of the work at hand."""
    return _origin.get()


def begin(new: Origin) -> None:
    """Set the origin of everything that follows in this task."""
    _origin.set(new)


def acting(actor: str) -> None:
    """Set the actor, once the edge knows it."""
    before = _origin.get()
    # Written out: `dataclasses.replace` takes five times as long, for each request.
    _origin.set(
        Origin(
            actor=actor,
            correlation=before.correlation,
            causation=before.causation,
            causation_source=before.causation_source,
            traceparent=before.traceparent,
            client_request=before.client_request,
        )
    )


@dataclass(frozen=True, slots=True)
class RoleUsed:
    """The work needed one of these roles, and its caller had one."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class ActedFor:
    """The work needed its caller to act for these organisations, and the caller did."""

    names: frozenset[str]


Right: TypeAlias = RoleUsed | ActedFor

_rights: ContextVar[list[Right] | None] = ContextVar("rights", default=None)


def record_rights() -> list[Right]:
    """Begin to record the rights that are used in this task; return the list that they are added to."""
    used: list[Right] = []
    _rights.set(used)
    return used


def used_right(right: Right) -> None:
    """Record a right that was checked and found, where rights are recorded."""
    used = _rights.get()
    if used is not None and right not in used:
        used.append(right)


_locked: ContextVar[set[str] | None] = ContextVar("locked", default=None)


def record_locks() -> set[str]:
    """Begin to record the codes that are locked in this task; return the set that they are added to."""
    codes: set[str] = set()
    _locked.set(codes)
    return codes


def locks(codes: Collection[str]) -> None:
    """Record codes that the work locks because it checks or changes them, where locks are recorded."""
    recorded = _locked.get()
    if recorded is not None:
        recorded.update(codes)
