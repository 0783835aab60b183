"""Refusals about urgent actions."""

from libs.common.errors import Conflict, NotFound


class UrgentActionNotFound(NotFound):
    """There is no such urgent action.

    No urgent action has this id, or none was known at the instant asked for.
    """


class UrgentNotAllowed(Conflict):
    """The terms of reference do not allow this urgent action.

    `reasons` names who has to act together, and who has to be consulted before, by the terms of the day.
    """


class UrgentReported(Conflict):
    """The urgent action was reported.

    It is on the agenda of the meeting that `detail` names.
    """
