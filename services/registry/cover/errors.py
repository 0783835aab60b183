"""The refusal of what would leave a practice or area in no commissioner, or in two."""

from collections.abc import Sequence

from libs.common.errors import Conflict, Reason, as_sentence


class CoverBroken(Conflict):
    """A practice or an area would not be covered exactly once, or a list has a code that is wrong (s.14A)."""


def cover_broken(reasons: Sequence[Reason]) -> CoverBroken:
    """Return the refusal with all of its reasons."""
    return CoverBroken(as_sentence(reasons), reasons=reasons)
