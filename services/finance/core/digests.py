"""Digests of answers: the same figures, asked again as known at the same instant, have the same digest."""

import hashlib
from typing import TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=BaseModel)
_LEFT_OUT = {"as_known", "digest"}
"""What two requests for the same answer may differ in."""


def digested(view: View) -> View:
    """Return an answer with its digest: the SHA-256 of all that it shows."""
    shown = view.model_dump_json(exclude=_LEFT_OUT)
    return view.model_copy(update={"digest": hashlib.sha256(shown.encode()).hexdigest()})
