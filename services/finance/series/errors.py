"""Refusals about series."""

from libs.common.errors import Conflict, NotFound


class NoDeflator(Conflict):
    """No deflator has both years.

    Figures of a year can be shown in the prices of another only where a stated index has both.
    """


class SeriesNotFound(NotFound):
    """You read no series of this organisation.

    You do not act for it, nor for a body that succeeded it.
    """
