"""Refusals: what is wrong, in the field's words, with every reason at once.

DomainError
├── NotFound    there is no such record                (404)
├── Conflict    the present state does not allow this  (409)
└── Forbidden   the caller may not do this             (403)

A service's own refusals are one class a reason in its `errors.py`. The class name becomes the problem's `type`
(`CCGNotOpen` -> `ccg-not-open`), the docstring's first line its `title`, the message its `detail`. The docstring's
second paragraph explains it to clients, in OpenAPI and in docs/problems.md: what happened, and what they can do.
"""

import inspect
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a refusal: a sentence, and the field of the request it concerns, if any."""

    message: str
    field: str | None = None


class DomainError(Exception):
    """A refusal by the domain's rules."""

    def __init__(self, message: str, *, reasons: Sequence[Reason] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.reasons = tuple(reasons)

    @classmethod
    def slug(cls) -> str:
        """Return the class name as the last part of a problem type: `CCGNotOpen` -> `ccg-not-open`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """Return the first line of the docstring, which says what is wrong in general."""
        return inspect.cleandoc(cls.__doc__ or cls.__name__).splitlines()[0]

    @classmethod
    def explanation(cls) -> str:
        """Return the rest of the docstring on one line: what happened, and what the client can do."""
        return " ".join(inspect.cleandoc(cls.__doc__ or "").split()).removeprefix(cls.title()).strip()


class NotFound(DomainError):
    """There is no such record.

    The address names something that this service does not have, or did not have as known at the instant asked for.
    Check the code or reference.
    """


class Conflict(DomainError):
    """The present state does not allow this.

    The request is well formed, but what is on record stands against it. Read the record again before you decide what to
    send.
    """


class Forbidden(DomainError):
    """The caller may not do this.

    The token is valid, but it does not give the right to do this. Ask for a token with the role or organisation that
    `detail` names.
    """


def as_sentence(reasons: Sequence[Reason]) -> str:
    """Return reasons as one sentence; for more than 20, only their number by field, as `reasons` lists them all."""
    if len(reasons) <= 20:
        return "; ".join(reason.message for reason in reasons)
    counts = Counter(reason.field or "other fields" for reason in reasons)
    return f"{len(reasons)} reasons: " + ", ".join(f"{count} about {field}" for field, count in sorted(counts.items()))
