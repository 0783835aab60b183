"""Refusals about sourcing."""

from libs.common.errors import Conflict, NotFound


class SourcingNotFound(NotFound):
    """No decision on sourcing is known.

    The body has decided nothing as known at that instant, or it is none of yours.
    """


class FunctionUnassigned(Conflict):
    """A function has no decision.

    A body decides on every function of the catalogue in force. `reasons` names each one that is left: add it.
    """


class BodyNotKnown(Conflict):
    """The registry has no such body that is open or proposed on that day.

    Check the code and the day. A body that is proposed may decide before it is established.
    """
