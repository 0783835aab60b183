"""Refusals about mergers."""

from libs.common.errors import NotFound


class MergerNotFound(NotFound):
    """The registry has published no such application or merger.

    Or it was not known at the instant asked for, or, for a preview, is not agreed for a day.
    """
