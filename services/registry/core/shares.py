"""Exact shares of a whole: read from `1/3` or `0.25`, kept as fractions, since no float can sum thirds."""

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, Field

WHOLE = Fraction(1)
_WRITTEN = re.compile(r"[0-9]{1,9}/[0-9]{1,9}|[0-9]{1,9}(\.[0-9]{1,12})?")


def _exact(given: str) -> str:
    if not _WRITTEN.fullmatch(given) or given.endswith("/0") or set(given.partition("/")[2]) == {"0"}:
        raise ValueError("a share is written as 1/3 or 0.25")
    share = Fraction(given)
    if not 0 < share <= WHOLE:
        raise ValueError(f"a share is more than nothing and at most the whole, not {share}")
    return str(share)


Share = Annotated[
    str,
    Field(max_length=24, description="an exact fraction, as `1/3` or `0.25`", examples=["1/3"]),
    AfterValidator(_exact),
]
"""A share in a request, reduced to its lowest terms."""


def total(shares: Iterable[str]) -> Fraction:
    """Return the exact sum of shares."""
    return sum((Fraction(share) for share in shares), Fraction(0))
