"""The refusal of changes that would leave a practice or area in no commissioner, or in two."""

from libs.common.errors import Conflict


class CoverBroken(Conflict):
    """A practice or area would not have exactly one commissioner (s.14A).

    The NHS Act 2006 wants each in exactly one on every day. `reasons` names those that would have none or two, and
    every code that is wrong; state their new commissioners in the same request.
    """
