"""Refusals about watch lists."""

from libs.common.errors import Conflict, NotFound


class WatchListNotFound(NotFound):
    """The caller has no such watch list.

    A watch list is seen by the caller who made it. List yours for their numbers.
    """


class WatchListTaken(Conflict):
    """The caller has a watch list of this name already.

    Change the list that is there, or choose another name.
    """
