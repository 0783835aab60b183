"""Refusals about breaches."""

from libs.common.errors import Conflict, NotFound


class BreachNotFound(NotFound):
    """There is no such breach.

    No breach has this reference, or it is not concluded, which only those who keep the register read.
    """


class BreachCodeNotListed(Conflict):
    """The rule, the finder or the consequence is in no rule pack of that day.

    Everybody reads these, so they are codes. `reasons` names each field, and the codes of the day.
    """


class BreachToCome(Conflict):
    """The breach is known, or concluded, on a day that cannot be.

    It is known today or earlier, and concluded on that day or later.
    """


class ConcludedAlready(Conflict):
    """The breach is concluded.

    A conclusion is published, and stays as it is. Record another breach where more was found.
    """
