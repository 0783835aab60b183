"""Refusals: what is wrong, in the words of the domain, with every reason at once.

DomainError
├── NotFound    the thing named is not there                     (404)
├── Conflict    what is there does not allow it                  (409)
└── Forbidden   this caller may not do this                      (403)

A service's own refusals are one class a reason in its `errors.py`. The class name becomes the problem's `type`
(`CCGNotOpen` -> `ccg-not-open`), the docstring's first line its `title`, the message its `detail`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause of a refusal: a sentence, and the field of the request that it is about, if it is about one."""

    message: str
    field: str | None = None


class DomainError(Exception):
    """The domain refuses."""

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
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0]


class NotFound(DomainError):
    """There is no such thing."""


class Conflict(DomainError):
    """The state of things does not allow this."""


class Forbidden(DomainError):
    """This caller may not do this."""


def as_sentence(reasons: Sequence[Reason]) -> str:
    """Return reasons as one sentence; of a long list how many there are, since each stands by itself beside it."""
    if len(reasons) <= 20:
        return "; ".join(reason.message for reason in reasons)
    counts = Counter(reason.field or "other things" for reason in reasons)
    return f"{len(reasons)} reasons: " + ", ".join(f"{count} about {field}" for field, count in sorted(counts.items()))
