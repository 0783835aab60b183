"""Refusals about transfers."""

from libs.common.errors import NotFound


class MergerNotFound(NotFound):
    """There is no such merger.

    The registry has published no merger under this reference, or had not at the instant asked for.
    """
