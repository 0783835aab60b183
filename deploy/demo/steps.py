"""One command of the demo: where it is sent, as whom, and by which event it is known to have happened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command that the demo sends on a day, as one of the laptop's users. `happened` identifies its event."""

    day: date
    service: str
    words: str
    path: str
    body: Mapping[str, Any]
    by: str
    happened: tuple[str, ...]
    method: str = "POST"
    kind: str = "command"
    """How it is sent: `command` unchanged, `edit` with the version of what it changes; the loader has the others."""
    more: Mapping[str, Any] = field(default_factory=dict)


def step(
    day: date,
    service: str,
    words: str,
    path: str,
    body: Mapping[str, Any],
    *,
    by: str = "commissioner",
    **more: Any,
) -> Step:
    """Return a step of one of the services, by the commissioner unless another user is named."""
    return Step(day=day, service=service, words=words, path=f"/{service}/v1/{path}", body=body, by=by, **more)
