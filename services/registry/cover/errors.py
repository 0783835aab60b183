"""The refusal of what would leave a practice or area in no commissioner, or in two."""

from libs.common.errors import Conflict


class CoverBroken(Conflict):
    """A practice or an area would not be covered exactly once, or a list has a code that is wrong (s.14A)."""
