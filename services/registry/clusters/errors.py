"""Refusals about clusters of ICBs."""

from libs.common.errors import Conflict, NotFound


class ClusterNotFound(NotFound):
    """The registry has no such cluster."""


class ClusterNotAllowed(Conflict):
    """What shares a leadership are integrated care boards that are open, each in one cluster at a time."""


class ClusterEnded(Conflict):
    """The cluster has ended already."""
