"""Refusals about watch lists."""

from libs.common.errors import Conflict, NotFound


class WatchListNotFound(NotFound):
    """The caller has no such watch list."""


class WatchListTaken(Conflict):
    """The caller has a watch list of this name already."""
