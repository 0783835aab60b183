"""Refusals about clusters of ICBs."""

from libs.common.errors import Conflict, NotFound


class ClusterNotFound(NotFound):
    """There is no such cluster.

    No cluster has this reference, or none was known at the instant asked for.
    """


class ClusterNotAllowed(Conflict):
    """These bodies cannot form this cluster.

    A cluster joins integrated care boards that are open, each in one cluster at a time, and ends after its first day.
    `reasons` names what stands against it.
    """


class ClusterNotProposed(Conflict):
    """The cluster does not wait for this ICB.

    It stands already, was refused by one of its ICBs, or this ICB has agreed to it or is none of its own.
    """


class ClusterEnded(Conflict):
    """The cluster has ended already.

    `detail` names the day. Form a new one if the boards share a leadership again.
    """
