"""Refusals about published payments."""

from libs.common.errors import Conflict


class AliasPeriodAmiss(Conflict):
    """The last day of the name lies before its first.

    Name a last day that is not before `effective_on`, or none where the body still has the name.
    """
