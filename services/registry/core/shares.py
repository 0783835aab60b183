"""Exact shares of a whole: read from `1/3` or `0.25`, kept as fractions, since no float can sum thirds."""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, Field

WHOLE = Fraction(1)
LONGEST = 160
_DIGITS = "{1,77}"
"""Digits of a number in a share. Shares along chains of successions multiply: an answer of ours has to be taken."""

_FEWEST_PLACES = 3
"""Fewer decimals are a round number, and no rounded one: 0.5 and 0.4 are no halves."""

_WRITTEN = re.compile(rf"[0-9]{_DIGITS}/[0-9]{_DIGITS}|[0-9]{_DIGITS}(\.[0-9]{_DIGITS})?")


def exact(given: str) -> str:
    """Return a share in its lowest terms. Raises ValueError."""
    share = _read(given)
    if not 0 < share <= WHOLE:
        raise ValueError(f"a share is more than nothing and at most the whole, not {share}")
    return str(share)


def _read(given: str) -> Fraction:
    if not _WRITTEN.fullmatch(given) or ("/" in given and not given.partition("/")[2].strip("0")):
        raise ValueError("a share is written as 1/3 or 0.25")
    return Fraction(given)


def _as_written(given: str) -> str:
    exact(given)
    return given


Share = Annotated[
    str,
    Field(max_length=LONGEST, description="an exact fraction, as `1/3` or `0.25`", examples=["1/3"]),
    AfterValidator(exact),
]
"""A share in a request, reduced to its lowest terms."""

PublishedShare = Annotated[
    str,
    Field(
        max_length=LONGEST,
        description="an exact fraction, as `1/3` or `0.25`; shares of one whole that were rounded to decimals, so "
        "that they miss 1 by no more than the rounding, are taken in proportion",
        examples=["1/3"],
    ),
    AfterValidator(_as_written),
]
"""A share in a request as its source wrote it: the number of decimals says how far its rounding can be off."""


def total(shares: Iterable[str]) -> Fraction:
    """Return the exact sum of shares."""
    return sum((Fraction(share) for share in shares), Fraction(0))


def parts_of_a_whole(shares: Sequence[str]) -> tuple[str, ...]:
    """Return the shares of one whole in their lowest terms, in proportion where rounding alone keeps them from it.

    Rounding moves a decimal by at most one unit of its last place, half of one unless its publisher cut it off. A
    fraction among them, or a decimal of few places, was not rounded: then, or where they miss the whole by more, the
    shares are returned as they are.
    """
    whole = total(shares)
    rounding = [_rounding(share) for share in shares]
    if shares and all(rounding) and 0 < abs(whole - WHOLE) <= sum(rounding):
        return tuple(str(Fraction(share) / whole) for share in shares)
    return tuple(str(Fraction(share)) for share in shares)


def exact_shares(shares: Sequence[str], *, of_a_whole: bool) -> tuple[str, ...]:
    """Return shares as fractions in their lowest terms, an empty one where none is stated."""
    if of_a_whole and all(shares):
        return parts_of_a_whole(shares)
    return tuple(str(Fraction(share)) if share else "" for share in shares)


def _rounding(written: str) -> Fraction:
    """Return by how much a share can differ from what was rounded to it: nothing unless it has enough decimals."""
    places = len(written.partition(".")[2])
    return Fraction(1, 10**places) if places >= _FEWEST_PLACES else Fraction(0)
