"""Refusals about authorisation."""

from libs.common.errors import Conflict, NotFound


class AuthorisationNotFound(NotFound):
    """There is no such authorisation.

    No decision on authorisation has this id, or it is of none of your organisations, or none was known at the instant.
    """


class AuthorisationNotKnown(Conflict):
    """No rule pack on authorisation is in force for this organisation on that day.

    Clinical commissioning groups are authorised, from April 2012. `detail` names the kind of organisation and the day.
    """


class CriterionNotListed(Conflict):
    """There is no such criterion, level of support, domain or wave in the rule pack.

    `reasons` names each field, and how many criteria, or which codes, the pack has.
    """


class DirectionNeedsItsLevel(Conflict):
    """A function is moved by legal directions alone.

    The level of support of this condition has none. Give the condition a level that the rule pack says is underpinned
    by directions, or name no function.
    """


class NotACondition(Conflict):
    """The authorisation has no such condition.

    `GET /authorisations/{authorisation}` lists its conditions.
    """


class LiftedAlready(Conflict):
    """The condition was lifted.

    A condition is lifted once. Where it is unmet again, decide on the authorisation again.
    """


class LaterDecisionStands(Conflict):
    """A later decision on authorisation took the place of this one.

    From its day on, its conditions are those that count. `detail` names it.
    """
